"""The hall: starts confined processes for a gateway, and ends them. It reads nothing but a gateway's orders.

One process and one thread, because the kernel ends what was started when the thread that started it ends. Every
conversation has processes of its own; when it ends they are killed. It has no path, key or address of the office's, and
what a confined process says never passes through it.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from gateway.engine.workshop import frames
from gateway.engine.workshop.frames import SOCKET, Frame, Nonsense, Reply, Task
from gateway.engine.workshop.launch import launch_on
from gateway.engine.workshop.orders import LaunchOrder

MODULES = frozenset(f"gateway.engine.workshop.{name}" for name in ("worker_main", "forge_main"))
"""All that can be started here."""
CONVERSATIONS = 8
"""At once: a gateway's, a doctor's, and those of gateways that just died."""
PROCESSES = 16
"""In one conversation at once: what a gateway has, several times over."""

_order = msgspec.msgpack.Decoder(LaunchOrder).decode


def main() -> None:
    """Serve the one gateway that started us, until it hangs up."""
    Hall(may_drill=True).serve(conversation=socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=SOCKET))


@dataclass(slots=True, eq=False)
class _Conversation:
    sock: socket.socket
    processes: set[int] = field(default_factory=set)


class Hall:
    """The loop. Arguments, which make a process misbehave or be less confined, only those who `may_drill` give."""

    def __init__(self, *, may_drill: bool = False) -> None:
        self._may_drill = may_drill
        self._ready = selectors.DefaultSelector()
        self._conversations: set[_Conversation] = set()
        self._is_leaving = False

    def serve(
        self,
        *,
        conversation: socket.socket | None = None,
        listener: socket.socket | None = None,
        every_s: float | None = None,
        each_turn: Callable[[], None] = lambda: None,
    ) -> None:
        """Serve one conversation to its end, or whoever comes until told to `leave`."""
        if conversation is not None:
            self._begin(conversation)
        if listener is not None:
            self._ready.register(listener, selectors.EVENT_READ, lambda: self._accept(listener))
        while not self._is_leaving and (self._conversations or listener is not None):
            for key, _ in self._ready.select(every_s):
                key.data()
            each_turn()
        for one in tuple(self._conversations):
            self._end(one)

    def leave(self) -> None:
        """Come to an end at the next turn."""
        self._is_leaving = True

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # it left before it was greeted
            sock, _ = listener.accept()
            if len(self._conversations) < CONVERSATIONS:
                self._begin(sock)
            else:
                sock.close()

    def _begin(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        one = _Conversation(sock)
        self._conversations.add(one)
        self._ready.register(sock, selectors.EVENT_READ, lambda: self._hear(one))

    def _hear(self, one: _Conversation) -> None:
        try:
            order = frames.receive(one.sock, descriptors=1)
            if order is None:
                self._end(one)
                return
            try:
                self._carry_out(one, order)
            finally:
                order.close()
        except BlockingIOError:
            return
        except (Nonsense, OSError):
            self._end(one)

    def _carry_out(self, one: _Conversation, order: Frame) -> None:
        match order:
            case Frame(kind=Task.LAUNCH, descriptors=(descriptor,)):
                frames.send(one.sock, self._launched(one, order, descriptor))
            case Frame(kind=Task.END, descriptors=(pidfd,)):
                _kill(pidfd)
            case _:
                raise Nonsense("an order no gateway gives")

    def _launched(self, one: _Conversation, order: Frame, descriptor: int) -> Frame:
        try:
            asked = _order(order.body)
            if asked.module not in MODULES or (asked.arguments and not self._may_drill):
                return Frame(order.serial, Reply.REFUSED, b"it is not started here")
            if len(one.processes) >= PROCESSES:
                return Frame(order.serial, Reply.REFUSED, b"there are too many already")
            pidfd = launch_on(descriptor, asked.module, asked.arguments)
        except (OSError, msgspec.MsgspecError) as why:
            return Frame(order.serial, Reply.FAILED, type(why).__name__.encode())
        one.processes.add(pidfd)
        self._ready.register(pidfd, selectors.EVENT_READ, lambda: self._bury(one, pidfd))
        return Frame(order.serial, Reply.ANSWER, b"", (pidfd,))

    def _bury(self, one: _Conversation, pidfd: int) -> None:
        if pidfd not in one.processes:  # its conversation ended in the same turn
            return
        self._ready.unregister(pidfd)
        os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
        os.close(pidfd)
        one.processes.discard(pidfd)

    def _end(self, one: _Conversation) -> None:
        """The gateway has gone: so does all that worked for it. A forge's children die with their forge."""
        self._ready.unregister(one.sock)
        self._conversations.discard(one)
        for pidfd in tuple(one.processes):
            _kill(pidfd)
            self._bury(one, pidfd)
        one.sock.close()  # only now: whoever waits for this knows that all are gone


def _kill(pidfd: int) -> None:
    with suppress(OSError):  # it has ended, or is no process, or none of ours
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
