"""The key matrix: which certificate may be used for an address at an instant, and why the others may not."""

from __future__ import annotations

import pytest

from gateway.errors import Misconfigured
from gateway.facts import Admitted, Standing
from gateway.seal import packets
from gateway.seal.floor import Unvouched, Vouched
from gateway.seal.keyring import Entry
from gateway.seal.registrar import LARGEST, REMEMBERED_MS, Registrar
from gateway.transfer import Address

JANUARY = 1_767_225_600_000
DAY = 86_400_000
JULY = JANUARY + 181 * DAY
ANN = Address(local="Ann", domain="a.test")


def admitted(*fingerprints: str, standing: Standing = Standing.VERIFIED, address: str = "ann@A.test"):
    return tuple(
        Admitted(address=address, fingerprint=f, standing=standing, by="jo", how="call-back") for f in fingerprints
    )


def codes(found: object) -> list[str]:
    assert isinstance(found, Unvouched)
    return [reason.code for reason in found.reasons]


def take(registrar: Registrar, material: bytes, at_ms: int = JULY) -> str:
    entry = registrar.take_in(material, at_ms)
    assert isinstance(entry, Entry), entry
    return entry.primary.fingerprint


def test_vouches_for_a_good_key(registrar, locksmith):
    """A verified, live certificate with the right user id is vouched for, cut down to one encryption key."""
    key = locksmith.key("Ann <ann@a.test>")
    locksmith.subkey(key, lasts="30")
    newest = locksmith.subkey(key, at_ms=JANUARY + DAY)
    take(registrar, locksmith.public(key))

    found = registrar.vouch(ANN, JULY, admitted(key))

    assert isinstance(found, Vouched)
    assert (key, newest[-16:], "call-back") == (found.fingerprint, found.key_id, found.trust)
    assert (newest[-16:],) == packets.key_ids(found.certificate)


def test_of_two_live_subkeys_one_is_left(registrar, locksmith):
    """Two encryption keys would make two session keys: the newest alone remains."""
    key = locksmith.pair("Ann <ann@a.test>")
    newest = locksmith.subkey(key, at_ms=JANUARY + DAY)
    take(registrar, locksmith.public(key))

    found = registrar.vouch(ANN, JULY, admitted(key))

    assert isinstance(found, Vouched)
    assert (newest[-16:],) == packets.key_ids(found.certificate)


def _expired(locksmith):
    key = locksmith.key("Ann <ann@a.test>", lasts="30")
    locksmith.subkey(key)
    return key, locksmith.public(key)


def _expired_subkey(locksmith):
    key = locksmith.key("Ann <ann@a.test>")
    locksmith.subkey(key, lasts="30")
    return key, locksmith.public(key)


def _revoked(locksmith):
    key = locksmith.pair("Ann <ann@a.test>")
    return key, locksmith.revoke(key)


def _revoked_subkey(locksmith):
    key = locksmith.pair("Ann <ann@a.test>")
    locksmith.edit(key, "key 1", "revkey", "y", "0", "", "y")
    return key, locksmith.public(key)


def _revoked_user(locksmith):
    key = locksmith.pair("Ann <ann@a.test>")
    locksmith.gpg("--quick-add-uid", key, "Other <other@a.test>")
    locksmith.gpg("--quick-revoke-uid", key, "Ann <ann@a.test>")
    return key, locksmith.public(key)


def _sign_only(locksmith):
    key = locksmith.key("Ann <ann@a.test>")
    return key, locksmith.public(key)


def _other_user(locksmith):
    key = locksmith.pair("Ann <ann@b.test>")
    return key, locksmith.public(key)


def _two_readings(locksmith):
    key = locksmith.pair("ann@a.test <ann@b.test>")
    return key, locksmith.public(key)


def _from_the_future(locksmith):
    key = locksmith.key("Ann <ann@a.test>", at_ms=JULY + 30 * DAY)
    locksmith.subkey(key, at_ms=JULY + 30 * DAY)
    return key, locksmith.public(key, at_ms=JULY + 30 * DAY)


def _weak(locksmith):
    key = locksmith.key("Ann <ann@a.test>", algorithm="rsa1024")
    locksmith.subkey(key)
    return key, locksmith.public(key)


def _weak_subkey(locksmith):
    key = locksmith.key("Ann <ann@a.test>")
    locksmith.subkey(key, algorithm="rsa1024")
    return key, locksmith.public(key)


MATRIX = [
    (_expired, "key-expired"),
    (_expired_subkey, "key-cannot-encrypt"),
    (_revoked, "key-revoked"),
    (_revoked_subkey, "key-cannot-encrypt"),
    (_revoked_user, "key-other-address"),
    (_sign_only, "key-cannot-encrypt"),
    (_other_user, "key-other-address"),
    (_two_readings, "key-other-address"),
    (_from_the_future, "key-from-the-future"),
    (_weak, "key-weak"),
    (_weak_subkey, "key-cannot-encrypt"),
]


@pytest.mark.parametrize(("make", "code"), MATRIX, ids=[make.__name__.strip("_") for make, _ in MATRIX])
def test_refuses_and_says_why(registrar, locksmith, make, code):
    """A certificate that must not be used is refused, although a person has verified it, with a reason."""
    key, material = make(locksmith)
    take(registrar, material, JULY + 40 * DAY)

    assert [code] == codes(registrar.vouch(ANN, JULY, admitted(key)))


@pytest.mark.parametrize(("make", "code"), MATRIX, ids=[make.__name__.strip("_") for make, _ in MATRIX])
def test_a_bad_candidate_does_not_hinder_a_good_one(registrar, locksmith, make, code):
    """All candidates are looked at, not the first: one that serves is found beside one that does not."""
    bad, material = make(locksmith)
    good = locksmith.pair("Ann <ann@a.test>")
    take(registrar, material, JULY + 40 * DAY)
    take(registrar, locksmith.public(good))

    found = registrar.vouch(ANN, JULY, admitted(bad, good))

    assert isinstance(found, Vouched)
    assert good == found.fingerprint


@pytest.mark.parametrize(
    ("standing", "code"), [(Standing.CANDIDATE, "key-unverified"), (Standing.REVOKED, "key-withdrawn")]
)
def test_only_a_verified_key_is_used(registrar, locksmith, standing, code):
    """A key that was merely found, or that the office withdrew, is not used, however good it is."""
    key = locksmith.pair("Ann <ann@a.test>")
    take(registrar, locksmith.public(key))

    assert [code] == codes(registrar.vouch(ANN, JULY, admitted(key, standing=standing)))


def test_the_latest_word_about_a_key_counts(registrar, locksmith):
    """Admissions are a history: verified and later withdrawn is withdrawn."""
    key = locksmith.pair("Ann <ann@a.test>")
    take(registrar, locksmith.public(key))

    history = (*admitted(key), *admitted(key, standing=Standing.REVOKED))

    assert ["key-withdrawn"] == codes(registrar.vouch(ANN, JULY, history))


def test_a_key_admitted_for_another_address_is_no_candidate(registrar, locksmith):
    """What was verified for one address says nothing about another."""
    key = locksmith.pair("Ann <ann@a.test>")
    take(registrar, locksmith.public(key))

    assert [] == codes(registrar.vouch(ANN, JULY, admitted(key, address="eve@a.test")))


def test_a_key_in_the_ring_alone_is_no_candidate(registrar, locksmith):
    """Being held makes a key nothing: only an admission does."""
    key = locksmith.pair("Ann <ann@a.test>")
    take(registrar, locksmith.public(key))

    assert [] == codes(registrar.vouch(ANN, JULY, ()))


def test_an_admitted_key_that_is_not_held_is_named(registrar):
    """An admission without its certificate is a reason, not a crash."""
    assert ["key-not-held"] == codes(registrar.vouch(ANN, JULY, admitted("A" * 40)))


def test_secret_keys_are_refused(registrar, locksmith):
    """A secret key handed in by mistake never reaches the ring."""
    key = locksmith.pair("Ann <ann@a.test>")

    found = registrar.take_in(locksmith.secret(key), JULY)

    assert ["key-unreadable"] == codes(found)
    assert () == registrar.entries(JULY)


@pytest.mark.parametrize(
    ("material", "code"),
    [
        (b"", "key-unreadable"),
        (b"no key at all", "key-unreadable"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n", "key-unreadable"),
        (b"x" * (LARGEST + 1), "key-too-large"),
    ],
)
def test_what_is_no_key_is_refused(registrar, material, code):
    """Anything but one certificate of bounded size is refused before GnuPG sees it (B77)."""
    assert [code] == codes(registrar.take_in(material, JULY))


def test_two_certificates_at_once_are_refused(registrar, locksmith):
    """A file with two certificates could hide one behind the other."""
    one, two = locksmith.pair("Ann <ann@a.test>"), locksmith.pair("Ann <ann@a.test>")

    both = packets.dearmor(locksmith.public(one)) + packets.dearmor(locksmith.public(two))

    assert ["key-unreadable"] == codes(registrar.take_in(both, JULY))


def test_a_revocation_taken_in_works_at_once(registrar, locksmith):
    """What was vouched for a moment ago is forgotten when its revocation arrives."""
    key = locksmith.pair("Ann <ann@a.test>")
    take(registrar, locksmith.public(key))
    before = registrar.vouch(ANN, JULY, admitted(key))

    take(registrar, locksmith.revoke(key))

    assert isinstance(before, Vouched)
    assert ["key-revoked"] == codes(registrar.vouch(ANN, JULY, admitted(key)))


def _count_runs(registrar, monkeypatch) -> list[int]:
    runs: list[int] = []
    real = registrar._ring.listing

    def counted(fingerprints, now_ms):
        runs.append(now_ms)
        return real(fingerprints, now_ms)

    monkeypatch.setattr(registrar._ring, "listing", counted)
    return runs


@pytest.mark.parametrize(("later", "is_asked_again"), [(REMEMBERED_MS - 1, False), (REMEMBERED_MS, True), (-1, True)])
def test_is_remembered_for_a_minute(registrar, locksmith, monkeypatch, later, is_asked_again):
    """GnuPG is not asked again within a minute, but after it, and when the clock has gone back."""
    key = locksmith.pair("Ann <ann@a.test>")
    take(registrar, locksmith.public(key))
    registrar.vouch(ANN, JULY, admitted(key))
    runs = _count_runs(registrar, monkeypatch)

    found = registrar.vouch(ANN, JULY + later, admitted(key))

    assert isinstance(found, Vouched)
    assert is_asked_again == bool(runs)


def test_is_not_remembered_past_its_expiry(registrar, locksmith):
    """A key that expires within the minute is refused on the second."""
    key = locksmith.key("Ann <ann@a.test>", lasts="30")
    locksmith.subkey(key)
    take(registrar, locksmith.public(key), JANUARY)
    end = JANUARY + 30 * DAY

    before = registrar.vouch(ANN, end - 1000, admitted(key))

    assert isinstance(before, Vouched)
    assert end == before.until_ms
    assert ["key-expired"] == codes(registrar.vouch(ANN, end, admitted(key)))


def test_memory_answers_alone(registrar, locksmith):
    """What was vouched for is had without GnuPG; what was not, or no longer holds, is not made up."""
    key = locksmith.pair("Ann <ann@a.test>")
    take(registrar, locksmith.public(key))

    before = registrar.remembered(ANN, JULY, admitted(key))
    vouched = registrar.vouch(ANN, JULY, admitted(key))

    assert before is None
    assert vouched is registrar.remembered(ANN, JULY + REMEMBERED_MS - 1, admitted(key))
    for now_ms, history in (
        (JULY - 1, admitted(key)),
        (JULY + REMEMBERED_MS, admitted(key)),
        (JULY, (*admitted(key), *admitted(key, standing=Standing.REVOKED))),
        (JULY, admitted(key, "A" * 40)),
        (JULY, ()),
    ):
        assert registrar.remembered(ANN, now_ms, history) is None
    assert registrar.remembered(Address(local="eve", domain="a.test"), JULY, admitted(key)) is None


def test_memory_ends_when_the_ring_changes(registrar, locksmith):
    """News about any key empties the memory."""
    key = locksmith.pair("Ann <ann@a.test>")
    take(registrar, locksmith.public(key))
    registrar.vouch(ANN, JULY, admitted(key))

    take(registrar, locksmith.public(locksmith.pair("Eve <eve@a.test>")))

    assert registrar.remembered(ANN, JULY, admitted(key)) is None


def test_a_directory_open_to_others_is_refused(tmp_path):
    """A ring that others could change is not used."""
    (tmp_path / "ring").mkdir(mode=0o755)

    with pytest.raises(Misconfigured):
        Registrar(tmp_path / "ring")


def test_no_gnupg_is_said_plainly(tmp_path):
    """A machine without GnuPG gets one clear sentence."""
    with pytest.raises(Misconfigured, match="GnuPG is not installed"):
        Registrar(tmp_path / "ring", program="no-such-gpg").entries(JULY)


def test_only_fingerprints_reach_the_command_line(registrar):
    """Text that is no fingerprint never becomes an argument (B79)."""
    with pytest.raises(ValueError, match="not a fingerprint"):
        registrar.vouch(ANN, JULY, admitted("--output"))
