"""A blob's bytes in order, from a file or from memory: each part waited for, or taken only if it need not be.

What the kernel has in memory is read in the time it takes to copy it. To hand such a read to a thread costs many times
that, so whoever lives on a loop asks first whether there is anything to wait for (`RWF_NOWAIT`, Linux 4.14).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

from gateway.keep.private import failure_of

PIECES = 8
"""Read at once, after the first."""


class _Here:
    """What has been read and not yet given."""

    def __init__(self) -> None:
        self._here: list[bytes | bytearray] = []
        """The next one last."""

    def __iter__(self) -> Iterator[bytes | bytearray]:
        """Itself."""
        return self

    def __next__(self) -> bytes | bytearray:
        """See `Pieces`."""
        if not self._here:
            raise StopIteration
        return self._here.pop()

    def fill(self, room: memoryview) -> bool:
        """See `Pieces.fill`."""
        if sum(map(len, self._here)) < len(room):
            return False
        at = 0
        while at < len(room):
            piece = self._here.pop()
            size = min(len(piece), len(room) - at)
            room[at : at + size] = piece[:size]
            at += size
            if size < len(piece):
                self._here.append(piece[size:])
        return True


class MemoryPieces(_Here):
    """Satisfies `keep.Pieces` for what lies in memory."""

    def __init__(self, content: bytes, offset: int = 0, *, piece_bytes: int) -> None:
        super().__init__()
        self._here += (content[at : at + piece_bytes] for at in reversed(range(offset, len(content), piece_bytes)))


class FilePieces(_Here):
    """Satisfies `keep.Pieces` for an open file, which it owns and closes."""

    def __init__(self, file: int, offset: int, *, piece_bytes: int) -> None:
        super().__init__()
        self._file = file
        self._offset = offset
        self._piece_bytes = piece_bytes
        self._counts = itertools.chain((1,), itertools.repeat(PIECES))

    def __next__(self) -> bytes | bytearray:
        """See `Pieces`. Raises `StoreAway`."""
        if not self._here:
            self._read()
        return super().__next__()

    def fill(self, room: memoryview) -> bool:
        """See `Pieces.fill`."""
        if self._here:
            return super().fill(room)
        try:
            is_all = os.preadv(self._file, [room], self._offset, os.RWF_NOWAIT) == len(room)
        except OSError:
            return False  # it has to be waited for, or this file system cannot tell; any other fault meets who waits
        self._offset += len(room) if is_all else 0
        return is_all

    def _read(self) -> None:
        rooms = [bytearray(self._piece_bytes) for _ in range(next(self._counts))]
        try:
            size = os.preadv(self._file, rooms, self._offset)
        except OSError as why:
            raise failure_of(why, "reading a blob") from why
        self._offset += size
        whole, rest = divmod(size, self._piece_bytes)
        if rest:
            rooms[whole] = rooms[whole][:rest]
        self._here += reversed(rooms[: whole + bool(rest)])

    def __del__(self) -> None:
        os.close(self._file)
