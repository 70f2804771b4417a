"""Our key for a partner's server: made where the delivery looks, told once, never replaced."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import asyncssh
import pytest
from click.testing import CliRunner, Result

from gateway.commands.credentials import Credentials
from gateway.commands.main import sealgate
from gateway.commands.sample import sample_rules


@pytest.fixture
def office(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    for name, text in sample_rules().items():
        (tmp_path / "rules" / name).write_text(text)
    (tmp_path / "var").mkdir(mode=0o700)
    return tmp_path


def run(office: Path, *words: str) -> Result:
    return CliRunner().invoke(sealgate, ["--office", str(office), "people", "route-key", *words])


def test_the_delivery_finds_the_key_the_partner_was_told(office: Path) -> None:
    """What the route calls its credential is a key whose public half is the line that was printed."""
    told = json.loads(run(office, "court", "--json").stdout)

    key = asyncssh.import_private_key(Credentials.beside(office / "var").read("court-box"))
    public = asyncssh.import_public_key(told["public_key"])
    assert (told["key"], told["key"]) == (key.get_fingerprint(), public.get_fingerprint())
    assert ("ssh-ed25519", "partner:court", "court-box", "town", "sftp.court.test:22") == (
        told["public_key"].split()[0], told["partner"], told["route"], told["user"], told["at"],
    )  # fmt: skip


def test_the_key_is_ours_alone(office: Path) -> None:
    """The folder is 0700 and the key 0600; it stands in nothing that was printed."""
    result = run(office, "partner:court")

    path = office / "var" / "credentials" / "court-box"
    assert (0o600, 0o700) == (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode))
    assert "PRIVATE KEY" not in result.output
    assert (path.parent / "court-box.pub").read_text().strip() == result.stdout.splitlines()[1]


def test_a_key_that_is_there_is_never_replaced(office: Path) -> None:
    """The partner counts on it: the second time is an error that says where the public half is."""
    run(office, "court")
    before = (office / "var" / "credentials" / "court-box").read_bytes()

    result = run(office, "court")

    assert (5, before) == (result.exit_code, (office / "var" / "credentials" / "court-box").read_bytes())
    assert "court-box.pub" in result.stderr


@pytest.mark.parametrize(
    ("partner", "old", "new", "said"),
    [
        ("curt", "", "", "curt is nobody in rules/partners.toml"),
        ("smith-and-day", "", "", "has no route to smith-and-day"),
        ("court", 'credential = "court-box"', "", 'the route "court-box" names no credential'),
        ("court", 'credential = "court-box"', 'credential = "../keys/x"', "letters, digits"),
    ],
)
def test_what_is_missing_is_named(office: Path, partner: str, old: str, new: str, said: str) -> None:
    """No key is made for nobody, for a partner that collects here, or under a name that is none."""
    routes = office / "rules" / "routes.toml"
    routes.write_text(routes.read_text().replace(old, new))

    result = run(office, partner)

    assert (5, False) == (result.exit_code, (office / "var" / "credentials").exists())
    assert said in result.stderr
