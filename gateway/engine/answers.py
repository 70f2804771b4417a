"""Takes a sender's answers: a reply to the gateway's own question is an order, not a message.

Stands before the desk at the submission door, where everybody has signed in. A reply is taken only from who sent the
transfer, only alone, only if a person wrote it (RFC 3834) and began it with YES or NO. YES is their `Approved`, and the
judge is asked again; NO takes the transfer back. Of the reply itself nothing is kept but that.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from gateway.engine.desk import Desk
from gateway.engine.orders import Orders, Refused
from gateway.engine.reception import Deposit, Kept, Refusal, Submission
from gateway.engine.returnaddress import answered
from gateway.engine.vault import Deposit as VaultDeposit
from gateway.engine.wording import sentence
from gateway.facts import Reason
from gateway.intake.answer import Said, answer, answer_in_html
from gateway.intake.fault import Fault
from gateway.intake.transferred import decode_part
from gateway.judge.explain import texts_of
from gateway.skeleton import Skeleton
from gateway.transfer import Party, Recipient, TransferId, Way

_TEXTS = {"text/plain": answer, "text/html": answer_in_html}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Satisfies `reception.Reception`; everything that is no answer goes to the desk."""

    desk: Desk
    orders: Orders
    host: str
    """The gateway's name, to which answers are addressed."""

    async def sign_in(self, login: str, secret_password: str, source: str) -> Party | None:
        """See `Reception.sign_in`."""
        return await self.desk.sign_in(login, secret_password, source)

    def owns(self, sender: Party, address: str) -> bool:
        """See `Reception.owns`."""
        return self.desk.owns(sender, address)

    async def foresee(self, sender: Party, recipient: Recipient, way: Way) -> Refusal | None:
        """See `Reception.foresee`. An answer is judged when it can be read."""
        if self._about(recipient) is not None:
            return None
        return await self.desk.foresee(sender, recipient, way)

    async def begin(self) -> Deposit:
        """See `Reception.begin`."""
        return await self.desk.begin()

    async def refuse(self, submission: Submission, reason: Reason) -> None:
        """See `Reception.refuse`."""
        await self.desk.refuse(submission, reason)

    async def accept(self, deposit: Deposit, submission: Submission) -> Kept | Refusal:
        """See `Reception.accept`."""
        recipients = [leg.recipient for leg in submission.legs] + [recipient for recipient, _ in submission.refused]
        about = [transfer for transfer in map(self._about, recipients) if transfer is not None]
        if not about:
            return await self.desk.accept(deposit, submission)
        if len(recipients) > 1:
            return self._no(Reason(code="answer-not-alone"))
        return await self.desk.within(self._take(deposit, submission, about[0]))

    def _about(self, recipient: Recipient) -> TransferId | None:
        return answered(recipient.address, self.host) if recipient.address else None

    async def _take(self, deposit: Deposit, submission: Submission, transfer: TransferId) -> Kept | Refusal:
        if not isinstance(deposit, VaultDeposit) or deposit.small is None:
            return self._no(Reason(code="no-answer"))
        said = await self._read(deposit.small)
        await deposit.forget()
        if said is Said.UNCLEAR:
            return self._no(Reason(code="no-answer"))
        is_yes = said is Said.YES
        order = self.orders.confirm if is_yes else self.orders.withdraw
        done = await order(transfer, None, submission.sender)
        if isinstance(done, Refused):
            return Refusal(reasons=(Reason(code="no-answer"),), sentence=done.sentence)
        receipt = await asyncio.to_thread(self.orders.scribe.reissue, transfer)
        return Kept(transfer=transfer, receipt=receipt, waiting=())

    def _no(self, reason: Reason) -> Refusal:
        texts = texts_of(self.desk.rules.rulebook)
        return Refusal(reasons=(reason,), sentence=sentence(reason, texts=texts))

    async def _read(self, untrusted: bytes) -> Said:
        """What a person wrote; what a machine did is unclear."""
        skeleton = await self.desk.contents.scan(untrusted)
        if isinstance(skeleton, Fault) or skeleton.ambiguities or _is_automatic(skeleton, untrusted):
            return Said.UNCLEAR
        for part in skeleton.parts:
            if part.media in _TEXTS:
                text = decode_part(untrusted, part)
                return Said.UNCLEAR if isinstance(text, Fault) else _TEXTS[part.media](text.decode("utf-8", "replace"))
        return Said.UNCLEAR


def _is_automatic(skeleton: Skeleton, content: bytes) -> bool:
    """RFC 3834 §5: a machine says so. `Precedence` is what older ones say."""
    for field in skeleton.fields:
        value = content[field.value : field.end].strip().lower()
        if (field.name == "auto-submitted" and value != b"no") or field.name in ("precedence", "x-autoreply"):
            return True
    return False
