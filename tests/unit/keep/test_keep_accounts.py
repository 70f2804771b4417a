"""What people sign in with."""

from __future__ import annotations

from pathlib import Path

import argon2
import pytest

from gateway.errors import Misconfigured
from gateway.keep.accounts import Account, Accounts

ANN = "ann@office.example"
PASSWORD = "CANARY correct horse"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the accounts lie."""
    return tmp_path / "accounts.json"


@pytest.fixture
def accounts(path: Path) -> Accounts:
    """Ann has a password."""
    made = Accounts(path)
    made.set_password(ANN, PASSWORD)
    return made


def test_only_the_right_password_signs_in(accounts: Accounts) -> None:
    """The person's password is accepted in any case of the address; any other password, or person, is not."""
    assert accounts.check(ANN, PASSWORD)
    assert accounts.check("Ann@Office.Example", PASSWORD)
    assert [False] * 4 == [
        accounts.check(ANN, PASSWORD + " "),
        accounts.check(ANN, ""),
        accounts.check("bob@office.example", PASSWORD),
        accounts.check("", PASSWORD),
    ]


def test_the_same_words_typed_on_another_keyboard_sign_in(accounts: Accounts) -> None:
    """A letter composed differently is the same letter, and a wide space a space."""
    accounts.set_password(ANN, "caf\u00e9 noir")

    assert accounts.check(ANN, "cafe\u0301\u00a0noir")


def test_unknown_people_cost_the_same_work(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every first check runs argon2 once with the same cost, whoever is asked about and whatever they offer."""
    accounts.put("bob@office.example", Account(ssh_keys=("ssh-ed25519 AAAA",)))
    costs: list[argon2.Parameters] = []
    real = argon2.PasswordHasher.verify

    def counting(self: argon2.PasswordHasher, hashed: str, password: bytes) -> bool:
        costs.append(argon2.extract_parameters(hashed))
        return real(self, hashed, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counting)
    for address in (ANN, "bob@office.example", "nobody@office.example"):
        for secret in (PASSWORD, "", "x" * 2_000):
            accounts.check(address, secret)

    assert 9 == len(costs)
    assert 1 == len(set(map(repr, costs)))
    assert (19 * 1024, 2, 1) == (costs[0].memory_cost, costs[0].time_cost, costs[0].parallelism)


def test_signing_in_again_is_cheap_and_a_new_password_counts_at_once(
    accounts: Accounts, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that signs in for every mail costs argon2 once, until the password is another."""
    assert accounts.check(ANN, PASSWORD)
    with monkeypatch.context() as patch:
        patch.setattr(argon2.PasswordHasher, "verify", lambda *given: pytest.fail("argon2 was asked again"))
        assert accounts.check(ANN, PASSWORD)

    Accounts(path).set_password(ANN, "another")

    assert not accounts.check(ANN, PASSWORD)
    Accounts(path).remove(ANN)
    assert not accounts.check(ANN, "another")


def test_the_file_is_private_and_holds_no_password(accounts: Accounts, path: Path) -> None:
    """The file is 0600 and holds argon2id hashes only."""
    assert accounts.check(ANN, PASSWORD)
    text = path.read_text()

    assert 0o600 == path.stat().st_mode & 0o777
    assert PASSWORD not in text
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in text


def test_a_change_by_another_process_is_seen(accounts: Accounts, path: Path) -> None:
    """What the command line changes counts at the next sign-in, without a restart; neither loses the other's change."""
    other = Accounts(path)
    other.set_password("bob@office.example", "builder")
    accounts.set_password("cy@office.example", "young")
    other.remove(ANN)

    assert accounts.check("bob@office.example", "builder")
    assert not accounts.check(ANN, PASSWORD)
    assert ("bob@office.example", "cy@office.example") == accounts.people()


def test_a_new_password_keeps_the_other_means(accounts: Accounts) -> None:
    """Setting a password leaves keys and codes as they were."""
    accounts.put(ANN, Account(ssh_keys=("ssh-ed25519 AAAA",), secret_totp="JBSWY3DP"))
    accounts.set_password(ANN, "new")

    account = accounts.of(ANN)
    assert account is not None
    assert (("ssh-ed25519 AAAA",), "JBSWY3DP") == (account.ssh_keys, account.secret_totp)
    assert accounts.check(ANN, "new")


@pytest.mark.parametrize("secret", ["", "x" * 1_025])
def test_what_cannot_be_a_password_is_refused(accounts: Accounts, secret: str) -> None:
    """Empty and enormous passwords cannot be set."""
    with pytest.raises(ValueError, match="1 to 1024"):
        accounts.set_password(ANN, secret)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 2}', '{"people": {"a": {"pasword": "x"}}}', '{"people": {}, "extra": 1}']
)
def test_a_file_we_do_not_understand_signs_nobody_in(accounts: Accounts, path: Path, text: str) -> None:
    """A broken file, an unknown field or a newer version is an error, never an empty list of people."""
    path.write_text(text)

    with pytest.raises(Misconfigured):
        accounts.check(ANN, PASSWORD)


def test_a_file_others_may_read_signs_nobody_in(accounts: Accounts, path: Path) -> None:
    """Hashes the whole machine can read are not used."""
    path.chmod(0o644)

    with pytest.raises(Misconfigured, match="0600"):
        Accounts(path)


def test_a_hash_that_is_none_signs_nobody_in(accounts: Accounts) -> None:
    """A password that was pasted where its hash belongs does not work as either."""
    accounts.put(ANN, Account(password="plain"))

    assert not accounts.check(ANN, "plain")
