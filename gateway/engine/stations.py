"""The stations of the voyage as the runner calls them, each leaving the facts it found on the voyage."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.engine.contents import Content, Contents
from gateway.engine.delivering import Delivering
from gateway.engine.inquiry import SEEN_INSIDE, Inquiry, Opinion, coupled
from gateway.engine.notes import Notes
from gateway.engine.policy import InForce
from gateway.engine.preparing import CleanPart, Preparing, reasons
from gateway.engine.runner import Log, Voyage
from gateway.engine.workshop import WorkshopAway, WorkshopFailed
from gateway.facts import Judged, Mixed, Outcome, Reason, Receipt, Scrubbed, Truth
from gateway.intake.fault import Fault
from gateway.journey import LegJourney, State
from gateway.judge.spotting import spot
from gateway.scrub.plan import Held, Tier
from gateway.seal.floor import Choice
from gateway.seal.pen import Unsealed
from gateway.ship.bounce import Kind


@dataclass(slots=True, kw_only=True)
class MailStations:
    """Satisfies `runner.Stations` for mail."""

    contents: Contents
    preparing: Preparing
    inquiry: Inquiry
    delivering: Delivering
    notes: Notes
    rules: InForce

    async def judge(self, voyage: Voyage, legs: tuple[int, ...]) -> None:
        """See `runner.Stations.judge`: every document is opened first, so that what it hides is known."""
        transfer = voyage.journey.transfer
        opinions: list[Opinion] = []
        for ordinal in legs:
            leg = voyage.journey.legs[ordinal]
            found, obstacles = await self._inspect(voyage, leg)
            opinions.append(await self.inquiry.ask_leg(voyage.journey, leg, found=found, obstacles=obstacles))
        for ordinal, opinion in zip(legs, coupled(opinions), strict=True):
            await self._rule(voyage, opinion.judged(ordinal, transfer.label, transfer.purpose))

    async def scrub(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.scrub`."""
        journey = voyage.journey
        if journey.transfer.sender.is_gateway:
            item = journey.transfer.items[0]
            voyage.add(Scrubbed(leg=leg, digest=item.digest, size_bytes=item.size_bytes, removed=()))
            return
        content = await self._content(voyage)
        if isinstance(content, Fault):
            await self._hold(voyage, leg, Reason(code="changed"))
            return
        cleaned = await self._cleaned(voyage, journey.legs[leg], content)
        copy = self.preparing.compose(
            journey.transfer, journey.legs[leg], content, cleaned, voyage.data_key
        )
        _, kept_by = self.rules.plan(journey.legs[leg].leg.recipient, journey.transfer.label)
        voyage.add(replace(self.preparing.scrubbed(journey.legs[leg], copy, cleaned), kept_by=kept_by))

    async def encrypt(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.encrypt`."""
        journey, data_key = voyage.journey, voyage.data_key
        part = journey.legs[leg]
        opinion = await self.inquiry.ask_leg(journey, part, found=_found(part), obstacles=())
        if not isinstance(opinion.choice, Choice):
            await self._rule(voyage, opinion.judged(leg, journey.transfer.label, journey.transfer.purpose))
            return
        if journey.transfer.sender.is_gateway:
            voyage.add(await self.preparing.seal_note(journey.transfer, part, opinion.choice, data_key))
            return
        content = await self._content(voyage)
        if isinstance(content, Fault):
            await self._hold(voyage, leg, Reason(code="changed"))
            return
        cleaned = await self._cleaned(voyage, part, content)
        copy = self.preparing.compose(journey.transfer, part, content, cleaned, data_key)
        try:
            sealed, small = await self.preparing.seal(
                journey.transfer, part, copy, opinion.choice, opinion.key, data_key
            )
        except WorkshopAway:
            raise
        except (Unsealed, WorkshopFailed):
            await self._hold(voyage, leg, Reason(code="unsealed"))
            return
        voyage.add(sealed)
        if small is not None:
            voyage.parcels[leg] = small

    async def settle(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.settle`."""
        await self.delivering.settle(voyage, leg)

    async def ship(self, voyage: Voyage, leg: int, log: Log, sealed: Receipt) -> None:
        """See `runner.Stations.ship`. What was open for cleaning is closed first: a delivery may take long."""
        self.release(voyage)
        await self.delivering.ship(voyage, leg, log, sealed)

    def release(self, voyage: Voyage) -> None:
        """See `runner.Stations.release`."""
        self.contents.release(voyage.journey.transfer.id)
        self.preparing.release(voyage.journey.transfer)

    # ── verdicts ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _rule(self, voyage: Voyage, judged: Judged) -> None:
        """Add the verdict if it says anything new, and tell the sender if something that was accepted does not go."""
        before = voyage.journey.legs[judged.leg]
        if before.state is State.HELD and before.judged and _says(before.judged) == _says(judged):
            return
        voyage.add(judged)
        kind = {Outcome.HOLD: Kind.HELD, Outcome.BLOCK: Kind.FAILED}.get(judged.outcome)
        if kind is not None:
            voyage.notes += await self.notes.about(
                voyage.journey, judged.leg, kind, judged.reasons, outcome=judged.outcome
            )

    async def _hold(self, voyage: Voyage, leg: int, reason: Reason) -> None:
        before = voyage.journey.legs[leg].judged
        assert before is not None
        await self._rule(voyage, replace(before, outcome=Outcome.HOLD, reasons=(reason,)))

    # ── contents ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _inspect(self, voyage: Voyage, leg: LegJourney) -> tuple[dict[str, Truth], tuple[Reason, ...]]:
        """What is inside, as facts of the case, and what holds the leg whatever the rules say."""
        if voyage.journey.transfer.sender.is_gateway:
            return {}, ()
        content = await self._content(voyage)
        if isinstance(content, Fault):
            return {}, (Reason(code="changed"),)
        obstacles: tuple[Reason, ...] = ()
        if content.skeleton.ambiguities:
            obstacles = (Reason(code="ambiguous", about=(("codes", " ".join(content.skeleton.ambiguities)),)),)
            return {}, obstacles
        if content.skeleton.encrypted:
            # GAP: rules for mail the sender sealed (`sender-sealed`) are judged but not yet acted on: it waits.
            return {}, (Reason(code="sender-sealed"),)
        cleaned = await self._cleaned(voyage, leg, content)
        return {"hidden-content-found": _hidden(cleaned)}, (*self._conflicts(voyage, content), *reasons(cleaned))

    def _conflicts(self, voyage: Voyage, content: Content) -> tuple[Reason, ...]:
        """Why label or purpose could not be determined when it was accepted; nothing if they were."""
        transfer, heading = voyage.journey.transfer, content.skeleton.heading
        if transfer.label and transfer.purpose:
            return ()
        return spot(self.rules.rulebook, heading.subject, heading.marks).conflicts

    async def _content(self, voyage: Voyage) -> Content | Fault:
        transfer = voyage.journey.transfer
        return await self.contents.open(transfer.id, transfer.items[0], voyage.data_key)

    async def _cleaned(self, voyage: Voyage, leg: LegJourney, content: Content) -> tuple[CleanPart, ...]:
        plan, _ = self.rules.plan(leg.leg.recipient, voyage.journey.transfer.label)
        return await self.preparing.clean(voyage.journey.transfer, content, plan)


def _found(leg: LegJourney) -> dict[str, Truth]:
    """What inspection determined when the leg was judged."""
    known = leg.judged.known if leg.judged else ()
    return {fact.name: fact.value for fact in known if fact.name in SEEN_INSIDE}


def _hidden(cleaned: tuple[CleanPart, ...]) -> Truth:
    findings = [finding for one in cleaned for finding in one.outcome.findings]
    if any(finding.tier is Tier.HIDDEN for finding in findings):
        return Truth.YES
    return Truth.UNKNOWN if any(isinstance(one.outcome, Held) for one in cleaned) else Truth.NO


def _says(judged: Judged) -> tuple[Outcome, tuple[Reason, ...], Mixed]:
    return judged.outcome, judged.reasons, judged.mixed
