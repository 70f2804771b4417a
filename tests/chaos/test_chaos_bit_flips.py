"""One flipped bit, anywhere, is caught: before a signature, before anybody else sees it, or by `fsck`. Counted.

Three places: the buffers of a batch, between composing and binding; cells of the database; bytes of published files.
`SEALGATE_FLIPS=n` asks for another number than the 10,000 of the full run.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from msgspec import structs

from gateway.commands.office import Office, opened, rules_of_office, scribe_of
from gateway.commands.setting import Setting
from gateway.engine.entries import Composed, Entries, Position, Write
from gateway.engine.fsck import Kept, fsck
from gateway.engine.scribe import Scribe
from gateway.errors import Failure, StoreBroken, Tampering
from gateway.facts import Consulted
from gateway.keep import Append, Blobs, Head, LeafRow
from gateway.keep.beside import BlobsBeside
from gateway.keep.sqlite import SqliteRecords
from gateway.ledger.checkpoint import Signer
from gateway.ledger.merkle import Frontier
from gateway.ledger.verify import Checker
from tests.audited import Past, laid_out
from tests.chaos import certificate

QUICK, FULL = 240, 10_000
CELLS = (
    ("leaf", "entry", "idx"), ("leaf", "hash", "idx"), ("leaf", "op", "idx"), ("leaf", "snd", "idx"),
    ("leaf", "rcp", "idx"), ("leaf", "obj", "idx"), ("leaf", "net", "idx"), ("leaf", "sec", "idx"),
    ("fact", "body", "id"), ("fact", "kind", "id"), ("head", "root", "one"), ("head", "note", "one"),
    ("wrapped_key", "key", "stream"), ("term", "term", "rowless"),
)  # fmt: skip


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return laid_out(tmp_path_factory.mktemp("flipped") / "office")


def flipped(content: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(content) * 8)
    changed = bytearray(content)
    changed[at // 8] ^= 1 << at % 8
    return bytes(changed)


# ── memory ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class FlippedEntries(Entries):
    """Composes as ever; then one bit of what it composed is another."""

    flip: Callable[[LeafRow], LeafRow]

    def of(self, writes: Sequence[Write], position: Position) -> tuple[Composed, ...]:
        (part,) = super().of(writes, position)
        (leaf,) = part.append.leaves
        return (structs.replace(part, append=structs.replace(part.append, leaves=(self.flip(leaf),))),)


class FlippedSigner(Signer):
    """A bit of the note flips on its way back from the key."""

    dice: random.Random

    def sign(self, text: str) -> str:
        return flipped(super().sign(text).encode(), self.dice).decode("utf-8", "replace")


class FlippedAtBinding(SqliteRecords):
    """After all checks, between the scribe and SQLite."""

    flip: Callable[[LeafRow], LeafRow] | None = None

    def append(self, appends: Sequence[Append], *, old: Head | None, new: Head) -> None:
        if self.flip is not None:
            appends = [structs.replace(one, leaves=tuple(self.flip(leaf) for leaf in one.leaves)) for one in appends]
        super().append(appends, old=old, new=new)


def hit(frontier: Frontier, dice: random.Random) -> Frontier:
    hashes = list(frontier.hashes)
    at = dice.randrange(len(hashes))
    hashes[at] = flipped(hashes[at], dice)
    return Frontier(frontier.size, tuple(hashes))


def hit_checker(checker: Checker, dice: random.Random) -> Checker:
    slots = list(checker.slots)
    at = dice.choice([n for n, slot in enumerate(slots) if slot is not None])
    slots[at] = flipped(slots[at] or b"", dice)
    return replace(checker, slots=tuple(slots))


def in_memory(past: Past, count: int, dice: random.Random) -> Counter[str]:
    """Flip so many bits of batches; where each was caught. Fails for one that was signed and stored."""
    caught: Counter[str] = Counter()
    with opened(Setting(folder=past.folder), is_writing=True) as office:
        rules = rules_of_office(office)
        for number in range(count):
            where = ("entry", "hash", "note", "frontier", "checker")[number % 5]
            scribe = scribe_of(office, rules, lambda why: None)
            if where in ("entry", "hash"):
                entries = FlippedEntries(
                    archive=office.archive, keyring=office.keyring, clock=office.clock, rules=rules, gateway="gw1"
                )
                name = where
                entries.flip = lambda leaf, name=name: structs.replace(
                    leaf, **{name: flipped(getattr(leaf, name), dice)}
                )
                scribe._entries = entries
            elif where == "note":
                signer = FlippedSigner(office.signer.name, office.keyring.ledger_seed)
                signer.dice = dice
                scribe._signer = signer
            elif where == "frontier":
                scribe._frontier = hit(scribe._frontier, dice)
            else:
                scribe._checker = hit_checker(scribe._checker, dice)
            is_signed = _signs(scribe)
            before = office.records.since(0, 0).head

            answer = _asks(scribe)

            assert isinstance(answer, (Tampering, StoreBroken)), f"{where}: {answer}"
            assert before == office.records.since(0, 0).head, f"{where}: stored"
            assert where == "note" or not is_signed, f"{where}: the key was used"
            caught[where] += 1
    return caught


def _signs(scribe: Scribe) -> list[str]:
    """What the scribe has signed from now on."""
    signed: list[str] = []
    sign = scribe._signer.sign

    def noting(text: str) -> str:
        signed.append(text)
        return sign(text)

    scribe._signer.sign = noting  # type: ignore[method-assign]
    return signed


def _asks(scribe: Scribe) -> object:
    """One append, and what came of it; the scribe's thread ends."""
    fact = Consulted(by="per", question="?", why="", size=0)
    scribe.start()
    try:
        return scribe.append_now(Write(stream=f"consulted/{scribe.frontier.size}", facts=(fact,)))
    except Failure as why:
        return why
    finally:
        scribe._signer.__dict__.pop("sign", None)
        scribe.stop()


def test_a_bit_that_flips_at_the_last_moment_is_not_published(past: Past, tmp_path: Path) -> None:
    """After every check, on its way into the database: what is read back is not what was signed, so nobody sees it."""
    folder = tmp_path / "office"
    shutil.copytree(past.folder, folder, ignore=shutil.ignore_patterns("*.sock"))
    dice = random.Random(7)
    with opened(Setting(folder=folder), is_writing=True) as office:
        records = office.writable
        records.__class__ = FlippedAtBinding
        scribe = scribe_of(office, rules_of_office(office), lambda why: None)
        records.flip = lambda leaf: structs.replace(leaf, entry=flipped(leaf.entry, dice))  # type: ignore[attr-defined]
        _asks(scribe)
        assert scribe.head is not None
        published = office.publication.checkpoint()
        with pytest.raises(Tampering, match="other bytes than were signed"):
            office.publication.publish(scribe.head)
        assert published == office.publication.checkpoint()


# ── at rest ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Whole:
    """An office whose `fsck` is asked again and again."""

    def __init__(self, office: Office, blobs: Blobs, folder: Path) -> None:
        self._kept = Kept(
            records=office.records, archive=office.archive, keyring=office.keyring, blobs=blobs,
            published=folder / "var" / "ledger", vkey=office.signer.vkey, now_ms=office.clock.now_ms(),
        )  # fmt: skip

    def __bool__(self) -> bool:
        return fsck(self._kept).is_whole


@pytest.fixture(scope="module")
def whole(past: Past) -> Iterator[Whole]:
    with opened(Setting(folder=past.folder)) as office, closing(office.blobs()) as blobs:
        found = Whole(office, BlobsBeside(blobs, office.records), past.folder)
        assert found
        yield found


def in_the_database(past: Past, whole: Whole, count: int, dice: random.Random) -> Counter[str]:
    """Flip so many bits of cells, one at a time; `fsck` finds each."""
    caught: Counter[str] = Counter()
    with closing(apsw.Connection(str(past.folder / "var" / "records" / "records.db"))) as db:
        for trigger in ("fact_stays", "fact_fixed", "leaf_stays", "leaf_fixed"):
            db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for number in range(count):
            table, column, key = CELLS[number % len(CELLS)]
            as_text = column in ("kind", "note")
            which = "stream" if key == "rowless" else "rowid"
            rows = db.execute(f"SELECT {which}, CAST({column} AS BLOB) FROM {table} WHERE length({column})").fetchall()
            row, content = dice.choice(rows)
            changed = flipped(content, dice)
            value = "CAST(? AS TEXT)" if as_text else "?"
            if key == "rowless":
                put = f"UPDATE {table} SET {column} = {value} WHERE stream = {row} AND term = ?"
                db.execute(put, (changed, content))
            else:
                put = f"UPDATE {table} SET {column} = {value} WHERE rowid = ?"
                db.execute(put, (changed, row))
            try:
                assert not whole, f"{table}.{column} of {row}: nobody noticed"
            finally:
                db.execute(put, (content, changed if key == "rowless" else row))
            caught[f"{table}.{column}"] += 1
    assert whole, "it was put back"
    return caught


def in_the_files(past: Past, whole: Whole, count: int, dice: random.Random) -> Counter[str]:
    """Flip so many bits of published files, one at a time; `fsck` finds each."""
    caught: Counter[str] = Counter()
    files = sorted(path for path in (past.folder / "var" / "ledger").rglob("*") if path.is_file())
    for _ in range(count):
        path = dice.choice(files)
        content = path.read_bytes()
        path.write_bytes(flipped(content, dice))
        try:
            assert not whole, f"{path}: nobody noticed"
        finally:
            path.write_bytes(content)
        caught["checkpoint" if path.name == "checkpoint" else "tiles"] += 1
    assert whole, "it was put back"
    return caught


def _sweep(past: Past, whole: Whole, count: int) -> Counter[str]:
    dice = random.Random(20261123)
    third = count // 3
    found = in_the_database(past, whole, third, dice) + in_the_files(past, whole, third, dice)
    found += in_memory(past, count - 2 * third, dice)
    for where, number in sorted(found.items()):
        print(f"  {where:<18} {number:>6,} flipped, all caught")
    print(f"  {'together':<18} {found.total():>6,}")
    return found


@pytest.mark.chaos
def test_a_sample_of_bits_is_caught(past: Past, whole: Whole) -> None:
    """Some of each kind, all caught."""
    assert QUICK == _sweep(past, whole, QUICK).total()


@pytest.mark.chaos
@pytest.mark.slow
def test_ten_thousand_bits_are_caught(past: Past, whole: Whole) -> None:
    """Every one; the count goes into the crash certificate."""
    count = int(os.environ.get("SEALGATE_FLIPS", FULL))
    found = _sweep(past, whole, count)
    certificate.enter(
        "bit flips",
        f"{found.total():,} of {count:,} caught: " + ", ".join(f"{n:,} {w}" for w, n in sorted(found.items())),
    )
    assert count == found.total()
