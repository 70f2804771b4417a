"""The stations of the voyage as the runner calls them, each leaving the facts it found on the voyage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gateway.engine import inside
from gateway.engine.contents import Content, Contents
from gateway.engine.delivering import Delivering
from gateway.engine.inquiry import Inquiry, covered
from gateway.engine.notes import Notes
from gateway.engine.policy import InForce
from gateway.engine.preparing import CleanPart, Preparing, reasons
from gateway.engine.scanning.examination import Examination, Examined
from gateway.engine.verdicts import Inside, Verdicts
from gateway.engine.voyage import Log, Voyage
from gateway.facts import Reason, Receipt, Scrubbed, Truth
from gateway.intake.fault import Fault
from gateway.journey import LegJourney
from gateway.judge.spotting import spot
from gateway.transfer import Transfer


@dataclass(slots=True, kw_only=True)
class MailStations:
    """Satisfies `runner.Stations` for mail."""

    contents: Contents
    preparing: Preparing
    inquiry: Inquiry
    delivering: Delivering
    notes: Notes
    rules: InForce
    examination: Examination
    _verdicts: Verdicts = field(init=False)

    def __post_init__(self) -> None:
        self._verdicts = Verdicts(inquiry=self.inquiry, notes=self.notes)

    async def judge(self, voyage: Voyage, legs: tuple[int, ...]) -> None:
        """See `runner.Stations.judge`: every document is opened first, so that what it hides is known."""
        await self._verdicts.judge(voyage, legs, self._inspect)

    async def scrub(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.scrub`."""
        journey = voyage.journey
        if journey.transfer.sender.is_gateway:
            item = journey.transfer.items[0]
            voyage.add(Scrubbed(leg=leg, digest=item.digest, size_bytes=item.size_bytes, removed=()))
            return
        content = await self._content(voyage)
        if isinstance(content, Fault):
            await self._verdicts.hold(voyage, leg, Reason(code="changed"))
            return
        plan, kept_by = self.inquiry.plan(journey.transfer, journey.legs[leg])
        cleaned = await self.preparing.clean(journey.transfer, content, plan)
        answered = {code for approval in journey.legs[leg].approvals for code in approval.covers}
        examined = await self._examined(journey.transfer, content, cleaned)
        waits = [one for one in (*reasons(cleaned), *examined.reasons) if covered(one) not in answered]
        if waits:  # the rules changed since the verdict, and under these it may not leave as it is
            await self._verdicts.hold(voyage, leg, waits[0])
            return
        copy = self.preparing.compose(journey.transfer, journey.legs[leg], content, cleaned, voyage.data_key)
        scrubbed = self.preparing.scrubbed(journey.legs[leg], copy, cleaned)
        voyage.add(replace(scrubbed, kept_by=kept_by, plan=plan.name, verified_by=examined.by))

    async def encrypt(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.encrypt`."""
        transfer, data_key = voyage.journey.transfer, voyage.data_key
        part = voyage.journey.legs[leg]
        chosen = await self._verdicts.choice(voyage, leg)
        if chosen is None:
            return
        choice, opinion = chosen
        if transfer.sender.is_gateway:
            voyage.add(await self.preparing.seal_note(transfer, part, choice, data_key))
            return
        content = await self._content(voyage)
        if isinstance(content, Fault):
            await self._verdicts.hold(voyage, leg, Reason(code="changed"))
            return
        plan, _ = self.inquiry.plan(transfer, part)
        if part.scrubbed is None or part.scrubbed.plan != plan.name:  # the rules changed since: what is sealed is clean
            await self.scrub(voyage, leg)
            return
        cleaned = await self.preparing.clean(transfer, content, plan)
        copy = self.preparing.compose(transfer, part, content, cleaned, data_key)
        await self._verdicts.seal(voyage, leg, self.preparing.seal(transfer, part, copy, choice, opinion.key, data_key))

    async def settle(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.settle`."""
        await self.delivering.settle(voyage, leg)

    async def lapse(self, voyage: Voyage, leg: int) -> None:
        """See `runner.Stations.lapse`."""
        await self._verdicts.lapse(voyage, leg)

    async def ship(self, voyage: Voyage, leg: int, log: Log, sealed: Receipt) -> None:
        """See `runner.Stations.ship`. What was open for cleaning is closed first: a delivery may take long."""
        self.release(voyage)
        await self.delivering.ship(voyage, leg, log, sealed)

    def release(self, voyage: Voyage) -> None:
        """See `runner.Stations.release`."""
        self.contents.release(voyage.journey.transfer.id)
        self.preparing.release(voyage.journey.transfer)
        self.examination.release(voyage.journey.transfer.id)

    # ── contents ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _inspect(self, voyage: Voyage, leg: LegJourney) -> Inside:
        if voyage.journey.transfer.sender.is_gateway:
            return {}, ()
        content = await self._content(voyage)
        if isinstance(content, Fault):
            return {}, (Reason(code="changed"),)
        facts, waits, cleaned = await self._opened(voyage, leg, content)
        examined = await self._examined(voyage.journey.transfer, content, cleaned)
        return {**facts, **examined.facts}, (*waits, *examined.reasons)

    async def _examined(self, transfer: Transfer, content: Content, cleaned: Iterable[CleanPart]) -> Examined:
        return await self.examination.of_mail(transfer, content, [(one.part, one.content) for one in cleaned])

    async def _opened(
        self, voyage: Voyage, leg: LegJourney, content: Content
    ) -> tuple[dict[str, Truth], tuple[Reason, ...], tuple[CleanPart, ...]]:
        """What is inside, as far as it can be opened, and its documents cleaned."""
        if content.skeleton.ambiguities:
            return {}, (Reason(code="ambiguous", about=(("codes", " ".join(content.skeleton.ambiguities)),)),), ()
        if content.skeleton.encrypted:
            # GAP: rules for mail the sender sealed (`sender-sealed`) are judged but not yet acted on: it waits.
            return inside.of_heading(self.rules.rulebook, content.skeleton.heading), (Reason(code="sender-sealed"),), ()
        cleaned = await self._cleaned(voyage, leg, content)
        facts = inside.of_mail(self.rules.rulebook, content, cleaned)
        return facts, (*self._conflicts(voyage, content), *reasons(cleaned)), cleaned

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
        plan, _ = self.inquiry.plan(voyage.journey.transfer, leg)
        return await self.preparing.clean(voyage.journey.transfer, content, plan)
