"""`sealgate rules publish`: two signatures, rules that keep their own promises, and nothing in force otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.init import lay_out
from gateway.commands.main import sealgate
from gateway.commands.office import opened, publish_first
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock


@dataclass(frozen=True)
class Office:
    folder: Path
    passwords: dict[str, str]

    def publish(self, first: str, second: str, *, forget: bool = False) -> Result:
        """Both sign, each with their own password file; `forget`: the second one mistypes."""
        words = []
        for option, person in (("--as", first), ("--second", second)):
            words += [option, f"{person}@town.test"]
            password = self.folder.parent / f"{person}{option}"
            is_forgotten = forget and option == "--second"
            password.write_text("mistyped" if is_forgotten else self.passwords[f"{person}@town.test"])
            words += ["--password-file" if option == "--as" else "--second-password-file", str(password)]
        return CliRunner().invoke(sealgate, ["--office", str(self.folder), "rules", "publish", *words])

    def digests(self) -> tuple[str, str]:
        """Of the rules in the folder, and of those in force."""
        with opened(Setting(folder=self.folder)) as office:
            return office.folder_rules.digest, office.in_force.digest if office.in_force else ""

    def edit(self, old: str, new: str) -> None:
        path = self.folder / "rules" / "transfers.toml"
        path.write_text(path.read_text().replace(old, new, 1))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    day = lay_out(tmp_path / "office", base=20000, clock=SystemClock(), publish=publish_first)
    return Office(tmp_path / "office", {account.address: account.password for account in day.accounts})


def test_two_signatures_bring_rules_into_force(office: Office) -> None:
    """What stands in the folder is in force afterwards; the answer is its digest."""
    office.edit('because = "Correspondence."', 'because = "Letters."')

    result = office.publish("ruth", "per")

    folder, in_force = office.digests()
    assert (0, f"In force: {folder}\n") == (result.exit_code, result.stdout)
    assert folder == in_force


@pytest.mark.parametrize(("first", "second"), [("ruth", "ruth"), ("ruth", "jo"), ("jo", "ruth")])
def test_the_signatures_are_of_two_who_may(first: str, second: str, office: Office) -> None:
    """One person twice, or somebody who may not publish, changes nothing."""
    office.edit('because = "Correspondence."', 'because = "Letters."')

    result = office.publish(first, second)

    folder, in_force = office.digests()
    assert 1 == result.exit_code
    assert folder != in_force


def test_the_second_password_counts(office: Office) -> None:
    """A name is no signature."""
    office.edit('because = "Correspondence."', 'because = "Letters."')

    result = office.publish("ruth", "per", forget=True)

    folder, in_force = office.digests()
    assert 1 == result.exit_code
    assert folder != in_force


def test_rules_that_miss_an_expectation_are_not_published(office: Office) -> None:
    """rules/transfers.test.toml is tried first; nobody is asked for a password."""
    office.edit('who = ["clerk", "solicitor"]', 'who = ["solicitor"]')

    result = office.publish("ruth", "per")

    folder, in_force = office.digests()
    assert 1 == result.exit_code
    assert "a clerk files a confidential bundle" in result.stderr
    assert folder != in_force


def test_rules_that_do_not_load_are_exit_3(office: Office) -> None:
    """Every mistake is told with its place."""
    office.edit('"solicitor"]', '"solicitr"]')

    result = office.publish("ruth", "per")

    assert 3 == result.exit_code
    assert 'did you mean "solicitor"?' in result.stderr
