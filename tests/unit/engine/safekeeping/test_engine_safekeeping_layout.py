"""A folder of backups: whose it is, what counts as one, and keys that are replaced whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.engine.safekeeping.layout import KEYS, Target
from gateway.engine.safekeeping.manifest import MANIFEST
from gateway.errors import Misconfigured, Tampering
from gateway.keep.keyring import Keyring

AT_MS = 1_795_000_000_000
RING = Keyring(office_key=b"\x01" * 32, index_key=b"\x02" * 32, ledger_seed=b"\x03" * 32, entropy=os.urandom)
OTHER = Keyring(office_key=b"\x04" * 32, index_key=b"\x02" * 32, ledger_seed=b"\x03" * 32, entropy=os.urandom)


@given(st.lists(st.tuples(st.text(max_size=90), st.binary(max_size=120)), max_size=1500))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_keys_come_back_as_they_were(tmp_path: Path, keys: list[tuple[str, bytes]]) -> None:
    """Any streams and keys, however they fall on the chunks they are sealed in."""
    target = Target(tmp_path)

    target.put_keys(keys, RING, os.urandom)

    assert keys == list(target.keys(RING))


def test_a_forgotten_key_is_nowhere_in_the_folder(tmp_path: Path) -> None:
    """The others stay; the file is another one, so that no page of it holds what is gone."""
    target = Target(tmp_path)
    target.put_keys([("a", b"1"), ("b", b"2"), ("c", b"3")], RING, os.urandom)

    target.forget_keys(["b", "unknown"], RING, os.urandom)

    assert [("a", b"1"), ("c", b"3")] == list(target.keys(RING))
    assert [KEYS] == [path.name for path in tmp_path.iterdir()]


def test_without_the_offices_key_no_data_key_opens(tmp_path: Path) -> None:
    """Whoever has the backups and not the escrow has ciphertext."""
    Target(tmp_path).put_keys([("a", b"1")], RING, os.urandom)

    with pytest.raises(Tampering):
        list(Target(tmp_path).keys(OTHER))


def test_keys_that_are_missing_are_said_to_be(tmp_path: Path) -> None:
    """A copy of one backup without what lies beside it is none."""
    with pytest.raises(Misconfigured, match="without it no backup"):
        list(Target(tmp_path).keys(RING))


def test_only_what_was_finished_counts(tmp_path: Path) -> None:
    """What a crash left is no backup, and goes when the next begins; one that counts stays."""
    target = Target(tmp_path)
    fresh = target.begin(AT_MS, 12)
    (fresh / MANIFEST).touch()
    done = target.finish(fresh)
    left = target.begin(AT_MS + 1_000, 13)

    before, after = target.backups(), (target.begin(AT_MS + 2_000, 14), left.exists())

    assert ((done,), (False, True)) == (before, (after[1], done.exists()))


def test_they_are_in_the_order_of_their_making(tmp_path: Path) -> None:
    """By the second and then by size, which is no matter of letters."""
    target = Target(tmp_path)
    for at_ms, size in ((AT_MS, 100), (AT_MS, 20), (AT_MS - 60_000, 3)):
        fresh = target.begin(at_ms, size)
        (fresh / MANIFEST).touch()
        target.finish(fresh)

    assert ["3", "20", "100"] == [path.name.rpartition("-")[2] for path in target.backups()]


def test_two_in_a_second_are_two(tmp_path: Path) -> None:
    """Neither takes the other's name."""
    target = Target(tmp_path)
    for _ in range(3):
        fresh = target.begin(AT_MS, 5)
        (fresh / MANIFEST).touch()
        target.finish(fresh)

    assert 3 == len(target.backups())


@pytest.mark.parametrize("name", ["../keys", "x", "AB" * 16, "/etc/passwd", ""])
def test_only_a_blob_is_content(name: str, tmp_path: Path) -> None:
    """A list that was forged reaches no other file."""
    (tmp_path / KEYS).touch()

    with pytest.raises(KeyError):
        Target(tmp_path).content(name)
