"""The one writer copies its own file while it goes on writing; keys stay behind, and can be put back."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from gateway.errors import StoreAway, Tampering
from gateway.keep import Append, Head, LeafRow, Row
from gateway.keep.copying import check_copy, keys_in, leave_keys, put_keys
from gateway.keep.reading import SqliteReading
from gateway.keep.sqlite import SqliteRecords


def append(records: SqliteRecords, number: int, body: bytes = b"sealed") -> None:
    """One stream with one fact, and the head after it."""
    old = Head(size=number, root=bytes(32), note=f"{number}") if number else None
    row = Row(version=1, kind="received", at_ms=number, body=body, first_index=number)
    leaf = LeafRow(index=number, stream=f"s{number}", version=1, leg=0, entry=b"{}", hash=bytes(32), boxes=())
    write = Append(stream=f"s{number}", expected=0, rows=(row,), leaves=(leaf,), key=b"wrapped %d" % number)
    records.append([write], old=old, new=Head(size=number + 1, root=bytes(32), note=f"{number + 1}"))


def test_what_is_written_meanwhile_is_in_it(tmp_path: Path) -> None:
    """Between two steps the writer commits; the copy is of one instant, the last, and SQLite finds it whole."""
    with closing(SqliteRecords(tmp_path / "records.db")) as records:
        for number in range(40):
            append(records, number, body=bytes(200_000))
        copying = records.begin_copy(tmp_path / "copy.db")
        steps = 0
        while not copying.step():
            append(records, 40 + steps)
            steps += 1
        size = records.since(0, 0).head

    with closing(SqliteReading(tmp_path / "copy.db")) as copy:
        page = copy.since(0, 1000)
    check_copy(tmp_path / "copy.db")
    assert steps > 1
    assert (size, 40 + steps) == (page.head, len(page.leaves))


def test_its_keys_stay_behind(tmp_path: Path) -> None:
    """No byte of a key is left in the file; put back, each stands beside its stream, and a stranger's nowhere."""
    with closing(SqliteRecords(tmp_path / "records.db")) as records:
        append(records, 0)
        append(records, 1)
        copying = records.begin_copy(tmp_path / "copy.db")
        while not copying.step():
            pass
    keys = list(keys_in(tmp_path / "copy.db"))

    leave_keys(tmp_path / "copy.db")
    held = (tmp_path / "copy.db").read_bytes()
    count = put_keys(tmp_path / "copy.db", [("s1", b"wrapped 1"), ("unknown", b"wrapped 7")])

    assert [("s0", b"wrapped 0"), ("s1", b"wrapped 1")] == keys
    assert (False, False) == (b"wrapped 0" in held, b"wrapped 1" in held)
    assert ([("s1", b"wrapped 1")], 1) == (list(keys_in(tmp_path / "copy.db")), count)


def test_a_copy_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    """And the writer goes on."""
    with closing(SqliteRecords(tmp_path / "records.db")) as records:
        append(records, 0)
        copying = records.begin_copy(tmp_path / "copy.db")

        copying.drop()
        append(records, 1)

    assert not (tmp_path / "copy.db").exists()


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """It is as private as what it was copied from."""
    with closing(SqliteRecords(tmp_path / "records.db")) as records:
        append(records, 0)
        copying = records.begin_copy(tmp_path / "copy.db")
        while not copying.step():
            pass

    assert 0o600 == (tmp_path / "copy.db").stat().st_mode & 0o777


def test_a_place_that_is_none_is_said(tmp_path: Path) -> None:
    """A folder that is not there is a failure of ours, not a bug."""
    with closing(SqliteRecords(tmp_path / "records.db")) as records, pytest.raises(StoreAway):
        records.begin_copy(tmp_path / "nowhere" / "copy.db")


def test_a_damaged_copy_is_found_out(tmp_path: Path) -> None:
    """A page that is none: nothing is restored from it."""
    with closing(apsw.Connection(str(tmp_path / "copy.db"))) as db:
        db.execute("CREATE TABLE t (x); CREATE INDEX i ON t (x)")
        numbers = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000)"
        db.execute(f"{numbers} INSERT INTO t SELECT x FROM n")
    content = bytearray((tmp_path / "copy.db").read_bytes())
    content[4096 * 3 : 4096 * 4] = bytes(4096)
    (tmp_path / "copy.db").write_bytes(content)

    with pytest.raises(Tampering, match="damaged"):
        check_copy(tmp_path / "copy.db")
