"""One channel of a connection: bytes and back-pressure between SSH and an SFTP session.

Promises: SFTP and nothing else (a shell or a command gets one sentence and status 127; no environment, terminal, agent,
X11); the client may send ahead what its window says and gets more only for what was used; no request is taken while
answers cannot leave; what the session waits for is awaited in one task, which also ends the session, whatever happens.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, cast

import asyncssh
from asyncssh.constants import EXTENDED_DATA_STDERR, MSG_CHANNEL_DATA, MSG_CHANNEL_WINDOW_ADJUST
from asyncssh.packet import SSHPacket, String, UInt32

from gateway.doors.sftp.handles import excuse
from gateway.doors.sftp.session import Session
from gateway.doors.sftp.settings import Settings
from gateway.doors.sftp.wire import Breach
from gateway.engine.files.share import Share
from gateway.engine.incident import place_of
from gateway.errors import Failure

if TYPE_CHECKING:
    from gateway.doors.sftp.connection import BoundedConnection

LOG = logging.getLogger(__name__)
NO_SHELL = b"This server speaks SFTP only: there is no shell and no command here.\r\n"


class SftpChannel(asyncssh.SSHServerChannel[bytes]):
    """A channel that gives credit when it is told to, and takes no environment."""

    _read_datatypes = {EXTENDED_DATA_STDERR}  # noqa: RUF012 - asyncssh's; what comes there is dropped
    _connection: BoundedConnection
    _windows: Share

    @classmethod
    def make(cls, connection: BoundedConnection, settings: Settings, windows: Share) -> SftpChannel:
        """A channel of bytes, without a terminal; its client sends ahead what its part of all windows is."""
        loop = asyncio.get_running_loop()
        window, packet = windows.least_bytes, settings.packet_bytes
        channel = cls(connection, loop, False, False, False, 0, 0, None, "strict", window, packet)
        channel._connection = connection
        channel._windows = windows
        windows.join(channel)
        channel.set_write_buffer_limits(high=settings.bounds.out_bytes, low=settings.bounds.out_bytes // 4)
        return channel

    def grant(self, held: int) -> None:
        """Let the client send on: the whole window but for the `held` bytes that wait here."""
        window = self._windows.part_bytes
        room = window - held
        if self._recv_window < window / 2 and self._recv_window < room and not self.is_closing():
            self.send_packet(MSG_CHANNEL_WINDOW_ADJUST, UInt32(room - self._recv_window))
            self._recv_window = room

    def leave(self) -> None:
        """The client is gone: others may send further ahead."""
        self._windows.leave(self)

    def take(self, data: memoryview) -> bool:
        """Data of the client's, if there is nothing about it but to hand it on; False: it was not taken."""
        size, session = len(data), self._session
        is_open = self._recv_state == self._send_state == "open" and not (self._recv_paused or self._recv_buf)
        if not is_open or not 0 < size <= self._recv_window or session is None:
            return False
        self._recv_window -= size
        cast("SftpPump", session).data_received(data, None)
        return True

    def put(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Send, in packets as large as the client takes."""
        if self._send_state != "open":
            return
        for piece in pieces:
            self._send_buf.append((memoryview(piece), None))  # type: ignore[arg-type]
            self._send_buf_len += len(piece)
        self._flush_send_buf()

    def _flush_send_buf(self) -> None:
        """As the stock channel, but each byte is copied once, into its packet."""
        waiting = self._send_buf
        while waiting and waiting[0][1] is None and self._send_window:
            pieces, size = self._next_pieces(min(self._send_window, self._send_pktsize))
            self._send_buf_len -= size
            self._send_window -= size
            if not self._connection.send_data(self._send_chan or 0, pieces, size):
                self.send_packet(MSG_CHANNEL_DATA, String(b"".join(pieces)))
        super()._flush_send_buf()  # standard error, and what follows when nothing waits

    def _next_pieces(self, room: int) -> tuple[list[memoryview], int]:
        """Up to so many bytes, off the front."""
        pieces: list[memoryview] = []
        size, used, waiting = 0, 0, self._send_buf
        for buffer, datatype in waiting:
            view = memoryview(buffer)
            if datatype is not None or size == room:
                break
            if len(view) > room - size:
                waiting[used] = (view[room - size :], None)  # type: ignore[assignment]
                view = view[: room - size]
            else:
                used += 1
            pieces.append(view)
            size += len(view)
        del waiting[:used]
        return pieces, size

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

    def data_received(self, data: bytes | memoryview, datatype: int | None) -> None:
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

    def caught_up(self) -> None:
        """All of a read has been looked at."""
        if self._session is not None:
            self._flush(self._session)
            self._turn()

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
        self._channel.leave()
        self._is_over = True
        self._wake.set()

    def _turn(self) -> None:
        """Serve what can be served at once; leave what must be waited for to `_run`."""
        if self._session is None:
            return
        try:
            while self._pending is None and self._may_answer():
                self._pending = self._session.work_now()
                if self._connection.is_amid or self._flush(self._session) < self._out_bytes:
                    break  # amid a read: what it brings more is answered together with this
        except Breach as breach:
            LOG.info("event=breach source=%s why=%s", self._connection.source, breach)
            self._channel.exit(1)
            self.connection_lost(None)
            return
        if self._pending is not None:
            self._wake.set()
        self._channel.grant(self._session.waiting)

    def _may_answer(self) -> bool:
        return not (self._is_over or self._is_paused or self._connection.is_clogged)

    def _flush(self, session: Session) -> int:
        out = session.pieces()
        size = sum(map(len, out))
        if out and not self._channel.is_closing():
            self._connection.moved += size
            self._channel.put(out)
        return size

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
        except Exception as error:
            LOG.error("event=bug source=%s %s", self._connection.source, place_of(error))
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
            LOG.warning("event=end-failed source=%s why=%s", self._connection.source, failure.cause)
