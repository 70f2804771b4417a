"""Opening the SQLite file, or refusing to."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import apsw
import pytest

from gateway.errors import Misconfigured, StoreAway, StoreBroken
from gateway.keep import database
from gateway.keep.database import SCHEMA_VERSION, claim_writing, failure_of, open_reader, open_writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file lies."""
    return tmp_path / "records.sqlite"


def test_settings_hold_in_the_open_connection(path: Path) -> None:
    """What durability rests on reads back as set, in the writer and in a reader."""
    writer = open_writer(path)
    reader = open_reader(path)

    assert ("wal", 2, 1, 1, 0) == tuple(
        writer.pragma(name)
        for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "trusted_schema")
    )
    assert (1, 0) == (reader.pragma("query_only"), reader.pragma("trusted_schema"))
    reader.close()
    writer.close()


def test_a_setting_that_does_not_hold_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When SQLite keeps another value than the one set, the store does not open."""
    monkeypatch.setattr(database, "WRITER_SETTINGS", (("synchronous", "NORMAL", 2),))

    with pytest.raises(Misconfigured, match="synchronous"):
        open_writer(path)


def test_an_old_sqlite_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library in the range of the WAL-reset bug is not used."""
    monkeypatch.setattr(apsw, "SQLITE_VERSION_NUMBER", 3_051_002)

    with pytest.raises(Misconfigured, match=r"3\.51\.3"):
        open_writer(path)


def test_a_newer_schema_is_refused(path: Path) -> None:
    """A file of a later release is left alone."""
    open_writer(path).close()
    later = apsw.Connection(str(path))
    later.execute("UPDATE schema SET version = ?", (SCHEMA_VERSION + 1,))
    later.close()

    with pytest.raises(Misconfigured, match=f"schema {SCHEMA_VERSION + 1}"):
        open_writer(path)


def test_an_older_schema_is_brought_up_to_date(path: Path) -> None:
    """A file of an earlier release gets what it lacks, once."""
    open_writer(path).close()
    earlier = apsw.Connection(str(path))
    earlier.execute("DROP TABLE content; UPDATE schema SET version = 1")
    earlier.close()

    open_writer(path).close()
    db = open_writer(path)

    assert [] == db.execute("SELECT * FROM content").fetchall()
    assert SCHEMA_VERSION == db.execute("SELECT version FROM schema").get
    db.close()


def test_another_programs_database_is_refused(path: Path) -> None:
    """A database that is not ours is left alone."""
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE cookies (a)")
    other.close()
    path.chmod(0o600)

    with pytest.raises(Misconfigured, match="not a Sealgate store"):
        open_writer(path)


def test_every_file_is_private(path: Path, tmp_path: Path) -> None:
    """Database, log and shared memory are 0600; one that others may read is refused."""
    db = open_writer(path)
    db.execute("INSERT INTO register VALUES ('r', x'00')")
    assert {0o600} == {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    db.close()

    path.chmod(0o644)
    with pytest.raises(Misconfigured, match="0600"):
        open_writer(path)


def test_no_folder_is_a_clear_sentence(tmp_path: Path) -> None:
    """A missing folder is a matter of settings, said at start."""
    with pytest.raises(Misconfigured, match="cannot be opened"):
        open_writer(tmp_path / "nowhere" / "records.sqlite")


def test_a_full_quota_may_be_tried_again() -> None:
    """SQLite calls a full quota an I/O error; the system's own number tells it from a broken disk."""
    why = apsw.exception_for(apsw.SQLITE_IOERR_WRITE)

    assert StoreAway is type(failure_of(why, errno.EDQUOT))
    assert StoreBroken is type(failure_of(why, errno.EIO))


def test_what_an_earlier_process_left_in_doubt_is_written_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At start every byte of the log is written and synced again before it is read: a failed fsync may have lost it."""
    db = open_writer(path)
    db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    db.execute("INSERT INTO register VALUES ('r', x'00')")
    db.close()
    log = path.with_name("records.sqlite-wal")
    content = log.read_bytes()
    calls: list[tuple[str, object]] = []
    pwrite, fsync = os.pwrite, os.fsync

    def note_write(file: int, data: bytes, offset: int) -> int:
        calls.append(("write", (offset, bytes(data))))
        return pwrite(file, data, offset)

    def note_sync(file: int) -> None:
        calls.append(("sync", os.readlink(f"/proc/self/fd/{file}")))
        fsync(file)

    monkeypatch.setattr(os, "pwrite", note_write)
    monkeypatch.setattr(os, "fsync", note_sync)
    open_writer(path).close()

    assert [("write", (0, content)), ("sync", str(log)), ("sync", str(path.parent))] == calls


def test_only_one_process_writes(path: Path) -> None:
    """A second writer is told so at start; it may come when the first has gone."""
    claim = claim_writing(path)
    with pytest.raises(Misconfigured, match="another process is writing"):
        claim_writing(path)
    os.close(claim)

    os.close(claim_writing(path))
