"""Finds out what the judge needs to know, asks it, and puts its verdict together with what the stations need.

The judge is pure; here its questions meet the world: the day in the office's zone, the ring of keys, who approved, what
the workshop found. What cannot be found out stays unknown, and unknown holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from gateway.engine.acquaintance import Acquaintance
from gateway.engine.clock import Clock, day
from gateway.engine.containment.contained import Containments
from gateway.engine.finding import FIRST_CONTACT, SIMILAR_NAME, Finding
from gateway.engine.glass import Glass
from gateway.engine.keyholders import Keyholders
from gateway.engine.policy import InForce
from gateway.engine.probing import Probing
from gateway.engine.scanning.answer import VIRUS, VIRUS_FOUND
from gateway.facts import Admitted, Hop, Judged, Outcome, Reason, Truth
from gateway.journey import Journey, LegJourney, State
from gateway.judge import questions, words
from gateway.judge.case import Case, known_facts
from gateway.judge.decide import couple
from gateway.judge.questions import CONFIRMED
from gateway.judge.rulebook import Rulebook
from gateway.judge.verdict import Verdict
from gateway.scrub.plan import Plan
from gateway.seal.floor import Choice, Unvouched, Vouched, Wait, choose
from gateway.seal.registrar import Registrar
from gateway.transfer import Address, Party, Recipient, Transfer, Way

RESTORED = "restored"
"""Why a leg waits that was under way when a backup was taken: it may have left since. Only a person can know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One leg at one moment. `None` is not seen yet."""

    sender: Party
    recipient: Recipient
    way: Way
    label: str | None = None
    purpose: str | None = None
    outside_recipients: int | None = None
    approved_by: tuple[str, ...] = ()
    is_confirmed: bool = False
    """The sender has answered what the gateway asked about this very transfer."""
    transfer: str = ""
    """Its id; empty while it has none."""
    found: Mapping[str, Truth] = field(default_factory=dict)
    """Facts somebody else determined: the workshop, the hop."""
    obstacles: tuple[Reason, ...] = ()
    """What holds it whatever the rules say: an ambiguity, a document that cannot be cleaned."""
    received_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """The verdict on one leg, what no rule can give included, and how the leg would be sealed."""

    case: Case
    verdict: Verdict
    choice: Choice | Wait
    key: Vouched | None
    rulebook: Rulebook
    """Under which it is."""

    def judged(self, leg: int, label: str, purpose: str) -> Judged:
        """The opinion as a fact."""
        return Judged(
            leg=leg,
            outcome=self.verdict.outcome,
            rules=self.verdict.rules,
            demands=self.verdict.demands,
            reasons=self.verdict.reasons,
            known=known_facts(self.rulebook, self.case),
            ruleset=self.rulebook.digest,
            mixed=self.verdict.mixed,
            label=label,
            purpose=purpose,
        )


@dataclass(slots=True, kw_only=True)
class Inquiry:
    """Asks the judge."""

    rules: InForce
    clock: Clock
    registrar: Registrar
    keyholders: Keyholders
    acquaintance: Acquaintance
    glass: Glass
    probing: Probing | None = None
    containments: Containments = field(default_factory=Containments)
    timed: Callable[[], AbstractContextManager[None]] = nullcontext
    """Around each verdict, for whoever measures."""

    async def ask(self, question: Question, rules: InForce | None = None) -> Opinion:
        """One opinion, under one reading of the clock and one rulebook.

        Whoever needs several that agree gives `rules` (`InForce.as_it_stands`): others may come into force meanwhile.
        """
        rules = rules or self.rules.as_it_stands()
        rulebook, now_ms = rules.rulebook, self.clock.now_ms()
        key = await self._key(question.recipient, rulebook, now_ms)
        found = await Finding(rules=rules, acquaintance=self.acquaintance, probing=self.probing).facts(
            question.sender,
            question.recipient,
            question.way,
            given=question.found,
            is_under_way=bool(question.transfer),
            is_key_known=isinstance(key, Vouched),
            rulebook=rulebook,
            now_ms=now_ms,
        )
        case = Case(
            sender_person=question.sender.person,
            recipient=question.recipient,
            by=question.way,
            label=question.label,
            purpose=question.purpose,
            on=day(now_ms, rules.zone),
            facts=found.facts,
            at_ms=now_ms,
            ages=found.ages,
            outside_recipients=question.outside_recipients,
            approved_by=question.approved_by,
            is_confirmed=question.is_confirmed,
            waited_seconds=max(0, now_ms - question.received_ms) // 1000 if question.received_ms else 0,
            is_gateway_note=question.sender.is_gateway,
        )
        case, verdict = await self._decided(rulebook, case, question, found.similar)
        choice = choose(
            floor=rules.floor("" if question.sender.is_gateway else question.label or ""),
            demands=verdict.demands,
            ways=rules.ways,
            level=rules.level(question.recipient, question.way),
            key=key,
            # Notes go as they are over verified transport: nobody's key is asked for, so none can change.
            is_key_preferred=question.way is Way.MAIL and not question.sender.is_gateway,
        )
        return Opinion(
            case=case,
            verdict=self._contained(_with_obstacles(verdict, question.obstacles, choice), case, question, rulebook),
            choice=choice,
            key=key if isinstance(key, Vouched) else None,
            rulebook=rulebook,
        )

    async def ask_leg(
        self,
        journey: Journey,
        leg: LegJourney,
        *,
        found: Mapping[str, Truth],
        obstacles: Iterable[Reason],
        rules: InForce | None = None,
    ) -> Opinion:
        """The opinion on a leg of a transfer that was received. A release answers for what its person saw."""
        transfer = journey.transfer
        seen = {code for approval in leg.approvals for code in approval.covers if code != CONFIRMED}
        return await self.ask(
            Question(
                sender=transfer.sender,
                recipient=leg.leg.recipient,
                way=transfer.way,
                # Empty is what could not be determined at the door: unknown holds, it never reads as "no label".
                label=transfer.label or None,
                purpose=transfer.purpose or None,
                approved_by=tuple(approval.by for approval in leg.approvals if CONFIRMED not in approval.covers),
                is_confirmed=any(CONFIRMED in approval.covers for approval in leg.approvals),
                transfer=transfer.id,
                found=found,
                obstacles=tuple(reason for reason in (*lasting(leg), *obstacles) if covered(reason) not in seen),
                received_ms=transfer.received_ms,
            ),
            rules,
        )

    def plan(self, transfer: Transfer, leg: LegJourney) -> tuple[Plan, tuple[str, ...]]:
        """What goes from this leg's documents under the rules of this instant; see `InForce.plan`."""
        return self.rules.plan(leg.leg.recipient, transfer.label, self.clock.now_ms())

    async def at_the_first_byte(self, journey: Journey, ordinal: int, hop: Hop | None) -> Judged | None:
        """The rules and the key of this instant, on a leg that is sealed; None if it may still go.

        No hop means our own door, where the recipient comes for it.

        What the workshop found stands: the parcel has not changed. A key that changed, or rules that would have it
        cleaned in another way, mean a new verdict that sends: the leg starts over, is cleaned and sealed again.
        """
        leg = journey.legs[ordinal]
        assert leg.sealed is not None
        assert leg.judged is not None
        found = seen_inside(leg)
        if hop is None or hop.verdict != "encrypted-only":
            found["transport-verified"] = Truth.YES
        opinion = await self.ask_leg(journey, leg, found=found, obstacles=())
        if opinion.verdict.outcome is not Outcome.SEND:
            return opinion.judged(ordinal, journey.transfer.label, journey.transfer.purpose)
        code = self._outdated(journey.transfer, leg, opinion)
        if not code:
            return None
        again = opinion.judged(ordinal, journey.transfer.label, journey.transfer.purpose)
        return replace(again, reasons=(Reason(code=code),))

    def _outdated(self, transfer: Transfer, leg: LegJourney, opinion: Opinion) -> str:
        """Why what was prepared is not what the rules and the key of this instant ask for; empty if it is."""
        assert leg.sealed is not None
        wanted = opinion.choice.key_fingerprint if isinstance(opinion.choice, Choice) else ""
        if wanted != leg.sealed.parcel.key_fingerprint:
            return "key-changed"
        plan, _ = self.plan(transfer, leg)
        is_handed_in = transfer.way is Way.SFTP and transfer.sender.person.startswith(words.PARTNER)
        leaves_as_it_came = transfer.sender.is_gateway or is_handed_in
        is_outdated = leg.scrubbed is None or leg.scrubbed.plan != plan.name
        return "rules-changed" if is_outdated and not leaves_as_it_came else ""

    async def _decided(self, rulebook: Rulebook, case: Case, question: Question, similar: str) -> tuple[Case, Verdict]:
        """The judge's word. What the sender has answered once is not asked again; what is asked is spelled out."""
        with self.timed():
            verdict = self.glass.decide(rulebook, case, question.transfer)
        if not questions.is_asked(verdict):
            return case, verdict
        if questions.is_about_recipient(rulebook, verdict) and await self.acquaintance.correspondence.is_confirmed(
            case.sender_person, case.recipient
        ):
            case = replace(case, is_confirmed=True)
            return case, self.glass.decide(rulebook, case, question.transfer)
        return case, questions.put(rulebook, case, verdict, similar=similar)

    def _contained(self, verdict: Verdict, case: Case, question: Question, rulebook: Rulebook) -> Verdict:
        """The verdict, unless something stops the leg before any rule: then that, and under way it never ends it."""
        found = self.containments.objection(
            rulebook, case.sender_person, case.recipient, on=case.on, is_under_way=bool(question.transfer)
        )
        if found is None:
            return verdict
        outcome, reason = found
        others = verdict.reasons if verdict.outcome is outcome else ()
        return replace(verdict, outcome=outcome, reasons=(reason, *others))

    async def _key(self, recipient: Recipient, rulebook: Rulebook, now_ms: int) -> Vouched | Unvouched:
        """The first of the recipient's addresses with a key that is vouched for; else all that was said of them."""
        reasons: tuple[Reason, ...] = ()
        for address in (recipient.address,) if recipient.address else self._addresses(recipient.partner, rulebook):
            every = self.keyholders.admitted(address)
            admitted = tuple(one for one in every if not self.containments.bars_key(one.fingerprint))
            if len(admitted) < len(every):
                reasons += _withdrawn(every, admitted)
            if not admitted:
                continue
            found: Vouched | Unvouched | None = self.registrar.remembered(address, now_ms, admitted)
            if found is None:  # most are remembered: no thread, no GnuPG
                found = await asyncio.to_thread(self.registrar.vouch, address, now_ms, admitted)
            if isinstance(found, Vouched):
                return found
            reasons += found.reasons
        return Unvouched(reasons=reasons)

    def _addresses(self, partner_id: str, rulebook: Rulebook) -> tuple[Address, ...]:
        """Whose keys serve a partner's box: the listed addresses first, then all in its domains that have one."""
        partner = rulebook.partners.get(partner_id)
        if partner is None:
            return ()
        return (*map(Address.of, partner.addresses), *self.keyholders.at(partner.domains))


OPENED = ("personal-data-found", "hidden-content-found", VIRUS_FOUND)
"""Nobody knows them at the door: they are found out when the content is opened, right after it was kept."""
SEEN_INSIDE = (
    *OPENED,
    "label-conflict",
    "many-recipients",
    FIRST_CONTACT,
    SIMILAR_NAME,
)
"""Facts that were determined once, when the leg was judged: of this digest, and of the time before it went."""


def seen_inside(leg: LegJourney) -> dict[str, Truth]:
    """What inspection determined when the leg was judged."""
    known = leg.judged.known if leg.judged else ()
    return {fact.name: fact.value for fact in known if fact.name in SEEN_INSIDE}


def covered(reason: Reason) -> str:
    """What a person answers for when they release a leg in spite of a reason: this reason, this document."""
    return f"{reason.code}:{reason.get('name')}" if reason.get("name") else reason.code


def coupled(opinions: Sequence[Opinion]) -> tuple[Opinion, ...]:
    """The opinions on all open legs of one transfer, together: under all-or-nothing one holds or refuses all."""
    verdicts = couple([opinion.verdict for opinion in opinions])
    return tuple(replace(opinion, verdict=verdict) for opinion, verdict in zip(opinions, verdicts, strict=True))


def _withdrawn(every: tuple[Admitted, ...], usable: tuple[Admitted, ...]) -> tuple[Reason, ...]:
    contained = dict.fromkeys(one.fingerprint for one in every if one not in usable)
    return tuple(Reason(code="key-contained", about=(("fingerprint", one),)) for one in contained)


def _with_obstacles(verdict: Verdict, obstacles: tuple[Reason, ...], choice: Choice | Wait) -> Verdict:
    """Where the rules would send, what is missing that no rule can give still holds."""
    missing = (*obstacles, *(choice.reasons if isinstance(choice, Wait) else ()))
    if verdict.outcome is Outcome.BLOCK:  # why a rule refused it stays first; what a scanner found is on the record
        return replace(verdict, reasons=(*verdict.reasons, *(one for one in obstacles if one.code == VIRUS)))
    if not missing:
        return verdict
    return replace(verdict, outcome=Outcome.HOLD, reasons=(*verdict.reasons, *missing))


def lasting(leg: LegJourney) -> tuple[Reason, ...]:
    """What the leg waits for however often it is judged again, until a person has answered for it."""
    if leg.state is not State.HELD or leg.judged is None:
        return ()
    return tuple(reason for reason in leg.judged.reasons if reason.code == RESTORED)
