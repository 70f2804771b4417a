"""Misbehaviour on request: what a confined process that was taken over might do. Never in a gateway's table of tasks.

Only a pool or forge that was made `with_drills` has this task; the chaos tests use it.
"""

from __future__ import annotations

import array
import os
import socket
import time
from collections.abc import Callable

import msgspec

from gateway.engine.workshop.frames import SOCKET
from gateway.engine.workshop.memory import Memory
from gateway.engine.workshop.orders import DrillOrder
from gateway.engine.workshop.serving import Answer, Content
from gateway.errors import Unreadable


def drill(body: bytes, contents: tuple[Content, ...]) -> Answer:
    """Do what is asked, on the order's content."""
    order = msgspec.msgpack.decode(body, type=DrillOrder)
    return _DRILLS[order.name](contents[0][:] if contents else order.content)


def _crash(content: bytes) -> Answer:
    os.abort()


def _leave(content: bytes) -> Answer:
    os._exit(0)


def _hang(content: bytes) -> Answer:
    while True:
        time.sleep(3600)


def _spin(content: bytes) -> Answer:
    while True:
        pass


def _hoard(content: bytes) -> Answer:
    heap = []
    while True:
        heap.append(bytearray(1 << 26))


def _fill(content: bytes) -> Answer:
    memory = Memory()
    while True:
        memory.write(bytes(1 << 20))


def _refuse(content: bytes) -> Answer:
    raise Unreadable("two readings")


def _blunder(content: bytes) -> Answer:
    raise KeyError(content)  # quotes the content: the gateway must never hear it


def _say(content: bytes) -> Answer:
    """Send the content as it stands, as if it were a frame."""
    os.write(SOCKET, content)
    return Answer(b"")


def _lend(content: bytes) -> Answer:
    """The same with an anonymous file beside it that can still be changed."""
    memory = Memory(b"changing")
    _send(content, (memory.descriptor,))
    return Answer(b"")


def _litter(content: bytes) -> Answer:
    """The same with more descriptors than anyone asked for."""
    _send(content, (SOCKET,) * 9)
    return Answer(b"")


def _send(data: bytes, descriptors: tuple[int, ...]) -> None:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=SOCKET)
    sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))])
    sock.detach()


_DRILLS: dict[str, Callable[[bytes], Answer]] = {
    "echo": Answer,
    "crash": _crash,
    "leave": _leave,
    "hang": _hang,
    "spin": _spin,
    "hoard": _hoard,
    "fill": _fill,
    "refuse": _refuse,
    "blunder": _blunder,
    "say": _say,
    "lend": _lend,
    "litter": _litter,
}
