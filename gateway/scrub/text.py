"""Plain text. What one reads is what is in it.

`sniff` has made sure that it is text and nothing else. It is passed on byte for byte.
"""

from __future__ import annotations

from gateway.scrub import Child
from gateway.scrub.plan import Cleaned, Held, Inspection, Plan, Sink, Window

PIECE_BYTES = 1 << 20


class PlainText:
    """Leaves text alone.

    GAP: zero-width and bidirectional marks are not reported, nor CSV formulas. Consequence: text can hide text.
    """

    def inspect(self, src: Window, child: Child) -> Inspection:
        """Nothing is found: all of it is visible."""
        return Inspection()

    def clean(self, src: Window, plan: Plan, child: Child, out: Sink) -> Cleaned | Held:
        """The same bytes."""
        for at in range(0, len(src), PIECE_BYTES):  # a slice of a mapping is a copy
            out.write(src[at : at + PIECE_BYTES])
        return Cleaned()
