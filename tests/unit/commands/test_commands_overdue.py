"""What `doctor` says of retention: nothing can be due yet, it was run, or it was not."""

from __future__ import annotations

import pytest

from gateway.commands.office import opened
from gateway.commands.overdue import findings
from gateway.commands.setting import Setting
from gateway.engine.health.checkup import Finding, Grade
from tests.audited import Past
from tests.unit.commands.retention.later import MONTH, in_days, passes, told


def finding(past: Past) -> Finding:
    with opened(Setting(folder=past.folder)) as office:
        (found,) = findings(office)
        return found


def test_a_young_office_need_not_have_run_it(past: Past) -> None:
    """The first day on which anything can be due is named."""
    found = finding(past)

    assert Grade.FINE == found.grade
    assert "Nothing can be due before" in found.sentence


def test_an_older_one_must(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never run, it is wrong, with the command that mends it; run, it is fine until it was not for too long."""
    passes(monkeypatch, MONTH + 2)
    never = finding(past)
    told(past, "run")
    lately = finding(past)
    passes(monkeypatch, MONTH + 4)
    long_ago = finding(past)

    assert [Grade.WRONG, Grade.FINE, Grade.WRONG] == [one.grade for one in (never, lately, long_ago)]
    assert {"sealgate retention run"} == {one.mend for one in (never, long_ago)}
    assert in_days(0)
