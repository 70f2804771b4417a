"""What somebody tries who has taken the gateway over: run under the restrictions of its unit, as its user.

Says of each attempt what came of it. The first two must succeed, or the rest would prove nothing.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

VAR = Path("/var/lib/sealgate/var")
RECORDS, SEED = VAR / "records" / "records.db", VAR / "keys" / "ledger.seed"
LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE, CLONE_NEWUSER, MS_REMOUNT_BIND = 0x4206, 0x10000000, 0x1020


def read_records() -> None:
    assert RECORDS.read_bytes().startswith(b"SQLite format 3")


def write_beside() -> None:
    (VAR / "taken").write_bytes(b"the gateway keeps its own things here")


def change_records() -> None:
    RECORDS.open("r+b")


def replace_records() -> None:
    (VAR / "other.db").write_bytes(b"another history")
    (VAR / "other.db").rename(RECORDS)


def move_records_away() -> None:
    RECORDS.parent.rename(VAR / "elsewhere")


def add_to_the_log() -> None:
    RECORDS.with_name("records.db-wal").open("ab")


def lock_the_scribe_out() -> None:
    RECORDS.with_name("records.db-shm").open("r+b")


def read_the_seed() -> None:
    assert SEED.read_bytes()


def replace_the_seed() -> None:
    (VAR / "other.seed").write_bytes(b"s" * 32)
    (VAR / "other.seed").rename(SEED)


def make_it_writable() -> None:
    call("mount", b"none", bytes(RECORDS.parent), None, MS_REMOUNT_BIND, None)


def make_a_namespace() -> None:
    call("unshare", CLONE_NEWUSER)


def see_the_scribe() -> None:
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        if b"\0scribe" in place.read_bytes():
            return
    raise OSError(errno.ESRCH, "no such process")


def take_hold_of_a_process() -> None:
    call("ptrace", PTRACE_SEIZE, os.getppid(), None, None)


def call(name: str, *arguments: object) -> None:
    if getattr(LIBC, name)(*arguments):
        raise OSError(ctypes.get_errno(), name)


ATTEMPTS: tuple[Callable[[], None], ...] = (
    read_records, write_beside, change_records, replace_records, move_records_away, add_to_the_log,
    lock_the_scribe_out, read_the_seed, replace_the_seed, make_it_writable, make_a_namespace, see_the_scribe,
    take_hold_of_a_process,
)  # fmt: skip


def outcome(attempt: Callable[[], None]) -> str:
    try:
        attempt()
    except OSError as why:
        return errno.errorcode[why.errno or 0]
    return "done"


if __name__ == "__main__":
    print(json.dumps({attempt.__name__: outcome(attempt) for attempt in ATTEMPTS}))
