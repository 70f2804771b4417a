"""Breaking the glass, and reviewing it afterwards: who may, what it lifts, and who hears of it.

1. Two people hold the power today, neither is the sender, and neither owes a review.
2. The judge is asked what would follow: a `never`, or a last day that is past, is not lifted, and is said at once.
3. The allow and the alarm to everybody with the power are one transaction; then the leg is judged again, as always.
4. A third person reviews, who signed nothing of it and did not send it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.engine.archive import Archive
from gateway.engine.clock import Clock, day, moment
from gateway.engine.containment.contained import CONTAINED, PAUSED
from gateway.engine.entries import Write
from gateway.engine.glass import LASTS_MS, POWER, REVIEW, STREAM, Allow, Broken, Glass, allow_id, would_be
from gateway.engine.notes import Notes
from gateway.engine.orders import Refused
from gateway.engine.policy import InForce
from gateway.engine.wording import called, sentences
from gateway.engine.writing import Writer
from gateway.facts import Consulted, Outcome
from gateway.journey import Journey, LegJourney, State
from gateway.judge.case import Case
from gateway.judge.rulebook import Person
from gateway.transfer import Address, Party, TransferId

log = logging.getLogger(__name__)

STOPPED = (CONTAINED, PAUSED)
"""Beside the rules, so that no allow helps."""
REVIEWERS = ("audit", POWER)
"""Powers that may review; the signers themselves never do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergencies:
    """Breaks the glass, and has it reviewed. Whoever signs has signed in."""

    rules: InForce
    archive: Archive
    scribe: Writer
    notes: Notes
    clock: Clock
    glass: Glass
    look: Callable[[], None]
    """Wakes the runner: what waited may go now."""

    async def break_glass(
        self, transfer: TransferId, leg: int | None, signers: Sequence[Party], why: str, label: str = ""
    ) -> Broken | Refused:
        """A one-transfer allow for a leg that waits, or for the next transfer like one that was refused."""
        story = await asyncio.to_thread(self.archive.story, transfer)
        if story is None:
            return Refused(sentence=self._say("answer.no-transfer", transfer=transfer))
        journey = story.journey
        found = self._leg(journey, leg)
        if isinstance(found, Refused):
            return found
        objection = self._objection(signers, journey, " ".join(why.split()))
        if objection:
            return Refused(sentence=objection)
        allow = self._allow(journey, found, " ".join(why.split()), label)
        if isinstance(allow, Refused):
            return allow
        fact = allow.published(tuple(signer.person for signer in signers))
        alarm = await self._alarm(journey, found, allow, signers)
        await self.scribe.append(Write(stream=STREAM, facts=(fact,)), *alarm)
        self.glass.add(fact)
        self.look()
        log.critical("glass broken allow=%s transfer=%s leg=%d", allow.id, transfer, allow.leg)
        broken = self.glass.find(allow.id)
        assert broken is not None
        return broken

    async def review(self, wanted: str, by: Party, finding: str) -> Broken | Refused:
        """Somebody who had no part in it has looked, and says what they found."""
        known = self.glass.find(wanted)
        if known is None:
            return Refused(sentence=self._say("answer.glass.unknown", wanted=wanted))
        if known.reviewed_by:
            return Refused(sentence=self._say("answer.glass.reviewed-before", id=known.allow.id, by=known.reviewed_by))
        person = self.rules.rulebook.person(by.person)
        if by.person in (*known.signers, known.allow.who):
            return Refused(sentence=self._say("answer.glass.own-review"))
        if person is None or not person.powers.intersection(REVIEWERS):
            return Refused(sentence=self._say("answer.glass.reviewers", names=self._reviewers(known)))
        if not finding.strip():
            return Refused(sentence=self._say("answer.glass.found"))
        head = self.scribe.head
        size = head.size if head else 0
        fact = Consulted(by=by.person, question=REVIEW + known.allow.id, why=" ".join(finding.split()), size=size)
        await self.scribe.append(Write(stream=STREAM, facts=(fact,)))
        self.glass.add(fact)
        reviewed = self.glass.find(known.allow.id)
        assert reviewed is not None
        return reviewed

    def owed(self, person: str) -> Broken | None:
        """What costs this person the power now; None if nothing does."""
        review = self.rules.rulebook.transfers.break_glass.review
        return self.glass.suspended_by(person, self.clock.now_ms(), 1000 * review.seconds)

    # ── who may, and for what ────────────────────────────────────────────────────────────────────────────────────

    def _leg(self, journey: Journey, leg: int | None) -> LegJourney | Refused:
        open_to_it = (State.HELD, State.REFUSED)
        found = [one for one in journey.legs if one.state in open_to_it and leg in (None, one.leg.ordinal)]
        if not found:
            return Refused(sentence=self._say("answer.glass.nothing", transfer=journey.transfer.id))
        if len(found) > 1:
            legs = ", ".join(f"--leg {one.leg.ordinal} ({one.leg.recipient})" for one in found)
            return Refused(sentence=self._say("answer.glass.several", legs=legs))
        return found[0]

    def _say(self, code: str, **given: str) -> str:
        return self.rules.texts.say(code, **given)

    def _objection(self, signers: Sequence[Party], journey: Journey, why: str) -> str:
        if not why:
            return self._say("answer.glass.why")
        if len({signer.person for signer in signers}) < 2:
            return self._say("answer.glass.two")
        rulebook, sender = self.rules.rulebook, journey.transfer.sender.person
        if rulebook.person(sender) is None:
            return self._say("answer.glass.ours")
        for signer in signers:
            person = rulebook.person(signer.person)
            if person is None or not self._holds_power(person):
                return self._say("answer.glass.not-theirs", name=signer.name or signer.person, others=self._holders())
            if person.address == sender:
                return self._say("answer.glass.own")
            owed = self.owed(person.address)
            if owed is not None:
                within = str(rulebook.transfers.break_glass.review)
                return self._say("answer.glass.owed", name=person.name, within=within, id=owed.allow.id)
        return ""

    def _allow(self, journey: Journey, leg: LegJourney, why: str, label: str) -> Allow | Refused:
        transfer, now_ms = journey.transfer, self.clock.now_ms()
        order = self.rules.rulebook.labels.order
        wanted = label or transfer.label
        if wanted not in order:
            known = ", ".join(order)
            return Refused(sentence=self._say("answer.glass.label", labels=known))
        allow = Allow(
            id=allow_id(transfer.id, leg.leg.ordinal, self.clock.random(4)),
            transfer=transfer.id,
            leg=leg.leg.ordinal,
            who=transfer.sender.person,
            to=leg.leg.recipient.key,
            label=wanted,
            at_ms=now_ms,
            until_ms=now_ms + LASTS_MS,
            is_for_next=leg.state is State.REFUSED,
            because=why,
        )
        case = self._case(journey, leg, wanted)
        verdict = would_be(self.rules.rulebook, case, allow)
        stopped = [reason for reason in (leg.judged.reasons if leg.judged else ()) if reason.code in STOPPED]
        if leg.state is State.HELD and stopped:
            said = self.notes.words(transfer, leg.leg.recipient, stopped[0])
            return Refused(sentence=self._say("answer.glass.not-lifted", why=said))
        if verdict.outcome is Outcome.BLOCK:
            said = " ".join(sentences(self.rules.rulebook, case, Outcome.BLOCK, verdict.reasons))
            return Refused(sentence=self._say("answer.glass.not-lifted", why=said))
        return allow

    def _case(self, journey: Journey, leg: LegJourney, label: str) -> Case:
        now_ms = self.clock.now_ms()
        known = leg.judged.known if leg.judged else ()
        return Case(
            sender_person=journey.transfer.sender.person,
            recipient=leg.leg.recipient,
            by=journey.transfer.way,
            label=label,
            purpose=journey.transfer.purpose or None,
            on=day(now_ms, self.rules.zone),
            facts={fact.name: fact.value for fact in known},
            at_ms=now_ms,
        )

    # ── who hears of it ──────────────────────────────────────────────────────────────────────────────────────────

    async def _alarm(
        self, journey: Journey, leg: LegJourney, allow: Allow, signers: Sequence[Party]
    ) -> tuple[Write, ...]:
        rulebook = self.rules.rulebook
        names = " and ".join(signer.name or signer.person for signer in signers)
        sender = rulebook.person(allow.who)
        review = rulebook.transfers.break_glass.review
        to = called(rulebook, leg.leg.recipient)
        until = f"{moment(allow.until_ms, self.rules.zone):%H:%M on %d %B %Y}"
        how = (
            f"It was refused and is kept nowhere: {sender.name if sender else allow.who} may send it again, once, "
            f"until {until}."
            if allow.is_for_next
            else "It was waiting here, and is judged again now."
        )
        said = (
            f"{names} broke the glass, so that {sender.name if sender else allow.who} can send to {to} what the rules "
            f"in force would not let go. Their reason: {allow.because}",
            how,
            "What the standing orders say, what the rules demand, and its encryption hold as ever.",
            f"If you had no part in this, look at it and say what you found within {review}: "
            f"sealgate review break-glass {allow.id} --as YOU --why WORDS. Until then it counts against both.",
            f"Transfer: {allow.transfer}",
        )
        told = [Address.of(person.address) for person in rulebook.people.everyone if self._holds_power(person)]
        notes = await self.notes.tell(told, "The glass was broken", said, about=journey.transfer.id)
        if allow.is_for_next and sender is not None:
            again = (f"You may send to {to} what was refused: once, until {until}, as {allow.label} at most.",)
            address = [Address.of(sender.address)]
            notes += await self.notes.tell(address, "Send it again", again, about=journey.transfer.id)
        return notes

    def _holds_power(self, person: Person) -> bool:
        return POWER in person.powers and day(self.clock.now_ms(), self.rules.zone) <= person.until

    def _holders(self) -> str:
        people = self.rules.rulebook.people.everyone
        return " and ".join(person.name for person in people if self._holds_power(person)) or "nobody: none holds it"

    def _reviewers(self, broken: Broken) -> str:
        names = [
            person.name
            for person in self.rules.rulebook.people.everyone
            if person.powers.intersection(REVIEWERS) and person.address not in (*broken.signers, broken.allow.who)
        ]
        return ", ".join(names) or self._say("answer.glass.nobody")
