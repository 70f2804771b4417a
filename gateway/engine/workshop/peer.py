"""A confined process as the gateway sees it: a socket to ask over, one question at a time, and a handle to kill it.

Raw descriptors and loop callbacks, no task and no stream: a question costs the loop one send and one receive. The
process is ended when it takes too long, hangs up, answers what was not asked, or what cannot be read; also when the
gateway no longer needs it. Nothing it says is believed further than its form.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import TypeVar

import msgspec

from gateway.engine.workshop import LimitMet, WorkshopFailed, frames
from gateway.engine.workshop.frames import Frame, Nonsense, Reply
from gateway.errors import Failure, Unreadable

T = TypeVar("T")

_DESCRIPTORS = 1
"""The most that may come with an answer."""


class Peer:
    """One process, which `kill` ends. `on_rest` hears that it can be asked again, `on_end` that it cannot, and why."""

    def __init__(
        self,
        sock: socket.socket,
        pidfd: int,
        *,
        kill: Callable[[int], None],
        on_rest: Callable[[Peer], None] = lambda peer: None,
        on_end: Callable[[Peer, str], None] = lambda peer, cause: None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._pidfd = pidfd
        self._kill = kill
        self._on_rest = on_rest
        self._on_end = on_end
        self._serial = 0
        self._deliver: Callable[[Frame], None] | None = None
        self._fail: Callable[[Failure], None] = lambda failure: None
        self._deadline: asyncio.TimerHandle | None = None
        self.is_ready = False
        self.is_ended = False
        self.gone: asyncio.Future[None] = self._loop.create_future()
        """Done when the process no longer exists."""
        self._loop.add_reader(sock.fileno(), self._readable)
        self._loop.add_reader(pidfd, self._died)

    def expect(self, *, read: Callable[[Frame], T], seconds: float) -> asyncio.Future[T]:
        """Wait for the first words of a process that was just started."""
        waiter: asyncio.Future[T] = self._loop.create_future()

        def deliver(frame: Frame) -> None:
            if waiter.done():  # the caller was cancelled; the process is as good as before
                frame.close()
            else:
                waiter.set_result(read(frame))

        def fail(failure: Failure) -> None:
            if not waiter.done():
                waiter.set_exception(failure)

        self._deliver, self._fail = deliver, fail
        self._deadline = self._loop.call_later(seconds, self._too_late)
        return waiter

    def ask(
        self, kind: int, body: bytes, descriptors: tuple[int, ...], *, read: Callable[[Frame], T], seconds: float
    ) -> asyncio.Future[T]:
        """Ask; `read` turns the answering frame into the result and takes its descriptors, also when it raises.

        The result, or `Unreadable` for content that is refused, or `WorkshopFailed`.
        """
        if self._deliver is not None:
            raise AssertionError("one question at a time")
        self._serial += 1
        waiter = self.expect(read=read, seconds=seconds)
        try:
            frames.send(self._sock, Frame(self._serial, kind, body, descriptors))
        except OSError as why:  # gone, or not reading: it had its turn to
            self.end(f"cannot be asked: {type(why).__name__}")
        return waiter

    def end(self, cause: str, failure: type[WorkshopFailed] = WorkshopFailed) -> None:
        """Kill it; whoever waits for it is told. Harmless when called twice."""
        if self.is_ended:
            return
        self.is_ended = True
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()
        if self._pidfd >= 0:
            self._kill(self._pidfd)
        self._settle()(failure(cause))
        self._on_end(self, cause)

    # ── what the loop calls ──────────────────────────────────────────────────────────────────────────────────────

    def _readable(self) -> None:
        try:
            frame = frames.receive(self._sock, descriptors=_DESCRIPTORS)
        except BlockingIOError:
            return
        except (Nonsense, OSError) as why:
            self.end(f"cannot be heard: {type(why).__name__}")
            return
        if frame is None:
            self.end("died")
        elif self._deliver is None or frame.serial != self._serial:
            frame.close()
            self.end("answered what was not asked")
        else:
            self._answered(self._deliver, frame)

    def _answered(self, deliver: Callable[[Frame], None], frame: Frame) -> None:
        match frame.kind:
            case Reply.READY | Reply.ANSWER | Reply.LAST if (frame.kind == Reply.READY) == (frame.serial == 0):
                try:
                    deliver(frame)
                except (ValueError, msgspec.MsgspecError):
                    self.end("answered nonsense")
                    return
                self.is_ready = True
                self._settle()
            case Reply.REFUSED if frame.serial:
                frame.close()
                self._settle()(Unreadable(frame.said))
            case Reply.EXCEEDED:
                frame.close()
                self.end(f"met a limit: {_told(frame)}", LimitMet)
                return
            case _:
                frame.close()
                self.end(f"failed: {_told(frame)}")
                return
        if frame.kind == Reply.LAST:
            self.end("has worked long enough")
        else:
            self._on_rest(self)

    def _settle(self) -> Callable[[Failure], None]:
        """The question is over; how to tell whoever asked it that it failed."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deliver, self._deadline = None, None
        fail, self._fail = self._fail, lambda failure: None
        return fail

    def _too_late(self) -> None:
        self.end("took too long", LimitMet)

    def _died(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1  # the number may soon be somebody else's
        # What it said last is still in the socket; behind it the socket's end is what ends this peer.
        self.gone.set_result(None)


def _told(untrusted: Frame) -> str:
    """Words fit for the log: any from a process that has read nothing hostile yet, afterwards an exception's name."""
    return untrusted.said if untrusted.serial == 0 or untrusted.said.isidentifier() else "?"
