"""iCalendar and vCard (RFC 5545, RFC 6350): recognised and left alone.

GAP: PRODID, X- properties and attendees who are not of this leg stay, handbook `metadata.md` §1. Consequence: an
invitation tells its recipient which program made it and who else was asked, as it would without a gateway.
"""

from __future__ import annotations

from gateway.scrub import Child
from gateway.scrub.plan import Cleaned, Held, Inspection, Plan, Sink, Window


class Calendar:
    """Leaves appointments and cards alone: rewriting a UID or an attendee would break the reply to it."""

    def inspect(self, src: Window, child: Child) -> Inspection:
        """Nothing is found."""
        return Inspection()

    def clean(self, src: Window, plan: Plan, child: Child, out: Sink) -> Cleaned | Held:
        """The same bytes."""
        out.write(src[:])
        return Cleaned()
