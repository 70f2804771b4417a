"""The frame of a conversation: RFC 5321 with RFC 3207 and RFC 4954, as strictly as the handbook demands.

Promises: commands end at CRLF and nothing else; nothing is answered while the peer talks ahead; every wait has an end;
no text of ours or theirs reaches a reply but through `replies`; the commit of a message is never cut by its sender's
going away, for it belongs to the engine. Does not know mail: `session` adds MAIL, RCPT and DATA.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from aiosmtpd.smtp import SMTP

from gateway.doors import Reception
from gateway.doors.counting import Refused, nobody_counts
from gateway.doors.guard import Denied, Guard
from gateway.doors.replies import Replies, Say
from gateway.doors.smtp import credentials
from gateway.doors.smtp.settings import Role, Settings
from gateway.engine.clock import Clock
from gateway.errors import StoreAway
from gateway.transfer import Party

log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 5.0
"""How long a peer may take to say goodbye to TLS."""

_HELO = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
_LINE_LIMITS = {"MAIL": 1_168, "RCPT": 1_050, "AUTH": credentials.MAX_RESPONSE}  # RFC 5321 §4.5.3.1.4 and extensions
_PLAIN_LIMIT = 510  # RFC 5321 §4.5.3.1.4, without CRLF
_COMMANDS = ("HELO", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "HELP")
_IDLE = ("HELO", "EHLO", "RSET", "NOOP", "HELP")
_NOT_OFFERED = ("VRFY", "EXPN", "ETRN", "BDAT", "TURN", "XCLIENT", "XFORWARD", "PROXY")


NO = 400
"""From here on a reply is a no, for now (4xx) or for good (5xx)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What all conversations of a listener share."""

    reception: Reception
    settings: Settings
    guard: Guard
    clock: Clock
    tls: Callable[[], ssl.SSLContext]
    refused: Refused = nobody_counts
    """Hears the code of every reply that is a no."""


class Conversation(SMTP):
    """aiosmtpd's frame around our commands. `arg` is always Latin-1: the very bytes, in a `str`."""

    line_length_limit = 64 * 1024  # the stream's limit: this much without CRLF ends the conversation

    def __init__(self, desk: Desk, *, on_end: Callable[[Conversation], None]) -> None:
        super().__init__(
            None,
            data_size_limit=None,
            hostname=desk.settings.hostname,
            auth_require_tls=False,  # its own notion of TLS is STARTTLS only; ours is `is_secure`
            loop=asyncio.get_running_loop(),
        )
        self._desk = desk
        self._settings = desk.settings
        self._texts = desk.settings.texts
        self._replies = Replies(self._texts)
        self._on_end = on_end
        self._is_done = False
        self._helo = ""
        self._is_extended = False
        self._party: Party | None = None
        self._junk = self._idle = self._failed = 0
        self.source = ""
        self._is_waiting = self._is_leaving = False

    # ── the connection ───────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer has come."""
        peer = transport.get_extra_info("peername")
        self.source = str(peer[0]) if isinstance(peer, tuple) else "local"
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The peer has gone. Whoever waits for it learns from the stream; a commit goes on."""
        asyncio.StreamReaderProtocol.connection_lost(self, error)

    def eof_received(self) -> bool | None:
        """The peer will say no more but may listen: what it handed in is still answered (B18)."""
        return asyncio.StreamReaderProtocol.eof_received(self)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Every wait has its own deadline here; a timer beside them would cut a commit."""

    # What `session` knows about mail, as far as the frame must.

    @property
    def is_in_transaction(self) -> bool:
        """True between MAIL and the end of DATA."""
        return False

    def forget(self) -> None:
        """Drop the transaction."""

    async def away(self) -> None:
        """What was asked for cannot be kept or looked up now."""
        await self.say(Say.AWAY)

    @property
    def is_secure(self) -> bool:
        """True inside TLS, however it began."""
        return self.transport is not None and self.transport.get_extra_info("ssl_object") is not None

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The conversation, for the door to wait for."""
        return self._handler_coroutine

    def leave(self) -> None:
        """The door closes: a conversation that waits for its next command ends now, any other after its reply."""
        self._is_leaving = True
        if self._is_waiting and self._handler_coroutine:
            self._writer.write(self._replies[Say.CLOSING].lines())
            self._handler_coroutine.cancel()

    @property
    def person(self) -> str:
        """Who has signed in; empty while nobody has."""
        return self._party.person if self._party else ""

    def dismiss(self) -> None:
        """Whoever it is must go now, in the middle of a message too. What was handed in belongs to the engine."""
        is_amid = not self._is_waiting
        self.leave()
        if is_amid and self._handler_coroutine:
            self._handler_coroutine.cancel()

    async def _handle_client(self) -> None:
        try:
            await self.say(Say.GREETING, f"{self._settings.hostname} ESMTP")
            while not self._is_done:
                await self._converse()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError):
            pass  # the peer went, or does not listen: there is nobody to tell
        except Exception as error:
            self._writer.write(self._replies[Say.BROKEN].lines(await self.handle_exception(error)))
        finally:
            self._writer.close()
            self._on_end(self)

    async def handle_exception(self, error: Exception) -> str:
        """What the peer reads: fixed words and a number. The cause is in our log, without the message's content."""
        incident = self._desk.clock.random(5).hex()
        where = " < ".join(f"{f.name}:{f.lineno}" for f in reversed(traceback.extract_tb(error.__traceback__)[-4:]))
        log.error("incident=%s error=%s at=%s", incident, type(error).__name__, where)
        return self._texts.say("mail.broken", incident=incident)

    async def push(self, status: str | bytes) -> None:
        """Bytes of a reply, complete; the peer has `reply_seconds` to take them."""
        self._writer.write(status if isinstance(status, bytes) else status.encode("ascii", "replace"))
        async with asyncio.timeout(self._settings.reply_seconds):
            await self._writer.drain()

    async def say(self, what: Say, *sentences: str, closing: bool = False) -> None:
        """Answer. A peer that talks ahead of the answer is told so and left (B5): PIPELINING is not offered."""
        if self._talks_ahead():
            what, sentences, closing = Say.TOO_EARLY, (), True
        self._is_done = self._is_done or closing
        reply = self._replies[what]
        if reply.code >= NO:
            self._desk.refused(reply.code)
        await self.push(reply.lines(*sentences))

    def _talks_ahead(self) -> bool:
        return bool(self._reader._buffer)  # type: ignore[attr-defined]  # asyncio has no public way to ask

    async def _secure(self) -> None:
        """The handshake. Everything said before it is forgotten (RFC 3207 §4.2)."""
        transport = await self.loop.start_tls(
            cast(asyncio.Transport, self.transport),
            self,
            self._desk.tls(),
            server_side=True,
            ssl_handshake_timeout=self._settings.handshake_seconds,
            ssl_shutdown_timeout=SHUTDOWN_SECONDS,
        )
        if transport is None:  # the peer went during the handshake
            raise ConnectionResetError
        self.transport = self._transport = transport
        self._reader._transport = self._writer._transport = transport  # type: ignore[attr-defined]
        self._over_ssl = True
        self._helo, self._is_extended = "", False
        self._party = None
        self.forget()

    # ── one command ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _converse(self) -> None:
        if self._is_leaving:
            await self.say(Say.CLOSING, closing=True)
            return
        self._is_waiting = True
        line = await self._line()
        self._is_waiting = False
        if line is None:
            return
        verb, _, arg = line.partition(" ")
        verb = verb.upper()
        if len(line) > _LINE_LIMITS.get(verb, _PLAIN_LIMIT):
            await self._junked(Say.LINE_TOO_LONG)
        elif verb not in _COMMANDS:
            await self._junked(Say.NOT_OFFERED if verb in _NOT_OFFERED else Say.UNKNOWN_COMMAND)
        elif verb in _IDLE and self._idle >= self._settings.idle_commands:
            await self.say(Say.TOO_MUCH_JUNK, closing=True)
        else:
            self._idle += verb in _IDLE
            try:
                await getattr(self, f"smtp_{verb}")(arg)
            except StoreAway:
                await self.away()

    async def _line(self) -> str | None:
        """The next line without its CRLF, as Latin-1; None after the last. A bare CR, LF or NUL ends all (B2, B8)."""
        try:
            async with asyncio.timeout(self._settings.command_seconds):
                line = (await self._reader.readuntil(b"\r\n"))[:-2]
        except TimeoutError:
            await self.say(Say.TOO_SLOW, closing=True)
            return None
        except asyncio.LimitOverrunError:
            await self.push(self._replies[Say.NO_LINE_END].lines())
            self._is_done = True
            return None
        if any(c in line for c in b"\r\n\0") or not (self._settings.is_utf8 or line.isascii()):
            await self.say(Say.BAD_LINE, closing=True)
            return None
        return line.decode("latin-1")

    async def _junked(self, what: Say) -> None:
        self._junk += 1
        if self._junk >= self._settings.junk_commands:
            await self.say(Say.TOO_MUCH_JUNK, closing=True)
        else:
            await self.say(what)

    async def smtp_HELO(self, hostname: str) -> None:
        """RFC 5321 §4.1.1.1."""
        await self._hello(hostname, is_extended=False)

    async def smtp_EHLO(self, hostname: str) -> None:
        """What is offered depends on TLS and on who the listener is for."""
        await self._hello(hostname, is_extended=True)

    async def _hello(self, hostname: str, *, is_extended: bool) -> None:
        if not _HELO.fullmatch(hostname):
            await self.say(Say.SYNTAX)
            return
        self._helo, self._is_extended = hostname, is_extended
        self.forget()
        lines = [f"250-{self._settings.hostname}"]
        if is_extended:
            lines += [f"250-{word}" for word in self._offers()]
        lines[-1] = lines[-1].replace("250-", "250 ", 1)
        if self._talks_ahead():
            await self.say(Say.TOO_EARLY, closing=True)
        else:
            await self.push("".join(f"{line}\r\n" for line in lines))

    def _offers(self) -> list[str]:
        """Never PIPELINING, CHUNKING, BINARYMIME, VRFY, ETRN. GAP: REQUIRETLS, see `intake.command`."""
        offers = [f"SIZE {self._settings.limits.message_bytes}", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN"]
        if self._settings.is_utf8:
            offers.append("SMTPUTF8")
        if not self.is_secure:
            offers.append("STARTTLS")
        elif self._settings.role is Role.SUBMISSION:
            offers.append("AUTH PLAIN LOGIN")
        return offers

    async def smtp_STARTTLS(self, arg: str) -> None:
        """RFC 3207. Plaintext behind it is an attack (CVE-2024-34083): `say` closes, and the rest is never read."""
        if arg:
            await self.say(Say.SYNTAX)
        elif self.is_secure:
            await self.say(Say.WRONG_ORDER)
        else:
            await self.say(Say.START_TLS)
            if not self._is_done:
                await self._secure()

    async def smtp_NOOP(self, arg: str) -> None:
        """Nothing."""
        await self.say(Say.OK)

    async def smtp_HELP(self, arg: str) -> None:
        """RFC 5321 §4.1.1.8; the same for everybody."""
        await self.say(Say.HELP)

    async def smtp_RSET(self, arg: str) -> None:
        """Forget the transaction."""
        self.forget()
        await self.say(Say.SYNTAX if arg else Say.OK)

    async def smtp_QUIT(self, arg: str) -> None:
        """Goodbye."""
        await self.say(Say.BYE, closing=True)

    # ── signing in ───────────────────────────────────────────────────────────────────────────────────────────────

    async def smtp_AUTH(self, arg: str) -> None:
        """RFC 4954, PLAIN and LOGIN, inside TLS only."""
        mechanism, _, initial = arg.partition(" ")
        if self._settings.role is not Role.SUBMISSION:
            await self.say(Say.NOT_OFFERED)
        elif not self.is_secure:
            await self.say(Say.AUTH_BEFORE_TLS)
        elif not self._is_extended or self._party or self.is_in_transaction:
            await self.say(Say.WRONG_ORDER)
        elif mechanism.upper() == "PLAIN":
            answer = await self._answer(b"", initial)
            if answer is not None:
                await self._sign_in(credentials.plain(answer))
        elif mechanism.upper() == "LOGIN":
            name = await self._answer(b"Username:", initial)
            secret_password = await self._answer(b"Password:", "") if name is not None else None
            if name is not None and secret_password is not None:
                await self._sign_in(credentials.login(name, secret_password))
        else:
            await self.say(Say.AUTH_UNKNOWN)

    async def _answer(self, challenge: bytes, initial: str) -> bytes | None:
        """The decoded response to a challenge; None when the reply to a bad one is already given."""
        if not initial:
            await self.say(Say.CHALLENGE, credentials.challenge(challenge))
            line = None if self._is_done else await self._line()
            if line is None:
                return None
            if line == "*":  # RFC 4954 §4
                await self.say(Say.AUTH_CANCELLED)
                return None
            initial = line or "="
        answer = credentials.response(initial.encode("latin-1")) if len(initial) <= credentials.MAX_RESPONSE else None
        if answer is None:
            await self._junked(Say.AUTH_UNREADABLE)
        return answer

    async def _sign_in(self, given: credentials.Credentials | None) -> None:
        if given is None:
            await self._junked(Say.AUTH_UNREADABLE)
            return
        found = await self._desk.guard.attempt(
            self.source, lambda: self._desk.reception.sign_in(given.login, given.secret_password, self.source)
        )
        if isinstance(found, Party):
            self._party = found
            await self.say(Say.SIGNED_IN)
            return
        self._failed += 1
        is_last = self._failed >= self._settings.sign_ins
        await self.say(Say.AUTH_LATER if found is Denied.LATER else Say.AUTH_WRONG, closing=is_last)
