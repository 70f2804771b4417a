"""The judge's word on the legs of a voyage: how it is asked, what is appended of it, and who is told.

Mail and files come here with what was found inside; what follows from that is the same for both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from gateway.engine.inquiry import Inquiry, Opinion, coupled, seen_inside
from gateway.engine.notes import Notes
from gateway.engine.scanning.alarm import alarm
from gateway.engine.sealing import Intent
from gateway.engine.voyage import Voyage
from gateway.engine.workshop import WorkshopAway, WorkshopFailed
from gateway.facts import Expired, Judged, Mixed, Outcome, Reason, Removed, Truth
from gateway.journey import LegJourney, State
from gateway.scrub.plan import Cleaned, Held
from gateway.seal.floor import Choice
from gateway.seal.pen import Unsealed
from gateway.ship.bounce import Kind

Inside = tuple[dict[str, Truth], tuple[Reason, ...]]
"""What is inside, as facts of the case, and what holds the leg whatever the rules say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Leaves the judge's word on a voyage."""

    inquiry: Inquiry
    notes: Notes

    async def judge(
        self, voyage: Voyage, legs: tuple[int, ...], inspect: Callable[[Voyage, LegJourney], Awaitable[Inside]]
    ) -> None:
        """Judge these legs together, each by what `inspect` finds inside it."""
        opinions: list[Opinion] = []
        rules = self.inquiry.rules.as_it_stands()
        for ordinal in legs:
            leg = voyage.journey.legs[ordinal]
            found, obstacles = await inspect(voyage, leg)
            ask = self.inquiry.ask_leg(voyage.journey, leg, found=found, obstacles=obstacles, rules=rules)
            opinions.append(await ask)
        for ordinal, opinion in zip(legs, coupled(opinions), strict=True):
            await self._rule(voyage, ordinal, opinion)

    async def choice(self, voyage: Voyage, ordinal: int) -> tuple[Choice, Opinion] | None:
        """How the leg is to be sealed now. None: it cannot be, and the verdict that says why is on the voyage."""
        leg = voyage.journey.legs[ordinal]
        opinion = await self.inquiry.ask_leg(voyage.journey, leg, found=seen_inside(leg), obstacles=())
        if isinstance(opinion.choice, Choice):
            return opinion.choice, opinion
        await self._rule(voyage, ordinal, opinion)
        return None

    async def seal(self, voyage: Voyage, ordinal: int, sealing: Awaitable[Intent]) -> None:
        """Leave the intent on the voyage, or hold the leg if the pen would not write it. Raises `WorkshopAway`."""
        try:
            sealed, small = await sealing
        except WorkshopAway:
            raise
        except (Unsealed, WorkshopFailed):
            await self.hold(voyage, ordinal, Reason(code="unsealed"))
            return
        voyage.add(sealed)
        if small is not None:
            voyage.parcels[ordinal] = small

    async def lapse(self, voyage: Voyage, ordinal: int) -> None:
        """What was offered is offered no more, and its sender is told."""
        reason = Reason(code="not-collected")
        voyage.add(Expired(leg=ordinal, reason=reason))
        voyage.notes += await self.notes.about(voyage.journey, ordinal, Kind.FAILED, (reason,))

    async def hold(self, voyage: Voyage, ordinal: int, reason: Reason) -> None:
        """Something stands in the way that nobody had seen when the leg was judged."""
        before = voyage.journey.legs[ordinal].judged
        assert before is not None
        await self._add(voyage, replace(before, outcome=Outcome.HOLD, reasons=(reason,)))

    async def _rule(self, voyage: Voyage, ordinal: int, opinion: Opinion) -> None:
        transfer = voyage.journey.transfer
        await self._add(voyage, opinion.judged(ordinal, transfer.label, transfer.purpose))

    async def _add(self, voyage: Voyage, judged: Judged) -> None:
        """Add the verdict if it says anything new, and tell the sender if something that was accepted does not go."""
        before = voyage.journey.legs[judged.leg]
        if before.state is State.HELD and before.judged and _says(before.judged) == _says(judged):
            return
        voyage.notes += await alarm(self.notes, voyage.journey, judged)
        voyage.add(judged)
        kind = {Outcome.HOLD: Kind.HELD, Outcome.BLOCK: Kind.FAILED}.get(judged.outcome)
        if kind is not None:
            voyage.notes += await self.notes.about(
                voyage.journey, judged.leg, kind, judged.reasons, outcome=judged.outcome
            )


def obstacle(name: str, outcome: Cleaned | Held, *, is_frozen: bool = False) -> Reason | None:
    """Why a document waits; None if it does not. One that may not be altered waits if anything would have to go."""
    if isinstance(outcome, Held):
        kinds = " ".join(sorted({finding.kind.value for finding in outcome.findings}))
        return Reason(code="document", about=(("name", name), ("why", outcome.code.value), ("kinds", kinds)))
    if is_frozen and outcome.findings:
        return Reason(code="document", about=(("name", name), ("why", "signed"), ("kinds", "")))
    return None


def removed(outcome: Cleaned | Held) -> tuple[Removed, ...]:
    """What was stripped from a document; nothing from one that was held, for it leaves as it came or not at all."""
    if isinstance(outcome, Held):
        return ()
    return tuple(Removed(kind=found.kind, place=found.place, count=found.count) for found in outcome.findings)


def _says(judged: Judged) -> tuple[Outcome, tuple[Reason, ...], Mixed]:
    return judged.outcome, judged.reasons, judged.mixed
