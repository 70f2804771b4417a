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

from gateway.errors import Tampering
from gateway.keep import Head, History, LeafRow, Page, Row
from gateway.keep.database import failure_of, open_reader
from gateway.transfer import BlobId

# What the columns hold, which STRICT tables vouch for.
_RowColumns: TypeAlias = tuple[int, str, int, bytes, int]
_LeafColumns: TypeAlias = tuple[int, str, int, int | None, bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes]


ENOUGH = 10_000
"""Streams; groups of so many are all called common."""


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
            begun = db.execute(
                "SELECT id, key FROM stream LEFT JOIN wrapped_key ON wrapped_key.stream = id WHERE name = ?", (stream,)
            ).fetchall()
            if not begun:
                return History(rows=(), key=None)
            number, key = cast("list[tuple[int, bytes | None]]", begun)[0]
            rows = db.execute(
                "SELECT version, kind, at_ms, body, first_index FROM fact WHERE stream = ? ORDER BY version", (number,)
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

    def entries(self, stream: str) -> tuple[LeafRow, ...]:
        """See `Records.entries`."""
        with self._asking() as db:
            leaves = db.execute(
                "SELECT idx, name, leaf.version, leg, entry, hash, op, snd, rcp, obj, net, sec FROM leaf"
                " JOIN stream ON stream.id = leaf.stream WHERE name = ? ORDER BY idx",
                (stream,),
            ).fetchall()
        return tuple(_leaf(cast(_LeafColumns, leaf)) for leaf in leaves)

    def leading(self, terms: Sequence[bytes], stream: str) -> frozenset[bytes]:
        """See `Records.leading`. Looks the terms up as `find` does, in the table itself."""
        marks = ",".join("?" * len(terms))
        query = (  # left to itself SQLite would look into the index beside it, and a damaged table go unseen
            f"SELECT term FROM term INDEXED BY sqlite_autoindex_term_1 WHERE term IN ({marks})"
            " AND stream = (SELECT id FROM stream WHERE name = ?)"
        )
        with self._asking() as db:
            found = cast("list[tuple[bytes]]", db.execute(query, (*terms, stream)).fetchall())
        return frozenset(term for (term,) in found)

    def find(self, groups: Sequence[Sequence[bytes]], *, limit: int) -> tuple[str, ...]:
        """See `Records.find`. The rarest group leads; of what it leads to, the others are only looked up."""
        with self._reading() as db:
            ordered = sorted(groups, key=lambda group: _commonness(db, group)) if len(groups) > 1 else groups
            clauses = "".join(map(_clause, range(len(ordered)), ordered))
            query = f"SELECT name FROM stream WHERE version > 0{clauses} ORDER BY id DESC LIMIT ?"
            terms = [term for group in ordered for term in group]
            found = cast("list[tuple[str]]", db.execute(query, (*terms, limit)).fetchall())
        return tuple(name for (name,) in found)

    def content(self, blob: BlobId) -> bytes | None:
        """See `Records.content`."""
        with self._asking() as db:
            found = db.execute("SELECT sealed FROM content WHERE blob = ?", (blob,)).fetchone()
        return cast("tuple[bytes]", found)[0] if found else None

    def register(self, name: str) -> bytes | None:
        """What a register holds; see `Records.swap`."""
        with self._asking() as db:
            return read_register(db, name)

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection]:
        """A snapshot: everything inside sees the same instant."""
        with self._asking() as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("ROLLBACK")

    @contextmanager
    def _asking(self) -> Iterator[apsw.Connection]:
        """For a single statement, which is a snapshot by itself."""
        try:
            db: apsw.Connection | None = getattr(self._mine, "reader", None)
            if db is None:
                db = self._mine.reader = open_reader(self._path, vfs=self._vfs)
                self._readers.add(db)
            yield db
        except apsw.Error as why:
            raise failure_of(why) from why
        except UnicodeDecodeError as why:  # text we wrote that is none any more
            raise Tampering("the store holds a text that cannot be read") from why


def _clause(place: int, group: Sequence[bytes]) -> str:
    marks = ",".join("?" * len(group))
    if place == 0:
        return f" AND id IN (SELECT stream FROM term WHERE term IN ({marks}))"
    return f" AND EXISTS (SELECT 1 FROM term WHERE term IN ({marks}) AND term.stream = stream.id)"


def _commonness(db: apsw.Connection, group: Sequence[bytes]) -> int:
    """How many streams have one of these terms, as far as it pays to count."""
    marks = ",".join("?" * len(group))
    query = f"SELECT count(*) FROM (SELECT 1 FROM term WHERE term IN ({marks}) LIMIT {ENOUGH})"
    return cast("tuple[int]", db.execute(query, tuple(group)).fetchall()[0])[0]


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
