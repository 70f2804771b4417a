"""How rules come into force: examined here, signed by as many as the change needs, written down, swapped whole.

One signature is enough unless something widens, which is computed; then the change waits as a proposal until a second
person who may publish signs the same set. A set that does not load, misses its own expectations or breaks a `never` is
never put in force, whoever signs. Until the fact is durable the old set stays; from then on the next decision is made
under the new one, and each decision under one set throughout.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from gateway.engine.clock import Clock, day
from gateway.engine.containment.contained import Containments
from gateway.engine.entries import Write
from gateway.engine.lawmaking.examination import Examination, examine
from gateway.engine.lawmaking.petitions import STREAM, Petition, Petitions, Step, step
from gateway.engine.lawmaking.proposals import Proposal, Proposals
from gateway.engine.orders import Refused
from gateway.engine.policy import InForce
from gateway.engine.rulesets import RULES
from gateway.engine.writing import Writer
from gateway.facts import Consulted, Published
from gateway.judge.difference import Difference
from gateway.judge.rulebook import Rulebook
from gateway.transfer import Party

log = logging.getLogger(__name__)

PUBLISH = "publish"
MOST_TOLD = 500
"""Sentences kept with a set: whoever wants all of them compares it with the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enacted:
    """The set is in force."""

    published: Published
    difference: Difference | None


@dataclass(slots=True, kw_only=True)
class Rulemaking:
    """Brings rules into force. Whoever signs has signed in."""

    rules: InForce
    scribe: Writer
    proposals: Proposals
    clock: Clock
    look: Callable[[], None]
    """Wakes the runner: what waited may go now."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One change at a time: what a change is compared with must still be in force when it comes."""
    containments: Containments = field(default_factory=Containments)
    petitions: Petitions = field(default_factory=Petitions)
    """What the ledger tells of proposals."""

    async def publish(
        self, files: Mapping[str, str], signers: Sequence[Party], why: str
    ) -> Enacted | Proposal | Refused:
        """Put a set in force, or keep it as a proposal if one signature is not enough."""
        async with self._turn:
            examination = await self._examine(files)
            refused = self._refused(examination, signers)
            if refused or examination.rulebook is None:
                return refused or Refused(sentence=self._say("answer.rules.unreadable"))
            rulebook = examination.rulebook
            waiting = self.proposals.find(rulebook.digest)
            by = [signer.person for signer in signers]
            if waiting and waiting.before == self.rules.rulebook.digest and self._may_publish(waiting.by):
                by = [*dict.fromkeys((waiting.by, *by))]
            if examination.needs_two and len(set(by)) < 2:
                return await self._propose(examination, by[0], why)
            said = why or (waiting.why if waiting else "")
            signed = (self._step(Step.SIGNED, rulebook.digest, by[-1], said),) if waiting else ()
            fact = await self.enact(rulebook, tuple(by), said, examination.difference, signed)
            if waiting:
                self.proposals.drop(waiting)
            return Enacted(published=fact, difference=examination.difference)

    async def sign(self, proposal_id: str, by: Party, why: str) -> Enacted | Proposal | Refused:
        """The second signature under a proposal."""
        proposal = self.proposals.find(proposal_id)
        if proposal is None:
            return Refused(sentence=self._say("answer.rules.no-proposal", proposal=proposal_id[:64]))
        if proposal.by == by.person:
            return Refused(sentence=self._say("answer.rules.signed-already"))
        if proposal.before != self.rules.rulebook.digest:
            return Refused(sentence=self._say("answer.rules.outdated"))
        if not self._may_publish(proposal.by):
            return Refused(sentence=self._say("answer.rules.proposer", by=proposal.by))
        return await self.publish(proposal.files, (by,), why or proposal.why)

    async def withdraw(self, proposal_id: str, by: Party) -> Petition | Refused:
        """A proposal is dropped, by whoever may publish; one that only the ledger still knows, too."""
        proposal, petition = self.proposals.find(proposal_id), self.petitions.find(proposal_id)
        if proposal is not None:
            petition = Petition(digest=proposal.digest, by=proposal.by, why=proposal.why, at_ms=proposal.at_ms)
        if petition is None:
            return Refused(sentence=self._say("answer.rules.no-proposal", proposal=proposal_id[:64]))
        if not self._may_publish(by.person):
            return Refused(sentence=self._say("answer.rules.not-theirs", name=by.name))
        await self._write(self._step(Step.WITHDRAWN, petition.digest, by.person, petition.why))
        if proposal is not None:
            self.proposals.drop(proposal)
        return petition

    async def enact(
        self,
        rulebook: Rulebook,
        signers: tuple[str, ...],
        why: str,
        change: Difference | None = None,
        signed: tuple[Consulted, ...] = (),
    ) -> Published:
        """Write it down, then swap: the next decision is made under it. Nothing is examined here.

        `signed`: the step that ends a proposal, in the same transaction.
        """
        fact = Published(
            digest=rulebook.digest,
            files=rulebook.files,
            signers=signers,
            why=why,
            sentences=(*change.widening, *change.others)[:MOST_TOLD] if change else (),
        )
        await self._write(*signed, published=fact)
        self.rules.swap(rulebook)
        log.info("rules in force digest=%s signers=%d", rulebook.digest[:12], len(signers))
        self.look()
        return fact

    # ── whether it may ───────────────────────────────────────────────────────────────────────────────────────────────

    async def _examine(self, files: Mapping[str, str]) -> Examination:
        return await asyncio.to_thread(examine, files, in_force=self.rules.rulebook, on=self._today())

    def _today(self) -> date:
        return day(self.clock.now_ms(), self.rules.zone)

    def _refused(self, examination: Examination, signers: Sequence[Party]) -> Refused | None:
        if examination.objections:
            return Refused(sentence="\n".join((*examination.objections, self._say("answer.rules.objected"))))
        for signer in signers:
            if not self._may_publish(signer.person):
                return Refused(sentence=self._say("answer.rules.not-theirs", name=signer.name))
        return None

    def _say(self, code: str, **given: str) -> str:
        return self.rules.texts.say(code, **given)

    def _may_publish(self, address: str) -> bool:
        """By the rules in force, and free: nobody makes themselves a publisher, and no stolen signature counts."""
        person = self.rules.rulebook.person(address)
        if person is None or self.containments.bars(person.address):
            return False
        return PUBLISH in person.powers and self._today() <= person.until

    async def _propose(self, examination: Examination, by: str, why: str) -> Proposal:
        assert examination.rulebook is not None
        change = examination.difference
        proposal = Proposal(
            digest=examination.rulebook.digest,
            files=dict(examination.rulebook.files),
            before=self.rules.rulebook.digest,
            by=by,
            why=why,
            at_ms=self.clock.now_ms(),
            widening=change.widening if change else (),
        )
        await asyncio.to_thread(self.proposals.must_have_room, proposal)
        await self._write(self._step(Step.PROPOSED, proposal.digest, by, why))
        await asyncio.to_thread(self.proposals.keep, proposal)
        return proposal

    # ── what is written down ─────────────────────────────────────────────────────────────────────────────────────────

    def _step(self, what: Step, digest: str, by: str, why: str) -> Consulted:
        head = self.scribe.head
        return step(what, digest, by, why, head.size if head else 0)

    async def _write(self, *steps: Consulted, published: Published | None = None) -> None:
        """All of it in one transaction."""
        writes = [Write(stream=RULES, facts=(published,))] if published else []
        writes += [Write(stream=STREAM, facts=steps)] if steps else []
        await self.scribe.append(*writes)
        for one in steps:
            self.petitions.add(one, self.clock.now_ms())
