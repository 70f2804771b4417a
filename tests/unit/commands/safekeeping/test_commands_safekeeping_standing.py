"""What `doctor` says of backups, drills and the escrow: red until it was done, and again when it is old."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.commands.office import opened
from gateway.commands.safekeeping import standing
from gateway.commands.setting import Setting
from gateway.engine.health.checkup import HOUR_MS, Grade
from gateway.engine.health.marks import Duty, Mark, Marks
from gateway.engine.safekeeping.escrow import contents_now
from gateway.judge.stationshapes import BackupTable

TABLE = BackupTable(to="backups", custodians=("ruth@town.test", "per@town.test"))


def test_no_place_for_backups_is_wrong(safe: Any) -> None:
    """In an office that is no trial; the command leads to the line that is missing."""
    with opened(Setting(folder=safe.past.folder)) as office:
        (found,) = standing.findings(office)

    assert (Grade.WRONG, "backup") == (found.grade, found.check)
    assert "rules/gateway.toml" in found.mend


@pytest.mark.parametrize(
    ("sealed", "opened_as", "sentence"),
    [
        ("", "", "never sealed to the custodians"),
        ("older", "older", "changed since the escrow was written"),
        ("now", "", "No custodian has opened"),
        ("now", "older", "No custodian has opened"),
        ("now", "now", ""),
    ],
)
def test_the_escrow_is_red_until_one_was_opened(sealed: str, opened_as: str, sentence: str, safe: Any) -> None:
    """And again when what it must hold has changed."""
    with opened(Setting(folder=safe.past.folder)) as office:
        marks = Marks(office.setting.var / "marks")
        words = {"now": contents_now(office.setting.folder, office.keyring.index_key), "older": "0" * 64}
        for duty, said in ((Duty.ESCROW, sealed), (Duty.OPENED, opened_as)):
            if said:
                marks.make(duty, Mark(at_ms=1, contents=words[said]))

        found = standing.escrow(office, TABLE, marks)

    assert (Grade.WRONG if sentence else Grade.FINE, True) == (found.grade, sentence in found.sentence)


def test_one_custodian_is_none(safe: Any) -> None:
    """Two must be able to open it."""
    with opened(Setting(folder=safe.past.folder)) as office:
        found = standing.escrow(office, BackupTable(to="b"), Marks(office.setting.var / "marks"))

    assert (Grade.WRONG, True) == (found.grade, "no two custodians" in found.sentence)


@pytest.mark.parametrize(("hours", "grade"), [(25, Grade.FINE), (27, Grade.WRONG)])
def test_a_backup_is_old_after_a_day(hours: int, grade: Grade, safe: Any) -> None:
    """26 hours: a night's, and some slack."""
    with opened(Setting(folder=safe.past.folder)) as office:
        marks = Marks(office.setting.var / "marks")
        marks.make(Duty.BACKUP, Mark(at_ms=office.clock.now_ms() - hours * HOUR_MS))

        found = {one.check: one for one in standing.kept(office, TABLE)}

    assert grade is found["backup"].grade
    assert (Grade.WRONG, "sealgate restore --drill") == (found["drill"].grade, found["drill"].mend)


def test_a_restored_office_is_told_first(safe: Any, tmp_path: Any) -> None:
    """Whoever looks is sent to settle it."""
    safe.restores(safe.backs_up(), tmp_path / "new")

    with opened(Setting(folder=tmp_path / "new")) as office:
        found = next(standing.findings(office))

    assert (Grade.WRONG, "sealgate restore --settle") == (found.grade, found.mend)
