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
from gateway.engine.entries import Write
from gateway.engine.lawmaking.examination import Examination, examine
from gateway.engine.lawmaking.proposals import Proposal, Proposals
from gateway.engine.orders import Refused
from gateway.engine.policy import InForce
from gateway.engine.rulesets import RULES
from gateway.engine.writing import Writer
from gateway.facts import Published
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

    async def publish(
        self, files: Mapping[str, str], signers: Sequence[Party], why: str
    ) -> Enacted | Proposal | Refused:
        """Put a set in force, or keep it as a proposal if one signature is not enough."""
        async with self._turn:
            examination = await self._examine(files)
            refused = self._refused(examination, signers)
            if refused or examination.rulebook is None:
                return refused or Refused(sentence="These rules do not load.")
            rulebook = examination.rulebook
            waiting = self.proposals.find(rulebook.digest)
            by = [signer.person for signer in signers]
            if waiting and waiting.before == self.rules.rulebook.digest and self._may_publish(waiting.by):
                by = [*dict.fromkeys((waiting.by, *by))]
            if examination.needs_two and len(set(by)) < 2:
                return await self._propose(examination, by[0], why)
            said = why or (waiting.why if waiting else "")
            fact = await self.enact(rulebook, tuple(by), said, examination.difference)
            if waiting:
                self.proposals.drop(waiting)
            return Enacted(published=fact, difference=examination.difference)

    async def sign(self, proposal_id: str, by: Party, why: str) -> Enacted | Proposal | Refused:
        """The second signature under a proposal."""
        proposal = self.proposals.find(proposal_id)
        if proposal is None:
            return Refused(sentence=f"There is no proposal {proposal_id[:64]}. See: sealgate rules proposals")
        if proposal.by == by.person:
            return Refused(sentence="You have signed this already. It needs a second person who may publish.")
        if proposal.before != self.rules.rulebook.digest:
            return Refused(sentence="The rules in force have changed since this was proposed. Propose it again.")
        if not self._may_publish(proposal.by):
            return Refused(sentence=f"{proposal.by}, who proposed this, may no longer publish rules. Propose it again.")
        return await self.publish(proposal.files, (by,), why or proposal.why)

    async def withdraw(self, proposal_id: str, by: Party) -> Proposal | Refused:
        """A proposal is dropped, by whoever may publish."""
        proposal = self.proposals.find(proposal_id)
        if proposal is None:
            return Refused(sentence=f"There is no proposal {proposal_id[:64]}. See: sealgate rules proposals")
        if not self._may_publish(by.person):
            return Refused(sentence=f"{by.name} may not publish rules.")
        self.proposals.drop(proposal)
        return proposal

    async def enact(
        self, rulebook: Rulebook, signers: tuple[str, ...], why: str, change: Difference | None = None
    ) -> Published:
        """Write it down, then swap: the next decision is made under it. Nothing is examined here."""
        fact = Published(
            digest=rulebook.digest,
            files=rulebook.files,
            signers=signers,
            why=why,
            sentences=(*change.widening, *change.others)[:MOST_TOLD] if change else (),
        )
        await self.scribe.append(Write(stream=RULES, facts=(fact,)))
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
            return Refused(sentence="\n".join((*examination.objections, "These rules cannot come into force.")))
        for signer in signers:
            if not self._may_publish(signer.person):
                return Refused(sentence=f"{signer.name} may not publish rules.")
        return None

    def _may_publish(self, address: str) -> bool:
        """By the rules in force: nobody makes themselves a publisher."""
        person = self.rules.rulebook.person(address)
        return person is not None and PUBLISH in person.powers and self._today() <= person.until

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
        await asyncio.to_thread(self.proposals.keep, proposal)
        return proposal
