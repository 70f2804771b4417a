"""`sealgate rules replay`: what it tells, to whom, and its exit codes, on a real office."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.main import sealgate
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.keep.accounts import Accounts
from gateway.keep.sqlite import SqliteRecords
from tests.benchmarks.past import lived

DECISIONS = 120
SOLICITORS_ONLY = ('who = ["clerk", "solicitor"]\nto = ["courts"]', 'who = ["solicitor"]\nto = ["courts"]')
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def lived_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lived") / "office"
    lived(folder, DECISIONS)
    Accounts(Setting(folder=folder).accounts).set_password("per@town.test", PASSWORD)
    return folder


@pytest.fixture
def office(lived_once: Path, tmp_path: Path) -> Path:
    """A copy of its own for each test."""
    return Path(shutil.copytree(lived_once, tmp_path / "office"))


def edited(office: Path, old: str, new: str) -> Path:
    folder = office.parent / "edited"
    shutil.copytree(office / "rules", folder)
    path = folder / "transfers.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    return folder


def replay(office: Path, *words: str) -> Result:
    return CliRunner().invoke(sealgate, ["--office", str(office), "rules", "replay", *words])


def signed(office: Path) -> tuple[str, ...]:
    path = office.parent / "password"
    path.write_text(PASSWORD)
    return "--as", "per@town.test", "--password-file", str(path)


def test_the_rules_in_force_change_nothing(office: Path) -> None:
    """Exit 0: what was decided would be decided again."""
    result = replay(office)

    assert 0 == result.exit_code, result.output
    assert f"0 of {DECISIONS} decisions of the last 90 days change.\n" == result.stdout


def test_what_changes_is_told_by_transfer_and_by_person(office: Path) -> None:
    """Exit 1; whoever may audit sees who, to whom, what it was, what it would be, and why."""
    folder = edited(office, *SOLICITORS_ONLY)

    result = replay(office, str(folder), *signed(office))
    machine = json.loads(replay(office, str(folder), "--json", *signed(office)).stdout)

    assert 1 == result.exit_code
    changes = machine["changes"]
    assert machine["changed"] == len(changes) > 0
    assert f"{len(changes)} of {DECISIONS} decisions" in result.stdout
    assert {"alena@town.test"} == {row["sender"] for row in changes if "court-filing" in row["rules"]}
    assert "Only a solicitor may send this (court-filing). Ask Ruth Okafor." in result.stdout
    by_person = {(row["sender"], row["before"], row["after"]): row["decisions"] for row in machine["by_person"]}
    assert len(changes) == sum(by_person.values())
    assert "alena@town.test: went, would be refused" in result.stdout


def test_whoever_does_not_sign_in_sees_no_person(office: Path) -> None:
    """Numbers, transfers and rules; no address and no name. The question stands in the ledger either way."""
    folder = edited(office, *SOLICITORS_ONLY)

    result, machine = replay(office, str(folder)), replay(office, str(folder), "--json")

    for said in (result.stdout, machine.stdout):
        assert "@" not in said
        assert "Alena" not in said
    assert "sign in with --as ADDRESS" in result.stdout
    assert "court-filing: went, would be refused" in result.stdout
    with opened(Setting(folder=office)) as opened_office:
        size = opened_office.records.since(0, 0).head
        assert size is not None
        kinds = [b'"k":"consulted"' in leaf.entry for leaf in opened_office.records.since(0, size.size).leaves]
    assert 2 == sum(kinds)


def test_only_the_days_asked_for_are_taken_again(office: Path) -> None:
    """Fewer days, fewer decisions; no day, a usage error."""
    month = json.loads(replay(office, "--days", "30", "--json").stdout)
    quarter = json.loads(replay(office, "--json").stdout)

    assert 0 < month["decisions"] < quarter["decisions"] == DECISIONS
    assert [] == month["changes"]
    assert 2 == replay(office, "--days", "0").exit_code


def test_erased_transfers_are_counted_apart(office: Path) -> None:
    """What was forgotten on purpose cannot be taken again, and is not passed over in silence."""
    records = SqliteRecords(office / "var" / "records" / "records.db")
    gone = next(name for name in records.find([], limit=10) if name.startswith("T-"))
    records.forget(gone)
    records.close()

    machine = json.loads(replay(office, "--json").stdout)

    assert (DECISIONS, 2) == (machine["decisions"] + machine["erased"], machine["erased"])
    assert "2 more were taken on transfers that are erased" in replay(office).stdout


def test_rules_that_do_not_load_replay_nothing(office: Path) -> None:
    """Exit 3, with every problem, before the ledger is asked."""
    folder = edited(office, 'who = ["clerk", "solicitor"]', 'who = ["clark"]')

    result = replay(office, str(folder))

    assert 3 == result.exit_code
    assert 'unknown role "clark"; did you mean "clerk"?' in result.output


def test_many_changes_are_not_all_shown_unless_asked_for(office: Path) -> None:
    """Twenty, and how many more; --all shows every one."""
    folder = edited(office, "\n[[never]]", '\n[[never]]\nid = "nothing-goes"\nbecause = "Closed."\n\n[[never]]')

    few, all_of_them = replay(office, str(folder)), replay(office, str(folder), "--all")

    assert 20 == sum(line.startswith("T-") for line in few.stdout.splitlines())
    assert " more; all of them with --all." in few.stdout
    assert sum(line.startswith("T-") for line in all_of_them.stdout.splitlines()) > 20
