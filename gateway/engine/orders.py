"""What people order: release or refuse what waits, admit or revoke a key, bring rules into force, ask the ledger.

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
from gateway.engine.inquiry import covered
from gateway.engine.keyholders import STREAM as KEYS
from gateway.engine.keyholders import Keyholders
from gateway.engine.notes import Notes
from gateway.engine.policy import InForce
from gateway.engine.wording import sentence
from gateway.engine.writing import Writer
from gateway.errors import Conflict
from gateway.facts import Admitted, Approved, Consulted, Declined, LegFact, Published, Reason, Standing
from gateway.journey import Journey, LegJourney, State
from gateway.judge import words
from gateway.judge.case import Case
from gateway.judge.decide import may_approve
from gateway.judge.rulebook import Person, Rulebook
from gateway.seal.floor import Unvouched
from gateway.seal.registrar import Registrar
from gateway.ship.bounce import Kind
from gateway.transfer import Party, TransferId

RULES = "office/rules"
TRIES = 5

WAITING = (State.HELD, State.PARKED)
APPROVABLE = ("waits", "document", "seems-cut", "others-wait")
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
    look: Callable[[], None]
    """Wakes the runner: something that waited may go now."""

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

    async def _decide(self, transfer: TransferId, leg: int | None, decision: Decision) -> tuple[LegFact, ...] | Refused:
        """Append the decision on each waiting leg, in one transaction; again if the transfer moved meanwhile."""
        for _ in range(TRIES):
            story = await asyncio.to_thread(self.archive.story, transfer)
            if story is None:
                return Refused(sentence=f"There is no transfer {transfer}.")
            waiting = [one for one in story.journey.legs if one.state in WAITING and leg in (None, one.leg.ordinal)]
            if not waiting:
                return Refused(sentence=f"Nothing of {transfer} waits for a decision.")
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
        return Refused(sentence=f"{transfer} is being worked on. Try again in a moment.")

    def _may_release(self, journey: Journey, waiting: LegJourney, by: Party) -> str:
        """Why this person may not release this leg; empty if they may."""
        rulebook, transfer = self.rules.rulebook, journey.transfer
        person = rulebook.person(by.person)
        if person is None or by.person == transfer.sender.person:
            return "Nobody releases their own. Ask somebody else."
        if waiting.state is State.PARKED:
            return "" if _is_trusted(person) else f"{person.name} may not decide this. Ask {_trusted(rulebook)}."
        assert waiting.judged is not None
        own = [reason for reason in waiting.judged.reasons if reason.code != "others-wait"]
        for reason in own:
            objection = self._objection(rulebook, journey, waiting, person, reason)
            if objection:
                return objection
        return "" if own else "It waits for another recipient of the same message. Release that one."

    def _objection(
        self, rulebook: Rulebook, journey: Journey, waiting: LegJourney, person: Person, reason: Reason
    ) -> str:
        if reason.code not in APPROVABLE:
            return "A release cannot mend this: " + self.notes.words(journey.transfer, waiting.leg.recipient, reason)
        demand = reason.get("demand")
        if reason.code != "waits":
            return "" if _is_trusted(person) else f"{person.name} may not release this. Ask {_trusted(rulebook)}."
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
            return f"This waits for '{demand}', which no release replaces."
        return "" if may_approve(rulebook, case, person, role) else f"Only a {role} may release this."

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def admit(self, untrusted: bytes, by: Party, how: str) -> tuple[Admitted, ...] | Refused:
        """Take a certificate in for every address it carries. Without `how` it is a candidate and is never used."""
        person = self.rules.rulebook.person(by.person)
        if how and (person is None or "vouch" not in person.powers):
            names = ", ".join(one.name for one in self.rules.rulebook.people.everyone if "vouch" in one.powers)
            return Refused(sentence=f"Only who may vouch verifies keys: {names}.")
        entry = await asyncio.to_thread(self.registrar.take_in, untrusted, self.clock.now_ms())
        if isinstance(entry, Unvouched):
            return Refused(sentence=" ".join(sentence(reason) for reason in entry.reasons))
        if not entry.addresses:
            return Refused(sentence="This key carries no mail address, so it serves nobody.")
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
            return Refused(sentence="No key in use has this fingerprint. See: sealgate keys list")
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

    async def publish(self, rulebook: Rulebook, signers: tuple[str, ...], why: str) -> Published:
        """Bring a checked rulebook into force, from the next question on."""
        fact = Published(digest=rulebook.digest, files=rulebook.files, signers=signers, why=why)
        await self.scribe.append(Write(stream=RULES, facts=(fact,)))
        self.rules.swap(rulebook)
        self.look()
        return fact

    async def consult(self, by: str, question: str, why: str) -> Consulted:
        """Write down who asks the ledger what; the answer may be given once this is durable."""
        head = self.scribe.head
        fact = Consulted(by=by, question=question, why=why, size=head.size if head else 0)
        await self.scribe.append(Write(stream=f"consulted/{day(self.clock.now_ms())}", facts=(fact,)))
        return fact


def _is_trusted(person: Person) -> bool:
    """May answer for a document nobody could look into, or a delivery nobody can be sure of."""
    return bool(person.powers & {"vouch", "break-glass"})


def _trusted(rulebook: Rulebook) -> str:
    return " or ".join(person.name for person in rulebook.people.everyone if _is_trusted(person))
