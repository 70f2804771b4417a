"""Keys, codes and partners' accounts from the command line."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import asyncssh
import pyotp
import pytest
from click.testing import CliRunner, Result

from gateway.commands.main import sealgate
from gateway.commands.sample import sample_rules
from gateway.keep.accounts import Accounts

ALENA, COURT = "alena@town.test", "partner:court"


@pytest.fixture
def office(tmp_path: Path) -> Path:
    for name in ("rules", "certs", "var"):
        (tmp_path / name).mkdir(mode=0o700)
    for name, text in sample_rules().items():
        (tmp_path / "rules" / name).write_text(text)
    return tmp_path


def run(office: Path, *words: str) -> Result:
    return CliRunner().invoke(sealgate, ["--office", str(office), "people", *words])


def accounts(office: Path) -> Accounts:
    return Accounts(office / "var" / "accounts.json")


def key_file(folder: Path, kind: str = "ssh-ed25519", **options: int) -> tuple[str, str]:
    """A public key's file, and its fingerprint."""
    key = asyncssh.generate_private_key(kind, comment="a desk", **options)  # type: ignore[arg-type]
    path = folder / f"{kind}.pub"
    path.write_bytes(key.export_public_key())
    return str(path), key.get_fingerprint()


def test_a_key_is_filed_once_and_taken_away(office: Path) -> None:
    """The same key filed twice is one; taken away by its fingerprint it is gone, and a second time that fails."""
    file, fingerprint = key_file(office)

    added = [run(office, "add-key", "Alena@town.test", file, "--json") for _ in range(2)]
    kept = accounts(office).of(ALENA)
    assert kept
    assert {"address": ALENA, "key": fingerprint} == json.loads(added[1].stdout)
    assert (1, True) == (len(kept.ssh_keys), kept.ssh_keys[0].endswith(" a desk"))

    assert [0, 5] == [run(office, "remove-key", ALENA, fingerprint).exit_code for _ in range(2)]
    assert () == accounts(office).of(ALENA).ssh_keys  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("CANARY", "not one public key of a kind we take"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY", "is a private key"),
        ("no-touch-required sk-ssh-ed25519@openssh.com AAAA", "not one public key of a kind we take"),
    ],
)
def test_what_is_no_public_key_is_refused(office: Path, content: str, said: str) -> None:
    """The sentence says what is taken, and repeats nothing of the file."""
    (office / "file").write_text(content)

    result = run(office, "add-key", ALENA, str(office / "file"))

    assert (5, True, False) == (result.exit_code, said in result.stderr, "CANARY" in result.stderr)


def test_a_weak_key_is_refused(office: Path) -> None:
    """What the door would not look at is not filed."""
    file, _ = key_file(office, "ssh-rsa", key_size=2048)

    assert 5 == run(office, "add-key", ALENA, file).exit_code
    assert () == accounts(office).people()


def test_only_a_security_key_can_ask_for_a_finger(office: Path) -> None:
    """`--verify-required` on a plain key would be a promise nobody keeps."""
    result = run(office, "add-key", ALENA, key_file(office)[0], "--verify-required")

    assert (5, True) == (result.exit_code, "only a security key can be verify-required" in result.stderr)


def test_nobody_outside_the_rules_gets_anything(office: Path) -> None:
    """A mistyped address or partner is named, and no account is made."""
    file, _ = key_file(office)
    tries = [("add-key", "joe@town.test", file), ("totp", "joe@town.test"), ("add-partner", "curt"),
             ("add-key", "partner:curt", file)]  # fmt: skip

    assert [5, 5, 5, 5] == [run(office, *words).exit_code for words in tries]
    assert () == accounts(office).people()


def test_a_secret_for_codes_is_shown_once_and_taken_away(office: Path) -> None:
    """What the app is given is what is kept; the list never shows it; `--off` forgets it."""
    told = json.loads(run(office, "totp", ALENA, "--json").stdout)

    kept = accounts(office).of(ALENA)
    assert kept
    assert told["secret"] == kept.secret_totp == pyotp.parse_uri(told["otpauth"]).secret
    assert told["secret"] not in run(office, "list").stdout + run(office, "list", "--json").stdout
    assert 0 == run(office, "totp", ALENA, "--off").exit_code
    assert "" == accounts(office).of(ALENA).secret_totp  # type: ignore[union-attr]


def test_a_new_secret_ends_the_old_one_and_its_history(office: Path) -> None:
    """Made anew, the secret is another, and the first code of it counts."""
    first = json.loads(run(office, "totp", ALENA, "--json").stdout)["secret"]
    accounts(office).use_code(ALENA, 1 << 40)
    second = json.loads(run(office, "totp", ALENA, "--json").stdout)["secret"]

    assert first != second
    assert accounts(office).use_code(ALENA, 1)


def test_a_partner_gets_a_password_shown_once(office: Path) -> None:
    """The password signs the partner in, the list names the partner, a second one is refused."""
    told = json.loads(run(office, "add-partner", "court", "--json").stdout)

    assert COURT == told["address"]
    assert accounts(office).check(COURT, told["password"])
    listed = [line for line in run(office, "list").stdout.splitlines() if line.startswith(COURT)]
    assert [True] == [line.endswith("County Court         password") for line in listed]
    assert 5 == run(office, "add-partner", "court").exit_code


def test_a_partner_may_come_with_a_key_instead(office: Path) -> None:
    """With a key there is no password to lose."""
    file, fingerprint = key_file(office)

    assert fingerprint in run(office, "add-partner", "court", "--key", file).stdout
    kept = accounts(office).of(COURT)
    assert kept
    assert ("", 1) == (kept.password, len(kept.ssh_keys))


def test_a_host_key_is_made_once_and_never_replaced(office: Path) -> None:
    """The key is private, its fingerprint is told, and a second one is refused."""
    told = json.loads(run(office, "host-key", "--json").stdout)

    path = office / "certs" / "ssh_host_ed25519_key"
    assert told["key"] == asyncssh.read_private_key(path).get_fingerprint()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    before = path.read_bytes()
    assert 5 == run(office, "host-key").exit_code
    assert before == path.read_bytes()
