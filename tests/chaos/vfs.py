"""A file system for SQLite that fails on purpose, and forgets what was never synced when the power is cut.

`FaultyDisk(at=n, ...)` lets n-1 writing calls (write, sync, truncate, delete) through and meddles with the n-th:

    lost     the call is not done, and fails        stored   the call is done, and fails all the same
    torn     half of a write is done, and it fails  silent   the call is not done, and says it was

After `cut_power`, `leave` puts on the disk what was synced before and nothing else: the worst a drive that honours
flushes can make of it. Pages in SQLite's shared-memory file are never durable and are dropped.
"""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

_numbers = itertools.count()


class FaultyDisk(apsw.VFS):
    """The default file system with one fault in it. Use as a context manager; `name` is what `vfs=` takes."""

    def __init__(self, *, at: int = 0, how: str = "lost", error: int = apsw.SQLITE_IOERR_WRITE) -> None:
        self.name = f"faulty-{next(_numbers)}"
        self.calls: list[str] = []
        """Every writing call so far, as `word:file`."""
        self._at = at
        self._how = how
        self._error = error
        self._durable: dict[Path, bytes] = {}
        self._deleted: set[Path] = set()
        """Deleted, but the directory was not synced since: a power cut brings them back."""
        self._is_off = False
        super().__init__(self.name, "")

    def __enter__(self) -> Self:
        """Ready."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Gone."""
        self.unregister()

    @property
    def has_struck(self) -> bool:
        """True once the fault was met."""
        return 0 < self._at <= len(self.calls)

    def cut_power(self) -> None:
        """From now on nothing reaches the disk any more, whatever is still closed in an orderly way."""
        self._is_off = True

    def leave(self, folder: Path) -> None:
        """Put the folder into the state the power cut left. Close the connections first."""
        for path in folder.iterdir():
            path.unlink()  # also the claim to write: it holds nothing
        for path, content in self._durable.items():
            path.write_bytes(content)
            path.chmod(0o600)

    def strikes(self, word: str, path: Path) -> bool:
        """Count a writing call; True if this is the one to meddle with."""
        if self._is_off:
            return False
        self.calls.append(f"{word}:{path.name}")
        return len(self.calls) == self._at

    def outcome(self) -> tuple[bool, bool]:
        """Of the call that is struck: whether it is done, and whether it fails."""
        return self._how == "stored", self._how != "silent"

    def fail(self) -> None:
        """Raise what SQLite makes the error of."""
        raise apsw.exception_for(self._error)

    @property
    def is_tearing(self) -> bool:
        """True if half of a write is to be done."""
        return self._how == "torn"

    def synced(self, path: Path, *, with_folder: bool = False) -> None:
        """What the file holds now survives a power cut; and what became of the names beside it, if the folder does."""
        if self._is_off:
            return
        self._durable[path] = path.read_bytes()
        self._deleted.discard(path)
        if with_folder:
            for gone in self._deleted:
                self._durable.pop(gone, None)
            self._deleted.clear()

    # ── what SQLite calls ────────────────────────────────────────────────────────────────────────────────────────

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        """Open a file that counts its writes."""
        text = name.filename() if isinstance(name, apsw.URIFilename) else name
        path = Path(text or "")
        is_new = not path.exists()
        file = _FaultyFile(self, path, name, flags, is_new)
        if path not in self._durable and path.exists() and path.stat().st_size == 0 and path.suffix == ".sqlite":
            self.synced(path)  # made, and its name synced, before SQLite was asked
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Delete a file."""
        if self.strikes("delete", Path(filename)):
            is_done, is_failing = self.outcome()
            if is_done:
                super().xDelete(filename, syncdir)
                self._deleted.add(Path(filename))
            if is_failing:
                self.fail()
            return
        super().xDelete(filename, syncdir)
        self._deleted.add(Path(filename))


class _FaultyFile(apsw.VFSFile):
    def __init__(
        self, disk: FaultyDisk, path: Path, name: str | apsw.URIFilename | None, flags: list[int], is_new: bool
    ) -> None:
        super().__init__("", name, flags)  # type: ignore[arg-type]
        self._is_new = is_new
        self._disk = disk
        self._path = path

    def xWrite(self, data: bytes, offset: int) -> None:
        if self._disk.strikes("write", self._path):
            is_done, is_failing = self._disk.outcome()
            if is_done or self._disk.is_tearing:
                super().xWrite(data if is_done else bytes(data[: len(data) // 2]), offset)
            if is_failing:
                self._disk.fail()
            return
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        is_struck = self._disk.strikes("sync", self._path)
        is_done, is_failing = self._disk.outcome() if is_struck else (True, False)
        if is_done:
            super().xSync(flags)
            # SQLite syncs the folder along with the first sync of a journal or log it has made.
            self._disk.synced(self._path, with_folder=self._is_new)
            self._is_new = False
        if is_failing:
            self._disk.fail()

    def xTruncate(self, size: int) -> None:
        is_struck = self._disk.strikes("truncate", self._path)
        is_done, is_failing = self._disk.outcome() if is_struck else (True, False)
        if is_done:
            super().xTruncate(size)
        if is_failing:
            self._disk.fail()


def close_quietly(store: object) -> None:
    """Close a store whose disk may still be failing."""
    with contextlib.suppress(Exception):
        store.close()  # type: ignore[attr-defined]
