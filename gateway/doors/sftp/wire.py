"""The frame of SFTP version 3, and its numbers: draft-ietf-secsh-filexfer-02 §3.

Promises: a message is bounded on its length word, before a byte of it is kept; a message that arrived in one piece is
taken as a view, not a copy, and one in several pieces is copied once, into a room that all inboxes of a door may share.
Knows nothing of what a message says.
"""

from __future__ import annotations

import itertools
import struct
from collections import deque
from enum import IntEnum, IntFlag

VERSION = 3
MAX_MESSAGE = 261_120
"""Type and body, without the length word; what `limits@openssh.com` says as the packet length, unless less is set."""
LEAST_MESSAGE = 34_000
"""What every client may send (draft-ietf-secsh-filexfer-02 §3)."""
MAX_DATA = 260_096
"""Of one READ or WRITE."""
SMALL = 4096
"""Pieces below this are put together: a byte a packet must not cost an object a byte."""

_U32 = struct.Struct(">I")


class Kind(IntEnum):
    """The packet types (§3)."""

    INIT = 1
    VERSION = 2
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    FSTAT = 8
    SETSTAT = 9
    FSETSTAT = 10
    OPENDIR = 11
    READDIR = 12
    REMOVE = 13
    MKDIR = 14
    RMDIR = 15
    REALPATH = 16
    STAT = 17
    RENAME = 18
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED = 200
    EXTENDED_REPLY = 201


class Flags(IntFlag):
    """How a file is opened (§6.3)."""

    READ = 0x01
    WRITE = 0x02
    APPEND = 0x04
    CREATE = 0x08
    TRUNCATE = 0x10
    EXCLUSIVE = 0x20


class Breach(Exception):
    """The peer does not speak the protocol; there is no request to answer. The channel ends."""


class Inbox:
    """Bytes in, whole messages out. Holds what was fed and not yet taken; the caller bounds that by its window.

    A message is to be used up before anybody sharing the `room` takes the next one.
    """

    def __init__(self, room: bytearray | None = None, *, most: int = MAX_MESSAGE) -> None:
        self._most = most
        self._pieces: deque[bytes | bytearray | memoryview] = deque()
        self._room = room
        self._at = 0
        self.size = 0
        """Bytes waiting."""

    def feed(self, untrusted: bytes | memoryview) -> None:
        """Keep it."""
        if not untrusted:
            return
        self.size += len(untrusted)
        if len(untrusted) < SMALL and self._pieces and len(self._pieces[-1]) < 16 * SMALL:
            last = self._pieces[-1]
            if isinstance(last, bytearray):
                last += untrusted
            else:
                self._pieces[-1] = bytearray(last) + untrusted
        else:
            self._pieces.append(untrusted)

    def next(self) -> memoryview | None:
        """The next message without its length word, or None while it is not whole. Raises `Breach`."""
        if self.size < 4:
            return None
        (length,) = _U32.unpack(self._peek())
        if not 1 <= length <= self._most:
            raise Breach(f"a message of {length} bytes")
        if self.size < 4 + length:
            return None
        self._take(4)
        return self._take(length)

    def _peek(self) -> bytes:
        """The length word, which may lie across pieces; none is empty, so four more are enough."""
        found = bytes(self._pieces[0][self._at : self._at + 4])
        for piece in itertools.islice(self._pieces, 1, 5):
            if len(found) >= 4:
                break
            found += piece[: 4 - len(found)]
        return found

    def _take(self, count: int) -> memoryview:
        self.size -= count
        first, start, end = self._pieces[0], self._at, self._at + count
        if end <= len(first):
            self._advance(end)
            if isinstance(first, bytearray):
                return memoryview(bytes(first[start:end]))  # it may still grow, which a view of it would forbid
            return memoryview(first)[start:end]
        whole = memoryview(self._room if self._room is not None and count <= len(self._room) else bytearray(count))
        filled = 0
        while filled < count:
            with memoryview(self._pieces[0]) as piece:
                size = min(count - filled, len(piece) - self._at)
                whole[filled : filled + size] = piece[self._at : self._at + size]
            filled += size
            self._advance(self._at + size)
        return whole[:count]

    def _advance(self, at: int) -> None:
        self._at = at
        if at == len(self._pieces[0]):
            self._pieces.popleft()
            self._at = 0
