"""The listener: sockets, how many may talk at once, and a quiet end."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from typing import cast

from gateway.doors import Reception
from gateway.doors.counting import Refused, nobody_counts
from gateway.doors.guard import Guard, network_of
from gateway.doors.listening import BACKLOG, listening
from gateway.doors.replies import Replies, Say
from gateway.doors.smtp.conversation import SHUTDOWN_SECONDS, Conversation, Desk
from gateway.doors.smtp.session import Session
from gateway.doors.smtp.settings import Settings
from gateway.engine.clock import Clock


class SmtpDoor:
    """One mail door; `listen` may be called for several ports. `tls` is asked anew for every handshake."""

    def __init__(
        self,
        reception: Reception,
        *,
        settings: Settings,
        guard: Guard,
        clock: Clock,
        tls: Callable[[], ssl.SSLContext],
        refused: Refused = nobody_counts,
    ) -> None:
        desk = Desk(reception=reception, settings=settings, guard=guard, clock=clock, tls=tls, refused=refused)
        self._desk = desk
        self._servers: list[asyncio.Server] = []
        self._sessions: set[Conversation] = set()
        self._sources: Counter[str] = Counter()
        # aiosmtpd logs commands and body lines (handbook `email.md` §1): never here.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)

    async def listen(self, host: str, port: int, *, implicit_tls: bool, sock: socket.socket | None = None) -> int:
        """Take connections from now on; the port taken, where `port` is 0. `sock` listens there already, if given."""
        server = await asyncio.get_running_loop().create_server(
            lambda: _Arrival(self),
            sock=sock or listening(host, port),
            backlog=BACKLOG,
            ssl=self._swapping() if implicit_tls else None,
            # GAP: a peer that has not finished its handshake is counted by the kernel alone, for these seconds.
            ssl_handshake_timeout=self._desk.settings.handshake_seconds if implicit_tls else None,
            ssl_shutdown_timeout=SHUTDOWN_SECONDS if implicit_tls else None,
        )
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def _swapping(self) -> ssl.SSLContext:
        """A context whose every handshake goes on in the newest one: a renewed certificate needs no new socket."""
        context = self._desk.tls()

        def swap(handshake: ssl.SSLObject, name: str | None, first: ssl.SSLContext) -> None:
            handshake.context = self._desk.tls()

        context.sni_callback = swap  # called with or without a name, before a certificate is chosen
        return context

    async def close(self, drain: float) -> None:
        """Take no more; end idle conversations; give messages on their way in `drain` seconds."""
        for server in self._servers:
            server.close()
        for session in tuple(self._sessions):
            session.leave()
        tasks = [session.task for session in self._sessions if session.task]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=drain)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def show_out(self, is_barred: Callable[[str, str], bool]) -> None:
        """End at once every conversation whose person is barred; here nobody comes in with a key."""
        for session in tuple(self._sessions):
            if session.person and is_barred(session.person, ""):
                session.dismiss()

    @property
    def replies(self) -> Replies:
        """What the door says, in the office's language."""
        return Replies(self._desk.settings.texts)

    def admit(self, transport: asyncio.Transport) -> Session | None:
        """A conversation for a peer that has just come, or None if there are too many."""
        settings = self._desk.settings
        peer = transport.get_extra_info("peername")
        source = network_of(str(peer[0])) if peer else "local"
        if len(self._sessions) >= settings.connections or self._sources[source] >= settings.connections_per_source:
            return None
        session = Session(self._desk, on_end=lambda ended: self._ended(ended, source))
        self._sessions.add(session)
        self._sources[source] += 1
        return session

    def _ended(self, session: Conversation, source: str) -> None:
        self._sessions.discard(session)
        self._sources[source] -= 1
        if not self._sources[source]:
            del self._sources[source]


class _Arrival(asyncio.Protocol):
    """A peer at the door: it becomes a conversation, or is turned away before that costs anything."""

    def __init__(self, door: SmtpDoor) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Decide by number alone."""
        transport = cast(asyncio.Transport, transport)  # uvloop's are, but do not inherit it
        session = self._door.admit(transport)
        if session is None:
            transport.write(self._door.replies[Say.TOO_MANY_CONNECTIONS].lines())
            transport.close()
            return
        transport.set_protocol(session)
        session.connection_made(transport)
