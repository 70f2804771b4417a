"""Records in SQLite: what the contract cannot see."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from gateway.errors import Misconfigured, StoreAway, StoreBroken
from gateway.keep.reading import SqliteReading
from gateway.keep.sqlite import SqliteRecords
from tests.contracts.records import facts, head


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the records lie."""
    return tmp_path / "records.sqlite"


@pytest.fixture
def records(path: Path) -> Iterator[SqliteRecords]:
    """An empty store."""
    store = SqliteRecords(path)
    yield store
    store.close()


def test_what_was_appended_is_there_after_a_restart(records: SqliteRecords, path: Path) -> None:
    """Facts, key, head, due work and registers outlive the process."""
    records.append([facts("T-A", at=0, key=b"key", due_ms=5)], old=None, new=head(1))
    records.swap("r", old=None, new=b"v")
    records.close()

    again = SqliteRecords(path)

    assert (1, b"key") == (again.history("T-A").version, again.history("T-A").key)
    assert (head(1), b"v") == (again.since(0, 1).head, again.swap("r", old=None, new=None))
    assert ("T-A",) == again.claim(now_ms=5, until_ms=9, limit=1)
    again.close()


def test_nothing_of_what_was_forgotten_is_left_in_the_files(records: SqliteRecords, tmp_path: Path) -> None:
    """After forgetting and shrinking, neither key nor body, box or term can be found in any file."""
    secrets = [b"WRAPPED-KEY-%03d-" % n for n in range(40)]
    for n, secret in enumerate(secrets):
        append = facts(f"T-{n}", at=n, key=secret * 4, terms=(b"TERM" + secret,))
        records.append([append], old=head(n) if n else None, new=head(n + 1))
    for n in range(0, 40, 2):
        records.forget(f"T-{n}")

    assert records.shrink()

    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [False, True] * 20 == [secret in left for secret in secrets]


def test_a_reader_in_the_middle_delays_shrinking(records: SqliteRecords, path: Path) -> None:
    """While somebody looks at an older snapshot its pages stay, and `shrink` says so."""
    records.append([facts("T-A", at=0)], old=None, new=head(1))
    reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    reader.execute("BEGIN; SELECT count(*) FROM leaf").fetchall()
    records._writer.set_busy_timeout(0)

    assert not records.shrink()
    reader.execute("ROLLBACK")
    assert records.shrink()
    reader.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM leaf",
        "UPDATE leaf SET entry = x'00'",
        "UPDATE leaf SET idx = 7",
        "DELETE FROM fact",
        "UPDATE fact SET kind = 'approved'",
    ],
)
def test_the_ledger_only_grows(records: SqliteRecords, statement: str) -> None:
    """Our own code cannot drop or change an entry or a fact by mistake."""
    records.append([facts("T-A", at=0)], old=None, new=head(1))

    with pytest.raises(apsw.ConstraintError):
        records._writer.execute(statement)


def test_readers_cannot_write(records: SqliteRecords) -> None:
    """A reading connection refuses every change."""
    records.since(0, 1)

    with pytest.raises(apsw.ReadOnlyError):
        records._mine.reader.execute("DELETE FROM register")


def test_auditors_read_beside_the_writer(records: SqliteRecords, path: Path) -> None:
    """A reading half opened by another part sees what is durable, while the writer goes on."""
    reading = SqliteReading(path)
    records.append([facts("T-A", at=0, terms=(b"ann",))], old=None, new=head(1))

    assert (1, ("T-A",)) == (len(reading.since(0, 9).leaves), reading.find([[b"ann"]], limit=9))
    with pytest.raises(Misconfigured):
        SqliteRecords(path)
    reading.close()


def test_a_second_writer_is_told_to_wait(records: SqliteRecords, path: Path) -> None:
    """While another process is writing nothing is written, and trying again may help."""
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    records._writer.set_busy_timeout(0)

    with pytest.raises(StoreAway):
        records.append([facts("T-A", at=0)], old=None, new=head(1))
    other.execute("ROLLBACK")
    records.append([facts("T-A", at=0)], old=None, new=head(1))
    other.close()


def test_many_threads_append_without_a_gap(records: SqliteRecords) -> None:
    """Appends from several threads are one history: each batch is there whole, in the order the heads say."""
    turn = threading.Lock()
    state = [0]

    def write() -> None:
        for _ in range(5):
            with turn:
                at = state[0]
                records.append([facts(f"T-{at}", at=at)], old=head(at) if at else None, new=head(at + 1))
                state[0] += 1

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(range(20)) == [leaf.index for leaf in records.since(0, 99).leaves]


def test_a_damaged_file_stops_the_process(records: SqliteRecords, path: Path) -> None:
    """A file that is not what SQLite wrote is never written to."""
    records.append([facts("T-A", at=0)], old=None, new=head(1))
    records.close()
    path.write_bytes(b"garbage " * 512)

    with pytest.raises(StoreBroken):
        SqliteRecords(path)
