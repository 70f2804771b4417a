"""What a schedule is asked about one leg, or one fact of the office, gathered from its entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo

from gateway.engine.archive import Story
from gateway.engine.attested import Attested
from gateway.engine.clock import day
from gateway.facts import Consulted, Received
from gateway.journey import LegJourney, State
from gateway.ledger.leaf import CLASSES
from gateway.shred.schedule import Subject

ARRIVED = frozenset({State.SHIPPED, State.COLLECTED})


def kinds_of(story: Story) -> tuple[str, ...]:
    """`sent refused note question`, as `[[keep]] of` has it, of each leg, or of the one fact that has none.

    Empty for a leg that is open, and where nothing of it fits.
    """
    first = story.facts[0] if story.facts else None
    match first:
        case Received():
            return tuple("note" if first.transfer.about else _of_ended(leg) for leg in story.journey.legs)
        case Consulted():
            return ("question",)
        case _:
            return ("",)


def _of_ended(leg: LegJourney) -> str:
    if not leg.is_closed:
        return ""
    return "sent" if leg.state in ARRIVED else "refused"


def gathered(known: Subject | None, said: Attested, *, of: str, zone: tzinfo) -> Subject:
    """What is known with one more entry: its values add to it, and a period begins with the latest."""
    values, since = said.values, day(said.entry.time_ms, zone)
    known = known or Subject(of=of, since=since)
    people = {values.get(name, "").casefold() for name in ("snd.addr", "rcp.addr", "rcp.second")} - {""}
    gone = {cls for cls, box in zip(CLASSES, said.classes, strict=True) if box is None}
    return replace(
        known,
        people=known.people | people,
        partner=known.partner or values.get("rcp.agency", ""),
        purpose=known.purpose or values.get("op.purpose", ""),
        label=known.label or values.get("op.label", ""),
        erased=known.erased | gone,
        since=max(known.since, since),
    )
