"""The office's keys leave it only sealed to a custodian, and open with that custodian's key alone."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.engine.clock import SystemClock
from gateway.engine.keyholders import Keyholders
from gateway.engine.safekeeping.belongings import secrets
from gateway.engine.safekeeping.escrow import (
    Custodians,
    contents_now,
    contents_of,
    keyring_of,
    opened_escrow,
    packed,
    vkey_of,
)
from gateway.errors import Misconfigured, Tampering
from gateway.facts import Admitted, Standing
from gateway.seal.keyring import Entry
from gateway.seal.registrar import Registrar
from tests.audited import Past
from tests.world import Correspondent

RUTH, NOTARY = "ruth@town.test", "notary@law.test"
needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="GnuPG must be installed")


@pytest.fixture
def people(tmp_path: Path) -> Iterator[tuple[Correspondent, Correspondent]]:
    """Two custodians, each with a key of their own; gpg-agent's sockets need a short path."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="e") as folder:
        both = Correspondent.born(RUTH, Path(folder)), Correspondent.born(NOTARY, Path(folder))
        yield both
        for one in both:
            one.dies()


def custodians(people: tuple[Correspondent, ...], home: Path, *, verified: int = 2) -> Custodians:
    """The office's ring, with what Per vouched for."""
    registrar, keyholders, now_ms = Registrar(home), Keyholders(), SystemClock().now_ms()
    for number, one in enumerate(people):
        taken = registrar.take_in(one.certificate, now_ms)
        assert isinstance(taken, Entry)
        standing = Standing.VERIFIED if number < verified else Standing.CANDIDATE
        keyholders.add(
            Admitted(
                address=one.address, fingerprint=one.fingerprint, standing=standing, by="per@town.test", how="by phone"
            )
        )
    return Custodians(
        addresses=tuple(one.address for one in people), registrar=registrar, keyholders=keyholders, clock=SystemClock()
    )


@needs_gpg
def test_each_opens_theirs_and_nobody_elses(
    people: tuple[Correspondent, Correspondent], past: Past, tmp_path: Path
) -> None:
    """With their own gpg; what comes out are the keys this office has."""
    ruth, notary = people
    plain = packed(past.folder, "town.test/ledger", 1)

    sealed = {one.custodian: one for one in custodians(people, tmp_path / "ring").seal(plain)}

    assert plain == ruth.reads(sealed[RUTH].armoured) == notary.reads(sealed[NOTARY].armoured)
    with pytest.raises(AssertionError, match="gpg --decrypt"):
        ruth.reads(sealed[NOTARY].armoured)
    assert f"escrow-{ruth.fingerprint}.asc" == sealed[RUTH].name


@needs_gpg
def test_a_key_nobody_vouched_for_gets_nothing(
    people: tuple[Correspondent, Correspondent], past: Past, tmp_path: Path
) -> None:
    """Not even the other custodian: two were named, and one of them could be anybody."""
    with pytest.raises(Misconfigured, match=f"no verified key of the custodian {NOTARY}"):
        custodians(people, tmp_path / "ring", verified=1).seal(packed(past.folder, "town.test/ledger", 1))


@needs_gpg
def test_a_sealed_one_is_opened_by_the_custodians_own_gpg(
    people: tuple[Correspondent, Correspondent], past: Past, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the machine where their key is; on any other it says that it is not there."""
    (sealed, _) = custodians(people, tmp_path / "ring").seal(packed(past.folder, "town.test/ledger", 1))
    (tmp_path / sealed.name).write_bytes(sealed.armoured)

    monkeypatch.setenv("GNUPGHOME", str(people[0].home))
    pack = opened_escrow(tmp_path / sealed.name)
    monkeypatch.setenv("GNUPGHOME", str(people[1].home))

    assert past.ledger_key == vkey_of(pack)
    with pytest.raises(Misconfigured, match="own key on this machine"):
        opened_escrow(tmp_path / sealed.name)


def test_it_holds_what_makes_an_office_again(past: Past, tmp_path: Path) -> None:
    """Keys, credentials, certificates with theirs; and its keys open what this office sealed."""
    (past.folder / "var" / "credentials").mkdir(mode=0o700)
    (past.folder / "var" / "credentials" / "court-box").write_text("secret")
    (tmp_path / "keys").write_bytes(packed(past.folder, "town.test/ledger", 1))

    pack = opened_escrow(tmp_path / "keys")

    names = {one.path for one in pack.files}
    assert {"var/keys/office.key", "var/keys/index.key", "var/keys/ledger.seed", "var/credentials/court-box",
            "certs/gateway.key", "certs/gateway.pem", "certs/ssh_host_ed25519_key"} <= names  # fmt: skip
    wrapped = keyring_of(pack).wrap("stream", b"k" * 32)
    assert b"k" * 32 == keyring_of(pack).unwrap("stream", wrapped)
    assert not any(name.startswith(("var/records", "var/blobs", "rules")) for name in names)


def test_other_keys_are_another_word(past: Past) -> None:
    """A credential that was added shows; a certificate that was renewed does not, for a new one can be had."""
    key = b"i" * 32
    before = contents_now(past.folder, key)
    (past.folder / "certs" / "gateway.key").write_text("renewed")
    renewed = contents_now(past.folder, key)
    (past.folder / "var" / "credentials").mkdir(mode=0o700)
    (past.folder / "var" / "credentials" / "court-box").write_text("secret")

    assert (before, True) == (renewed, before != contents_now(past.folder, key))
    assert contents_of(secrets(past.folder), os.urandom(32)) != contents_now(past.folder, key)


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00", json.dumps({"what": "x", "origin": "", "at_ms": 0}).encode()])
def test_what_is_no_escrow_is_refused(content: bytes, tmp_path: Path) -> None:
    """One sentence, no traceback."""
    (tmp_path / "keys").write_bytes(content)

    with pytest.raises(Tampering, match="no escrow"):
        opened_escrow(tmp_path / "keys")
