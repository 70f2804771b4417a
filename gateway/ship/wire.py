"""One SMTP connection as commands and replies: aiosmtplib's protocol with a stricter reader.

The reader is ours because aiosmtplib's keeps one reply at a time, and several are due when commands go out together
(RFC 2920). Every wait has its patience. A reply is at most 4 KiB; a server that says more, says nothing, says what is
no reply, or speaks unasked has ended the conversation. Replies are shown in printable ASCII.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from typing import cast

from aiosmtplib.errors import SMTPException, SMTPResponseException, SMTPServerDisconnected, SMTPTimeoutError
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse

from gateway.errors import PeerTemporary

LONGEST_REPLY = 4096
_SLICE = 64 * 1024
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)", re.ASCII)  # RFC 3463 §2
_UNPRINTABLE = re.compile(r"[^\n -~]", re.ASCII)


class Lost(PeerTemporary):
    """The conversation cannot go on; `cause` is one word why: silence, closed, garbage, flood, early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    @property
    def is_yes(self) -> bool:
        """True for 2xx."""
        return 200 <= self.code < 300

    @property
    def is_refusal(self) -> bool:
        """True for 4xx and 5xx."""
        return 400 <= self.code < 600

    @property
    def status(self) -> str:
        """The enhanced status (RFC 3463), or its class alone where the server gave none that fits."""
        found = _STATUS.match(self.text)
        first = str(self.code // 100)
        return found[1] if found and found[1].startswith(first) else f"{first}.0.0"


class Wire(SMTPProtocol):
    """The connection. Not for concurrent use."""

    def __init__(self) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._untrusted = bytearray()
        self._heard: list[Reply] = []
        self._due = 1  # the greeting may be there before anybody waits for it
        self._waiter: asyncio.Future[None] | None = None
        self._fault = ""

    # ── what the loop calls ──────────────────────────────────────────────────────────────────────────────────────

    def data_received(self, data: bytes) -> None:
        """Read the replies that are due; what comes unasked would be taken for the answer to the next question."""
        self._untrusted += data
        while self._due and not self._fault and (reply := self._next()) is not None:
            self._heard.append(reply)
            self._due -= 1
        if not self._due and self._untrusted:
            self._end("early")
        if len(self._untrusted) > LONGEST_REPLY:
            self._end("flood")
        if self._fault:
            self._untrusted.clear()
        if self._fault == "flood":
            self.abort()
        if not self._due:
            self._wake()

    def eof_received(self) -> bool:
        """The server has no more to say."""
        self._end("closed")
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        self._end("closed")

    # ── what a carrier calls ─────────────────────────────────────────────────────────────────────────────────────

    async def greeting(self, patience_s: float) -> Reply:
        """The server's first words. Raises `Lost`."""
        return (await self._replies(patience_s))[0]

    async def ask(self, command: bytes, patience_s: float) -> Reply:
        """One command and its reply. Raises `Lost`."""
        return (await self.ask_together((command,), patience_s))[0]

    async def ask_together(self, commands: tuple[bytes, ...], patience_s: float) -> list[Reply]:
        """Several commands in one write (RFC 2920 §3.1) and their replies, in order.

        They are fewer than the commands if the conversation broke on the way: a refusal that was heard still counts.
        Raises `Lost` if none was.
        """
        if any(b"\r" in command or b"\n" in command for command in commands):
            raise ValueError("a command is one line")
        return await self._say(b"\r\n".join((*commands, b"")), len(commands), patience_s)

    async def finish(self, the_end: bytes, patience_s: float) -> Reply:
        """Read the reply to what `the_end`, a write of its own, completed. Raises `Lost`."""
        return (await self._say(the_end, 1, patience_s))[0]

    async def secure(self, context: ssl.SSLContext, host: str, patience_s: float) -> Reply:
        """STARTTLS and the handshake; a reply other than 220 leaves the connection in clear. Raises `Lost` or SSLError.

        Nothing a server said before is believed after: the caller asks EHLO again (RFC 3207 §4.2).
        """
        self._expect(1)
        try:
            response = await self.start_tls(context, server_hostname=host, timeout=patience_s)
        except SMTPResponseException as error:
            return Reply(code=error.code, text=error.message)
        except SMTPTimeoutError:
            self._end("silence")
            raise Lost(self._fault) from None
        except SMTPException:
            self._end("closed")
            raise Lost(self._fault) from None
        return Reply(code=response.code, text=response.message)

    async def read_response(self, timeout: float | None = None) -> SMTPResponse:
        """The reply to aiosmtplib's own STARTTLS."""
        try:
            reply = (await self._replies(timeout or 0))[0]
            self.check()  # clear text behind the 220: someone speaks into the stream
        except Lost as lost:
            raise SMTPServerDisconnected(lost.cause) from None
        return SMTPResponse(reply.code, reply.text)

    def throttle(self) -> None:
        """Pause as soon as the socket takes no more: asyncio's TLS would first pile up half a mebibyte of its own.

        What lies in our buffers when the end is written is what makes a broken connection doubtful.
        """
        cast(asyncio.Transport, self.transport).set_write_buffer_limits(high=1, low=0)

    async def pour(self, data: bytes, patience_s: float) -> None:
        """Write content, waiting whenever the peer reads more slowly than we write. Raises `Lost`."""
        for start in range(0, len(data), _SLICE):
            self.check()
            self.write(data[start : start + _SLICE] if len(data) > _SLICE else data)
            if self._paused:
                try:
                    async with asyncio.timeout(patience_s):
                        await self._drain_helper()
                except TimeoutError:
                    raise Lost("silence") from None
                except OSError:
                    raise Lost("closed") from None

    @property
    def is_open(self) -> bool:
        """True while nothing has gone wrong."""
        return self.is_connected and not self._fault

    def check(self) -> None:
        """Raises `Lost` if something has gone wrong."""
        if not self.is_open:
            raise Lost(self._fault or "closed")

    def quit(self) -> None:
        """Say goodbye and close, without waiting for the answer."""
        if self.is_open:
            self._quit_sent = True
            self.write(b"QUIT\r\n")
            cast(asyncio.Transport, self.transport).close()
        else:
            self.abort()

    def abort(self) -> None:
        """Close at once."""
        if self.transport is not None:
            cast(asyncio.Transport, self.transport).abort()

    # ── replies ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _say(self, data: bytes, replies: int, patience_s: float) -> list[Reply]:
        self._expect(replies)
        self.write(data)
        return await self._replies(patience_s)

    def _expect(self, replies: int) -> None:
        self.check()
        self._heard = []
        self._due = replies

    async def _replies(self, patience_s: float) -> list[Reply]:
        if self._due and not self._fault:
            self._waiter = self._loop.create_future()
            # A bare timer: aiosmtplib's `wait_for` was the dearest part of a delivery, after the socket and TLS.
            timer = self._loop.call_later(patience_s, self._end, "silence")
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        if not self._heard:
            raise Lost(self._fault)
        return self._heard

    def _end(self, fault: str) -> None:
        """The first fault is the one that counts."""
        self._fault = self._fault or fault
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _next(self) -> Reply | None:
        """Take the next whole reply off what came; None if it is not whole. RFC 5321 §4.2.1; a bare LF is forgiven."""
        code, texts, at = b"", list[bytes](), 0
        while (end := self._untrusted.find(b"\n", at) + 1) > 0:
            line = bytes(self._untrusted[at:end])
            code = code or line[:3]
            if not (code.isdigit() and b"200" <= code < b"600" and line.startswith(code) and line[3:4] in b" -\r\n"):
                self._end("garbage")
                return None
            texts.append(line[4:].strip(b" \t\r\n"))
            at = end
            if at > LONGEST_REPLY:
                self._end("flood")
                return None
            if line[3:4] != b"-":
                del self._untrusted[:at]
                return Reply(code=int(code), text=_shown(b"\n".join(texts)))
        return None


def _shown(untrusted: bytes) -> str:
    text = untrusted.decode("utf-8", "surrogateescape")
    if text.isascii() and text.isprintable():
        return text
    ascii_only = text.encode("ascii", "backslashreplace").decode("ascii")
    return _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", ascii_only)[:LONGEST_REPLY]
