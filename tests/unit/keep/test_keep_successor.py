"""A new ledger key is begun beside the old one and takes its place, wherever a crash falls in between."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.errors import Misconfigured, StoreAway
from gateway.keep import private
from gateway.keep.keyring import PUBLIC, SEED, Keyring
from gateway.keep.successor import NEXT, RETIRED, Successor


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    Keyring.create(tmp_path / "keys", entropy=os.urandom)
    return tmp_path / "keys"


def public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def test_without_a_succession_there_is_no_successor(keys: Path) -> None:
    """Nor anybody who signed before."""
    assert (None, (), False) == (Successor(keys).seed(), Successor(keys).retired(), Successor(keys).settle())


def test_beginning_twice_begins_once(keys: Path) -> None:
    """The key that was begun stays the one that will follow."""
    first = Successor(keys).begin(os.urandom)
    assert first == Successor(keys).begin(os.urandom) == Successor(keys).seed()
    assert first != (keys / SEED).read_bytes()


def test_the_successor_takes_over(keys: Path) -> None:
    """Its seed signs, its public half is shown, the old public half is remembered and the old seed is gone."""
    old = (keys / SEED).read_bytes()
    for number in (1, 2):
        new = Successor(keys).begin(os.urandom)
        Successor(keys).take_over()
        assert (new, public(new)) == ((keys / SEED).read_bytes(), (keys / PUBLIC).read_bytes())
        assert (None, public(old)) == (Successor(keys).seed(), Successor(keys).retired()[0])
        assert number == len(Successor(keys).retired())
        old = new
    assert not (keys / NEXT).exists()


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_take_over_cut_short_is_gone_through_with(keys: Path, writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After any of its steps the next one finishes, and nobody is retired twice."""
    old, new = (keys / SEED).read_bytes(), Successor(keys).begin(os.urandom)
    left, replace_file = iter(range(writes)), private.replace_file

    def replace_until(path: Path, content: bytes) -> None:
        if next(left, None) is None:
            raise StoreAway("the power failed")
        replace_file(path, content)

    with monkeypatch.context() as cut:
        cut.setattr(private, "replace_file", replace_until)
        with pytest.raises(StoreAway):
            Successor(keys).take_over()
    if Successor(keys).seed() is None:
        assert Successor(keys).settle()
    else:
        Successor(keys).take_over()

    assert ((public(old),), new, public(new)) == (
        Successor(keys).retired(), (keys / SEED).read_bytes(), (keys / PUBLIC).read_bytes(),
    )  # fmt: skip
    assert not Successor(keys).settle()


def test_a_seed_that_is_kept_elsewhere_is_not_rotated_here(keys: Path) -> None:
    """The credential systemd hands out must change where it comes from."""
    (keys / SEED).unlink()
    with pytest.raises(Misconfigured, match="where it is kept"):
        Successor(keys).begin(os.urandom)


def test_retired_keys_that_are_cut_are_refused(keys: Path) -> None:
    """A file that is not whole names nobody."""
    private.replace_file(keys / RETIRED, b"short")
    with pytest.raises(Misconfigured, match="32 bytes"):
        Successor(keys).retired()
