"""Reading the SQLite file: what an auditor's query needs, beside a gateway that is running.

Each thread has a connection of its own that cannot write, and every call sees one instant. Only what is durable is
seen: SQLite shows a commit to others after its log is synced.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias, cast

import apsw

from gateway.keep import Head, History, LeafRow, Page, Row
from gateway.keep.database import failure_of, open_reader
from gateway.transfer import BlobId

# What the columns hold, which STRICT tables vouch for.
_RowColumns: TypeAlias = tuple[int, str, int, bytes, int]
_LeafColumns: TypeAlias = tuple[int, str, int, int | None, bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes]


class SqliteReading:
    """The half of `Records` that changes nothing. Any thread may call; close it when done."""

    def __init__(self, path: Path, *, vfs: str | None = None) -> None:
        self._path = path
        self._vfs = vfs
        self._readers: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()
        self._mine = threading.local()

    def close(self) -> None:
        """Close every connection."""
        for reader in tuple(self._readers):
            reader.close()

    def history(self, stream: str) -> History:
        """See `Records.history`."""
        with self._reading() as db:
            key = db.execute(
                "SELECT key FROM wrapped_key JOIN stream ON stream.id = wrapped_key.stream WHERE name = ?", (stream,)
            ).get
            rows = db.execute(
                "SELECT fact.version, kind, at_ms, body, first_index FROM fact"
                " JOIN stream ON stream.id = fact.stream WHERE name = ? ORDER BY fact.version",
                (stream,),
            ).fetchall()
        return History(rows=tuple(_row(cast(_RowColumns, row)) for row in rows), key=key)

    def since(self, index: int, limit: int) -> Page:
        """See `Records.since`."""
        with self._reading() as db:
            head = db.execute("SELECT size, root, note FROM head").fetchone()
            leaves = db.execute(
                "SELECT idx, name, leaf.version, leg, entry, hash, op, snd, rcp, obj, net, sec FROM leaf"
                " JOIN stream ON stream.id = leaf.stream WHERE idx >= ? ORDER BY idx LIMIT ?",
                (index, limit),
            ).fetchall()
        return Page(
            head=Head(size=head[0], root=head[1], note=head[2]) if head else None,
            leaves=tuple(_leaf(cast(_LeafColumns, leaf)) for leaf in leaves),
        )

    def find(self, groups: Sequence[Sequence[bytes]], *, limit: int) -> tuple[str, ...]:
        """See `Records.find`."""
        marks = [",".join("?" * len(group)) for group in groups]
        clauses = "".join(f" AND id IN (SELECT stream FROM term WHERE term IN ({mark}))" for mark in marks)
        query = f"SELECT name FROM stream WHERE version > 0{clauses} ORDER BY id DESC LIMIT ?"
        with self._reading() as db:
            terms = [term for group in groups for term in group]
            found = cast("list[tuple[str]]", db.execute(query, (*terms, limit)).fetchall())
        return tuple(name for (name,) in found)

    def content(self, blob: BlobId) -> bytes | None:
        """See `Records.content`."""
        with self._reading() as db:
            found = db.execute("SELECT sealed FROM content WHERE blob = ?", (blob,)).fetchone()
        return cast("tuple[bytes]", found)[0] if found else None

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection]:
        """A snapshot: everything inside sees the same instant."""
        try:
            db: apsw.Connection | None = getattr(self._mine, "reader", None)
            if db is None:
                db = self._mine.reader = open_reader(self._path, vfs=self._vfs)
                self._readers.add(db)
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("ROLLBACK")
        except apsw.Error as why:
            raise failure_of(why) from why


def read_register(db: apsw.Connection, name: str) -> bytes | None:
    """What a register holds."""
    row = cast("tuple[bytes] | None", db.execute("SELECT value FROM register WHERE name = ?", (name,)).fetchone())
    return row[0] if row else None


def _row(columns: _RowColumns) -> Row:
    version, kind, at_ms, body, first_index = columns
    return Row(version=version, kind=kind, at_ms=at_ms, body=body, first_index=first_index)


def _leaf(columns: _LeafColumns) -> LeafRow:
    index, stream, version, leg, entry, digest, *boxes = columns
    return LeafRow(index=index, stream=stream, version=version, leg=leg, entry=entry, hash=digest, boxes=tuple(boxes))
