"""The carrier for mail: lines that are kept warm, and one transaction for each leg.

Content streams in constant memory: a piece is read, dot-stuffed and written, and the next one waits until the peer has
taken enough. The final CRLF.CRLF is a write of its own: what breaks before it was surely not delivered, what breaks
behind it is in doubt.

A delivery over a warm line takes two round trips where the server offers PIPELINING (RFC 2920), else four.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.errors import Tampering, Unreadable
from gateway.facts import Hop, Reason, Receipt
from gateway.seal.hop import Demand
from gateway.ship import InDoubt, Line, Never, NotNow, Outcome, Slip, Taken, Target
from gateway.ship.dial import Patience, Proved, dial, tls_context
from gateway.ship.dots import NOTHING, THE_END, Stuffer
from gateway.ship.wire import Lost, Reply
from gateway.transfer import Address, Parcel

MAX_CONNECTIONS = 20
MAX_MESSAGES = 100
IDLE_S = 30.0
PROBE_AFTER_S = 2.0

# RFC 5321 §4.1.2 and RFC 6531 §3.3, once more where it would hurt: nothing else may stand between < and >.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\x80-\U0010ffff-]+|\"(?:[^\"\\\x00-\x1f\x7f]|\\[ -~])*\"")
_DOMAIN = re.compile(r"[A-Za-z0-9.\x80-\U0010ffff-]+|\[[A-Za-z0-9:.]+\]")
_Bound = tuple[str, int, bool, Demand]


@dataclass(slots=True)
class _Warm:
    """An idle connection, how many messages it carried, and the timer that will close it."""

    proved: Proved
    carried: int
    timer: asyncio.TimerHandle
    probe_from: float
    """From this moment of the loop's clock on it is asked whether it still answers, before it is lent."""


@dataclass(slots=True)
class _Pool:
    """The connections to one server under one demand."""

    slots: asyncio.Semaphore
    users: int = 0
    idle: list[_Warm] = field(default_factory=list)


class SmtpCarrier:
    """Opens lines to mail servers. One for a process; it belongs to one event loop."""

    def __init__(self, *, name: str, patience: Patience | None = None) -> None:
        self._name = name
        self._patience = patience or Patience()
        self._pools: dict[_Bound, _Pool] = {}
        self._contexts: dict[tuple[bool, str], ssl.SSLContext] = {}

    @asynccontextmanager
    async def line(
        self, demand: Demand, targets: tuple[Target, ...], sealed: Receipt
    ) -> AsyncIterator[Line | NotNow]:
        """A line to the first of `targets` that proves what is demanded; of several reasons, the first target's."""
        if not targets:
            raise ValueError("a line goes somewhere")
        refusal: NotNow | None = None
        for target in targets:
            bound = (target.host, target.port, target.is_tls_at_once, demand)
            pool = self._pools.get(bound)
            if pool is None:
                pool = self._pools[bound] = _Pool(slots=asyncio.Semaphore(MAX_CONNECTIONS))
            pool.users += 1
            try:
                async with pool.slots:
                    found = await self._warm(pool) or await self._fresh(demand, target)
                    if isinstance(found, SmtpLine):
                        try:
                            yield found
                        finally:
                            self._keep_or_drop(bound, pool, found)
                        return
                    refusal = refusal or found
            finally:
                pool.users -= 1
                self._forget_if_empty(bound, pool)
        assert refusal is not None
        yield refusal

    async def close(self) -> None:
        """Close what is idle."""
        for pool in list(self._pools.values()):
            while pool.idle:
                warm = pool.idle.pop()
                warm.timer.cancel()
                warm.proved.wire.quit()
        self._pools.clear()

    async def _warm(self, pool: _Pool) -> SmtpLine | None:
        """An idle line: one that took a message just now as it is, any other once it has answered RSET.

        RSET also ends whatever a refused transaction left behind.
        """
        while pool.idle:
            warm = pool.idle.pop()
            warm.timer.cancel()
            wire = warm.proved.wire
            if wire.is_open and asyncio.get_running_loop().time() < warm.probe_from:
                return SmtpLine(warm.proved, self._patience, warm.carried, is_unprobed=True)
            try:
                if wire.is_open and (await wire.ask(b"RSET", self._patience.reply_s)).is_yes:
                    return SmtpLine(warm.proved, self._patience, warm.carried)
            except Lost:
                pass  # it was closed while idle: that is no failure, the next line is fresh
            except BaseException:
                wire.abort()
                raise
            wire.abort()
        return None

    async def _fresh(self, demand: Demand, target: Target) -> SmtpLine | NotNow:
        key = (demand.needs_chain, demand.ca_pem)
        context = self._contexts.get(key)
        if context is None:
            context = self._contexts[key] = tls_context(demand)
        found = await dial(demand, target, context=context, name=self._name, patience=self._patience)
        return found if isinstance(found, NotNow) else SmtpLine(found, self._patience, 0)

    def _keep_or_drop(self, bound: _Bound, pool: _Pool, line: SmtpLine) -> None:
        wire, loop = line.proved.wire, asyncio.get_running_loop()
        if line.is_stale:
            for warm in pool.idle:  # what ended this one may have ended them: the next to ask gets one that answers
                warm.probe_from = 0
        if not line.is_reusable or not wire.is_open:
            wire.abort()
        elif line.carried >= MAX_MESSAGES:
            wire.quit()
        else:
            timer = loop.call_later(IDLE_S, self._retire, bound, pool, line.proved)
            probe_from = loop.time() + PROBE_AFTER_S if line.is_settled else 0
            pool.idle.append(_Warm(proved=line.proved, carried=line.carried, timer=timer, probe_from=probe_from))

    def _retire(self, bound: _Bound, pool: _Pool, proved: Proved) -> None:
        pool.idle = [warm for warm in pool.idle if warm.proved is not proved]
        proved.wire.quit()
        self._forget_if_empty(bound, pool)

    def _forget_if_empty(self, bound: _Bound, pool: _Pool) -> None:
        if not pool.users and not pool.idle and self._pools.get(bound) is pool:
            del self._pools[bound]


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
            refusal = await self._begin((*lines, b"DATA"))
            return refusal or await self._rest(parcel, chunks)
        except Lost as lost:
            reason = self._reason("connection-lost", "4.4.2", lost.cause)
            if self._is_ended:
                return InDoubt(reason=reason)
            self.is_stale = self._is_unprobed and not self._is_answered and lost.cause in ("closed", "early")
            return NotNow(reason=reason, is_line_stale=self.is_stale)
        except Unreadable as error:
            return Never(reason=self._reason("not-canonical", "5.6.0", error.cause))

    async def _begin(self, commands: tuple[bytes, ...]) -> NotNow | Never | None:
        """MAIL, RCPT, DATA; None once the server waits for the content. In one write if it offers that (RFC 2920)."""
        wire, replies = self.proved.wire, list[Reply]()
        is_together = "pipelining" in self.proved.extensions
        for part in (commands,) if is_together else ((command,) for command in commands):
            replies += await wire.ask_together(part, self._patience.reply_s * len(part))
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
