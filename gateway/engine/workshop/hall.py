"""The gateway's end of the hall: whoever starts confined processes for it, and ends them.

The hall is a process that holds no secret: our own child, or, under systemd, a unit of its own user without a network,
reached over a socket in the file system. Both are spoken to in the same way. What is started hangs on this
conversation: when it ends, whichever side died, the hall ends all it had started. The next start reaches for the hall
anew, so one that was restarted is found again without anybody's word.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.engine.workshop import WorkshopAway, WorkshopFailed, frames
from gateway.engine.workshop.frames import Frame, Nonsense, Reply, Task
from gateway.engine.workshop.launch import launch
from gateway.engine.workshop.orders import LaunchOrder, encode

log = logging.getLogger(__name__)

_MODULE = "gateway.engine.workshop.hall_main"
GRACE, MOMENT_S = 20, 0.01
"""So many looks, so far apart, whether the hall went too."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A conversation with a hall; and its process, if that is our child."""

    sock: socket.socket
    pidfd: int | None = None


Reach = Callable[[], Reached]
"""Finds a hall. Raises `OSError`."""


@dataclass(frozen=True, slots=True)
class Launched:
    """A process that was started: our end of its socket, and the handle to see it end by."""

    sock: socket.socket
    pidfd: int


def our_child() -> Reached:
    """A hall for this gateway alone."""
    return Reached(*launch(_MODULE))


def at(place: Path) -> Reach:
    """The hall that listens there: whoever may write to that socket may have processes started."""

    def reach() -> Reached:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            sock.setblocking(False)
            sock.connect(str(place))
        except BaseException:
            sock.close()
            raise
        return Reached(sock)

    return reach


class Hall:
    """Starts processes one after the other; any number may be awaited."""

    def __init__(self, reach: Reach = our_child) -> None:
        self._reach = reach
        self._reached: Reached | None = None
        self._serial = 0
        self._waiting: dict[int, tuple[socket.socket, asyncio.Future[Launched]]] = {}
        self._gone: asyncio.Future[None] | None = None
        self.losses = 0
        """How often it went away. What was started before the last time ends, or has ended."""

    @asynccontextmanager
    async def answers_for(self, started: int) -> AsyncIterator[None]:
        """Around a question to a process started when there had been so many losses.

        If it ends because the hall did, no content is to blame: `WorkshopAway` instead of `WorkshopFailed`.
        """
        try:
            yield
        except WorkshopFailed as why:
            if type(why) is WorkshopFailed and await self._was_lost_since(started):
                raise WorkshopAway(f"{why.cause}, with the whole workshop") from why
            raise

    async def _was_lost_since(self, started: int) -> bool:
        """Killed together, processes and hall end in any order, within moments."""
        for _ in range(GRACE):
            if self.losses != started:
                return True
            await asyncio.sleep(MOMENT_S)
        return False

    def launch(self, module: str, arguments: tuple[str, ...] = ()) -> asyncio.Future[Launched]:
        """Have `module.main()` run. Raises `OSError`; the future, `WorkshopAway`."""
        hall = self._reached or self._open()
        self._serial += 1
        ours, theirs = frames.pair()
        ours.setblocking(False)
        order = encode(LaunchOrder(module=module, arguments=arguments))
        try:
            with theirs:
                frames.send(hall.sock, Frame(self._serial, Task.LAUNCH, order, (theirs.fileno(),)))
        except OSError:
            ours.close()
            self._lost("cannot be asked")
            raise
        launched: asyncio.Future[Launched] = asyncio.get_running_loop().create_future()
        self._waiting[self._serial] = (ours, launched)
        return launched

    def end(self, pidfd: int) -> None:
        """Have a process killed, which may be another user's. A hall that is away has done it."""
        if self._reached is None:
            return
        try:
            frames.send(self._reached.sock, Frame(0, Task.END, b"", (pidfd,)))
        except OSError as why:  # not listening: then it all ends
            self._lost(f"cannot be told: {type(why).__name__}")

    async def close(self) -> None:
        """Leave it; all it started for us ends. Returns when a hall of our own is gone."""
        self._lost("the workshop is closed")
        if self._gone is not None:
            await self._gone

    def _open(self) -> Reached:
        loop = asyncio.get_running_loop()
        hall = self._reached = self._reach()
        loop.add_reader(hall.sock.fileno(), self._readable, hall)
        if hall.pidfd is not None:
            gone = self._gone = loop.create_future()
            loop.add_reader(hall.pidfd, _bury, hall.pidfd, gone)
        return hall

    def _readable(self, hall: Reached) -> None:
        try:
            frame = frames.receive(hall.sock, descriptors=1)
        except BlockingIOError:
            return
        except (Nonsense, OSError) as why:
            self._lost(f"cannot be heard: {type(why).__name__}")
            return
        if frame is None:
            self._lost("has ended")
            return
        ours, launched = self._waiting.pop(frame.serial, (None, None))
        if ours is None or launched is None:
            frame.close()
            self._lost("answered what was not asked")
        elif frame.kind == Reply.ANSWER and len(frame.descriptors) == 1:
            _hand_over(Launched(ours, frame.descriptors[0]), launched)
        else:
            frame.close()
            ours.close()
            _fail(launched, f"a process cannot be started: {frame.said}")

    def _lost(self, cause: str) -> None:
        """There is no conversation any more; whoever waits is told. What was started ends by its own socket."""
        if self._reached is None:
            return
        if self._waiting:
            log.warning("hall lost cause=%r", cause)
        asyncio.get_running_loop().remove_reader(self._reached.sock.fileno())
        self._reached.sock.close()
        self._reached = None
        self.losses += 1
        waiting, self._waiting = self._waiting, {}
        for ours, launched in waiting.values():
            ours.close()
            _fail(launched, f"the workshop {cause}")


def _hand_over(started: Launched, launched: asyncio.Future[Launched]) -> None:
    if launched.done():  # nobody waits any more; it ends when its socket does
        started.sock.close()
        os.close(started.pidfd)
    else:
        launched.set_result(started)


def _fail(launched: asyncio.Future[Launched], cause: str) -> None:
    if not launched.done():
        launched.set_exception(WorkshopAway(cause))


def _bury(pidfd: int, gone: asyncio.Future[None]) -> None:
    asyncio.get_running_loop().remove_reader(pidfd)
    with suppress(ChildProcessError):
        os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG)
    os.close(pidfd)
    gone.set_result(None)
