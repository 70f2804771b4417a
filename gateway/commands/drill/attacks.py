"""Eight ways to tamper with a ledger, from a careless hand to somebody who has the machine and the key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import apsw

from gateway.commands.drill.clone import Clone
from gateway.ledger import jcs
from gateway.ledger.checkpoint import Signer
from gateway.ledger.strict import base64_text

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Attack:
    """What is done to a clone; `signer` is the office's own, for those who stole it."""

    name: str
    words: str
    do: Callable[[Clone, Signer], None]


def flip(clone: Clone, signer: Signer) -> None:
    """One bit of one entry."""
    with clone.forced() as db:
        middle = _middle(db)
        entry = bytearray(_entry(db, middle))
        entry[len(entry) // 2] ^= 1
        db.execute("UPDATE leaf SET entry = ? WHERE idx = ?", (bytes(entry), middle))


def delete(clone: Clone, signer: Signer) -> None:
    """One entry is gone."""
    with clone.forced() as db:
        db.execute("DELETE FROM leaf WHERE idx = ?", (_middle(db),))


def reorder(clone: Clone, signer: Signer) -> None:
    """Two entries change places, hashes and all."""
    with clone.forced() as db:
        middle = _middle(db)
        rows = db.execute(
            "SELECT entry, hash FROM leaf WHERE idx IN (?, ?) ORDER BY idx", (middle - 1, middle)
        ).fetchall()
        for index, row in zip((middle, middle - 1), rows, strict=True):
            db.execute("UPDATE leaf SET entry = ?, hash = ? WHERE idx = ?", (*row, index))


def restore(clone: Clone, signer: Signer) -> None:
    """An old backup of the records is put back; it was true once, so it is signed."""
    _cut(clone)
    clone.signed_again(signer)


def fork(clone: Clone, signer: Signer) -> None:
    """With machine and key: an entry is replaced by one that commits to something else, and all is signed again."""
    with clone.forced() as db:
        middle = _middle(db)
        said = dict(jcs.parse_object(_entry(db, middle)))
        said |= {"c": [base64_text(b"\x00" * 32)] * 6} if "c" in said else {"g": "gw9"}
        db.execute("UPDATE leaf SET entry = ? WHERE idx = ?", (jcs.encode(said), middle))
    clone.signed_again(signer)
    clone.published_again()


def clock(clone: Clone, signer: Signer) -> None:
    """With machine and key: an entry is dated back an hour."""
    with clone.forced() as db:
        middle = _middle(db)
        said = dict(jcs.parse_object(_entry(db, middle)))
        before = jcs.parse_object(_entry(db, middle - 1))["t"]
        assert isinstance(before, int)
        said["t"] = before - HOUR_MS
        db.execute("UPDATE leaf SET entry = ? WHERE idx = ?", (jcs.encode(said), middle))
    clone.signed_again(signer)
    clone.published_again()


def key(clone: Clone, signer: Signer) -> None:
    """Everything is signed by a key that is not the office's, under the office's name."""
    other = Signer(signer.name, b"tamper drill: not the office's ke"[:32])
    clone.signed_again(other)
    note = clone.folder / "var" / "ledger" / "checkpoint"
    note.write_text(other.sign(note.read_text("utf-8").partition("\n\n")[0] + "\n"), "utf-8")


def truncate(clone: Clone, signer: Signer) -> None:
    """With machine and key: the last entries never were; nothing here remembers them."""
    _cut(clone)
    clone.signed_again(signer)
    clone.published_again()


ATTACKS = tuple(
    Attack(do.__name__, (do.__doc__ or "").rstrip("."), do)
    for do in (flip, delete, reorder, restore, fork, clock, key, truncate)
)


def _cut(clone: Clone) -> None:
    """The records as they were some time ago."""
    with clone.forced() as db:
        size = _size(db)
        keep = max(1, size - max(1, size // 10))
        db.execute("DELETE FROM leaf WHERE idx >= ?", (keep,))
        db.execute("DELETE FROM fact WHERE first_index >= ?", (keep,))
        db.execute("UPDATE stream SET version = (SELECT count(*) FROM fact WHERE fact.stream = stream.id)")


def _size(db: apsw.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM leaf").get)


def _middle(db: apsw.Connection) -> int:
    return max(1, _size(db) // 2)


def _entry(db: apsw.Connection, index: int) -> bytes:
    return bytes(db.execute("SELECT entry FROM leaf WHERE idx = ?", (index,)).get)
