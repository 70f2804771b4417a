"""A backup is whole or is none, costs only what is new, and lets go of what must go."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.commands.office import opened
from gateway.commands.safekeeping import backup as verb
from gateway.commands.safekeeping.placing import source_of
from gateway.commands.setting import Setting
from gateway.engine.health.marks import Duty, Marks
from gateway.engine.safekeeping.layout import Target
from gateway.engine.safekeeping.restoring import Restoring
from gateway.errors import Misconfigured
from gateway.keep import private
from tests.audited import writing


def run(safe: Any, *words: str) -> Any:
    return CliRunner().invoke(verb.backup, [*words, "--json"], obj=Setting(folder=safe.past.folder))


def is_good(safe: Any, folder: Path, scratch: Path) -> bool:
    """Every byte of it is what its manifest says, and its keys open."""
    with opened(Setting(folder=safe.past.folder)) as office:
        source = source_of(folder, office.signer.vkey)
        Restoring(backup=source.backup, target=source.target, keyring=office.keyring, into=scratch).check()
        return len(list(source.target.keys(office.keyring))) > 0


def test_only_what_is_new_is_copied(safe: Any) -> None:
    """The content of yesterday lies there already; the new letter's is added, and both backups need it all."""
    first = json.loads(run(safe, "--to", str(safe.target)).stdout)
    with writing(safe.past.folder) as pen:
        pen.mail("jo@town.test", "clerk@court.test")

    second = json.loads(run(safe, "--to", str(safe.target)).stdout)

    assert (first["blobs"], first["blobs"] + 1, 1) == (first["copied"], second["blobs"], second["copied"])


def test_a_mark_tells_when_it_was(safe: Any) -> None:
    """Doctor and gauges read it; no backup, no mark."""
    marks = Marks(safe.past.folder / "var" / "marks")
    before = marks.last(Duty.BACKUP)

    safe.backs_up()

    mark = marks.last(Duty.BACKUP)
    assert (None, True) == (before, mark is not None and mark.size > 0)


def test_nobody_said_where(safe: Any) -> None:
    """Neither the rules nor the command: one sentence that says how to."""
    result = run(safe)

    assert isinstance(result.exception, Misconfigured)
    assert "name a folder with --to" in result.exception.cause


def test_a_disk_that_is_not_mounted_is_noticed(safe: Any, tmp_path: Path) -> None:
    """Its place is empty: nothing is written there, unless somebody says that it is a new one."""
    safe.backs_up()
    (tmp_path / "mount").mkdir(mode=0o700)

    refused = run(safe, "--to", str(tmp_path / "mount"))
    left = list((tmp_path / "mount").iterdir())
    begun = run(safe, "--to", str(tmp_path / "mount"), "--first")

    assert ("is the disk mounted?" in refused.exception.cause, [], 0) == (True, left, begun.exit_code)


@pytest.mark.parametrize("held", ["other things", "another office's"])
def test_a_folder_of_somebody_elses_is_refused(held: str, safe: Any) -> None:
    """What lies there is not ours to sweep."""
    (safe.target / ("office" if held != "other things" else "holiday.jpg")).write_text("x+00000000+AA\n")

    result = run(safe, "--to", str(safe.target))

    assert "folder of their own" in result.exception.cause or "folder of its own" in result.exception.cause
    assert 1 == len(list(safe.target.iterdir()))


def test_the_oldest_go_and_what_they_alone_needed(safe: Any) -> None:
    """Of fifteen, fourteen stay; content that no backup names any more goes with its last."""
    first = safe.backs_up()
    stray = safe.target / "blobs" / "ab" / ("ab" * 16)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"left by an erasure")
    for number in range(1, 14):
        shutil.copytree(first, first.with_name(f"20200101T0000{number:02}Z-{number}"))

    last = safe.backs_up()

    names = [path.name for path in Target(safe.target).backups()]
    assert (14, True) == (len(names), last.name in names)
    assert "20200101T000001Z-1" not in names
    assert not stray.exists()


def test_a_copied_manifest_is_listed_and_a_forged_one_is_told(safe: Any) -> None:
    """`backup list` exits 1 when one of them is not what this office signed."""
    folder = safe.backs_up()
    fine = run(safe, "list", "--to", str(safe.target))
    manifest = bytearray((folder / "manifest").read_bytes())
    manifest[40] ^= 1
    (folder / "manifest").write_bytes(manifest)

    forged = run(safe, "list", "--to", str(safe.target))

    assert (0, [""]) == (fine.exit_code, [one["problem"] for one in json.loads(fine.stdout)])
    assert (1, True) == (forged.exit_code, "signature" in json.loads(forged.stdout)[0]["problem"])


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # a child that only runs the command, and dies
def test_killed_at_every_sync_it_leaves_the_old_one_whole(
    safe: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL before the first, the second … sync of a backup, until it comes through: never half of one."""
    old = safe.backs_up()
    with writing(safe.past.folder) as pen:
        pen.mail("jo@town.test", "clerk@court.test")
    ends: list[int] = []

    while not ends or ends[-1] != 0:
        child = os.fork()
        if child == 0:
            _die_at(len(ends), monkeypatch)
            os._exit(run(safe, "--to", str(safe.target)).exit_code)
        ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        assert is_good(safe, old, tmp_path / "scratch"), f"killed at sync {len(ends) - 1}"
        assert is_good(safe, Target(safe.target).backups()[-1], tmp_path / "scratch")

    assert {-signal.SIGKILL, 0} == set(ends)
    assert len(ends) > 10
    assert [] == [path for path in safe.target.rglob("*.new") if path.is_dir()]


def _die_at(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a child of the test's own."""
    left = [number]
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        real(descriptor)

    monkeypatch.setattr(private.os, "fsync", fsync)
