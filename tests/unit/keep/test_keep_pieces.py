"""A file's bytes: taken while the kernel has them in memory, waited for otherwise."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from gateway.keep.pieces import FilePieces

CONTENT = bytes(range(256)) * 1_000
PIECE = 65_564


@pytest.fixture
def pieces(tmp_path: Path) -> FilePieces:
    """Of a file that was just written, so that the kernel has it."""
    (tmp_path / "file").write_bytes(CONTENT)
    return FilePieces(os.open(tmp_path / "file", os.O_RDONLY), 0, piece_bytes=PIECE)


class Disk:
    """Answers a read that must not wait as it is told; any other as ever."""

    def __init__(self) -> None:
        self.here = 0
        """So many bytes of what is asked for are in memory."""
        self.refusal = 0
        self._preadv = os.preadv

    def preadv(self, file: int, rooms: Any, offset: int, flags: int = 0) -> int:
        if flags and self.refusal:
            raise OSError(self.refusal, os.strerror(self.refusal))
        return self._preadv(file, [rooms[0][: self.here]] if flags else rooms, offset)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Instead of the kernel's."""
    found = Disk()
    monkeypatch.setattr(os, "preadv", found.preadv)
    return found


def test_what_is_in_memory_is_taken(pieces: FilePieces, disk: Disk) -> None:
    """Without waiting, and what comes next goes on behind it."""
    disk.here, room = PIECE, bytearray(PIECE)

    assert pieces.fill(memoryview(room))

    assert CONTENT == room + b"".join(pieces)


def test_what_is_there_in_part_is_not_taken(pieces: FilePieces, disk: Disk) -> None:
    """Half a record opens nothing."""
    disk.here = PIECE - 1

    assert not pieces.fill(memoryview(bytearray(PIECE)))

    assert CONTENT == b"".join(pieces)


@pytest.mark.parametrize("refusal", [errno.EAGAIN, errno.EOPNOTSUPP, errno.EIO])
def test_what_would_be_waited_for_is_left_to_who_waits(pieces: FilePieces, disk: Disk, refusal: int) -> None:
    """The page is on the disk, the file system cannot tell, or the disk is broken: who waits will learn it."""
    disk.refusal = refusal

    assert not pieces.fill(memoryview(bytearray(PIECE)))

    assert CONTENT == b"".join(pieces)


def test_the_file_is_closed_when_nobody_reads_it_any_more(tmp_path: Path) -> None:
    """Half read or not begun."""
    (tmp_path / "file").write_bytes(CONTENT)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(8):
        next(FilePieces(os.open(tmp_path / "file", os.O_RDONLY), 0, piece_bytes=PIECE))
    assert before == len(os.listdir("/proc/self/fd"))
