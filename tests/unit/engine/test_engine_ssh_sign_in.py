"""Sign-in over SSH: whom a name stands for, and what counts as a proof. Real accounts, a clock that stands."""

from __future__ import annotations

import asyncio
import base64
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest

from gateway.commands.sample import sample_rules
from gateway.engine.admission import Account, Attempt, Authority, Certificate, Factor, KeyTerms, PublicKey
from gateway.engine.containment.contained import Containment, Lift, What
from gateway.engine.policy import InForce
from gateway.engine.ssh_sign_in import WAYS, WITH_CODE, Certifiers, SshSignIn
from gateway.judge.rulebook import Rulebook, read
from gateway.keep.accounts import Account as Means
from gateway.keep.accounts import Accounts

NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp() * 1000)
AFTER_ALENA = int(datetime(2027, 7, 1, 12, tzinfo=UTC).timestamp() * 1000)
BLOB = b"\0\0\0\x0bssh-ed25519" + bytes(36)
LINE = f"ssh-ed25519 {base64.b64encode(BLOB).decode()} alena"
KEY = PublicKey(algorithm="ssh-ed25519", blob=BLOB, fingerprint="SHA256:x")
SECRET = "JBSWY3DPEHPK3PXP" * 2
ALENA, COURT = "alena@town.test", "partner:court"
SOMEBODY = Account(name=ALENA, person=ALENA, ways=WAYS)


@dataclass
class Standing:
    """Time that stands."""

    ms: int = NOON

    def now_ms(self) -> int:
        return self.ms

    def random(self, size: int) -> bytes:
        return bytes(size)


@pytest.fixture
def sign_in(tmp_path: Path) -> SshSignIn:
    """The sample office; Alena has a password and a key, the court a password, Ruth a key and a code."""
    (tmp_path / "var").mkdir(mode=0o700)
    accounts = Accounts(tmp_path / "var" / "accounts.json")
    accounts.put(ALENA, Means(ssh_keys=(LINE,)))
    accounts.set_password(ALENA, "CANARY-alena")
    accounts.set_password(COURT, "CANARY-court")
    accounts.put("ruth@town.test", Means(ssh_keys=(LINE,), secret_totp=SECRET))
    book = read(sample_rules())
    assert isinstance(book, Rulebook)
    certifiers = Certifiers(keys=tmp_path / "ssh_user_ca.pub", revoked=tmp_path / "ssh_revoked")
    return SshSignIn(rules=InForce(book), clock=Standing(), accounts=accounts, certifiers=certifiers)


def lay(path: Path, text: str) -> None:
    """A file others cannot write, whatever this machine's umask."""
    path.write_text(text)
    path.chmod(0o644)


def account(sign_in: SshSignIn, name: str) -> Account:
    return asyncio.run(sign_in.account(name))


@pytest.mark.parametrize(
    ("name", "person"),
    [
        (ALENA, ALENA),
        ("Alena@Town.Test", ALENA),
        ("alena", ALENA),
        ("court", COURT),
        ("partner:court", COURT),
        ("partner:nobody", None),
        ("alena@court.test", None),
        ("root", None),
        ("", None),
        ("a" * 100_000, None),
    ],
)
def test_a_name_stands_for_one_person_or_for_nobody(sign_in: SshSignIn, name: str, person: str | None) -> None:
    """An address, a short name that is one's alone, or a partner's id; anything else is nobody."""
    assert person == account(sign_in, name).person


def test_a_short_name_that_is_two_peoples_is_nobodys(sign_in: SshSignIn) -> None:
    """Two people with the same local part, or a person and a partner, must say which they are."""
    more = '"court@town.test" = { name = "C", roles = ["clerk"], until = 2027-06-30 }\n'
    book = read(sample_rules() | {"people.toml": sample_rules()["people.toml"] + more})
    assert isinstance(book, Rulebook)
    sign_in.rules.swap(book)

    assert [None, "court@town.test", COURT] == [
        account(sign_in, name).person for name in ("court", "court@town.test", COURT)
    ]


def test_the_last_day_is_the_last(sign_in: SshSignIn) -> None:
    """Whose account has ended is nobody, with the same ways as anybody."""
    later = replace(sign_in, clock=Standing(AFTER_ALENA))

    assert Account(name=ALENA, person=None, ways=WAYS) == account(later, ALENA)


def test_whoever_has_a_secret_needs_a_code_behind_everything(sign_in: SshSignIn) -> None:
    """A one-time-code secret lengthens every way; without one, key or password suffices, as for nobody."""
    assert [WITH_CODE, WAYS, WAYS] == [account(sign_in, name).ways for name in ("ruth", "alena", "nobody")]


def told(sign_in: SshSignIn, said: str, *, roles: str = '["clerk"]') -> None:
    """From now on a clerk signs in as `said`, and Alena has these roles."""
    people = sample_rules()["people.toml"]
    people = people.replace('clerk = { may-handle = "confidential"', f'clerk = {{ may-handle = "confidential"{said}')
    people = people.replace('"Alena Novak", roles = ["clerk"]', f'"Alena Novak", roles = {roles}')
    book = read(sample_rules() | {"people.toml": people})
    assert isinstance(book, Rulebook), book
    sign_in.rules.swap(book)


def what_counts(sign_in: SshSignIn) -> tuple[bool, bool, bool]:
    """Of Alena's key, password and certificate, all of them right."""
    lay(sign_in.certifiers.keys, LINE)
    alena, ticket = account(sign_in, ALENA), Certificate(blob=b"", authority=BLOB, serial=7)
    return (
        asyncio.run(sign_in.key_terms(alena, KEY)) is not None,
        asyncio.run(sign_in.check_password(alena, "CANARY-alena")),
        asyncio.run(sign_in.authority(alena, ticket)) is not None,
    )


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ("", (True, True, True)),
        (', sign-in = ["key"]', (True, False, False)),
        (', sign-in = "password"', (False, True, False)),
        (', sign-in = ["certificate", "key+code"]', (True, False, True)),
    ],
)
def test_a_role_says_how_its_people_sign_in(sign_in: SshSignIn, said: str, counts: tuple[bool, ...]) -> None:
    """What the role does not list is never right, however right it is; without a list everything is."""
    told(sign_in, said)

    assert counts == what_counts(sign_in)


def test_a_role_that_demands_a_code_gets_one_or_nobody_in(sign_in: SshSignIn) -> None:
    """Key and code: the code is asked for though Alena has no secret, so she comes in only once she has one."""
    told(sign_in, ', sign-in = ["key+code", "certificate"]')

    key, _, certificate = account(sign_in, ALENA).ways

    assert ((Factor.KEY, Factor.CODE), (Factor.CERTIFICATE,)) == (key, certificate)


def test_a_partners_own_ways_count_too(sign_in: SshSignIn) -> None:
    """The court is asked for a key: its password, however right, counts no more."""
    court = account(sign_in, COURT)
    assert asyncio.run(sign_in.check_password(court, "CANARY-court"))
    partners = sample_rules()["partners.toml"]
    partners = partners.replace('name = "County Court"', 'name = "County Court"\nsign-in = "key"')
    book = read(sample_rules() | {"partners.toml": partners})
    assert isinstance(book, Rulebook), book
    sign_in.rules.swap(book)

    assert not asyncio.run(sign_in.check_password(court, "CANARY-court"))


def test_who_holds_two_roles_satisfies_both(sign_in: SshSignIn) -> None:
    """A clerk's key, and a head's key or password with a code: what both allow is left."""
    told(sign_in, ', sign-in = ["key"]', roles='["clerk", "head"]')

    assert (True, False, False) == what_counts(sign_in)


def test_which_ways_are_closed_does_not_show(sign_in: SshSignIn) -> None:
    """Whoever asks is offered a key and a password for every name: what is offered would tell who is somebody."""
    told(sign_in, ', sign-in = ["key"]')

    assert {way[0] for way in account(sign_in, "nobody").ways} == {way[0] for way in account(sign_in, ALENA).ways}


def test_a_password_is_its_owners_alone(sign_in: SshSignIn) -> None:
    """The right password for the right name, and nothing for nobody."""

    def check(name: str, password: str) -> bool:
        return asyncio.run(sign_in.check_password(account(sign_in, name), password))

    assert [True, True, False, False, False] == [
        check("alena", "CANARY-alena"),
        check("court", "CANARY-court"),
        check("alena", "CANARY-court"),
        check("jo", ""),
        check("nobody", "CANARY-alena"),
    ]


def test_nobodys_password_is_hashed_too(sign_in: SshSignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown name costs one argon2, as a known one does."""
    asked: list[str] = []
    check = Accounts.check

    def counted(self: Accounts, address: str, secret_password: str) -> bool:
        asked.append(address)
        return check(self, address, secret_password)

    monkeypatch.setattr(Accounts, "check", counted)
    for name in ("nobody", "alena"):
        asyncio.run(sign_in.check_password(account(sign_in, name), "CANARY"))

    assert ["", ALENA] == asked


def test_a_key_is_its_owners_alone(sign_in: SshSignIn) -> None:
    """A filed key counts for whoever it is filed for; the stricter of two lines counts."""

    def terms(name: str) -> KeyTerms | None:
        return asyncio.run(sign_in.key_terms(account(sign_in, name), KEY))

    assert [KeyTerms(), None, None] == [terms("alena"), terms("court"), terms("nobody")]
    sign_in.accounts.put(ALENA, Means(ssh_keys=(LINE, "verify-required " + LINE)))
    assert KeyTerms(must_verify=True) == terms("alena")


def test_a_code_counts_once_and_none_before_it(sign_in: SshSignIn) -> None:
    """The code of now, or of the step before or after, once; afterwards only later ones, even after a restart."""
    step = NOON // 30_000
    totp = pyotp.TOTP(SECRET)

    def check(at: int, who: SshSignIn = sign_in, name: str = "ruth") -> bool:
        return asyncio.run(who.check_code(account(who, name), totp.generate_otp(at)))

    assert [False, False] == [check(step - 2), check(step + 2)]
    assert [True, False, False] == [check(step), check(step), check(step - 1)]
    restarted = replace(sign_in, accounts=Accounts(sign_in.accounts._path))
    assert [False, True, False] == [check(step, restarted), check(step + 1, restarted), check(step, restarted, "alena")]


def test_a_certificate_counts_while_its_authority_is_ours_and_its_serial_stands(sign_in: SshSignIn) -> None:
    """Without a file no authority is ours; a revoked serial, or none, counts no more from that moment."""

    def authority(serial: int, blob: bytes = BLOB) -> Authority | None:
        return asyncio.run(sign_in.authority(SOMEBODY, Certificate(blob=b"", authority=blob, serial=serial)))

    assert authority(7) is None
    lay(sign_in.certifiers.keys, f"# the office's\n{LINE}\n")
    assert [Authority(), None, None] == [authority(7), authority(0), authority(7, b"another")]
    lay(sign_in.certifiers.revoked, "# a stolen laptop\n7\n")
    assert [None, Authority()] == [authority(7), authority(8)]


def test_revocations_that_cannot_be_read_revoke_all(sign_in: SshSignIn) -> None:
    """A list that is no text, or no file, lets no certificate count."""
    lay(sign_in.certifiers.keys, LINE)
    sign_in.certifiers.revoked.mkdir()

    assert asyncio.run(sign_in.authority(SOMEBODY, Certificate(blob=b"", authority=BLOB, serial=7))) is None


def test_an_authority_others_can_write_is_none(sign_in: SshSignIn) -> None:
    """Whoever may add a line to it may become anybody."""
    lay(sign_in.certifiers.keys, LINE)
    sign_in.certifiers.keys.chmod(0o664)

    assert asyncio.run(sign_in.authority(SOMEBODY, Certificate(blob=b"", authority=BLOB, serial=7))) is None


def test_without_the_accounts_nobody_comes_in(sign_in: SshSignIn) -> None:
    """A broken file of accounts does not make a code unnecessary: everybody is nobody."""
    sign_in.accounts._path.write_text("{")

    assert account(sign_in, "ruth").person is None
    assert not asyncio.run(sign_in.check_password(Account(name="", person=ALENA, ways=WAYS), "CANARY-alena"))


def test_every_attempt_is_one_line_that_names_only_who_is_known(
    sign_in: SshSignIn, caplog: pytest.LogCaptureFixture
) -> None:
    """The security log says what was tried from where; an unknown name, perhaps a mistyped password, never."""
    caplog.set_level(logging.INFO, "gateway.security")
    for name, is_right in (("alena", True), ("hunter2", False), ("court", False)):
        person = ALENA if is_right else None
        attempt = Attempt(name=name, source="192.0.2.1", factor=Factor.PASSWORD, is_right=is_right, person=person)
        sign_in.attempted(attempt)

    assert [
        "ssh sign-in right factor=password source=192.0.2.1 who=alena evidence='' signed-in",
        "ssh sign-in refused factor=password source=192.0.2.1 who=unknown evidence=''",
        "ssh sign-in refused factor=password source=192.0.2.1 who=partner:court evidence=''",
    ] == [record.getMessage() for record in caplog.records]


# ── in an incident ───────────────────────────────────────────────────────────────────────────────────────────────────


def contain(sign_in: SshSignIn, what: What, who: str) -> None:
    order = Containment(id=f"c-{who}", what=what, who=who, at_ms=NOON, because="x")
    sign_in.containments.add(order.ordered("ruth@town.test"))


def test_whoever_is_contained_is_nobody(sign_in: SshSignIn) -> None:
    """A person and a partner, asked for the same things as anybody; and their right password is wrong."""
    contain(sign_in, What.PERSON, ALENA)
    contain(sign_in, What.PARTNER, "court")

    assert [Account(name=name, person=None, ways=WAYS) for name in (ALENA, COURT)] == [
        account(sign_in, name) for name in (ALENA, COURT)
    ]
    assert not asyncio.run(sign_in.check_password(account(sign_in, ALENA), "CANARY-alena"))


def test_a_contained_key_opens_no_door(sign_in: SshSignIn) -> None:
    """Whoever it belongs to; it is theirs again once that is lifted."""
    before = asyncio.run(sign_in.key_terms(SOMEBODY, KEY))
    contain(sign_in, What.KEY, KEY.fingerprint)
    during = asyncio.run(sign_in.key_terms(SOMEBODY, KEY))
    sign_in.containments.add(Lift(id=f"c-{KEY.fingerprint}", at_ms=NOON, because="x").ordered("per@town.test"))

    assert [KeyTerms(), None, KeyTerms()] == [before, during, asyncio.run(sign_in.key_terms(SOMEBODY, KEY))]


def test_the_watch_hears_of_tries(sign_in: SshSignIn) -> None:
    """Wrong ones, and those that completed a way; not half of a way, and nobody's."""
    heard: list[tuple[str, bool]] = []
    listening = replace(sign_in, heard=lambda who, is_right: heard.append((who, is_right)))
    tries = (("alena", False, None), ("alena", True, None), ("alena", True, ALENA), ("ghost", False, None))
    for name, is_right, person in tries:
        listening.attempted(
            Attempt(name=name, source="192.0.2.1", factor=Factor.PASSWORD, is_right=is_right, person=person)
        )

    assert [(ALENA, False), (ALENA, True)] == heard
