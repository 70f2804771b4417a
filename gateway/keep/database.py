"""Opens the SQLite file so that what SQLite calls committed survives a power cut, or refuses to open it.

Every setting is set, then read back: a build, a URI or an older file may silently keep its own. Which failures may be
tried again and which end the process is decided here, by SQLite's result code.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path

import apsw

from gateway.errors import Failure, InUse, Misconfigured, StoreAway, StoreBroken
from gateway.keep.private import READ, opened, sync, sync_folder, write_all

OLDEST_SQLITE = 3_051_003
"""3.7.0 to 3.51.2 can lose pages when two connections write or checkpoint at once (the WAL-reset bug)."""

SCHEMA_VERSION = 2
BUSY_MS = 2_000

# name, value to set, what it must read back as
WRITER_SETTINGS = (
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),  # NORMAL loses commits at a power cut: a silent rollback of the ledger
    ("secure_delete", "ON", 1),
    ("foreign_keys", "ON", 1),
    ("trusted_schema", "OFF", 0),
    ("mmap_size", "0", 0),
    ("fullfsync", "ON", 1),  # macOS: fsync alone does not reach the platter
    ("checkpoint_fullfsync", "ON", 1),
)
READER_SETTINGS = (
    ("query_only", "ON", 1),
    ("trusted_schema", "OFF", 0),
    ("mmap_size", "0", 0),
)

CONTENT = """
CREATE TABLE content (
    id INTEGER PRIMARY KEY, blob TEXT NOT NULL UNIQUE, stream INTEGER NOT NULL REFERENCES stream (id),
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX content_stream ON content (stream);
"""
# What may never change has a trigger that says so: not a defence against who holds the file, but against our own slips.
SCHEMA = (
    """
CREATE TABLE schema (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL) STRICT;
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL
) STRICT;
CREATE TABLE register (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE stream (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, due_ms INTEGER
) STRICT;
CREATE INDEX stream_due ON stream (due_ms) WHERE due_ms IS NOT NULL;
CREATE TABLE wrapped_key (stream INTEGER PRIMARY KEY REFERENCES stream (id), key BLOB NOT NULL) STRICT;

CREATE TABLE fact (
    id INTEGER PRIMARY KEY, stream INTEGER NOT NULL REFERENCES stream (id), version INTEGER NOT NULL,
    kind TEXT NOT NULL, at_ms INTEGER NOT NULL, first_index INTEGER NOT NULL, body BLOB NOT NULL,
    UNIQUE (stream, version)
) STRICT;
CREATE TABLE leaf (
    idx INTEGER PRIMARY KEY, stream INTEGER NOT NULL REFERENCES stream (id), version INTEGER NOT NULL, leg INTEGER,
    entry BLOB NOT NULL, hash BLOB NOT NULL,
    op BLOB NOT NULL, snd BLOB NOT NULL, rcp BLOB NOT NULL, obj BLOB NOT NULL, net BLOB NOT NULL, sec BLOB NOT NULL
) STRICT;
CREATE INDEX leaf_stream ON leaf (stream);
CREATE TABLE term (
    term BLOB NOT NULL, stream INTEGER NOT NULL REFERENCES stream (id), PRIMARY KEY (term, stream)
) STRICT, WITHOUT ROWID;
CREATE INDEX term_stream ON term (stream);

CREATE TRIGGER fact_stays BEFORE DELETE ON fact BEGIN SELECT raise(ABORT, 'facts stay'); END;
CREATE TRIGGER fact_fixed BEFORE UPDATE OF id, stream, version, kind, at_ms, first_index ON fact
    BEGIN SELECT raise(ABORT, 'facts stay'); END;
CREATE TRIGGER leaf_stays BEFORE DELETE ON leaf BEGIN SELECT raise(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER leaf_fixed BEFORE UPDATE OF idx, stream, version, leg, entry, hash ON leaf
    BEGIN SELECT raise(ABORT, 'the ledger only grows'); END;
"""
    + CONTENT
)
ADDED = {1: CONTENT}
"""What the schema of a version lacks of the next."""

_TRY_AGAIN = frozenset(
    {
        apsw.SQLITE_FULL,
        apsw.SQLITE_READONLY,
        apsw.SQLITE_CANTOPEN,
        apsw.SQLITE_BUSY,
        apsw.SQLITE_LOCKED,
        apsw.SQLITE_PERM,
        apsw.SQLITE_AUTH,
        apsw.SQLITE_NOMEM,
    }
)


def claim_writing(path: Path) -> int:
    """A descriptor that keeps every other process from writing until it is closed. Raises `Misconfigured`."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        claim = os.open(
            path.with_name(path.name + "-writer"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
    except OSError as why:
        raise Misconfigured(f"{path} cannot be opened: {why.strerror}") from why
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as why:
        os.close(claim)
        raise InUse(f"another process is writing {path}; only one may") from why
    return claim


def open_writer(path: Path, *, vfs: str | None = None) -> apsw.Connection:
    """The one connection that writes and checkpoints; makes the file when there is none. Raises `Misconfigured`.

    1. SQLite is new enough.
    2. The file is ours alone.
    3. What the log holds is durable.
    4. Every setting holds, read back.
    5. The schema is ours, and so is every name.

    Call `claim_writing` first.
    """
    _check_library()  # 1
    try:
        _touch(path)  # 2
        _write_again(_log(path))  # 3
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=vfs)
        db.set_busy_timeout(BUSY_MS)
        db.wal_autocheckpoint(0)  # checkpoints are ours, so that their errors are seen
        _settle(db, WRITER_SETTINGS)  # 4
        _adopt_schema(db, path)  # 5
        sync_folder(path.parent)  # a power cut must not bring back the journal of the first moments: it undoes them
    except apsw.Error as why:
        raise failure_of(why) from why
    except OSError as why:
        raise Misconfigured(f"{path} cannot be opened: {why.strerror}") from why
    return db


def open_reader(path: Path, *, vfs: str | None = None) -> apsw.Connection:
    """A connection that cannot write; one for each thread."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY, vfs=vfs)
    db.set_busy_timeout(BUSY_MS)
    _settle(db, READER_SETTINGS)
    return db


def sync_log(path: Path) -> None:
    """Make durable that the log was cut. Raises `StoreBroken`."""
    with opened(_log(path), READ) as file:
        sync(file, "the log")


def failure_of(why: apsw.Error, system_errno: int = 0) -> Failure:
    """Whose fault it is: `StoreAway` where nothing was written and a retry may help, otherwise `StoreBroken`."""
    code: int = getattr(why, "result", -1)
    extended: int = getattr(why, "extendedresult", -1)
    system = f" ({os.strerror(system_errno)})" if system_errno else ""
    cause = f"sqlite {type(why).__name__} {extended}: {why}{system}"
    if code in _TRY_AGAIN:
        return StoreAway(cause)
    # Of what keeps a page from being written, SQLite knows only ENOSPC by name.
    if extended == apsw.SQLITE_IOERR_WRITE and system_errno in (errno.EDQUOT, errno.EROFS):
        return StoreAway(cause)
    return StoreBroken(cause)


def _check_library() -> None:
    if apsw.SQLITE_VERSION_NUMBER < OLDEST_SQLITE:
        raise Misconfigured(f"SQLite {apsw.sqlite_lib_version()} can lose pages; 3.51.3 or later is needed")


def _touch(path: Path) -> None:
    """Create the file for us alone, before SQLite would under the umask; `-wal` and `-shm` take its mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077 or found.st_uid != os.geteuid():
            raise Misconfigured(f"{path} must be a plain file of this user's, mode 0600") from None


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _write_again(log: Path) -> None:
    """Make the log's bytes durable by writing them anew.

    After a failed fsync the page cache may show, and hold for clean, commits that are on no disk. The next start would
    read them, build on them, and a power cut would take them back; another fsync alone would write nothing.
    """
    if not log.exists():
        return
    with opened(log, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC) as file:
        offset = 0
        while piece := os.pread(file, 1 << 20, offset):
            write_all(file, piece, offset)
            offset += len(piece)
        sync(file, log.name)


def _settle(db: apsw.Connection, settings: tuple[tuple[str, str, int | str], ...]) -> None:
    for name, value, expected in settings:
        db.execute(f"PRAGMA {name}={value}").fetchall()
        found = db.pragma(name)
        if found != expected and not (found is None and expected == 0):  # None: a VFS that cannot map at all
            raise Misconfigured(f"SQLite keeps {name} at {found!r} where {expected!r} is needed; is this a local disk?")


def _adopt_schema(db: apsw.Connection, path: Path) -> None:
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables:
        with db:
            db.execute(SCHEMA)
            db.execute("INSERT INTO schema VALUES (1, ?)", (SCHEMA_VERSION,))
        return
    found = db.execute("SELECT version FROM schema").get if "schema" in tables else None
    if not isinstance(found, int):
        raise Misconfigured(f"{path} is not a Sealgate store")
    with db:
        while found in ADDED:
            db.execute(ADDED[found])
            found += 1
            db.execute("UPDATE schema SET version = ?", (found,))
    if found != SCHEMA_VERSION:
        raise Misconfigured(f"{path} has schema {found}; this release knows {SCHEMA_VERSION} and would not touch it")
