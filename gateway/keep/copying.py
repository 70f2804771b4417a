"""A copy of the SQLite file, taken by the connection that writes it while it goes on writing; and its keys, apart.

SQLite begins a copy anew whenever *another* connection has written, so that of a busy office there would never be one.
What the copying connection itself writes goes into both (sqlite.org, backup.html). So the one writer copies, some pages
at a time, between its own commits.

A copy that is to leave the machine leaves its wrapped data keys behind: whoever has the copy, and the office's own keys
besides, still opens nothing that was forgotten since.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

import apsw

from gateway.errors import Misconfigured, StoreAway, StoreBroken, Tampering
from gateway.keep.database import failure_of
from gateway.keep.private import READ, opened, sync, sync_folder

PAGES = 512
"""In one step: 2 MiB, a few milliseconds, for which a commit waits."""
STEPS_A_SYNC = 8
"""So that no sync of the records' own waits behind a disk's worth of the copy's."""


class SqliteCopy:
    """Satisfies `Copying`. `lock` is held while the writing connection is used."""

    def __init__(self, source: apsw.Connection, lock: threading.Lock, path: Path) -> None:
        self._lock = lock
        self._path = path
        try:
            path.unlink(missing_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        except OSError as why:
            raise StoreAway(f"no copy can be made at {path}: {why.strerror}") from why
        self._steps = 0
        self._copy: apsw.Connection | None = None
        try:
            with lock:
                self._copy = apsw.Connection(str(path))
                self._copy.pragma("synchronous", "OFF")  # what it is worth is decided by our own sync, outside the lock
                self._copy.pragma("journal_mode", "OFF")
                self._backup = self._copy.backup("main", source, "main")
        except apsw.Error as why:
            raise failure_of(why) from why

    def step(self) -> bool:
        """See `Copying.step`."""
        if self._copy is None:
            raise ValueError("this copy has ended")
        try:
            with self._lock:
                is_whole = self._backup.step(PAGES)
                if is_whole:
                    self._backup.finish()
            self._steps += 1
            if not is_whole:
                if self._steps % STEPS_A_SYNC == 0:
                    self._sync()
                return False
            self._close()
        except apsw.Error as why:
            self.drop()
            raise failure_of(why) from why
        self._sync()
        sync_folder(self._path.parent)
        return True

    def drop(self) -> None:
        """See `Copying.drop`."""
        if self._copy is not None:
            with self._lock:
                self._backup.close(True)
            self._close()
            self._path.unlink(missing_ok=True)

    @property
    def done(self) -> tuple[int, int]:
        """See `Copying.done`."""
        if self._copy is None:
            return (1, 1)
        return self._backup.page_count - self._backup.remaining, self._backup.page_count

    def _sync(self) -> None:
        with opened(self._path, READ) as file:
            sync(file, self._path.name)

    def _close(self) -> None:
        copy, self._copy = self._copy, None
        if copy is not None:
            copy.close()


def keys_in(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every stream's wrapped data key in a copy. Raises `StoreBroken` if it cannot be read."""
    with _edited(path) as db:
        rows = db.execute("SELECT name, key FROM wrapped_key JOIN stream ON stream.id = wrapped_key.stream")
        yield from cast("Iterator[tuple[str, bytes]]", rows)


def leave_keys(path: Path) -> None:
    """Take the wrapped keys out of a copy: no page of it holds one any more."""
    with _edited(path) as db:
        db.pragma("journal_mode", "DELETE")
        db.pragma("secure_delete", True)
        db.execute("DELETE FROM wrapped_key")


def put_keys(path: Path, keys: Iterable[tuple[str, bytes]]) -> int:
    """Put keys back beside their streams; how many there are. A key whose stream the copy does not know is left out."""
    put = "INSERT OR IGNORE INTO wrapped_key SELECT id, ? FROM stream WHERE name = ?"
    with _edited(path) as db:
        with db:
            db.executemany(put, ((key, name) for name, key in keys))
        count = db.execute("SELECT count(*) FROM wrapped_key").get
    return int(cast("int", count))


def check_copy(path: Path) -> None:
    """Raises `Tampering` unless SQLite finds the copy whole."""
    try:
        with _edited(path) as db:
            found = db.execute("PRAGMA quick_check(1)").get
    except StoreBroken as why:
        raise Tampering(f"the records in this copy are damaged: {why.cause}") from why
    if found != "ok":
        raise Tampering(f"the records in this copy are damaged: {found}")


@contextmanager
def _edited(path: Path) -> Iterator[apsw.Connection]:
    """The copy, which nobody else has open."""
    if not path.is_file():  # SQLite would make one
        raise Misconfigured(f"there are no records at {path}")
    try:
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as db:
            yield db
    except apsw.Error as why:
        raise failure_of(why) from why
