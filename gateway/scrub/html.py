"""HTML, as mail programs write it. (Being written.)"""

from __future__ import annotations

from gateway.scrub import Child
from gateway.scrub.plan import Cleaned, Code, Held, Inspection, Plan, Sink, Stuck, Window


class Html:
    """Holds everything for now."""

    def inspect(self, src: Window, child: Child) -> Inspection:
        """Held."""
        raise Stuck(Code.UNKNOWN)

    def clean(self, src: Window, plan: Plan, child: Child, out: Sink) -> Cleaned | Held:
        """Held."""
        raise Stuck(Code.UNKNOWN)
