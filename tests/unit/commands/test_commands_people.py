"""Accounts from the command line; a password never stands on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.main import sealgate
from gateway.keep.accounts import Account, Accounts

RULES = '[person]\n"Jo@town.test" = { name = "Jo Hart", roles = ["solicitor"] }\n'


@pytest.fixture
def office(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "people.toml").write_text(RULES)
    (tmp_path / "var").mkdir(mode=0o700)
    return tmp_path


def run(office: Path, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(sealgate, ["--office", str(office), "people", *words], input=typed)


def accounts(office: Path) -> Accounts:
    return Accounts(office / "var" / "accounts.json")


def test_a_password_is_typed_twice_and_shown_never(office: Path) -> None:
    """A password is asked for, confirmed, and echoed nowhere."""
    result = run(office, "set-password", "jo@town.test", typed="CANARY-horse\nCANARY-horse\n")

    assert (0, "jo@town.test has a new password.\n") == (result.exit_code, result.stdout)
    assert "CANARY" not in result.output
    assert accounts(office).check("jo@town.test", "CANARY-horse")


def test_a_password_is_the_first_line_of_its_file(office: Path, tmp_path: Path) -> None:
    """From a file the first line counts, spaces included, its line end not."""
    (tmp_path / "password").write_text(" CANARY horse \r\nnot this\n")

    result = run(office, "set-password", "JO@town.test", "--password-file", str(tmp_path / "password"), "--json")

    assert {"address": "jo@town.test"} == json.loads(result.stdout)
    assert accounts(office).check("jo@town.test", " CANARY horse ")


@pytest.mark.parametrize("content", ["", "\n", "x" * 1025])
def test_what_cannot_be_a_password_is_refused(content: str, office: Path, tmp_path: Path) -> None:
    """No password, or one too long, is a usage error, and nothing changes."""
    (tmp_path / "password").write_text(content)

    result = run(office, "set-password", "jo@town.test", "--password-file", str(tmp_path / "password"))

    assert (2, ()) == (result.exit_code, accounts(office).people())


def test_nobody_gets_an_account_without_being_in_the_rules(office: Path) -> None:
    """A mistyped address is named, and no account is made."""
    result = run(office, "set-password", "joe@town.test", typed="CANARY\nCANARY\n")

    assert (5, ()) == (result.exit_code, accounts(office).people())
    assert "joe@town.test is nobody in rules/people.toml" in result.stderr


def test_the_list_shows_who_can_sign_in_and_who_cannot(office: Path) -> None:
    """People without an account and accounts without a person both show; no hash does."""
    accounts(office).put("gone@town.test", Account(password="$argon2id$CANARY", ssh_keys=("ssh-ed25519 AAAA",)))

    result = run(office, "list", "--json")

    assert [("gone@town.test", False, True, 1), ("jo@town.test", True, False, 0)] == [
        (each["address"], each["in_rules"], each["has_password"], each["ssh_keys"])
        for each in json.loads(result.stdout)
    ]
    assert "CANARY" not in result.stdout


def test_the_list_is_readable(office: Path) -> None:
    """For people the list is a line each, in words."""
    accounts(office).put("gone@town.test", Account(password="x"))

    lines = run(office, "list").stdout.splitlines()

    assert ["gone@town.test", "jo@town.test"] == [line.split()[0] for line in lines]
    assert lines[0].endswith("password  (not in the rules: cannot sign in)")
    assert lines[1].endswith("no way to sign in")


def test_the_list_says_what_a_role_demands(office: Path) -> None:
    """Where the roles close ways, the line says which are left, and if nothing of them is on file."""
    roles = '[role]\nsolicitor = { may-handle = "office", sign-in = ["key+code", "certificate", "key"] }\n'
    (office / "rules" / "people.toml").write_text(roles + RULES)
    accounts(office).put("jo@town.test", Account(password="x"))

    (line,) = run(office, "list").stdout.splitlines()
    (told,) = json.loads(run(office, "list", "--json").stdout)

    assert line.endswith("password  (files: signs in with key or certificate, and has nothing of it on file)")
    assert ["key", "certificate", "key+code", "certificate+code"] == told["sign_in"]
    accounts(office).put("jo@town.test", Account(password="x", ssh_keys=("ssh-ed25519 AAAA",)))
    assert run(office, "list").stdout.strip().endswith("1 SSH keys  (files: signs in with key or certificate)")
