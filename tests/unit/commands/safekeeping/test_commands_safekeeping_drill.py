"""The drill restores for real, and its result stands in the living ledger, whatever it was."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.engine.health.marks import Duty, Marks
from gateway.errors import Misconfigured
from gateway.facts import Consulted
from tests.audited import checked


def written(safe: Any) -> list[Consulted]:
    """What the ledger says of drills."""
    with opened(Setting(folder=safe.past.folder)) as office:
        stories = (office.archive.story(stream) for stream in office.records.find([], limit=1000))
        facts = [fact for one in stories if one for fact in one.facts]
    return [fact for fact in facts if isinstance(fact, Consulted) and fact.why == "drill"]


def test_the_result_is_in_the_ledger(safe: Any) -> None:
    """Purpose `drill`, the digest of the report that lies in `var/drills`; and a mark for eight days."""
    safe.backs_up()

    result = safe.drills()

    (report,) = (safe.past.folder / "var" / "drills").iterdir()
    assert (0, True) == (result.exit_code, json.loads(result.stdout)["is_whole"]), result.output
    assert [f"drill {hashlib.sha256(report.read_bytes()).hexdigest()}"] == [fact.question for fact in written(safe)]
    assert Marks(safe.past.folder / "var" / "marks").last(Duty.DRILL) is not None
    assert checked(safe.past.folder).is_whole


def test_content_of_what_has_ended_is_opened_too(safe: Any) -> None:
    """`fsck` reads what is open; the drill opens three of three, and says whose head it was."""
    safe.backs_up()

    told = json.loads(safe.drills().stdout)

    assert (3, 0, True) == (told["blobs_opened"], told["blobs_gone"], told["is_of_this_ledger"])


def test_a_damaged_backup_is_a_finding_and_an_entry(safe: Any) -> None:
    """Exit 1, no mark; that it failed is in the ledger like that it had not."""
    folder = safe.backs_up()
    content = bytearray((folder / "records").read_bytes())
    content[500] ^= 1
    (folder / "records").write_bytes(content)

    result = safe.drills()

    told = json.loads(result.stdout)
    assert (1, False, 1) == (result.exit_code, told["is_whole"], len(told["problems"]))
    assert 1 == len(written(safe))
    assert Marks(safe.past.folder / "var" / "marks").last(Duty.DRILL) is None


def test_a_backup_of_another_history_is_found_out(safe: Any, tmp_path: Path) -> None:
    """It is whole and signed by our key, and its head is none of ours: somebody backed up a fork."""
    twin = tmp_path / "twin"
    shutil.copytree(safe.past.folder, twin)
    safe.backs_up()
    safe.drills()  # the living ledger goes on
    other = replace(safe, past=replace(safe.past, folder=twin), target=tmp_path / "other")
    other.target.mkdir(mode=0o700)
    other.backs_up("--first")
    other.drills()
    forked = other.backs_up()

    result = safe.drills(backup=forked)

    assert (1, False) == (result.exit_code, json.loads(result.stdout)["is_of_this_ledger"]), result.output


def test_an_escrow_that_was_opened_is_remembered(safe: Any) -> None:
    """With a custodian's keys instead of this machine's: doctor is told that it could be."""
    safe.backs_up()

    result = safe.drills("--keys", str(safe.keys))

    marks = Marks(safe.past.folder / "var" / "marks")
    assert (0, True) == (result.exit_code, json.loads(result.stdout)["escrow_opened"]), result.output
    assert marks.last(Duty.OPENED) is not None


def test_another_offices_escrow_is_refused(safe: Any) -> None:
    """It opens nothing here."""
    safe.backs_up()
    pack = json.loads(safe.keys.read_bytes())
    pack["origin"] = "county.test/ledger"
    safe.keys.write_text(json.dumps(pack))

    result = safe.drills("--keys", str(safe.keys))

    assert isinstance(result.exception, Misconfigured)


@pytest.mark.parametrize("left", ["*.restoring", "sealgate-restore-*"])
def test_nothing_of_it_stays(left: str, safe: Any, tmp_path: Path) -> None:
    """The scratch folder goes, keys and all."""
    safe.backs_up()
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    safe.drills("--scratch", str(scratch))

    assert [] == list(scratch.rglob(left))
    assert [] == list(scratch.iterdir())
