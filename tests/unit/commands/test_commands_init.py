"""An office's first day: complete, private, and all or nothing."""

from __future__ import annotations

import getpass
import stat
import tomllib
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from gateway.commands.hostkey import host_key_at
from gateway.commands.init import FirstDay, lay_out
from gateway.commands.main import sealgate
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock
from gateway.errors import Misconfigured
from gateway.keep.accounts import Accounts
from gateway.keep.keyring import Keyring
from gateway.ledger.checkpoint import Signer

PEOPLE = ("alena@town.test", "jo@town.test", "ruth@town.test", "per@town.test")


def first_day(folder: Path, *, base: int | None = 20000) -> FirstDay:
    return lay_out(folder, base=base, clock=SystemClock(), publish=lambda _: None)


def fails(_: Path) -> None:
    raise Misconfigured("the disk is full")


def test_everybody_in_the_rules_can_sign_in(tmp_path: Path) -> None:
    """Each person gets an account whose password, shown once, is theirs alone."""
    day = first_day(tmp_path / "office")

    accounts = Accounts(tmp_path / "office" / "var" / "accounts.json")
    assert PEOPLE == tuple(account.address for account in day.accounts)
    assert accounts.check(day.accounts[0].address, day.accounts[0].password)
    assert not accounts.check(day.accounts[0].address, day.accounts[1].password)


def test_no_password_is_kept_readable(tmp_path: Path) -> None:
    """What was printed stands in no file of the office."""
    day = first_day(tmp_path / "office")

    kept = b"".join(path.read_bytes() for path in (tmp_path / "office").rglob("*") if path.is_file())
    assert [] == [account.address for account in day.accounts if account.password.encode() in kept]


def test_what_is_secret_is_private(tmp_path: Path) -> None:
    """State and keys are for the office's user alone; nothing at all can be written by others."""
    first_day(tmp_path / "office")
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "office").rglob("*")}

    secret = [
        path for path in modes if path.suffix in {".key", ".seed"} or path.name.endswith("_key") or "var" in path.parts
    ]
    assert len(secret) >= 9
    assert [] == [path for path in secret if modes[path] & 0o077]
    assert [] == [path for path in modes if modes[path] & 0o022]


def test_the_ledger_key_is_the_one_that_will_sign(tmp_path: Path) -> None:
    """The key auditors are given is the public half of the office's ledger key, under the log's origin."""
    day = first_day(tmp_path / "office")

    keyring = Keyring.open(Setting(folder=tmp_path / "office").keys, entropy=SystemClock().random)
    assert day.ledger_key == Signer("town.test/ledger", keyring.ledger_seed).vkey


def test_it_says_which_door_is_where(tmp_path: Path) -> None:
    """Each door's port is told by name, as the rules have it."""
    expected = {"submissions": 20465, "submission": 20587, "inbound": 20025, "sftp": 20022, "pickup": 20443,
                "console": 28443}  # fmt: skip

    assert expected == first_day(tmp_path / "office").ports


def test_without_loopback_the_rules_are_the_sample(tmp_path: Path) -> None:
    """A real office starts from the sample as it stands, on the standard ports, with no certificate for an outside."""
    day = first_day(tmp_path / "office", base=None)

    routes = tomllib.loads((tmp_path / "office" / "rules" / "routes.toml").read_text())
    assert (465, 587, "mx", None) == (
        day.ports["submissions"], day.ports["submission"], routes["mail"]["via"], day.outside,
    )  # fmt: skip
    assert not (tmp_path / "office" / "certs" / "outside.key").exists()


def test_on_loopback_a_partners_server_can_be_played(tmp_path: Path) -> None:
    """The route to the court leads to this machine, pins a host key that is there, and asks for who runs this."""
    day = first_day(tmp_path / "office")

    (route,) = tomllib.loads((tmp_path / "office" / "rules" / "routes.toml").read_text())["route"]
    assert day.outside is not None
    pinned = host_key_at(Path(day.outside.ssh_host_key)).get_fingerprint()
    assert ("127.0.0.1:22222", [pinned], getpass.getuser()) == (route["at"], route["host-keys"], route["user"])


def test_the_answer_as_json_has_the_promised_shape(tmp_path: Path) -> None:
    """Other programs can rely on the names in the answer."""
    told = msgspec.json.decode(msgspec.json.encode(first_day(tmp_path / "office")))

    assert {"accounts", "ca", "ledger_key", "ports", "ssh_host_key", "outside"} == told.keys()
    assert {"address", "password"} == told["accounts"][0].keys()
    assert {"cert", "key", "ssh_host_key"} == told["outside"].keys()
    assert Path(told["ca"]).is_file()


def test_the_rules_are_published_from_the_finished_folder(tmp_path: Path) -> None:
    """Publishing is the last step, and finds rules, certificates and keys in place."""
    seen: list[list[str]] = []

    lay_out(
        tmp_path / "office",
        base=20000,
        clock=SystemClock(),
        publish=lambda folder: seen.append(sorted(path.name for path in folder.iterdir())),
    )

    assert [["certs", "rules", "schemas", "tombi.toml", "var"]] == seen


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    """When the last step fails the folder it made is gone again."""
    with pytest.raises(Misconfigured, match="disk is full"):
        lay_out(tmp_path / "office", base=20000, clock=SystemClock(), publish=fails)

    assert [] == list(tmp_path.iterdir())


def test_a_failure_leaves_a_folder_that_was_there_empty(tmp_path: Path) -> None:
    """When it fails in a folder that was there before, the folder stays, empty."""
    with pytest.raises(Misconfigured, match="disk is full"):
        lay_out(tmp_path, base=20000, clock=SystemClock(), publish=fails)

    assert (True, []) == (tmp_path.is_dir(), list(tmp_path.iterdir()))


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    """`init` never touches a folder that holds anything."""
    (tmp_path / "letter.txt").write_text("mine")

    result = CliRunner().invoke(sealgate, ["init", str(tmp_path)])

    assert (2, ["letter.txt"]) == (result.exit_code, [path.name for path in tmp_path.iterdir()])
    assert "is not empty" in result.stderr


@pytest.mark.parametrize("base", ["80", "1001", "57093", "many"])
def test_a_base_whose_doors_do_not_fit_is_refused(base: str, tmp_path: Path) -> None:
    """A base that would need root, or ports that do not exist, is a usage error."""
    result = CliRunner().invoke(sealgate, ["init", str(tmp_path / "office"), "--loopback", base])

    assert (2, False) == (result.exit_code, (tmp_path / "office").exists())
