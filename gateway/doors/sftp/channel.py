"""One channel of a connection: bytes and back-pressure between SSH and an SFTP session.

Promises: SFTP and nothing else (a shell or a command gets one sentence and status 127; no environment, terminal, agent,
X11); the client may send ahead what its window says and gets more only for what was used; no request is taken while
answers cannot leave; what the session waits for is awaited in one task, which also ends the session, whatever happens.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import asyncssh
from asyncssh.constants import EXTENDED_DATA_STDERR, MSG_CHANNEL_WINDOW_ADJUST
from asyncssh.packet import SSHPacket, UInt32

from gateway.doors.sftp.handles import excuse
from gateway.doors.sftp.session import Session
from gateway.doors.sftp.settings import Settings
from gateway.doors.sftp.wire import Breach
from gateway.errors import Failure

if TYPE_CHECKING:
    from gateway.doors.sftp.connection import BoundedConnection

LOG = logging.getLogger(__name__)
NO_SHELL = b"This server speaks SFTP only: there is no shell and no command here.\r\n"


class SftpChannel(asyncssh.SSHServerChannel[bytes]):
    """A channel that gives credit when it is told to, and takes no environment."""

    _read_datatypes = {EXTENDED_DATA_STDERR}  # noqa: RUF012 - asyncssh's; what comes there is dropped

    @classmethod
    def make(cls, connection: BoundedConnection, settings: Settings) -> SftpChannel:
        """A channel of bytes, without a terminal."""
        loop = asyncio.get_running_loop()
        window, packet = settings.window_bytes, settings.packet_bytes
        channel = cls(connection, loop, False, False, False, 0, 0, None, "strict", window, packet)
        channel.set_write_buffer_limits(high=settings.bounds.out_bytes, low=settings.bounds.out_bytes // 4)
        return channel

    def grant(self, held: int) -> None:
        """Let the client send on: the whole window but for the `held` bytes that wait here."""
        room = self._init_recv_window - held
        if self._recv_window < self._init_recv_window / 2 and self._recv_window < room and not self.is_closing():
            self.send_packet(MSG_CHANNEL_WINDOW_ADJUST, UInt32(room - self._recv_window))
            self._recv_window = room

    def _deliver_data(self, data: bytes, datatype: int | None) -> None:
        if self._session is not None:
            self._session.data_received(data, datatype)

    def _process_env_request(self, packet: SSHPacket) -> bool:
        return False


class SftpPump(asyncssh.SSHServerSession[bytes]):
    """Between a channel and its session."""

    def __init__(
        self,
        connection: BoundedConnection,
        channel: SftpChannel,
        *,
        begin: Callable[[], Session],
        out_bytes: int,
        spawn: Callable[[Callable[[], Awaitable[None]]], None],
    ) -> None:
        self._connection = connection
        self._channel = channel
        self._begin = begin
        self._session: Session | None = None
        self._out_bytes = out_bytes
        self._spawn = spawn
        self._pending: Awaitable[None] | None = None
        self._wake = asyncio.Event()
        self._is_paused = self._is_eof = self._is_over = False

    # what the client wants

    def subsystem_requested(self, subsystem: str) -> bool:
        """SFTP."""
        if subsystem == "sftp":
            self._session = self._begin()
        return self._session is not None

    def shell_requested(self) -> bool:
        """Yes, to say no."""
        return True

    def exec_requested(self, command: str) -> bool:
        """Yes, to say no: rclone and WinSCP look whether there is one, and read the status."""
        return True

    def session_started(self) -> None:
        """Begin."""
        if self._session is None:
            self._channel.write(NO_SHELL, EXTENDED_DATA_STDERR)
            self._channel.exit(127)
            return
        self._connection.channels.append(self)
        session = self._session
        self._spawn(lambda: self._run(session))

    # bytes and their flow

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Bytes for the session, or for nobody."""
        if datatype is not None or self._session is None:
            self._channel.grant(0)
            return
        self._connection.moved += len(data)
        self._session.feed(data)
        self._turn()

    def pause_writing(self) -> None:
        """The client's window is full."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """It is open again."""
        self._is_paused = False
        self.drained()

    def drained(self) -> None:
        """Answers may flow again."""
        self._turn()
        self._wake.set()

    def is_mid_message(self) -> bool:
        """Whether we wait for the rest of a message."""
        is_ours = self._pending is not None or self._is_paused
        return self._session is not None and self._session.waiting > 0 and not is_ours

    def eof_received(self) -> bool:
        """The client will say no more; what it has said is still answered."""
        self._is_eof = True
        self._wake.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over; `_run` ends the session."""
        self._is_over = True
        self._wake.set()

    def _turn(self) -> None:
        """Serve what can be served at once; leave what must be waited for to `_run`."""
        if self._session is None:
            return
        try:
            while self._pending is None and self._may_answer():
                self._pending = self._session.work_now()
                if self._flush(self._session) < self._out_bytes:
                    break
        except Breach as breach:
            LOG.info("event=breach person=%s why=%s", self._connection.person, breach)
            self._channel.exit(1)
            self.connection_lost(None)
            return
        if self._pending is not None:
            self._wake.set()
        self._channel.grant(self._session.waiting)

    def _may_answer(self) -> bool:
        return not (self._is_over or self._is_paused or self._connection.is_clogged)

    def _flush(self, session: Session) -> int:
        out = session.take()
        if out and not self._channel.is_closing():
            self._connection.moved += len(out)
            self._channel.write(out)
        return len(out)

    async def _run(self, session: Session) -> None:
        try:
            while not self._is_over:
                await self._wake.wait()
                self._wake.clear()
                while (pending := self._pending) is not None:
                    await pending
                    self._pending = None
                    self._flush(session)
                    self._turn()
                if self._is_eof and self._may_answer():
                    self._channel.exit(0)
                    break
        except Failure:
            raise  # `session` lets through only what has to stop the process
        except Exception:
            LOG.exception("event=bug person=%s", self._connection.person)
            self._connection.abort()
        finally:
            if self in self._connection.channels:
                self._connection.channels.remove(self)
            await self._end(session)

    async def _end(self, session: Session) -> None:
        try:
            await session.end(was_clean=self._is_eof)
        except Failure as failure:
            excuse(failure)
            LOG.warning("event=end-failed person=%s why=%s", self._connection.person, failure.cause)
