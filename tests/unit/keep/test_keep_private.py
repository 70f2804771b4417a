"""Folders and files that belong to this user alone."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from gateway.errors import Misconfigured, StoreAway, StoreBroken
from gateway.keep import private


def test_a_file_is_replaced_whole_and_durably(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new content is synced before it takes the name, and the folder after."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    seen: list[tuple[str, bytes]] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        seen.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, path.read_bytes()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    private.replace_file(path, b"new")

    assert [("file.new", b"old"), (tmp_path.name, b"new")] == seen
    assert 0o600 == path.stat().st_mode & 0o777


def test_what_a_crash_left_beside_is_replaced(tmp_path: Path) -> None:
    """A half-written successor of an earlier run is thrown away."""
    (tmp_path / "file.new").write_bytes(b"half")

    private.replace_file(tmp_path / "file", b"whole")

    assert (b"whole", ["file"]) == ((tmp_path / "file").read_bytes(), os.listdir(tmp_path))


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.ENOSPC, StoreAway), (errno.EDQUOT, StoreAway), (errno.EROFS, StoreAway), (errno.EIO, StoreBroken)],
)
def test_the_systems_number_decides(number: int, expected: type[Exception]) -> None:
    """A full or read-only disk may be tried again; what was not foreseen stops the process."""
    assert expected is type(private.failure_of(OSError(number, "why"), "writing"))


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_a_failed_sync_is_broken_whatever_the_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Even a sync that fails for want of space may have lost bytes."""

    def failing(_descriptor: int) -> None:
        raise OSError(number, "why")

    monkeypatch.setattr(os, "fsync", failing)

    with pytest.raises(StoreBroken):
        private.replace_file(tmp_path / "file", b"new")


def test_an_enormous_file_is_refused(tmp_path: Path) -> None:
    """Settings are small: a file beyond the limit is not read into memory."""
    path = tmp_path / "file"
    path.touch(mode=0o600)
    os.truncate(path, private.LARGEST_FILE + 1)

    with pytest.raises(Misconfigured, match="larger"):
        private.read_file(path)
