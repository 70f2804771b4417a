"""One SMTP connection as lines and replies: aiosmtplib's protocol, bounded and strict.

Every wait has its patience. A reply is at most 4 KiB; a server that says more, says nothing, says what is no reply, or
speaks before it is asked ends the connection as `Lost`. Replies are shown in printable ASCII.
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
    def status(self) -> str:
        """The enhanced status (RFC 3463), or its class alone where the server gave none that fits."""
        found = _STATUS.match(self.text)
        first = str(self.code // 100)
        return found[1] if found and found[1].startswith(first) else f"{first}.0.0"


class Wire(SMTPProtocol):
    """The connection. Not for concurrent use."""

    def __init__(self) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._said = 0
        self._fault = ""

    def data_received(self, data: bytes) -> None:
        """Count before keeping; what comes behind a reply, or before a question, is not kept at all."""
        self._said += len(data)
        if self._said > LONGEST_REPLY:
            self._fault = "flood"
            self.abort()
            return
        super().data_received(data)
        # An answer that is there before its question would be taken for the answer to the next one.
        waiter = self._response_waiter
        if self._buffer and waiter is not None and waiter.done() and not waiter.cancelled() and not waiter.exception():
            self._fault = self._fault or "early"

    async def greeting(self, patience_s: float) -> Reply:
        """The server's first words. Raises `Lost`."""
        try:
            return self._reply(await self.read_response(timeout=patience_s))
        except SMTPException as error:
            raise self._lost(error) from None

    async def ask(self, command: bytes, patience_s: float) -> Reply:
        """One command and its reply. Raises `Lost`."""
        self._step()
        try:
            return self._reply(await self.execute_command(command, timeout=patience_s))
        except SMTPException as error:
            raise self._lost(error) from None

    async def secure(self, context: ssl.SSLContext, host: str, patience_s: float) -> Reply:
        """STARTTLS and the handshake; a reply other than 220 leaves the connection in clear. Raises `Lost` or SSLError.

        Nothing a server said before is believed after: the caller asks EHLO again (RFC 3207 §4.2).
        """
        self._step()
        try:
            response = await self.start_tls(context, server_hostname=host, timeout=patience_s)
        except SMTPResponseException as error:
            return self._reply(SMTPResponse(error.code, error.message))
        except SMTPException as error:
            raise self._lost(error) from None
        if self._fault:
            raise Lost(self._fault)  # clear text behind the 220: someone speaks into the stream
        return self._reply(response)

    def throttle(self) -> None:
        """Pause as soon as the socket takes no more: asyncio's TLS would first pile up half a mebibyte of its own.

        What lies in our buffers when the end is written is what makes a broken connection doubtful.
        """
        cast(asyncio.Transport, self.transport).set_write_buffer_limits(high=1, low=0)

    async def pour(self, data: bytes, patience_s: float) -> None:
        """Write content, waiting whenever the peer reads more slowly than we write. Raises `Lost`."""
        try:
            for start in range(0, len(data), _SLICE):
                self.write(data[start : start + _SLICE])
                if self._paused:
                    async with asyncio.timeout(patience_s):
                        await self._drain_helper()
        except TimeoutError:
            raise Lost("silence") from None
        except (SMTPException, OSError):
            raise Lost("closed") from None

    async def finish(self, the_end: bytes, patience_s: float) -> Reply:
        """Read the reply to what `the_end`, a write of its own, completed. Raises `Lost`."""
        self._said = 0
        self._response_pending = True
        try:
            self.write(the_end)
            return self._reply(await self.read_response(timeout=patience_s))
        except SMTPException as error:
            raise self._lost(error) from None

    @property
    def is_open(self) -> bool:
        """True while nothing has gone wrong."""
        return self.is_connected and not self._fault

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

    def _step(self) -> None:
        if self._fault:
            raise Lost(self._fault)
        self._said = 0

    def _reply(self, response: SMTPResponse) -> Reply:
        if not 200 <= response.code < 600:
            self._fault = "garbage"
            raise Lost("garbage")
        ascii_only = response.message.encode("ascii", "backslashreplace").decode("ascii")
        shown = _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", ascii_only)
        return Reply(code=response.code, text=shown[:LONGEST_REPLY])

    def _lost(self, error: SMTPException) -> Lost:
        if not self._fault:
            match error:
                case SMTPTimeoutError():
                    self._fault = "silence"
                case SMTPServerDisconnected():
                    self._fault = "closed"
                case _:
                    self._fault = "garbage"
        return Lost(self._fault)
