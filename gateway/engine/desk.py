"""Receives for the doors: judges at the door, keeps what is accepted, and hands it to the runner.

An acceptance, in this order:

1. The content is stored, unless it is light; its skeleton is found in a confined worker. What cannot be read at all is
   refused.
2. Author, loop and label are read from it.
3. Every recipient is judged, those refused before included. A certain no refuses; nothing is kept but the entry.
4. The facts are made durable with leaves, signed head and light content. Only that receipt permits the reply.

The work runs in the engine's task group; a session only waits for it, and may go away at any time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from gateway.engine.clock import Clock
from gateway.engine.contents import Contents
from gateway.engine.entries import Write
from gateway.engine.incident import place_of
from gateway.engine.inquiry import OPENED, Inquiry, Opinion, Question, coupled
from gateway.engine.inside import outside_of
from gateway.engine.policy import InForce
from gateway.engine.precedence import Precedence
from gateway.engine.reception import Deposit, Kept, Refusal, Submission, Waiting
from gateway.engine.runner import LEASE_MS, Runner
from gateway.engine.signing_in import SignIn
from gateway.engine.vault import Deposit as VaultDeposit
from gateway.engine.vault import Stored, Vault
from gateway.engine.wording import sentences
from gateway.engine.workshop import WorkshopAway, WorkshopFailed
from gateway.engine.writing import Writer
from gateway.errors import Failure, StoreAway, StoreBroken, Tampering
from gateway.facts import Judged, Outcome, Reason, Received
from gateway.intake.fault import Fault
from gateway.journey import begin
from gateway.judge.explain import texts_of
from gateway.judge.spotting import Spotted, spot
from gateway.keep import Content
from gateway.skeleton import Skeleton
from gateway.transfer import Envelope, Item, Leg, Party, Recipient, Transfer, Way, transfer_id

log = logging.getLogger(__name__)
T = TypeVar("T")

MAIL = "message/rfc822"


@dataclass(slots=True, kw_only=True)
class Desk:
    """Satisfies `reception.Reception`."""

    rules: InForce
    inquiry: Inquiry
    contents: Contents
    vault: Vault
    scribe: Writer
    runner: Runner
    clock: Clock
    signing_in: SignIn
    tasks: asyncio.TaskGroup
    precedence: Precedence

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def sign_in(self, login: str, secret_password: str, source: str) -> Party | None:
        """See `Reception.sign_in`."""
        return await self.signing_in.with_password(login, secret_password, source)

    def owns(self, sender: Party, address: str) -> bool:
        """See `Reception.owns`."""
        person = self.rules.rulebook.person(address)
        return person is not None and person.address == sender.person

    # ── before the content ───────────────────────────────────────────────────────────────────────────────────────

    async def foresee(
        self, sender: Party, recipient: Recipient, way: Way, spotted: Spotted | None = None, name: str = ""
    ) -> Refusal | None:
        """See `Reception.foresee`. A refusal is an entry in the ledger too.

        Of a file, label and purpose are known from its folder before its content, and the entry tells its `name`.
        """
        question = Question(
            sender=sender,
            recipient=recipient,
            way=way,
            label=spotted.label if spotted else None,
            purpose=spotted.purpose if spotted else None,
        )
        opinion = await self.inquiry.ask(question)
        if opinion.verdict.outcome is not Outcome.BLOCK:
            return None
        leg = Leg(ordinal=0, recipient=recipient)
        transfer = replace(self._transfer(sender, way, (leg,), (), None, spotted), envelope=Envelope(subject=name))
        await self.within(self._enter_refusal(transfer, (opinion,)))
        return self._refusal((opinion,))

    async def begin(self) -> Deposit:
        """See `Reception.begin`. Under load a sender waits here, before its message."""
        await self.precedence.admit()
        return self.vault.deposit()

    # ── the content ──────────────────────────────────────────────────────────────────────────────────────────────

    async def accept(self, deposit: Deposit, submission: Submission) -> Kept | Refusal:
        """See `Reception.accept`."""
        if not isinstance(deposit, VaultDeposit):
            raise TypeError("not a deposit of this desk")
        with self.precedence.accepting():
            return await self.within(self._accept(deposit, submission))

    async def refuse(self, submission: Submission, reason: Reason) -> None:
        """See `Reception.refuse`."""
        await self.within(self._enter_unread(submission, reason))

    async def within(self, work: Coroutine[None, None, T]) -> T:
        """Run in the engine's task group: it ends whether or not the session is still there to hear."""

        async def contained() -> T | Failure:
            try:
                return await work
            except Failure as why:
                return why
            except Exception as bug:
                log.error("accept failed %s", place_of(bug))
                return StoreAway("an error of ours; see the log")

        task = self.tasks.create_task(contained())
        await asyncio.wait((task,))  # cancelling a session does not cancel what it waits for
        outcome = task.result()
        if isinstance(outcome, Failure):
            log.error("not kept cause=%r", outcome.cause)
            raise outcome if isinstance(outcome, StoreAway) else StoreAway(outcome.cause) from outcome
        return outcome

    async def _accept(self, deposit: VaultDeposit, submission: Submission) -> Kept | Refusal:
        try:
            return await self._judge_and_keep(deposit, submission)
        except (StoreBroken, Tampering):
            raise  # a commit's fate is unknown: what was stored stays for whoever recovers
        except Failure:
            await deposit.forget()  # surely not kept: on a full disk above all, it must not lie about
            raise

    async def _judge_and_keep(self, deposit: VaultDeposit, submission: Submission) -> Kept | Refusal:
        try:
            return await self._receive(deposit, submission)
        except WorkshopAway as why:
            raise StoreAway(why.cause) from why
        except WorkshopFailed as why:  # no honest mail crashes or hangs its reader
            log.warning("mail refused by the workshop cause=%r", why.cause)
            await deposit.forget()
            return await self._unreadable(submission, Reason(code="unreadable"), why.public)

    async def _receive(self, deposit: VaultDeposit, submission: Submission) -> Kept | Refusal:
        item, contents, skeleton = await self._keep_and_scan(deposit)  # 1
        if isinstance(skeleton, Fault):
            await deposit.forget()
            return await self._unreadable(
                submission, Reason(code=skeleton.code), skeleton.said(texts_of(self.rules.rulebook))
            )
        rules = self.rules.as_it_stands()
        spotted = spot(rules.rulebook, skeleton.heading.subject, skeleton.heading.marks)  # 2
        opinions = await self._opinions(submission, skeleton, spotted, rules)  # 3
        transfer = self._transfer(submission.sender, submission.way, submission.legs, (item,), submission, spotted)
        refusal = self._refused(submission, opinions)
        if refusal is not None:
            await self._enter_refusal(transfer, opinions)
            await deposit.forget()
            return refusal
        due_ms = self.clock.now_ms() + LEASE_MS  # 4
        received = Received(transfer=transfer)
        write = Write(
            stream=transfer.id,
            facts=(received,),
            expected=0,
            due_ms=due_ms,
            data_key=deposit.data_key,
            contents=contents,
        )
        (receipt,) = await self.scribe.append(write)
        if deposit.small is not None:
            self.contents.remember(transfer.id, deposit.small, skeleton)
        self.runner.submit(begin(received), receipt, deposit.data_key)
        return Kept(transfer=transfer.id, receipt=receipt, waiting=self._waiting(submission, opinions))

    async def _keep_and_scan(self, deposit: VaultDeposit) -> tuple[Item, tuple[Content, ...], Skeleton | Fault]:
        """The content read, and made durable; what is light becomes so with the facts."""
        if deposit.small is None:  # too large for memory: it is read back from where it will stay
            stored = await deposit.keep()
            item = _item(stored)
            return item, (), await self.contents.scan_stored(item, deposit.data_key)
        if deposit.is_light:
            stored, content = deposit.seal()
            return _item(stored), (content,), await self.contents.scan(deposit.small)
        kept, read = await asyncio.gather(deposit.keep(), self.contents.scan(deposit.small), return_exceptions=True)
        if isinstance(kept, BaseException):
            raise kept
        if isinstance(read, BaseException):
            raise read
        return _item(kept), (), read

    async def _opinions(
        self, submission: Submission, skeleton: Skeleton, spotted: Spotted, rules: InForce
    ) -> tuple[Opinion, ...]:
        """One for each recipient, those refused at RCPT last: they are judged again and count."""
        obstacles = spotted.conflicts
        if skeleton.ambiguities:
            obstacles += (Reason(code="ambiguous", about=(("codes", " ".join(skeleton.ambiguities)),)),)
        outside = outside_of(rules.rulebook, skeleton.heading)
        recipients = (*(leg.recipient for leg in submission.legs), *(recipient for recipient, _ in submission.refused))
        questions = [
            Question(
                sender=submission.sender,
                recipient=recipient,
                way=submission.way,
                label=spotted.label,
                purpose=spotted.purpose,
                outside_recipients=outside,
                found={"label-conflict": spotted.label_conflict},
                obstacles=obstacles,
            )
            for recipient in recipients
        ]
        return coupled([await self.inquiry.ask(question, rules) for question in questions])

    # ── outcomes ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _refused(self, submission: Submission, opinions: Sequence[Opinion]) -> Refusal | None:
        """A refusal of the whole: every leg is blocked, be it for another one's sake."""
        if any(opinion.verdict.outcome is not Outcome.BLOCK for opinion in opinions[: len(submission.legs)]):
            return None
        blocked = [opinion for opinion in opinions if opinion.verdict.outcome is Outcome.BLOCK]
        own = [opinion for opinion in blocked if opinion.verdict.reasons[0].code != "others-refused"]
        return self._refusal(own or blocked)

    async def _unreadable(self, submission: Submission, reason: Reason, sentence: str) -> Refusal:
        """Nobody could be judged, for the mail cannot be read."""
        await self._enter_unread(submission, reason)
        return Refusal(reasons=(reason,), sentence=sentence)

    async def _enter_unread(self, submission: Submission, reason: Reason) -> None:
        """Refused without a verdict of the judge: an entry like any other refusal."""
        transfer = self._transfer(submission.sender, submission.way, submission.legs, (), submission)
        ruleset = self.rules.rulebook.digest
        judged = tuple(
            Judged(
                leg=leg.ordinal,
                outcome=Outcome.BLOCK,
                rules=(),
                demands=(),
                reasons=(reason,),
                known=(),
                ruleset=ruleset,
            )
            for leg in transfer.legs
        )
        await self._enter(transfer, judged)

    async def _enter(self, transfer: Transfer, judged: tuple[Judged, ...]) -> None:
        """Its whole story in one write: it came, and went nowhere."""
        await self.scribe.append(Write(stream=transfer.id, facts=(Received(transfer=transfer), *judged), expected=0))

    def _refusal(self, blocked: Sequence[Opinion]) -> Refusal:
        first = blocked[0]
        (sentence,) = sentences(first.rulebook, first.case, Outcome.BLOCK, first.verdict.reasons)
        return Refusal(reasons=first.verdict.reasons, sentence=sentence, mixed=first.verdict.mixed)

    def _waiting(self, submission: Submission, opinions: Sequence[Opinion]) -> tuple[Waiting, ...]:
        """What waits for more than being opened, which comes next; of that nobody need hear."""
        held = [opinion.verdict for opinion in opinions if opinion.verdict.outcome is Outcome.HOLD]
        if all(_is_seen_next(reason) for verdict in held for reason in verdict.reasons):
            return ()
        return tuple(
            Waiting(recipient=leg.recipient, sentence=said)
            for leg, opinion in zip(submission.legs, opinions, strict=False)
            if opinion.verdict.outcome is Outcome.HOLD
            for said in sentences(opinion.rulebook, opinion.case, Outcome.HOLD, opinion.verdict.reasons)[:1]
        )

    async def _enter_refusal(self, transfer: Transfer, opinions: Sequence[Opinion]) -> None:
        """The entry of what was refused: nothing is kept of it but that it was."""
        judged = tuple(
            replace(opinion.judged(leg.ordinal, transfer.label, transfer.purpose), outcome=Outcome.BLOCK)
            for leg, opinion in zip(transfer.legs, opinions, strict=False)
        )
        await self._enter(transfer, judged)

    def _transfer(
        self,
        sender: Party,
        way: Way,
        legs: tuple[Leg, ...],
        items: tuple[Item, ...],
        submission: Submission | None = None,
        spotted: Spotted | None = None,
    ) -> Transfer:
        return Transfer(
            id=transfer_id(self.clock.random(16)),
            way=way,
            sender=sender,
            items=items,
            legs=legs,
            received_ms=self.clock.now_ms(),
            label=(spotted.label if spotted else None) or "",
            purpose=(spotted.purpose if spotted else None) or "",
            envelope=submission.envelope if submission else Envelope(),
        )


def _is_seen_next(reason: Reason) -> bool:
    return reason.code == "others-wait" or (reason.code == "unknown" and reason.get("what") in OPENED)


def _item(stored: Stored) -> Item:
    return Item(name="", media=MAIL, size_bytes=stored.size_bytes, digest=stored.digest, blob=stored.blob)
