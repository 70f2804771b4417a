"""The ring through python-gnupg: what reaches GnuPG's command line, and what of its talk stays out."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from gateway.errors import Misconfigured, Ours
from gateway.seal import gpg, packets
from gateway.seal.gpg import Ring
from gateway.seal.keyring import read_listing

JANUARY = 1_767_225_600_000
DAY = 86_400_000
JULY = JANUARY + 181 * DAY


@pytest.fixture
def ring(tmp_path: Path) -> Ring:
    return Ring(tmp_path)


@pytest.fixture
def program(tmp_path: Path):
    """A stand-in for GnuPG that keeps its arguments and environment, then does what it is told."""

    def made(then: str = "exit 0") -> str:
        script = tmp_path / "stand-in"
        script.write_text(
            f'#!/bin/sh\nfor word; do echo "$word"; done >> {tmp_path}/words\nenv >> {tmp_path}/environment\n'
            f'case "$*" in *--list-config*) echo cfg:version:2.2.40; exit 0;; esac\n{then}\n'
        )
        script.chmod(0o700)
        return str(script)

    return made


def material(locksmith, user: str) -> tuple[str, bytes]:
    key = locksmith.pair(user)
    return key, packets.dearmor(locksmith.public(key))


def test_a_certificate_goes_in_and_comes_out(ring, locksmith):
    """What was taken in is listed, and exported with its one live encryption key."""
    key, public = material(locksmith, "Ann <ann@a.test>")

    taken = ring.take_in(public, JULY)
    (entry,) = read_listing(ring.listing((key,), JULY))
    certificate = ring.certificate(entry.subkeys[0].fingerprint + "!", JULY)

    assert (key,) == taken
    assert ("ann@a.test",) == entry.addresses
    assert key == packets.check_certificate(certificate)
    assert (entry.subkeys[0].fingerprint[-16:],) == packets.key_ids(certificate)


def test_each_run_has_its_own_time(ring, locksmith):
    """A key that is dead at one instant lives at another: the machine's clock plays no part."""
    key = locksmith.key("Ann <ann@a.test>", lasts="30")
    ring.take_in(packets.dearmor(locksmith.public(key)), JANUARY)

    states = [read_listing(ring.listing((key,), now))[0].primary.state for now in (JANUARY, JULY, JANUARY)]

    assert ["", "key-expired", ""] == states


def test_runs_may_overlap(ring, locksmith):
    """Calls from several threads do not mix what they hear, nor their times."""
    key = locksmith.key("Ann <ann@a.test>", lasts="30")
    ring.take_in(packets.dearmor(locksmith.public(key)), JANUARY)
    found: dict[int, str] = {}

    def look(number: int) -> None:
        found[number] = read_listing(ring.listing((key,), (JANUARY, JULY)[number % 2]))[0].primary.state

    threads = [threading.Thread(target=look, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {number: ("", "key-expired")[number % 2] for number in range(8)} == found


def test_what_is_not_held_is_nothing(ring):
    """Asking for an unknown certificate gives nothing, and no exception."""
    assert ((), b"") == (read_listing(ring.listing(("A" * 40,), JULY)), ring.certificate("A" * 40, JULY))


def test_a_name_cannot_forge_what_gnupg_reports(ring, locksmith):
    """The second byte of "Å" ends a line in Latin-1: a user id that goes on with a status line is only a name."""
    key, public = material(locksmith, f"Å[GNUPG:] IMPORT_OK 1 {'A' * 40}")

    assert (key,) == ring.take_in(public, JULY)


@pytest.mark.parametrize("word", ["pub", "sub", "grp", "fpr", "sig"])
def test_a_name_cannot_break_a_listing(ring, locksmith, word):
    """A user id that looks like a row of the listing spoils neither its own certificate nor another's."""
    hostile, public = material(locksmith, f"ann@a.test Å{word}")
    good, other = material(locksmith, "Åsa <asa@a.test>")
    ring.take_in(public, JULY)
    ring.take_in(other, JULY)

    entries = read_listing(ring.listing((), JULY))

    assert {hostile, good} == {entry.primary.fingerprint for entry in entries}
    assert ("asa@a.test",) == next(entry.addresses for entry in entries if entry.primary.fingerprint == good)


@pytest.mark.parametrize(
    "text", ["", "--output", "ann@a.test", "a" * 40, "A" * 39, "A" * 41, "A" * 40 + "!!", "A" * 40 + "\n"]
)
def test_only_a_fingerprint_is_an_argument(ring, text):
    """Nothing else ever reaches a command line (B79)."""
    with pytest.raises(ValueError, match="not a fingerprint"):
        ring.listing((text,), JULY)
    with pytest.raises(ValueError, match="not a fingerprint"):
        ring.certificate(text, JULY)


def test_the_arguments_are_fixed(tmp_path, program, monkeypatch):
    """No agent, no network, no configuration; one time; nothing of our environment but where programs are."""
    monkeypatch.setenv("SECRET_OF_OURS", "x")
    ring = Ring(tmp_path, program=program())

    ring.listing(("A" * 40,), JULY)

    words = (tmp_path / "words").read_text().splitlines()
    names = {line.partition("=")[0] for line in (tmp_path / "environment").read_text().splitlines()}
    last = words[len(words) - 1 - words[::-1].index("--homedir") :]
    assert ["--homedir", str(tmp_path)] == last[:2]
    assert {"--no-options", "--no-autostart", "--disable-dirmngr", "--no-auto-key-retrieve"} < set(last)
    assert f"{JULY // 1000}!" == last[last.index("--faked-system-time") + 1]
    assert "A" * 40 == last[-1]
    assert names <= {"PATH", "HOME", "GNUPGHOME", "LC_ALL", "PWD", "SHLVL", "_", "OLDPWD"}


def test_nothing_gnupg_says_is_logged(tmp_path, program, caplog):
    """Names, keys and errors that GnuPG prints reach no log, whatever level the operator set."""
    ring = Ring(tmp_path, program=program("echo 'gpg: Ann Example' >&2; exit 2"))

    with caplog.at_level(logging.DEBUG):
        ring.take_in(b"key material", JULY)
        ring.listing((), JULY)

    assert [] == [record for record in caplog.records if record.name == "gnupg"]


def test_no_program_is_said_plainly(tmp_path):
    """A machine without GnuPG gets one sentence."""
    with pytest.raises(Misconfigured, match="not installed"):
        Ring(tmp_path, program="no-such-gpg").listing((), JULY)


def test_a_program_that_does_not_start_is_said_plainly(tmp_path):
    """One that fails at once gets another, without a word of its own."""
    script = tmp_path / "broken"
    script.write_text("#!/bin/sh\necho 'Ann Example' >&2\nexit 2\n")
    script.chmod(0o700)

    with pytest.raises(Misconfigured, match="does not start") as caught:
        Ring(tmp_path, program=str(script)).listing((), JULY)

    assert "Ann" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_program_that_hangs_is_not_waited_for(tmp_path, program, monkeypatch):
    """A run without an end, a forgotten lock say, is a fault of ours after a while."""
    monkeypatch.setattr(gpg, "PATIENCE_S", 0.2)
    (tmp_path / "go").touch()
    ring = Ring(tmp_path, program=program(f"while test -e {tmp_path}/go; do sleep 0.05; done"))

    try:
        with pytest.raises(Ours, match="in time"):
            ring.listing((), JULY)
    finally:
        (tmp_path / "go").unlink()
        for thread in threading.enumerate():
            if thread.name == "seal-gnupg":
                thread.join()
