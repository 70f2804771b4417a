"""Records in one SQLite file: the default, with nothing to install.

One connection writes, behind a lock, and it alone checkpoints; each reading thread has its own read-only connection
and sees a snapshot. A commit is one fdatasync of the write-ahead log. After an error that leaves durability in doubt
nothing is written any more: the process stops, and the next start decides by what it finds.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, cast

import apsw

from gateway.errors import Conflict, StoreBroken, Tampering
from gateway.keep import Append, Head, Redaction
from gateway.keep.copying import SqliteCopy
from gateway.keep.database import claim_writing, failure_of, open_writer, sync_log
from gateway.keep.order import check_order
from gateway.keep.reading import SqliteReading, read_register

CHECKPOINT_PAGES = 2_000
"""The log is folded into the file when it has grown by this much: 8 MB."""
NO_BOXES = (b"",) * 6
CLASSES = ("op", "snd", "rcp", "obj", "net", "sec")


class SqliteRecords(SqliteReading):
    """`Records`, `Tidies`, `Erases`, `Copies` on a local disk, for the one process that writes. Any thread may call."""

    def __init__(self, path: Path, *, vfs: str | None = None) -> None:
        super().__init__(path, vfs=vfs)
        self._claim_to_write: int | None = claim_writing(path)
        try:
            self._writer = open_writer(path, vfs=vfs)
        except BaseException:
            self._let_go()
            raise
        self._writer.set_wal_hook(self._note_log_size)
        self._lock = threading.Lock()
        self._log_pages = 0
        self._broken: StoreBroken | None = None

    def close(self) -> None:
        """Close every connection. A store in doubt is left exactly as it is for the next start to judge."""
        with self._lock:
            super().close()
            self._writer.close()
            self._let_go()

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def append(self, appends: Sequence[Append], *, old: Head | None, new: Head) -> None:
        """See `Records.append`."""
        check_order(appends, old=old, new=new)
        with self._writing() as db:
            _move_head(db, old, new)
            ids = _enter_streams(db, appends)
            db.executemany(
                "INSERT INTO fact (stream, version, kind, at_ms, first_index, body) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (ids[append.stream], row.version, row.kind, row.at_ms, row.first_index, row.body)
                    for append in appends
                    for row in append.rows
                ],
            )
            db.executemany(
                "INSERT INTO leaf VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (leaf.index, ids[append.stream], leaf.version, leaf.leg, leaf.entry, leaf.hash)
                    + (leaf.boxes or NO_BOXES)
                    for append in appends
                    for leaf in append.leaves
                ],
            )
            db.executemany(
                "INSERT OR IGNORE INTO term VALUES (?, ?)",
                [(term, ids[append.stream]) for append in appends for term in append.terms],
            )
            db.executemany(
                "INSERT INTO content (blob, stream, sealed) VALUES (?, ?, ?)",
                [(one.blob, ids[append.stream], one.sealed) for append in appends for one in append.contents],
            )

    def claim(self, *, now_ms: int, until_ms: int, limit: int) -> tuple[str, ...]:
        """See `Records.claim`."""
        due = "SELECT id, name FROM stream WHERE due_ms <= ? ORDER BY due_ms, id LIMIT ?"
        with self._reading() as db:
            if not db.execute(due, (now_ms, 1)).fetchall():  # most looks find nothing: no write, no sync
                return ()
        with self._writing() as db:
            streams = cast("list[tuple[int, str]]", db.execute(due, (now_ms, limit)).fetchall())
            db.executemany("UPDATE stream SET due_ms = ? WHERE id = ?", [(until_ms, stream) for stream, _ in streams])
        return tuple(name for _, name in streams)

    def swap(self, register: str, *, old: bytes | None, new: bytes | None) -> bytes | None:
        """See `Records.swap`."""
        if old == new:
            with self._reading() as db:
                return read_register(db, register)
        with self._writing() as db:
            held = read_register(db, register)
            if held != old:
                return held
            if new is None:
                db.execute("DELETE FROM register WHERE name = ?", (register,))
            else:
                db.execute("INSERT OR REPLACE INTO register VALUES (?, ?)", (register, new))
        return new

    def forget(self, stream: str) -> None:
        """See `Records.forget`. Old bytes live on in the log until `shrink`."""
        with self._writing() as db:
            ids = db.execute("SELECT id FROM stream WHERE name = ?", (stream,)).fetchall()
            for of in ids:
                db.execute("DELETE FROM wrapped_key WHERE stream = ?", of)
                db.execute("UPDATE fact SET body = x'' WHERE stream = ?", of)
                db.execute(
                    "UPDATE leaf SET op = x'', snd = x'', rcp = x'', obj = x'', net = x'', sec = x'' WHERE stream = ?",
                    of,
                )
                db.execute("DELETE FROM term WHERE stream = ?", of)
                db.execute("DELETE FROM content WHERE stream = ?", of)
                db.execute("UPDATE stream SET due_ms = NULL WHERE id = ?", of)
                db.execute("DELETE FROM stream WHERE id = ? AND version = 0", of)  # its very name says whom it was for

    def redact(self, redactions: Sequence[Redaction]) -> None:
        """See `Erases.redact`."""
        with self._writing() as db:
            for one in redactions:
                found = db.execute("SELECT id FROM stream WHERE name = ?", (one.stream,)).fetchone()
                if found is None:
                    raise KeyError(one.stream)
                _redact(db, cast("tuple[int]", found)[0], one)

    def compact(self) -> None:
        """See `Erases.compact`."""
        with self._lock:
            if self._broken:
                raise self._broken
            try:
                self._writer.execute("VACUUM")
            except apsw.Error as why:
                self._fail(why)

    def shrink(self) -> bool:
        """See `Tidies.shrink`."""
        with self._lock:
            is_done = self._checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE)
            sync_log(self._path)  # SQLite only cuts the log: a power cut would bring its old pages back
            return is_done

    def begin_copy(self, path: Path) -> SqliteCopy:
        """See `Copies.begin_copy`."""
        if self._broken:
            raise self._broken
        return SqliteCopy(self._writer, self._lock, path)

    # ── one transaction ──────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        """Everything inside becomes durable together when it ends, or nothing does."""
        with self._lock:
            if self._broken:
                raise self._broken
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException as why:
                self._undo()
                if isinstance(why, apsw.Error):
                    self._fail(why)
                raise
            if self._log_pages >= CHECKPOINT_PAGES:
                self._checkpoint(apsw.SQLITE_CHECKPOINT_PASSIVE)

    def _let_go(self) -> None:
        claim, self._claim_to_write = self._claim_to_write, None
        if claim is not None:
            os.close(claim)

    def _undo(self) -> None:
        try:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        except apsw.Error as why:
            self._fail(why)

    def _fail(self, why: apsw.Error) -> NoReturn:
        failure = failure_of(why, self._writer.system_errno)
        if isinstance(failure, StoreBroken):
            # A second fsync of the same file would report success for bytes that are gone: neither we nor SQLite, when
            # it closes, may try one.
            self._broken = failure
            self._writer.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        raise failure from why

    def _checkpoint(self, mode: int) -> bool:
        if self._broken:
            raise self._broken
        try:
            self._writer.wal_checkpoint(mode=mode)
        except apsw.BusyError:  # a reader is still looking at an older snapshot: next time
            return False
        except apsw.Error as why:
            self._fail(why)
        return True

    def _note_log_size(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK


def _move_head(db: apsw.Connection, old: Head | None, new: Head) -> None:
    """Compare-and-swap: exactly one row, or somebody else has written."""
    if old is None:
        db.execute("INSERT OR IGNORE INTO head VALUES (1, ?, ?, ?)", (new.size, new.root, new.note))
    else:
        db.execute(
            "UPDATE head SET size = ?, root = ?, note = ? WHERE one = 1 AND size = ? AND root = ?",
            (new.size, new.root, new.note, old.size, old.root),
        )
    if db.changes() != 1:
        raise Tampering(f"the stored head is not the one of size {old.size if old else 0} that was last signed")


def _redact(db: apsw.Connection, stream: int, redaction: Redaction) -> None:
    db.executemany(
        "UPDATE fact SET body = ? WHERE stream = ? AND version = ?",
        [(body, stream, version) for version, body in redaction.bodies],
    )
    for cls in CLASSES:  # a column's name cannot be a parameter; these six are ours
        indexes = [(index, stream) for index, classes in redaction.boxes if cls in classes]
        db.executemany(f"UPDATE leaf SET {cls} = x'' WHERE idx = ? AND stream = ?", indexes)
    db.executemany("DELETE FROM term WHERE term = ? AND stream = ?", [(term, stream) for term in redaction.terms])
    if redaction.drops_content:
        db.execute("DELETE FROM content WHERE stream = ?", (stream,))


def _moved_on(db: apsw.Connection, append: Append) -> int | None:
    """The number of a stream that is now at its new version, begun if it was not there; None if it was not where it
    should be."""
    version = append.expected + len(append.rows)
    if not append.expected:  # nearly always new, so that is tried first; a stream that is a key alone is there
        begun = "INSERT OR IGNORE INTO stream (name, version, due_ms) VALUES (?, ?, ?)"
        db.execute(begun, (append.stream, version, append.due_ms))
        if db.changes():
            return db.last_insert_rowid()
    moved = db.execute(
        "UPDATE stream SET version = ?, due_ms = ? WHERE name = ? AND version = ? RETURNING id",
        (version, append.due_ms, append.stream, append.expected),
    ).fetchall()
    return cast("list[tuple[int]]", moved)[0][0] if moved else None


def _enter_streams(db: apsw.Connection, appends: Sequence[Append]) -> dict[str, int]:
    """Move each stream on; its number by name. Raises `Conflict` naming every stream that is not where it should be."""
    ids: dict[str, int] = {}
    conflicts: list[str] = []
    for append in appends:
        found = _moved_on(db, append)
        if found is None:
            conflicts.append(append.stream)
            continue
        ids[append.stream] = found
        if append.key is not None:
            db.execute("INSERT OR IGNORE INTO wrapped_key VALUES (?, ?)", (ids[append.stream], append.key))
            if db.changes() != 1:  # a data key is never replaced: what it sealed would be lost
                conflicts.append(append.stream)
    if conflicts:
        raise Conflict(tuple(dict.fromkeys(conflicts)))
    return ids
