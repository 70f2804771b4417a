"""The office's own keys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.errors import Misconfigured, Tampering
from gateway.keep.keyring import FILES, Keyring


def made(tmp_path: Path) -> Keyring:
    """The keys of a new office."""
    return Keyring.create(tmp_path / "keys", entropy=os.urandom)


def test_keys_are_made_once_and_opened_again(tmp_path: Path) -> None:
    """What one start wrapped the next unwraps; index key and ledger seed are the same."""
    first = made(tmp_path)
    wrapped = first.wrap("T-A", b"d" * 32)

    again = Keyring.open(tmp_path / "keys", entropy=os.urandom)

    assert b"d" * 32 == again.unwrap("T-A", wrapped)
    assert (first.index_key, first.ledger_seed) == (again.index_key, again.ledger_seed)
    with pytest.raises(Misconfigured):
        made(tmp_path)
    assert b"d" * 32 == Keyring.open(tmp_path / "keys", entropy=os.urandom).unwrap("T-A", wrapped)


def test_wrapping_binds_the_stream_and_never_repeats(tmp_path: Path) -> None:
    """A wrapped key opens for its own stream only, and two wrappings differ."""
    keyring = made(tmp_path)
    wrapped = keyring.wrap("T-A", b"d" * 32)

    assert wrapped != keyring.wrap("T-A", b"d" * 32)
    for stream, bad in (("T-B", wrapped), ("T-A", wrapped[:-1] + b"\x00"), ("T-A", b""), ("T-A", wrapped[:12])):
        with pytest.raises(Tampering):
            keyring.unwrap(stream, bad)


def test_files_are_private(tmp_path: Path) -> None:
    """The folder is 0700, each file 0600 and 32 bytes."""
    made(tmp_path)

    assert 0o700 == (tmp_path / "keys").stat().st_mode & 0o777
    assert [(0o600, 32)] * 3 == [
        ((tmp_path / "keys" / name).stat().st_mode & 0o777, (tmp_path / "keys" / name).stat().st_size) for name in FILES
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_file_others_may_read_is_refused(tmp_path: Path, name: str) -> None:
    """One key readable by the group keeps the gateway from starting, and the sentence says which and what to do."""
    made(tmp_path)
    (tmp_path / "keys" / name).chmod(0o640)

    with pytest.raises(Misconfigured, match=f"{name} can be used by others .mode 0640.; make it 0600"):
        Keyring.open(tmp_path / "keys", entropy=os.urandom)


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_key_of_the_wrong_length_is_refused(tmp_path: Path, content: bytes) -> None:
    """A truncated key file is never used."""
    made(tmp_path)
    (tmp_path / "keys" / "office.key").write_bytes(content)

    with pytest.raises(Misconfigured):
        Keyring.open(tmp_path / "keys", entropy=os.urandom)


def test_a_missing_or_linked_key_is_refused(tmp_path: Path) -> None:
    """Keys are plain files, all three of them."""
    made(tmp_path)
    key = tmp_path / "keys" / "index.key"
    key.rename(tmp_path / "elsewhere")
    with pytest.raises(Misconfigured, match=r"index\.key"):
        Keyring.open(tmp_path / "keys", entropy=os.urandom)
    key.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Misconfigured, match=r"index\.key"):
        Keyring.open(tmp_path / "keys", entropy=os.urandom)


def test_a_crash_while_making_keys_leaves_none(tmp_path: Path) -> None:
    """What a crash left beside is thrown away: nothing was ever sealed with it."""
    (tmp_path / "keys.new").mkdir(mode=0o700)
    (tmp_path / "keys.new" / "office.key").write_bytes(b"half")

    made(tmp_path)

    assert not (tmp_path / "keys.new").exists()


def test_keys_never_show(tmp_path: Path) -> None:
    """Printing a keyring shows no key, and neither does the refusal of a broken one."""
    keyring = made(tmp_path)

    assert keyring.ledger_seed.hex() not in repr(keyring)
    with pytest.raises(Misconfigured) as caught:
        Keyring(office_key=b"secret", index_key=b"i" * 32, ledger_seed=b"l" * 32, entropy=os.urandom)
    assert "secret" not in str(caught.value)


def test_without_its_seed_it_knows_whose_signature_to_expect(tmp_path: Path) -> None:
    """A process that cannot read the seed opens all the rest, and says so when it is asked to sign."""
    whole = made(tmp_path)
    wrapped = whole.wrap("T-A", b"d" * 32)
    (tmp_path / "keys" / "ledger.seed").unlink()

    found = Keyring.open(tmp_path / "keys", entropy=os.urandom)

    assert b"d" * 32 == found.unwrap("T-A", wrapped)
    assert whole.ledger_public == found.ledger_public
    assert (True, False) == (whole.can_sign, found.can_sign)
    with pytest.raises(Misconfigured, match="for the scribe alone"):
        _ = found.ledger_seed


def test_a_key_may_be_given_as_a_credential(tmp_path: Path) -> None:
    """Where systemd gave it to this unit it counts, be there a file or none."""
    whole = made(tmp_path)
    (tmp_path / "given").mkdir()
    for name in FILES:
        (tmp_path / "keys" / name).rename(tmp_path / "given" / name)

    found = Keyring.open(tmp_path / "keys", entropy=os.urandom, given=tmp_path / "given")

    assert (whole.index_key, whole.ledger_seed) == (found.index_key, found.ledger_seed)
    with pytest.raises(Misconfigured, match=r"office\.key cannot be read"):
        Keyring.open(tmp_path / "keys", entropy=os.urandom)


def test_an_office_from_before_gets_its_public_half(tmp_path: Path) -> None:
    """Whoever holds the seed leaves it for those who do not; once."""
    whole, public = made(tmp_path), tmp_path / "keys" / "ledger.pub"
    public.unlink()

    whole.show_public(tmp_path / "keys")
    whole.show_public(tmp_path / "keys")

    assert whole.ledger_public == public.read_bytes()
    assert 0o600 == public.stat().st_mode & 0o777
