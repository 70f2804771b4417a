"""One session: MAIL, RCPT and DATA as the engine's `Reception` answers them (RFC 5321 §3.3, RFC 6409).

Promises: nothing before TLS and sign-in; envelope sender and header From both belong to who signed in; a recipient is
answered at once where the answer is certain; `250` after the dot only for a receipt. Refuses at the end of the message,
never in its middle.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.doors import Deposit, Kept, Refusal
from gateway.doors.replies import FAULTS, Say
from gateway.doors.smtp.body import Arrived, TooSlow, receive
from gateway.doors.smtp.conversation import Conversation, log
from gateway.doors.smtp.settings import Role
from gateway.doors.smtp.transaction import Transaction
from gateway.errors import StoreAway
from gateway.facts import Reason
from gateway.intake.command import RcptTo, mail_from, rcpt_to
from gateway.intake.fault import Fault
from gateway.intake.header import read_heading
from gateway.skeleton import Heading
from gateway.transfer import Address, Party, Recipient, Way

_FATAL = ("bare-line-end", "line-too-long")  # who sends these may have meant the rest as commands


@dataclass(frozen=True, slots=True)
class _No:
    """Why a whole message is turned away at the door."""

    what: Say
    code: str
    """As the ledger has it."""
    sentence: str
    is_last: bool = False
    """Nothing more is heard from this peer."""


class Session(Conversation):
    """A conversation that takes mail."""

    _transaction: Transaction | None = None

    @property
    def is_in_transaction(self) -> bool:
        """True between MAIL and the end of DATA."""
        return self._transaction is not None

    def forget(self) -> None:
        """Drop the transaction."""
        self._transaction = None

    async def away(self) -> None:
        """A recipient who could not be looked up must not be missing from what is sent."""
        if self._transaction:
            self._transaction.is_short = True
        await self.say(Say.AWAY)

    # ── MAIL ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def smtp_MAIL(self, arg: str | None) -> None:
        """Who sends: in the words of the grammar, and as somebody who may."""
        party = await self._welcome()
        if party is None:
            return
        mail = mail_from((arg or "").encode("latin-1"), utf8=self._settings.is_utf8)
        if isinstance(mail, Fault):
            await self._refuse_grammar(mail, Say.SENDER_GRAMMAR)
        elif mail.size_bytes > self._settings.limits.message_bytes:
            await self.say(Say.SIZE, self._too_big())
        elif mail.sender and self._party and not self._desk.reception.owns(party, str(mail.sender)):
            said = self._texts.say("mail.not-yours", person=party.person, sender=str(mail.sender))
            await self.say(Say.NOT_YOURS, said)
        else:
            self._transaction = Transaction(mail=mail, party=party)
            await self.say(Say.SENDER_OK)

    async def _welcome(self) -> Party | None:
        """Who speaks, if they may begin a message now; else the reply is given."""
        is_staff = self._settings.role is Role.SUBMISSION
        if not self._helo or self._transaction:
            await self.say(Say.WRONG_ORDER)
        elif is_staff and not self.is_secure:
            await self.say(Say.TLS_FIRST)
        elif is_staff and not self._party:
            await self.say(Say.SIGN_IN_FIRST)
        else:
            return self._party or Party(person=f"outside:{self.source}", address=None, source=self.source)
        return None

    # ── RCPT ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def smtp_RCPT(self, arg: str | None) -> None:
        """For whom; a certain *no* is said here, in a sentence a person can act on."""
        transaction = self._transaction
        if transaction is None:
            await self.say(Say.WRONG_ORDER)
            return
        rcpt = rcpt_to((arg or "").encode("latin-1"), utf8=transaction.mail.is_utf8)
        if isinstance(rcpt, Fault):
            transaction.is_short = True
            await self._refuse_grammar(rcpt, Say.RECIPIENT_GRAMMAR)
        elif self._settings.role is Role.INBOUND:
            is_ours = rcpt.recipient.host in self._settings.domains
            await self.say(Say.NOT_YET_INBOUND if is_ours else Say.NO_RELAY)
        elif transaction.recipients >= self._settings.recipients:
            transaction.is_short = True
            await self.say(Say.TOO_MANY_RECIPIENTS)
        else:
            await self._add(transaction, rcpt)

    async def _add(self, transaction: Transaction, rcpt: RcptTo) -> None:
        recipient = Recipient(address=rcpt.recipient)
        refusal = None
        if not transaction.knows(recipient):
            refusal = await self._desk.reception.foresee(transaction.party, recipient, Way.MAIL)
            if refusal:
                transaction.refuse(recipient, refusal)
            else:
                transaction.take(rcpt, recipient)
        if refusal:
            await self.say(Say.RECIPIENT_REFUSED, refusal.sentence)
        else:
            await self.say(Say.RECIPIENT_OK)

    async def _refuse_grammar(self, fault: Fault, otherwise: Say) -> None:
        await self.say(FAULTS.get(fault.code, otherwise), fault.said(self._texts))

    # ── DATA ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def smtp_DATA(self, arg: str | None) -> None:
        """The message, to its true end; then one answer."""
        transaction = self._transaction
        if arg:
            await self.say(Say.SYNTAX)
        elif transaction is None:
            await self.say(Say.WRONG_ORDER)
        elif transaction.is_short:
            await self.say(Say.RECIPIENTS_SHORT)
        elif not transaction.legs:
            await self.say(Say.NO_RECIPIENTS)
        else:
            try:
                await self._take(transaction)
            finally:
                self._transaction = None
                self._idle = 0

    async def _take(self, transaction: Transaction) -> None:
        deposit = await self._desk.reception.begin()
        is_handed_over = False
        try:
            await self.say(Say.GO_AHEAD)
            if self._is_done:
                return
            arrived = await receive(self._reader, deposit, self._settings, self.loop.time)
            heading = self._checked(arrived, transaction)
            if isinstance(heading, _No):
                await self._turn_away(transaction, heading)
            elif arrived.is_away:
                await self.say(Say.AWAY)
            else:
                is_handed_over = True  # from here on the deposit is the engine's, whatever becomes of us
                await self._accept(deposit, transaction, heading, arrived)
        except TooSlow:
            await self.push(self._replies[Say.TOO_SLOW].lines())
            self._is_done = True
        finally:
            if not is_handed_over:
                deposit.drop()

    def _checked(self, arrived: Arrived, transaction: Transaction) -> Heading | _No:
        """The heading, if everything a door can see is right."""
        fault = arrived.fault
        if fault:
            sentence = self._too_big() if fault.code == "too-big" else fault.said(self._texts)
            is_last = arrived.has_more or fault.code in _FATAL
            return _No(FAULTS.get(fault.code, Say.LIMITS), fault.code, sentence, is_last)
        if arrived.has_more:
            return _No(Say.TOO_EARLY, "talked-ahead", "", True)
        heading = read_heading(arrived.header, self._settings.limits)
        if isinstance(heading, Fault):
            return _No(FAULTS.get(heading.code, Say.LIMITS), heading.code, heading.said(self._texts))
        if not heading.authors:
            return _No(Say.LIMITS, "from-missing", self._texts.say("mail.from-missing"))
        foreign = self._foreign(heading, transaction.party)
        if foreign:
            said = self._texts.say("mail.from-not-yours", person=transaction.party.person, foreign=str(foreign))
            return _No(Say.FROM_NOT_YOURS, "from-not-yours", said)
        return heading

    async def _turn_away(self, transaction: Transaction, no: _No) -> None:
        """The entry, then the reply. After some faults what follows will never be read."""
        what, sentence = no.what, no.sentence
        submission = transaction.submission(Heading(), is_eight_bit=False)
        try:
            await self._desk.reception.refuse(submission, Reason(code=no.code))
        except StoreAway:
            what, sentence = Say.AWAY, ""
        if no.is_last:
            self._is_done = True
            await self.push(self._replies[what].lines(sentence))
        else:
            await self.say(what, sentence)

    def _foreign(self, heading: Heading, party: Party) -> Address | None:
        """The first author or sender who is not the person signed in."""
        everyone = (*heading.authors, *heading.sender)
        return next((one for one in everyone if not self._desk.reception.owns(party, str(one))), None)

    async def _accept(self, deposit: Deposit, transaction: Transaction, heading: Heading, arrived: Arrived) -> None:
        submission = transaction.submission(heading, is_eight_bit=not arrived.is_ascii)
        try:
            outcome = await self._desk.reception.accept(deposit, submission)
        except StoreAway:
            await self.say(Say.AWAY)
            return
        if isinstance(outcome, Refusal):
            deposit.drop()
            await self.say(Say.REFUSED, outcome.sentence)
            return
        log.info("kept=%s legs=%d bytes=%d", outcome.transfer, len(submission.legs), arrived.size_bytes)
        # Kept is kept: this is said even to a peer that talks ahead, which is then left.
        self._is_done = self._is_done or self._talks_ahead()
        await self.push(self._replies[Say.KEPT].lines(*self._kept(outcome)))

    def _too_big(self) -> str:
        return self._texts.say("mail.too-big", mib=str(self._settings.limits.message_bytes // (1024 * 1024)))

    def _kept(self, kept: Kept) -> tuple[str, ...]:
        """The first line says it all; the further ones say it of each leg that waits."""
        if not kept.waiting:
            return (self._texts.say("mail.kept", transfer=kept.transfer),)
        first, count = kept.waiting[0], len(kept.waiting)
        code = "mail.kept.waits" if count == 1 else "mail.kept.wait"
        lead = self._texts.say(code, transfer=kept.transfer, count=str(count), reason=first.sentence)
        return (lead, *(f"{one.recipient}: {one.sentence}" for one in kept.waiting[1:10]))
