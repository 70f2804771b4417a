"""Every write of SQLite is lost, torn, or stored and reported lost, once; then the power is cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest

from gateway.errors import Ours, StoreAway, StoreBroken
from gateway.keep import Head
from gateway.keep.sqlite import SqliteRecords
from tests.chaos.vfs import FaultyDisk, close_quietly
from tests.contracts.records import ERASED, facts, head

FAULTS = (
    ("lost", apsw.SQLITE_IOERR_WRITE),
    ("torn", apsw.SQLITE_IOERR_WRITE),
    ("stored", apsw.SQLITE_IOERR_FSYNC),
    ("lost", apsw.SQLITE_FULL),
)


@dataclass
class Told:
    """What the store said it had done."""

    size: int = 0
    register: int = 0
    is_forgotten: bool = False
    failures: list[Ours] = field(default_factory=list)


def work(path: Path, disk: FaultyDisk) -> Told:
    """A short life of a store that ends in a power cut; goes on after each failure as the engine would."""
    told = Told()
    try:
        store = SqliteRecords(path, vfs=disk.name)
    except Ours as why:
        told.failures.append(why)
        disk.cut_power()
        return told
    try:
        for step in range(6):
            try:
                _step(store, step, told)
            except StoreAway as why:
                told.failures.append(why)
    except Ours as why:
        told.failures.append(why)
    finally:
        disk.cut_power()
        close_quietly(store)
    return told


def _step(store: SqliteRecords, step: int, told: Told) -> None:
    if step == 3 and told.size:
        store.forget("T-0")
        told.is_forgotten = True
    elif step == 4:
        store.shrink()
    else:
        old: Head | None = head(told.size) if told.size else None
        store.append([facts(f"T-{told.size}", at=told.size, count=2, key=b"k")], old=old, new=head(told.size + 2))
        told.size += 2
        mark = b"%d" % told.size
        if store.swap("mark", old=b"%d" % told.register if told.register else None, new=mark) == mark:
            told.register = told.size


def check(path: Path, told: Told) -> None:
    """Everything that was acknowledged is there, and what is there beyond it is whole."""
    store = SqliteRecords(path)
    try:
        page = store.since(0, 100)
        size = page.head.size if page.head else 0
        assert list(range(size)) == [leaf.index for leaf in page.leaves]
        assert size in (told.size, told.size + 2), "acknowledged facts are there; at most the one in doubt is too"
        for first in range(0, size, 2):
            assert 2 == store.history(f"T-{first}").version
        register = int(store.swap("mark", old=None, new=None) or 0)
        assert register in (told.register, told.size)
        if told.is_forgotten:
            assert store.history("T-0").key is None
            assert ERASED == page.leaves[0].boxes
    finally:
        store.close()


def count_calls(folder: Path) -> list[str]:
    """The writing calls of one life without a fault."""
    with FaultyDisk() as disk:
        told = work(folder / "records.sqlite", disk)
    assert ([], 8, True) == (told.failures, told.size, told.is_forgotten)
    return disk.calls


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.parametrize(("how", "error"), FAULTS, ids=str)
def test_nothing_acknowledged_is_lost_at_any_write(tmp_path: Path, how: str, error: int) -> None:
    """Whichever write fails, what was acknowledged survives the power cut, and a batch is there whole or not at all."""
    (tmp_path / "plain").mkdir()
    calls = count_calls(tmp_path / "plain")
    for at in range(1, len(calls) + 1):
        folder = tmp_path / str(at)
        folder.mkdir()
        with FaultyDisk(at=at, how=how, error=error) as disk:
            told = work(folder / "records.sqlite", disk)
            assert disk.has_struck
            disk.leave(folder)
        check(folder / "records.sqlite", told)


def test_a_disk_that_lies_about_a_sync_is_found_out(tmp_path: Path) -> None:
    """The sweep itself can fail: a sync that says it was done and was not loses what was acknowledged."""
    (tmp_path / "plain").mkdir()
    calls = count_calls(tmp_path / "plain")
    log_syncs = [number for number, call in enumerate(calls, 1) if call == "sync:records.sqlite-wal"]
    (tmp_path / "lied").mkdir()
    with FaultyDisk(at=log_syncs[-1], how="silent") as disk:
        told = work(tmp_path / "lied" / "records.sqlite", disk)
        disk.leave(tmp_path / "lied")

    with pytest.raises(AssertionError):
        check(tmp_path / "lied" / "records.sqlite", told)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (apsw.SQLITE_FULL, StoreAway),
        (apsw.SQLITE_READONLY, StoreAway),
        (apsw.SQLITE_CANTOPEN, StoreAway),
        (apsw.SQLITE_IOERR_FSYNC, StoreBroken),
        (apsw.SQLITE_IOERR_WRITE, StoreBroken),
    ],
)
def test_the_error_decides_whether_the_process_goes_on(tmp_path: Path, error: int, expected: type[Ours]) -> None:
    """A full or read-only disk may be tried again; an error that leaves durability in doubt ends all writing."""
    with FaultyDisk() as counting:
        store = SqliteRecords(tmp_path / "records.sqlite", vfs=counting.name)
        before = len(counting.calls)
        close_quietly(store)
    (tmp_path / "again").mkdir()
    with FaultyDisk(at=before + 1, error=error) as disk:
        store = SqliteRecords(tmp_path / "again" / "records.sqlite", vfs=disk.name)
        with pytest.raises(expected):
            store.append([facts("T-A", at=0)], old=None, new=head(1))
        if expected is StoreAway:
            store.append([facts("T-A", at=0)], old=None, new=head(1))
            assert 1 == store.history("T-A").version
        else:
            calls = len(disk.calls)
            with pytest.raises(StoreBroken):
                store.append([facts("T-A", at=0)], old=None, new=head(1))
            store.close()
            assert calls == len(disk.calls), "nothing is written after durability is in doubt, not even at the end"
        close_quietly(store)
