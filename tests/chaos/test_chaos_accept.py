"""The process dies at every system call of an acceptance; nothing it acknowledged is lost."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gateway.keep.files import FileBlobs
from gateway.keep.sealed import open_sealed
from gateway.keep.sqlite import SqliteRecords
from tests.chaos import accept
from tests.chaos.faults import Run, edges, need_strace, struck, traced

PROGRAM = "tests.chaos.accept:main"


def check(folder: Path, run: Run) -> None:
    """A restart finds every message that was told, whole; and no fact without its blob."""
    records, blobs = SqliteRecords(folder / "records.sqlite"), FileBlobs(folder / "blobs", largest_bytes=1)
    try:
        size = len(records.since(0, 99).leaves)
        assert size >= len(run.told), "an acknowledged message has no facts"
        for number in range(size):
            content = b"".join(open_sealed(blobs, accept.blob_of(number), accept.KEY))
            assert accept.CONTENT == content, "a fact's blob is not whole"
        assert [] == list((folder / "blobs" / "drafts").iterdir()), "a draft was left behind"
    finally:
        records.close()
        blobs.close()


@pytest.mark.slow
@pytest.mark.chaos
def test_nothing_acknowledged_is_lost_when_the_process_dies_at_any_call(tmp_path: Path) -> None:
    """Killed as it enters any call that changes the disk, it leaves all it acknowledged, and starts again.

    With `SEALGATE_CHAOS=all` every single call, otherwise without those in the middle of a row of writes.
    """
    need_strace()
    (tmp_path / "plain").mkdir()
    calls = traced(PROGRAM, str(tmp_path / "plain"))
    assert {"fsync", "fdatasync", "rename"} <= {call.name.removesuffix("at") for call in calls}
    for call in calls if os.environ.get("SEALGATE_CHAOS") == "all" else edges(calls):
        folder = tmp_path / "struck"
        folder.mkdir()
        run = struck(PROGRAM, str(folder), call)
        assert run.was_killed, f"{call} was not reached: {run.errors}"
        check(folder, run)
        shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.parametrize(
    ("name", "error"), [("fsync", "EIO"), ("fdatasync", "EIO"), ("pwrite64", "ENOSPC"), ("pwrite64", "EDQUOT")]
)
def test_a_failing_disk_is_never_acknowledged(tmp_path: Path, name: str, error: str) -> None:
    """When a call fails late, the message it belongs to is not acknowledged, and earlier ones are kept."""
    need_strace()
    (tmp_path / "plain").mkdir()
    last = [call for call in traced(PROGRAM, str(tmp_path / "plain")) if call.name == name]
    for call in last[len(last) // 2 :: 7]:
        folder = tmp_path / "struck"
        folder.mkdir()
        run = struck(PROGRAM, str(folder), call, error=error)
        assert run.code != 0 or len(run.told) == accept.MESSAGES
        check(folder, run)
        shutil.rmtree(folder)
