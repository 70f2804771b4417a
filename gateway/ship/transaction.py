"""One message over one line: MAIL, RCPT, DATA, the content, its end, and what each answer means.

Content streams in constant memory: a piece is read, dot-stuffed and written, and the next one waits until the peer has
taken enough. The final CRLF.CRLF is a write of its own: what breaks before it was surely not delivered, what breaks
behind it is in doubt.

A message takes two round trips where the server offers PIPELINING (RFC 2920), else four.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterable, Iterable, Mapping

from gateway.errors import Tampering, Unreadable
from gateway.facts import Hop, Reason, Receipt
from gateway.ship import InDoubt, Never, NotNow, Outcome, Slip, Taken
from gateway.ship.dial import Patience, Proved
from gateway.ship.dots import NOTHING, THE_END, Stuffer
from gateway.ship.wire import Lost, Reply
from gateway.transfer import Address, Parcel

# RFC 5321 §4.1.2 and RFC 6531 §3.3, once more where it would hurt: nothing else may stand between < and >.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\x80-\U0010ffff-]+|\"(?:[^\"\\\x00-\x1f\x7f]|\\[ -~])*\"")
_DOMAIN = re.compile(r"[A-Za-z0-9.\x80-\U0010ffff-]+|\[[A-Za-z0-9:.]+\]")


class SmtpLine:
    """One connection, lent for one delivery."""

    def __init__(self, proved: Proved, patience: Patience, carried: int, *, is_unprobed: bool = False) -> None:
        self.proved = proved
        self.carried = carried
        self.is_reusable = True
        self.is_settled = False
        """It took a message: nothing of a transaction can be left behind."""
        self.is_stale = False
        """It was lent without a probe, and its server had left before it said a word about this transaction."""
        self._patience = patience
        self._is_unprobed = is_unprobed
        self._is_answered = False
        self._is_ended = False

    @property
    def hop(self) -> Hop:
        """What the server proved."""
        return self.proved.hop

    async def deliver(
        self, parcel: Parcel, slip: Slip, chunks: Iterable[bytes] | AsyncIterable[bytes], attempted: Receipt
    ) -> Outcome:
        """One transaction; see `gateway.ship.Line`. Raises `Tampering` if the bytes are not the parcel's."""
        if attempted.stream != parcel.transfer:
            raise ValueError("the receipt is another transfer's")
        lines = _envelope(parcel, slip, self.proved.extensions)
        if isinstance(lines, Reason):
            return Never(reason=lines)
        self.is_reusable = False  # until a reply has ended the transaction
        self.carried += 1
        try:
            refusal = await self._begin(*lines)
            return refusal or await self._rest(parcel, chunks)
        except Lost as lost:
            reason = self._reason("connection-lost", "4.4.2", lost.cause)
            if self._is_ended:
                return InDoubt(reason=reason)
            self.is_stale = self._is_unprobed and not self._is_answered and lost.cause in ("closed", "early")
            return NotNow(reason=reason, is_line_stale=self.is_stale)
        except Unreadable as error:
            return Never(reason=self._reason("not-canonical", "5.6.0", error.cause))

    async def _begin(self, mail: bytes, rcpt: bytes) -> NotNow | Never | None:
        """MAIL, RCPT, DATA; None once the server waits for the content. In one write if it offers that (RFC 2920)."""
        wire, replies, patience = self.proved.wire, list[Reply](), self._patience
        steps = ((mail, patience.reply_s), (rcpt, patience.reply_s), (b"DATA", patience.data_s))
        is_together = "pipelining" in self.proved.extensions
        for part in (steps,) if is_together else ((step,) for step in steps):
            replies += await wire.ask_together(tuple(said for said, _ in part), sum(wait for _, wait in part))
            self._is_answered = True
            refusals = [reply for reply in replies[:2] if not reply.is_yes]
            refusals += [reply for reply in replies[2:] if reply.code != 354]
            if refusals:
                if not refusals[0].is_refusal:
                    raise Lost("garbage")  # answers that do not fit the questions
                self.is_reusable = await self._is_in_step(replies, refusals)
                self.is_stale = self._is_unprobed and replies[0].code == 421
                return self._refused(refusals[0])
            wire.check()
        return None

    async def _is_in_step(self, replies: list[Reply], refusals: list[Reply]) -> bool:
        """True if the line can carry another transaction. What fails here changes nothing: it was refused."""
        if not all(reply.is_refusal and reply.code != 421 for reply in refusals):
            return False  # it closes, or its answers do not fit the questions and it may be waiting for content
        if replies[-1].code != 354:
            return True
        if replies[1].is_yes:
            return False  # a recipient without a sender: the dot might send them an empty message
        try:
            # RFC 2920 §3.1: DATA was taken with nobody to take it to; a lone dot ends that.
            return (await self.proved.wire.finish(NOTHING, self._patience.end_s)).code != 421
        except Lost:
            return False

    async def _rest(self, parcel: Parcel, chunks: Iterable[bytes] | AsyncIterable[bytes]) -> Outcome:
        """The content; then its end, and the answer that decides."""
        wire = self.proved.wire
        try:
            async with asyncio.timeout(self._patience.content_s):
                await self._content(parcel, chunks)
        except TimeoutError:
            raise Lost("silence") from None
        wire.check()
        self._is_ended = True
        reply = await wire.finish(THE_END, self._patience.end_s)
        if 300 <= reply.code < 400:
            raise Lost("garbage")
        self.is_reusable = reply.code != 421
        self.is_settled = reply.is_yes
        if reply.is_yes:
            return Taken(reply=str(reply), is_notifying="dsn" in self.proved.extensions)
        return self._refused(reply)

    async def _content(self, parcel: Parcel, chunks: Iterable[bytes] | AsyncIterable[bytes]) -> None:
        stuffer, digest = Stuffer(), hashlib.sha256()
        if isinstance(chunks, AsyncIterable):
            async for chunk in chunks:
                digest.update(chunk)
                await self._pour(stuffer.feed(chunk))
        else:
            for chunk in chunks:
                digest.update(chunk)
                await self._pour(stuffer.feed(chunk))
        if digest.hexdigest() != parcel.digest.sha256:
            raise Tampering("what would have left is not the parcel that was sealed")
        await self._pour(stuffer.close())

    async def _pour(self, ready: bytes) -> None:
        if ready:
            await self.proved.wire.pour(ready, self._patience.block_s)

    def _refused(self, reply: Reply) -> NotNow | Never:
        about = (("host", self.hop.host), ("code", str(reply.code)), ("status", reply.status))
        reason = Reason(code="remote-refused", about=about)
        if 500 <= reply.code < 600:
            return Never(reason=reason, reply=str(reply))
        return NotNow(reason=reason, reply=str(reply), is_line_stale=self.is_stale)

    def _reason(self, code: str, status: str, detail: str) -> Reason:
        return Reason(code=code, about=(("host", self.hop.host), ("status", status), ("detail", detail)))


def _envelope(parcel: Parcel, slip: Slip, offered: Mapping[str, str]) -> tuple[bytes, bytes] | Reason:
    """The MAIL and RCPT lines, or why this server can never take this message."""
    sender = _path(slip.sender)
    recipient = _path(slip.recipient)
    if sender is None or recipient is None:
        return Reason(code="address-unspeakable", about=(("status", "5.1.3"),))
    mail, rcpt = ["MAIL FROM:" + sender], ["RCPT TO:" + recipient]
    if slip.is_utf8 or not (sender + recipient).isascii():
        if "smtputf8" not in offered:
            return Reason(code="utf8-unsupported", about=(("status", "5.6.7"),))
        mail.append("SMTPUTF8")
    if slip.is_eight_bit:
        # GAP: nothing is converted to 7-bit here, bytes being final at `Sealed`; such a server never gets 8-bit mail.
        if "8bitmime" not in offered:
            return Reason(code="8bit-unsupported", about=(("status", "5.6.3"),))
        mail.append("BODY=8BITMIME")
    limit = offered.get("size", "")
    if limit.isdigit() and 0 < int(limit) < parcel.size_bytes:  # RFC 1870 §4: 0 is no limit
        return Reason(code="too-large", about=(("status", "5.3.4"), ("limit", limit)))
    if "size" in offered:
        mail.append(f"SIZE={parcel.size_bytes}")
    if "dsn" in offered:  # RFC 3461 §4
        mail += [f"{word}={value}" for word, value in (("RET", slip.ret), ("ENVID", slip.envid)) if value]
        notify = ",".join(word.value for word in slip.notify)
        wishes = (("NOTIFY", notify), ("ORCPT", slip.original_recipient))
        rcpt += [f"{word}={value}" for word, value in wishes if value]
    return " ".join(mail).encode("utf-8"), " ".join(rcpt).encode("utf-8")


def _path(address: Address | None) -> str | None:
    if address is None:
        return "<>"
    if not _LOCAL.fullmatch(address.local) or not _DOMAIN.fullmatch(address.domain):
        return None
    return f"<{address}>"
