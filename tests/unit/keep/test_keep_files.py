"""Blobs in a directory: what the contract cannot see."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import Misconfigured, StoreAway, StoreBroken
from gateway.keep.files import FileBlobs
from gateway.transfer import BlobId

ONE, TWO = BlobId("1a" * 16), BlobId("1a" * 15 + "ff")


@pytest.fixture
def blobs(tmp_path: Path) -> Iterator[FileBlobs]:
    """A store in `tmp_path/blobs`."""
    store = FileBlobs(tmp_path / "blobs", largest_bytes=1)
    yield store
    store.close()


def keep(blobs: FileBlobs, blob: BlobId) -> None:
    """Keep a small blob."""
    draft = blobs.begin(blob)
    draft.write(b"content")
    draft.keep()


def test_everything_is_private(blobs: FileBlobs, tmp_path: Path) -> None:
    """Folders are 0700 and files 0600, whatever the umask."""
    keep(blobs, ONE)
    modes = {path.is_dir(): path.stat().st_mode & 0o777 for path in (tmp_path / "blobs").rglob("*")}

    assert {True: 0o700, False: 0o600} == modes


def test_leftovers_of_a_crash_are_swept_at_start(tmp_path: Path) -> None:
    """A draft nobody ended is gone after a restart, and its blob may be written again."""
    crashed = FileBlobs(tmp_path / "blobs", largest_bytes=1)
    crashed.begin(ONE).write(b"half")
    crashed.close()

    blobs = FileBlobs(tmp_path / "blobs", largest_bytes=1)

    assert [] == os.listdir(tmp_path / "blobs" / "drafts")
    keep(blobs, ONE)
    blobs.close()


def test_another_process_sweeps_nothing_of_ours(blobs: FileBlobs, tmp_path: Path) -> None:
    """While a store is open, opening the same folder again leaves its drafts alone."""
    draft = blobs.begin(ONE)
    draft.write(b"content")

    FileBlobs(tmp_path / "blobs", largest_bytes=1).close()
    draft.keep()

    assert b"content" == b"".join(blobs.open(ONE))


def test_no_room_is_said_before_the_first_byte(tmp_path: Path) -> None:
    """With less free than one and a half times the largest message, nothing is begun."""
    blobs = FileBlobs(tmp_path / "blobs", largest_bytes=1 << 60)

    with pytest.raises(StoreAway):
        blobs.begin(ONE)
    blobs.close()


@pytest.mark.parametrize("name", ["../../etc/passwd", "1A" * 16, "1a" * 15, "1a" * 33, "1a" * 16 + "\n", "", "x" * 32])
def test_only_ids_become_paths(blobs: FileBlobs, name: str) -> None:
    """Nothing but lower-case hex of the right length ever reaches the file system."""
    for call in (blobs.begin, blobs.open, blobs.size, blobs.erase):
        with pytest.raises(ValueError, match="blob id"):
            call(BlobId(name))


def test_links_are_not_followed(blobs: FileBlobs, tmp_path: Path) -> None:
    """A link in the place of a blob, or of a folder, is not what it points to."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    keep(blobs, ONE)
    (tmp_path / "blobs" / "1a" / TWO).symlink_to(secret)

    with pytest.raises(StoreBroken):
        blobs.open(TWO)
    (tmp_path / "link").symlink_to(tmp_path / "blobs")
    with pytest.raises(Misconfigured):
        FileBlobs(tmp_path / "link", largest_bytes=1)


def test_a_folder_others_can_reach_is_refused(tmp_path: Path) -> None:
    """The store does not start in a folder that other users may read."""
    (tmp_path / "blobs").mkdir(mode=0o755)

    with pytest.raises(Misconfigured, match="0700"):
        FileBlobs(tmp_path / "blobs", largest_bytes=1)


def test_a_failed_sync_is_never_tried_again(blobs: FileBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """After one fsync failed nothing more is kept, even if the next would report success."""
    calls: list[int] = []

    def failing(descriptor: int) -> None:
        calls.append(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    draft = blobs.begin(ONE)
    monkeypatch.setattr(os, "fsync", failing)

    for _ in range(2):
        with pytest.raises(StoreBroken):
            draft.keep()
    with pytest.raises(StoreBroken):
        blobs.begin(TWO)
    draft.drop()
    assert (1, []) == (len(calls), list(blobs.names()))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_may_be_tried_again(blobs: FileBlobs, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """A write refused for want of space or rights keeps nothing and breaks nothing."""

    def full(*_args: object) -> int:
        raise OSError(number, "no room")

    draft = blobs.begin(ONE)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(StoreAway):
            draft.write(b"content")
    draft.drop()

    keep(blobs, ONE)
    assert [ONE] == list(blobs.names())


def test_short_writes_are_carried_on(blobs: FileBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that takes fewer bytes than offered gets the rest."""
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, offset: real(file, data[:3], offset))

    keep(blobs, ONE)

    assert b"content" == b"".join(blobs.open(ONE))


def test_adopting_never_replaces(blobs: FileBlobs, tmp_path: Path) -> None:
    """A file is taken over by a rename, once."""
    for name in ("first", "second"):
        (tmp_path / name).write_bytes(name.encode())
    blobs.adopt(ONE, tmp_path / "first")
    with pytest.raises(ValueError, match="once"):
        blobs.adopt(ONE, tmp_path / "second")

    assert (b"first", False) == (b"".join(blobs.open(ONE)), (tmp_path / "first").exists())


def test_the_steps_to_durability_come_in_order(
    blobs: FileBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is synced before it is named, its folder after, and the folder's own name before that when it is new."""
    steps: list[str] = []
    fsync, rename = os.fsync, os.rename

    def note_sync(descriptor: int) -> None:
        steps.append("sync " + str(Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(tmp_path)))
        fsync(descriptor)

    def note_rename(old: str, new: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        steps.append("rename")
        rename(old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "rename", note_rename)
    keep(blobs, ONE)
    keep(blobs, TWO)

    first = [f"sync blobs/drafts/{ONE}", "sync blobs", "rename", "sync blobs/1a"]
    assert [*first, f"sync blobs/drafts/{TWO}", "rename", "sync blobs/1a"] == steps


def test_erasing_is_durable(blobs: FileBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is synced after a name was taken out of it."""
    keep(blobs, ONE)
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").readlink()))

    blobs.erase(ONE)

    assert [tmp_path / "blobs" / "1a"] == synced
