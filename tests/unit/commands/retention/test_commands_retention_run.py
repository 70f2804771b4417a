"""The run, where no gateway runs: what is due goes, and each erasure has its certificate, whatever stopped a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.commands.ledger import ledger
from gateway.commands.office import opened
from gateway.commands.retention import run as running
from gateway.commands.setting import Setting
from gateway.engine.health.marks import Duty, Marks
from tests.audited import Past, checked
from tests.unit.commands.retention.later import MONTH, asked, passes, told


def verified(past: Past, bundle: str) -> str:
    result = CliRunner().invoke(ledger, ["verify", bundle, "--key", past.ledger_key])
    assert 0 == result.exit_code, result.output
    return result.stdout


def test_what_is_due_goes_with_a_certificate(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once; anybody with the ledger's key can check it, and it is for this user alone."""
    passes(monkeypatch, MONTH)
    ran = told(past, "run")
    again = told(past, "run")

    (certificate,) = ran["certificates"]
    assert (2, 0) == (ran["papers"], ran["values"])
    assert {"papers": 0, "values": 0, "certificates": []} == again
    assert "2 erasures were ordered and done" in verified(past, certificate)
    assert 0o600 == Path(certificate).stat().st_mode & 0o777
    assert checked(past.folder).is_whole


def test_it_says_what_it_did(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words; and that nothing was due, when nothing was."""
    assert "Nothing was due." in asked(past, "run").stdout

    passes(monkeypatch, MONTH)

    assert "Destroyed: the papers of 2 copies, and values of 0 copies." in asked(past, "run").stdout


def test_it_leaves_a_mark_for_doctor(past: Past) -> None:
    """Also when nothing was due: it was looked."""
    marks = Marks(past.folder / "var" / "marks")
    assert marks.last(Duty.RETENTION) is None

    told(past, "run")

    assert marks.last(Duty.RETENTION) is not None


def test_a_run_that_was_killed_before_its_certificate_has_it_from_the_next(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was destroyed is not done again, and its certificate is as good."""
    passes(monkeypatch, MONTH)

    def killed(office: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as at:
        at.setattr(running, "certify", killed)
        asked(past, "run")
    ran = told(past, "run")

    assert (0, 1) == (ran["papers"], len(ran["certificates"]))
    assert "2 erasures were ordered and done" in verified(past, ran["certificates"][0])


def test_after_a_year_and_ten_all_that_ended_is_forgotten(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """Papers and values, each with a certificate; what is under way is as it was."""
    passes(monkeypatch, 11 * 366)
    ran = told(past, "run")

    assert (2, 2, 2) == (ran["papers"], ran["values"], len(ran["certificates"]))
    assert all(verified(past, one) for one in ran["certificates"])
    with opened(Setting(folder=past.folder)) as office:
        assert [None, True, True] == [
            office.archive.story(one) and True for one in (past.delivered, past.held, past.deferred)
        ]


def test_where_there_is_no_office_it_says_so(tmp_path: Path, past: Past) -> None:
    """In one sentence, with the environment's code."""
    from gateway.commands.main import sealgate

    result = CliRunner().invoke(sealgate, ["--office", str(tmp_path / "none"), "retention", "run"])

    assert 5 == result.exit_code or 3 == result.exit_code
