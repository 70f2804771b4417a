"""What the gateway and a confined process say to each other: one frame a message of a sequenced-packet socket pair.

    serial u32 · kind u8 · body, at most 64 KiB · up to two descriptors beside it

The kernel keeps the borders of frames, so no length can lie and nothing is ever read in halves. What is larger than a
frame travels as a sealed anonymous file. Both sides send only when it is their turn, so a send never has to wait.
Every byte from a confined process is hostile: what does not have this form is `Nonsense`, and ends its sender.
"""

from __future__ import annotations

import array
import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from gateway.engine.workshop.memory import Memory
from gateway.errors import Failure

_HEADER = struct.Struct("!IB")
BODY_BYTES = 64 * 1024
_FRAME_BYTES = _HEADER.size + BODY_BYTES
_SAID_BYTES = 200
SOCKET = 3
"""The descriptor under which every confined process has its end."""


class Nonsense(Failure):
    """A frame that cannot be one."""


class Task(IntEnum):
    """What may be asked of a confined process, or of the hall: the kind of a frame from the gateway."""

    SKELETON = 1
    ENCRYPT = 2
    FORK = 3
    INSPECT = 4
    CLEAN = 5
    VERIFY = 6
    PROBE = 7
    DRILL = 8
    LAUNCH = 9
    END = 10


class Reply(IntEnum):
    """What came of it: the kind of a frame to the gateway."""

    READY = 0
    ANSWER = 1
    LAST = 2
    """An answer; and the process has worked long enough, another may take its place."""
    REFUSED = 3
    """The content is not acceptable; the body says why."""
    EXCEEDED = 4
    """A limit was met."""
    FAILED = 5
    """Something unexpected; the process is not to be used again."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message. Whoever receives it owns its descriptors."""

    serial: int
    kind: int
    body: bytes
    descriptors: tuple[int, ...] = ()

    def close(self) -> None:
        """Close the descriptors nobody wants."""
        for descriptor in self.descriptors:
            os.close(descriptor)

    @property
    def said(self) -> str:
        """The body as words fit for a log: bounded, printable ASCII."""
        text = self.body[:_SAID_BYTES].decode("ascii", "replace")
        return "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in text)


def pair() -> tuple[socket.socket, socket.socket]:
    """Our end and theirs."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(sock: socket.socket, frame: Frame) -> None:
    """Send one frame; its descriptors stay the caller's. Raises `OSError`."""
    ancillary = []
    if frame.descriptors:
        ancillary.append((socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", frame.descriptors)))
    sock.sendmsg([_HEADER.pack(frame.serial, frame.kind), frame.body], ancillary, socket.MSG_NOSIGNAL)


def receive(sock: socket.socket, *, descriptors: int) -> Frame | None:
    """The next frame, with at most so many descriptors; None at the end. Raises `Nonsense` or `OSError`."""
    # CMSG_LEN, not CMSG_SPACE: padding would let the kernel install one descriptor more.
    room = socket.CMSG_LEN(4 * descriptors) if descriptors else 0
    untrusted_data, ancillary, flags, _ = sock.recvmsg(_FRAME_BYTES, room, socket.MSG_CMSG_CLOEXEC)
    received = _descriptors(ancillary) if ancillary else ()
    if not untrusted_data and not received:
        return None
    if len(untrusted_data) < _HEADER.size or flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
        for descriptor in received:
            os.close(descriptor)
        raise Nonsense("a frame of impossible size")
    serial, kind = _HEADER.unpack_from(untrusted_data)
    return Frame(serial, kind, untrusted_data[_HEADER.size :], received)


def spill(body: bytes) -> tuple[bytes, Memory | None]:
    """The body if it fits a frame, else a sealed anonymous file for it."""
    if len(body) <= BODY_BYTES:
        return body, None
    memory = Memory(body)
    memory.seal()
    return b"", memory


def _descriptors(ancillary: Sequence[tuple[int, int, bytes]]) -> tuple[int, ...]:
    found = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: len(data) - len(data) % found.itemsize])
    return tuple(found)
