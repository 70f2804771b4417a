"""Blobs in a local directory: the default, with nothing to install.

    folder/            0700, ours alone
    ├── drafts/        being written; swept at start
    └── 3f/3f9a…       kept; a blob's name is its id, in a folder of its first two digits

To keep a blob: write, fsync the file, rename it into place, fsync the directory (and its parent when that is new).
Short of the last step the bytes survive a power cut and the name does not (measured, handbook `reliability.md` §4).
A failed fsync is `StoreBroken`, and this store then refuses to keep anything more. No user's text reaches a path, and
no link is followed: everything is opened relative to a directory already held open.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import StoreAway, StoreBroken
from gateway.keep import Draft
from gateway.keep.pieces import FilePieces
from gateway.keep.private import CREATE, FOLDER, READ, failure_of, open_folder, sync, write_all
from gateway.keep.sealed import STRIDE
from gateway.transfer import BlobId

PIECE = STRIDE
"""A record: a piece that is larger costs more to find room for than to read."""
LEAST_FREE_FILES = 16
DRAFTS = "drafts"

_BLOB = re.compile(r"[0-9a-f]{32,64}", re.ASCII)
_FAN = re.compile(r"[0-9a-f]{2}", re.ASCII)


class FileBlobs:
    """`Blobs` in `folder`. Any thread may call; close it when done."""

    def __init__(self, folder: Path, *, largest_bytes: int) -> None:
        self._room_bytes = largest_bytes * 3 // 2
        self._broken: StoreBroken | None = None
        self._lock = threading.Lock()
        self._fans: dict[str, int] = {}
        self._root = open_folder(folder, create=True)
        self._drafts = open_folder(folder / DRAFTS, create=True)
        self._sweep()

    def close(self) -> None:
        """Let go of the folders."""
        with self._lock:
            for descriptor in (self._root, self._drafts, *self._fans.values()):
                os.close(descriptor)
            self._fans.clear()

    def check_room(self) -> None:
        """See `Blobs.check_room`."""
        free = os.fstatvfs(self._root)
        if free.f_bavail * free.f_frsize < self._room_bytes:
            raise StoreAway(f"less than {self._room_bytes} bytes are free for blobs")
        if free.f_files and free.f_favail < LEAST_FREE_FILES:  # 0 files in all: a file system that does not count
            raise StoreAway("no more files can be made for blobs")

    def begin(self, blob: BlobId) -> Draft:
        """See `Blobs.begin`."""
        _check(blob)
        if self._broken:
            raise self._broken
        self.check_room()
        try:
            file = os.open(blob, CREATE, 0o600, dir_fd=self._drafts)
        except FileExistsError:
            raise ValueError("this blob is being written already") from None
        except OSError as why:
            raise failure_of(why, "starting a blob") from why
        draft = FileDraft(self, blob, file)
        if self._exists(blob):  # asked only now that our draft keeps every other writer of this blob out
            draft.drop()
            raise ValueError("a blob is written once")
        return draft

    def open(self, blob: BlobId, offset: int = 0) -> FilePieces:
        """See `Blobs.open`. What was opened stays readable to its end, even when it is erased meanwhile."""
        with self._finding(blob) as fan:
            return FilePieces(os.open(blob, READ, dir_fd=fan), offset, piece_bytes=PIECE)

    def size(self, blob: BlobId) -> int:
        """See `Blobs.size`."""
        with self._finding(blob) as fan:
            return os.stat(blob, dir_fd=fan, follow_symlinks=False).st_size

    def erase(self, blob: BlobId) -> None:
        """See `Blobs.erase`."""
        try:
            with self._finding(blob) as fan:
                os.unlink(blob, dir_fd=fan)
                self.sync(fan, "a blob's folder")
        except KeyError:
            return

    def names(self) -> Iterator[BlobId]:
        """See `Blobs.names`."""
        for fan in sorted(name for name in os.listdir(self._root) if _FAN.fullmatch(name)):
            yield from (BlobId(name) for name in sorted(os.listdir(self._fan(fan))) if _BLOB.fullmatch(name))

    def adopt(self, blob: BlobId, path: Path) -> None:
        """See `Adopts.adopt`."""
        if self._exists(blob):
            raise ValueError("a blob is written once")
        try:
            file = os.open(path, READ)
            try:
                self.sync(file, "a blob")
                fan = self._fan(blob[:2], create=True)
                os.rename(path, blob, dst_dir_fd=fan)
            finally:
                os.close(file)
        except OSError as why:
            raise failure_of(why, "adopting a blob") from why
        self.sync(fan, "a blob's folder")

    # ── for drafts ───────────────────────────────────────────────────────────────────────────────────────────────

    def publish(self, blob: BlobId, file: int) -> None:
        """Make a finished draft durable under its name."""
        self.sync(file, "a blob")
        try:
            fan = self._fan(blob[:2], create=True)
            os.rename(blob, blob, src_dir_fd=self._drafts, dst_dir_fd=fan)
        except OSError as why:
            raise failure_of(why, "naming a blob") from why
        self.sync(fan, "a blob's folder")

    def discard(self, blob: BlobId) -> None:
        """Remove a draft; no need for durability, since the next start sweeps."""
        try:
            os.unlink(blob, dir_fd=self._drafts)
        except FileNotFoundError:
            return
        except OSError as why:
            raise failure_of(why, "removing a draft") from why

    def sync(self, descriptor: int, what: str) -> None:
        """Make a file or directory durable. After one failure nothing is durable here any more."""
        if self._broken:
            raise self._broken
        try:
            sync(descriptor, what)
        except StoreBroken as why:
            self._broken = why
            raise

    # ── folders ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _sweep(self) -> None:
        """Remove drafts a crash left behind, unless another process is using the folder: some may be its own."""
        try:
            fcntl.flock(self._drafts, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            for name in os.listdir(self._drafts):
                os.unlink(name, dir_fd=self._drafts)
        fcntl.flock(self._drafts, fcntl.LOCK_SH)  # held until we close: while we live, nobody sweeps

    def _exists(self, blob: BlobId) -> bool:
        try:
            self.size(blob)
        except KeyError:
            return False
        return True

    @contextmanager
    def _finding(self, blob: BlobId) -> Iterator[int]:
        _check(blob)
        try:
            yield self._fan(blob[:2])
        except FileNotFoundError:
            raise KeyError(blob) from None
        except OSError as why:
            raise failure_of(why, "reading a blob") from why

    def _fan(self, name: str, *, create: bool = False) -> int:
        """The folder for blobs whose ids start with `name`; opened once. Raises `OSError`."""
        fan = self._fans.get(name)
        if fan is not None:
            return fan
        with self._lock:
            if name in self._fans:
                return self._fans[name]
            try:
                fan = os.open(name, FOLDER, dir_fd=self._root)
            except FileNotFoundError:
                if not create:
                    raise
                os.mkdir(name, 0o700, dir_fd=self._root)
                fan = os.open(name, FOLDER, dir_fd=self._root)
            # Also when it was there: a crash may have come between its making and this.
            self.sync(self._root, "the blobs' folder")
            self._fans[name] = fan
            return fan


class FileDraft:
    """A blob being written; see `Draft`."""

    def __init__(self, blobs: FileBlobs, blob: BlobId, file: int) -> None:
        self._blobs = blobs
        self._blob = blob
        self._file: int | None = file
        self._size = 0

    def write(self, data: bytes) -> None:
        """See `Draft.write`."""
        try:
            write_all(self._open_file(), data, self._size)
        except OSError as why:
            raise failure_of(why, "writing a blob") from why
        self._size += len(data)

    def keep(self) -> None:
        """See `Draft.keep`."""
        self._blobs.publish(self._blob, self._open_file())
        self._end()

    def drop(self) -> None:
        """See `Draft.drop`."""
        if self._end():
            self._blobs.discard(self._blob)

    def _open_file(self) -> int:
        if self._file is None:
            raise ValueError("the draft has ended")
        return self._file

    def _end(self) -> bool:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
        return file is not None


def _check(blob: BlobId) -> None:
    if not _BLOB.fullmatch(blob):
        raise ValueError("not a blob id")
