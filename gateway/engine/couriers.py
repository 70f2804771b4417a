"""Paper, disks and keys that a courier carries: the same chain of custody as for what goes by wire.

What is kept as content is the slip: what it is, in which numbered seal, by whom, from where to where, when. The facts
are those of every transfer:

1. `received`, `judged`: who hands it over, and what the rules say of it `by = courier`.
2. `approved`, `judged`: who authorised it, where the rules make it wait, or have no word for it.
3. `scrubbed`: nothing is taken out; checked by hand. `sealed`: the seal's number; `offered`: it is with the courier.
4. `collected`: a second person, signed in, confirms the hand-over. Only that closes it.

What a `forbid` or a `never` forbids is `refused`, and stands there too. Nothing falls due: nobody but a person knows
where paper is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from gateway.engine.archive import Archive
from gateway.engine.clock import Clock, day
from gateway.engine.entries import Write
from gateway.engine.orders import Refused
from gateway.engine.policy import InForce
from gateway.engine.vault import Stored, Vault
from gateway.engine.wording import sentences
from gateway.engine.writing import Writer
from gateway.errors import Conflict
from gateway.facts import (
    Approved,
    Collected,
    Judged,
    LegFact,
    Offered,
    Outcome,
    Reason,
    Received,
    Scrubbed,
    Sealed,
    Truth,
)
from gateway.journey import State
from gateway.judge import words
from gateway.judge.case import Case, known_facts
from gateway.judge.decide import decide
from gateway.judge.fulfilment import may_approve
from gateway.judge.rulebook import Person
from gateway.judge.verdict import Verdict
from gateway.keep import Content
from gateway.seal.parcel import Packing
from gateway.transfer import (
    Address,
    Envelope,
    Item,
    Leg,
    Party,
    Recipient,
    Seal,
    Transfer,
    TransferId,
    Way,
    transfer_id,
)

MEDIA = "application/vnd.sealgate.slip+json"
BY_HAND = "by-hand"
EXPECTED_MS = 7 * 86_400_000
_NO_WORD = frozenset({"no-rule", "miss"})
"""Reasons of a block that no rule ordered: nothing allows it. Whoever may break the glass may let it go."""


class Slip(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="handed-over"):
    """The form that goes with it: a hand-over, to be written down."""

    what: str
    seal_number: str
    courier: str
    from_place: str
    to_place: str
    handed_over: str
    """When, as whoever was there says: RFC 3339."""
    recipient: str
    """An address, or `partner:ID`."""
    label: str
    purpose: str
    matter: str = ""


class Arrival(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="arrived"):
    """A second person's word that it arrived."""

    transfer: str
    found: str
    """In what state."""


@dataclass(slots=True, kw_only=True)
class Couriers:
    """Writes hand-overs down. Whoever is named has signed in."""

    rules: InForce
    archive: Archive
    scribe: Writer
    vault: Vault
    clock: Clock

    async def take(self, told: Slip | Arrival, by: Party, authoriser: Party | None, why: str) -> TransferId | Refused:
        """Write down what somebody tells of a courier; the transfer it is about."""
        if isinstance(told, Arrival):
            return await self.confirm(TransferId(told.transfer), by, told.found)
        return await self.record(told, by, authoriser, why)

    async def record(self, slip: Slip, by: Party, authoriser: Party | None, why: str) -> TransferId | Refused:
        """Write a hand-over down, and who authorised it; or that it was refused."""
        labels = self.rules.rulebook.labels
        if slip.label not in labels.order or slip.purpose not in labels.purposes:
            known = f"labels {', '.join(labels.order)}; purposes {', '.join(labels.purposes)}"
            return Refused(sentence=self._say("answer.courier.no-label", known=known))
        try:
            recipient = _recipient(slip.recipient)
        except ValueError:
            return Refused(sentence=self._say("answer.courier.recipient"))
        case = self._case(slip, recipient, by)
        verdict = decide(self.rules.rulebook, case)
        key, content = self.clock.random(32), msgspec.json.encode(slip)
        transfer, light = self._transfer(slip, recipient, by, self.vault.seal(content, key))
        facts: list[Received | LegFact] = [Received(transfer=transfer)]
        if verdict.outcome is Outcome.BLOCK and not _is_unheard_of(verdict):
            await self._append(transfer.id, [*facts, self._judged(case, verdict, slip, verdict.outcome)], key, light)
            return Refused(
                sentence=self._say(
                    "answer.courier.refused", why=" ".join(self._words(case, verdict)), transfer=transfer.id
                )
            )
        if verdict.outcome is not Outcome.SEND:
            objection = self._objection(case, verdict, by, authoriser)
            if objection or authoriser is None:
                return Refused(sentence=" ".join((*self._words(case, verdict), objection)))
            covers = tuple(dict.fromkeys(reason.code for reason in verdict.reasons))
            facts += [
                self._judged(case, verdict, slip, Outcome.HOLD),
                Approved(leg=0, by=authoriser.person, why=why, covers=covers),
            ]
        facts += [self._judged(case, verdict, slip, Outcome.SEND), *self._with_the_courier(transfer, slip, content)]
        await self._append(transfer.id, facts, key, light)
        return transfer.id

    async def confirm(self, transfer: TransferId, by: Party, found: str) -> TransferId | Refused:
        """A second person says that it arrived, and in what state."""
        story = await asyncio.to_thread(self.archive.story, transfer)
        if story is None or not story.facts or not isinstance(story.facts[0], Received):
            return Refused(sentence=self._say("answer.no-transfer", transfer=transfer))
        journey = story.journey
        if journey.transfer.way is not Way.COURIER:
            return Refused(sentence=self._say("answer.courier.other-way", transfer=transfer))
        if by.person == journey.transfer.sender.person:
            return Refused(sentence=self._say("answer.courier.own"))
        if journey.legs[0].state is not State.OFFERED:
            return Refused(
                sentence=self._say("answer.courier.not-there", transfer=transfer, state=journey.legs[0].state)
            )
        fact = Collected(leg=0, by=by.person, source=found)
        try:
            await self.scribe.append(Write(stream=transfer, facts=(fact,), expected=journey.version))
        except Conflict:
            return Refused(sentence=self._say("answer.courier.confirmed", transfer=transfer))
        return transfer

    # ── the judge ────────────────────────────────────────────────────────────────────────────────────────────────

    def _case(self, slip: Slip, recipient: Recipient, by: Party) -> Case:
        """What paper cannot have, it has not; a numbered seal and a named courier are the verified way."""
        found = dict.fromkeys(("hidden-content-found", "label-conflict"), Truth.NO)
        now_ms = self.clock.now_ms()
        return Case(
            sender_person=by.person,
            recipient=recipient,
            by=Way.COURIER,
            label=slip.label,
            purpose=slip.purpose,
            on=day(now_ms, self.rules.zone),
            facts={**found, "transport-verified": Truth.YES},
            at_ms=now_ms,
            outside_recipients=1,
        )

    def _judged(self, case: Case, verdict: Verdict, slip: Slip, outcome: Outcome) -> Judged:
        return Judged(
            leg=0,
            outcome=outcome,
            rules=verdict.rules,
            demands=verdict.demands,
            reasons=() if outcome is Outcome.SEND else verdict.reasons,
            known=known_facts(self.rules.rulebook, case),
            ruleset=self.rules.rulebook.digest,
            mixed=verdict.mixed,
            label=slip.label,
            purpose=slip.purpose,
        )

    def _objection(self, case: Case, verdict: Verdict, by: Party, authoriser: Party | None) -> str:
        """Why nobody has authorised it yet; empty if somebody has who may."""
        if authoriser is None:
            return "Somebody who may must authorise it (--authorised-by ADDRESS)."
        rulebook = self.rules.rulebook
        person = rulebook.person(authoriser.person)
        if person is None or authoriser.person == by.person:
            return self._say("answer.courier.authorise-own")
        for reason in verdict.reasons:
            demand = reason.get("demand")
            role = demand.removeprefix(words.APPROVAL)
            if demand.startswith(words.APPROVAL):
                if not may_approve(rulebook, case, person, role):
                    return self._say("answer.courier.role", role=role)
            elif not _is_trusted(person, reason):
                return self._say("answer.courier.not-theirs", name=person.name)
        return ""

    def _say(self, code: str, **given: str) -> str:
        return self.rules.texts.say(code, **given)

    def _words(self, case: Case, verdict: Verdict) -> Sequence[str]:
        return sentences(self.rules.rulebook, case, verdict.outcome, verdict.reasons)

    # ── the facts ────────────────────────────────────────────────────────────────────────────────────────────────

    def _transfer(
        self, slip: Slip, recipient: Recipient, by: Party, sealed: tuple[Stored, Content]
    ) -> tuple[Transfer, Content]:
        stored, light = sealed
        said = (
            slip.matter,
            f"seal {slip.seal_number}",
            f"courier {slip.courier}",
            f"from {slip.from_place}",
            slip.to_place and f"to {slip.to_place}",
            f"handed over {slip.handed_over}",
        )
        transfer = Transfer(
            id=transfer_id(self.clock.random(16)),
            way=Way.COURIER,
            sender=Party(
                person=by.person, address=by.address, name=by.name, signed_in_by=by.signed_in_by, source=slip.from_place
            ),
            items=(
                Item(name=slip.what, media=MEDIA, size_bytes=stored.size_bytes, digest=stored.digest, blob=stored.blob),
            ),
            legs=(Leg(ordinal=0, recipient=recipient),),
            received_ms=self.clock.now_ms(),
            label=slip.label,
            purpose=slip.purpose,
            envelope=Envelope(subject="; ".join(one for one in said if one)),
        )
        return transfer, light

    def _with_the_courier(self, transfer: Transfer, slip: Slip, content: bytes) -> Sequence[LegFact]:
        item, packing = transfer.items[0], Packing([content])
        for _ in packing:
            pass
        parcel = packing.parcel(transfer=transfer.id, leg=0, blob=item.blob, seal=Seal.NUMBERED)
        return (
            Scrubbed(leg=0, digest=item.digest, size_bytes=item.size_bytes, removed=(), verified_by=(BY_HAND,)),
            Sealed(leg=0, parcel=parcel, original=item, floor="courier", key_trust=f"seal={slip.seal_number}"),
            Offered(leg=0, until_ms=self.clock.now_ms() + EXPECTED_MS),
        )

    async def _append(
        self, transfer: TransferId, facts: Sequence[Received | LegFact], key: bytes, light: Content
    ) -> None:
        write = Write(stream=transfer, facts=tuple(facts), expected=0, data_key=key, contents=(light,))
        await self.scribe.append(write)


def _recipient(untrusted: str) -> Recipient:
    """An address, or `partner:ID`. Raises `ValueError`."""
    if untrusted.startswith(words.PARTNER):
        return Recipient(partner=untrusted.removeprefix(words.PARTNER))
    return Recipient(address=Address.of(untrusted))


def _is_unheard_of(verdict: Verdict) -> bool:
    """Nothing forbids it, and nothing allows it."""
    return {reason.code for reason in verdict.reasons} <= _NO_WORD


def _is_trusted(person: Person, reason: Reason) -> bool:
    needed = {"break-glass"} if reason.code in _NO_WORD else {"vouch", "break-glass"}
    return bool(person.powers & needed)
