"""What people order: release or refuse what waits, admit or revoke a key, ask the ledger. Rules have `rulemaking`.

Every order is a fact with a name before it has an effect. Nobody approves their own, and no approval replaces what
cannot be known or cannot be cleaned into one reading: those wait until somebody mends them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.engine.archive import Archive
from gateway.engine.clock import Clock, day
from gateway.engine.entries import Write
from gateway.engine.glass import POWER, Glass
from gateway.engine.inquiry import RESTORED, covered
from gateway.engine.keyholders import STREAM as KEYS
from gateway.engine.keyholders import Keyholders
from gateway.engine.notes import Notes
from gateway.engine.policy import InForce
from gateway.engine.viewing import view_for
from gateway.engine.wording import sentence
from gateway.engine.writing import Writer
from gateway.errors import Conflict
from gateway.facts import Admitted, Approved, Consulted, Declined, LegFact, Reason, Recalled, Standing
from gateway.journey import Journey, LegJourney, State
from gateway.judge import words
from gateway.judge.case import Case
from gateway.judge.fulfilment import may_approve
from gateway.judge.questions import CONFIRMED, is_question
from gateway.judge.rulebook import Person, Rulebook
from gateway.seal.floor import Unvouched
from gateway.seal.registrar import Registrar
from gateway.ship.bounce import Kind
from gateway.transfer import Party, TransferId

REVIEWS = "office/reviews"
RIGHTS = "rights"
"""What a review of everybody's rights is called, before its quarter."""
REVIEWERS = ("audit", "publish")
TRIES = 5

WAITING = (State.HELD, State.PARKED)
APPROVABLE = ("waits", "document", "seems-cut", "unscanned", RESTORED, "others-wait")
"""Reasons a named person may answer for. `waits` still needs the role the rule names."""


Decision = Callable[[Journey, LegJourney], Awaitable["tuple[LegFact, tuple[Write, ...]] | Refused"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The order was not carried out, and why, in one sentence."""

    sentence: str


@dataclass(slots=True, kw_only=True)
class Orders:
    """Carries orders out. `by` has signed in."""

    rules: InForce
    archive: Archive
    scribe: Writer
    notes: Notes
    registrar: Registrar
    keyholders: Keyholders
    clock: Clock
    glass: Glass
    look: Callable[[], None]
    """Wakes the runner: something that waited may go now."""
    stopped: Callable[[], frozenset[str]] = frozenset
    """Transfers that nobody goes on with: see `outsiders.recovery`. Blocks."""

    # ── what waits ───────────────────────────────────────────────────────────────────────────────────────────────

    async def release(
        self, transfer: TransferId, leg: int | None, by: Party, why: str
    ) -> tuple[LegFact, ...] | Refused:
        """Release one leg, or all that wait. The judge is asked again; a release sends nothing by itself."""

        async def approve(journey: Journey, waiting: LegJourney) -> tuple[LegFact, tuple[Write, ...]] | Refused:
            objection = self._may_release(journey, waiting, by)
            if objection:
                return Refused(sentence=objection)
            reasons = waiting.judged.reasons if waiting.judged and waiting.state is State.HELD else ()
            codes = tuple(covered(reason) for reason in reasons) or ("in-doubt",)
            return Approved(leg=waiting.leg.ordinal, by=by.person, why=why, covers=codes), ()

        return await self._decide(transfer, leg, approve)

    async def refuse(self, transfer: TransferId, leg: int | None, by: Party, why: str) -> tuple[LegFact, ...] | Refused:
        """Refuse one leg, or all that wait; the sender is told who and why."""

        async def decline(journey: Journey, waiting: LegJourney) -> tuple[LegFact, tuple[Write, ...]] | Refused:
            reason = Reason(code="declined", about=(("by", by.name or by.person), ("why", why)))
            note = await self.notes.about(journey, waiting.leg.ordinal, Kind.FAILED, (reason,))
            return Declined(leg=waiting.leg.ordinal, by=by.person, why=why), note

        return await self._decide(transfer, leg, decline)

    async def confirm(self, transfer: TransferId, leg: int | None, by: Party) -> tuple[LegFact, ...] | Refused:
        """The sender's own yes to what the gateway asked. It answers nothing else a leg may wait for."""

        async def yes(journey: Journey, waiting: LegJourney) -> tuple[LegFact, tuple[Write, ...]] | Refused:
            if by.person != journey.transfer.sender.person:
                return Refused(sentence=self._say("answer.confirm.not-theirs"))
            return Approved(leg=waiting.leg.ordinal, by=by.person, why="asked by the gateway", covers=(CONFIRMED,)), ()

        return await self._decide(transfer, leg, yes, is_due=_is_asked)

    async def withdraw(self, transfer: TransferId, leg: int | None, by: Party) -> tuple[LegFact, ...] | Refused:
        """The sender's own no: what the gateway asked about goes nowhere."""

        async def no(journey: Journey, waiting: LegJourney) -> tuple[LegFact, tuple[Write, ...]] | Refused:
            if by.person != journey.transfer.sender.person:
                return Refused(sentence=self._say("answer.take-back.not-theirs"))
            return Recalled(leg=waiting.leg.ordinal, by=by.person), ()

        return await self._decide(transfer, leg, no, is_due=_is_asked)

    async def _decide(
        self,
        transfer: TransferId,
        leg: int | None,
        decision: Decision,
        is_due: Callable[[LegJourney], bool] = lambda leg: leg.state in WAITING,
    ) -> tuple[LegFact, ...] | Refused:
        """Append the decision on each leg that is due for it, in one transaction; again if it moved meanwhile."""
        for _ in range(TRIES):
            story = await asyncio.to_thread(self.archive.story, transfer)
            if story is None:
                return Refused(sentence=self._say("answer.no-transfer", transfer=transfer))
            if transfer in await asyncio.to_thread(self.stopped):
                return Refused(sentence=self._say("answer.stopped", transfer=transfer))
            waiting = [one for one in story.journey.legs if is_due(one) and leg in (None, one.leg.ordinal)]
            if not waiting:
                return Refused(sentence=self._say("answer.nothing-waits", transfer=transfer))
            facts: list[LegFact] = []
            notes: list[Write] = []
            for one in waiting:
                decided = await decision(story.journey, one)
                if isinstance(decided, Refused):
                    return decided
                facts.append(decided[0])
                notes += decided[1]
            write = Write(
                stream=transfer, facts=tuple(facts), expected=story.journey.version, due_ms=self.clock.now_ms()
            )
            try:
                await self.scribe.append(write, *notes)
            except Conflict:
                continue
            self.look()
            return tuple(facts)
        return Refused(sentence=self._say("answer.busy", transfer=transfer))

    def _may_release(self, journey: Journey, waiting: LegJourney, by: Party) -> str:
        """Why this person may not release this leg; empty if they may."""
        rulebook, transfer = self.rules.rulebook, journey.transfer
        person = rulebook.person(by.person)
        if person is None or by.person == transfer.sender.person:
            return self._say("answer.release.own")
        if waiting.state is State.PARKED:
            if self._is_trusted(person):
                return ""
            return self._say("answer.decide.not-trusted", name=person.name, others=self._trusted(rulebook))
        assert waiting.judged is not None
        own = [reason for reason in waiting.judged.reasons if reason.code != "others-wait"]
        for reason in own:
            objection = self._objection(rulebook, journey, waiting, person, reason)
            if objection:
                return objection
        return "" if own else self._say("answer.release.another")

    def _objection(
        self, rulebook: Rulebook, journey: Journey, waiting: LegJourney, person: Person, reason: Reason
    ) -> str:
        if reason.code not in APPROVABLE:
            return self._say(
                "answer.release.no-mending", why=self.notes.words(journey.transfer, waiting.leg.recipient, reason)
            )
        demand = reason.get("demand")
        if reason.code != "waits":
            if self._is_trusted(person):
                return ""
            return self._say("answer.release.not-trusted", name=person.name, others=self._trusted(rulebook))
        role = demand.removeprefix(words.APPROVAL)
        case = Case(
            sender_person=journey.transfer.sender.person,
            recipient=waiting.leg.recipient,
            by=journey.transfer.way,
            label=journey.transfer.label,
            purpose=journey.transfer.purpose,
            on=day(self.clock.now_ms(), self.rules.zone),
        )
        if demand == role:
            return self._say("answer.release.demand", demand=demand)
        return "" if may_approve(rulebook, case, person, role) else self._say("answer.release.role", role=role)

    def _say(self, code: str, **given: str) -> str:
        return self.rules.texts.say(code, **given)

    def _is_trusted(self, person: Person) -> bool:
        """May answer for a document nobody could look into, or a delivery nobody can be sure of."""
        review_ms = 1000 * self.rules.rulebook.transfers.break_glass.review.seconds
        owes = self.glass.suspended_by(person.address, self.clock.now_ms(), review_ms)
        return "vouch" in person.powers or (POWER in person.powers and owes is None)

    def _trusted(self, rulebook: Rulebook) -> str:
        return " or ".join(person.name for person in rulebook.people.everyone if self._is_trusted(person))

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def admit(self, untrusted: bytes, by: Party, how: str) -> tuple[Admitted, ...] | Refused:
        """Take a certificate in for every address it carries. Without `how` it is a candidate and is never used."""
        person = self.rules.rulebook.person(by.person)
        if how and (person is None or "vouch" not in person.powers):
            names = ", ".join(one.name for one in self.rules.rulebook.people.everyone if "vouch" in one.powers)
            return Refused(sentence=self._say("answer.vouch", names=names))
        entry = await asyncio.to_thread(self.registrar.take_in, untrusted, self.clock.now_ms())
        if isinstance(entry, Unvouched):
            return Refused(sentence=" ".join(sentence(reason) for reason in entry.reasons))
        if not entry.addresses:
            return Refused(sentence=self._say("answer.key.no-address"))
        facts = tuple(
            Admitted(
                address=address,
                fingerprint=entry.primary.fingerprint,
                standing=Standing.VERIFIED if how else Standing.CANDIDATE,
                by=by.person,
                how=how,
                certificate=untrusted,
            )
            for address in sorted(entry.addresses)
        )
        return await self._keep_keys(facts)

    async def revoke(self, fingerprint: str, by: Party, why: str) -> tuple[Admitted, ...] | Refused:
        """Never use this key again, for anybody."""
        known = self.keyholders.by_fingerprint(fingerprint)
        if not known:
            return Refused(sentence=self._say("answer.key.unknown"))
        return await self._keep_keys(
            tuple(
                Admitted(
                    address=fact.address, fingerprint=fingerprint, standing=Standing.REVOKED, by=by.person, how=why
                )
                for fact in known
            )
        )

    async def _keep_keys(self, facts: tuple[Admitted, ...]) -> tuple[Admitted, ...]:
        await self.scribe.append(Write(stream=KEYS, facts=facts))
        for fact in facts:
            self.keyholders.add(fact)
        self.look()
        return facts

    # ── the office ───────────────────────────────────────────────────────────────────────────────────────────────

    async def sign_off(self, by: Party, what: str, found: str) -> Consulted | Refused:
        """Somebody who may audit or publish has been through everybody's rights, and says what they found."""
        person = self.rules.rulebook.person(by.person)
        if person is None or not person.powers.intersection(REVIEWERS):
            names = [one.name for one in self.rules.rulebook.people.everyone if one.powers.intersection(REVIEWERS)]
            return Refused(sentence=self._say("answer.sign-off", names=", ".join(names)))
        head = self.scribe.head
        fact = Consulted(by=by.person, question=f"review of {what}", why=found, size=head.size if head else 0)
        await self.scribe.append(Write(stream=REVIEWS, facts=(fact,)))
        return fact

    async def consult(self, by: str, question: str, why: str) -> Consulted:
        """Write down who asks the ledger what; the answer may be given once this is durable."""
        head, on = self.scribe.head, day(self.clock.now_ms(), self.rules.zone)
        role = str(view_for(self.rules.rulebook, by, on).role)
        fact = Consulted(by=by, question=question, why=why, size=head.size if head else 0, role=role)
        await self.scribe.append(Write(stream=f"consulted/{day(self.clock.now_ms())}", facts=(fact,)))
        return fact


def _is_asked(leg: LegJourney) -> bool:
    """Whether the leg waits for its sender's answer."""
    reasons = leg.judged.reasons if leg.judged else ()
    return leg.state is State.HELD and any(is_question(reason) for reason in reasons)
