"""`sealgate rules prove`: what it prints, and how it ends."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.main import sealgate
from gateway.judge.prove import COVERS

RULES = Path(__file__).parents[4] / "rules"
ON = ("--on", "2026-11-21")


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """An office with the example's rules."""
    shutil.copytree(RULES, tmp_path / "rules")
    return tmp_path


def run(office: Path, *words: str) -> Result:
    """The command, as an administrator types it."""
    return CliRunner().invoke(sealgate, ["--office", str(office), "rules", *words])


def widen(office: Path) -> None:
    """The handbook's case: sealed bundles by mail too."""
    transfers = office / "rules" / "transfers.toml"
    transfers.write_text(transfers.read_text().replace('by = ["sftp"]\nwhen', 'by = ["sftp", "mail"]\nwhen'))


def test_rules_that_keep_every_never_end_with_0(office: Path) -> None:
    """How many, over how many situations, and always what that does not cover."""
    result = run(office, "prove", *ON)

    assert 0 == result.exit_code
    first, second, *_, last = result.output.splitlines()
    assert first.startswith("2 of 2 never are kept, over ")
    assert "kept: sealed-by-mail, sealed-without-agreement" == second
    assert COVERS == last


def test_a_broken_never_ends_with_1_and_a_message(office: Path) -> None:
    """Line, sentence, reason, and the command that shows it decided: which says block, for a never blocks anyway."""
    widen(office)

    result = run(office, "prove", *ON)

    assert 1 == result.exit_code
    (line,) = [line for line in result.output.splitlines() if "is broken" in line]
    assert line.startswith("rules/transfers.toml:")
    assert "Jo Hart could send a Sealed paper to anyone@court.test (County Court) by mail" in line
    assert line.endswith("Standing order 5.")
    (command,) = [line for line in result.output.splitlines() if "sealgate rules explain" in line]
    explained = run(office, *command.split()[2:], *ON)
    assert (1, True) == (explained.exit_code, "sealed-by-mail" in explained.output)


def test_as_json_nothing_is_left_out(office: Path) -> None:
    """Kept, broken with the message, findings, the digest, and what it covers."""
    widen(office)

    result = run(office, "prove", "--json", *ON)

    told = json.loads(result.output)
    assert (1, ["sealed-without-agreement"], []) == (result.exit_code, told["kept"], told["findings"])
    (broken,) = told["broken"]
    assert ("sealed-by-mail", ["sealed-bundles"]) == (broken["rule"], broken["allows"])
    assert {
        "from": "jo@town.test",
        "to": "anyone@court.test",
        "label": "sealed",
        "by": "mail",
        "for": None,
        "facts": {"address-verified": True, "agreement-current": True},
    } == broken["message"]
    assert (COVERS, 64) == (told["covers"], len(told["digest"]))


def test_what_is_odd_is_printed_and_changes_no_exit_code(office: Path) -> None:
    """Somebody should look at it; nothing is broken."""
    with (office / "rules" / "transfers.toml").open("a") as transfers:
        transfers.write('\n[[forbid]]\nid = "idle"\nbecause = "So."\nto = ["strangers"]\nlabels = ["sealed"]\n')

    result = run(office, "prove", *ON)
    told = json.loads(run(office, "prove", "--json", *ON).output)

    assert 0 == result.exit_code
    assert "1 to look at:" in result.output
    assert "idle: no allow reaches what it forbids" in result.output
    assert [("dead", "idle")] == [(finding["kind"], finding["about"]) for finding in told["findings"]]


def test_the_day_decides_what_is_over(office: Path) -> None:
    """In 2031 every allow of the example has ended; the nevers are as they were."""
    result = run(office, "prove", "--on", "2031-01-01")

    assert 0 == result.exit_code
    assert "sealed-bundles: it ended on 2026-12-31" in result.output


def test_another_folder_can_be_asked_about(office: Path, tmp_path: Path) -> None:
    """An edited copy, before it is anywhere near the office."""
    edited = tmp_path / "edited"
    shutil.copytree(RULES, edited / "rules")
    widen(edited)

    assert 0 == run(office, "prove", *ON).exit_code
    assert 1 == run(office, "prove", str(edited / "rules"), *ON).exit_code


def test_rules_that_do_not_load_end_with_3(office: Path) -> None:
    """There is nothing to prove."""
    (office / "rules" / "people.toml").unlink()

    assert 3 == run(office, "prove").exit_code


def test_check_calls_a_broken_never_a_mistake(office: Path) -> None:
    """Such rules are never published, so the check says so first, at the line of the never."""
    widen(office)

    result = run(office, "check", *ON)

    assert 3 == result.exit_code
    assert "sealed-by-mail is broken: Jo Hart could send a Sealed paper" in result.output
