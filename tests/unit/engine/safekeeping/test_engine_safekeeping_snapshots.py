"""The scribe copies in turns, and signs manifests of its own ledger and nothing else."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.engine.safekeeping.manifest import Manifest
from gateway.engine.safekeeping.snapshots import SIGN, TASK, Copyist, Progress, Signing, Snapshots
from gateway.errors import Misconfigured, StoreAway
from gateway.keep.copying import check_copy
from tests.audited import Past


def turns(copyist: Copyist, *, goes_on: bool) -> Progress:
    """As the gateway asks, without a socket between."""

    async def task(name: str, given: bytes) -> bytes:
        assert TASK == name
        return copyist.turn(given)

    (copyist.var / "backup").mkdir(exist_ok=True)
    return asyncio.run(Snapshots(task).turn(goes_on=goes_on))


def test_a_turn_after_another_ends_in_a_whole_copy(past: Past, tmp_path: Path) -> None:
    """However short a turn is."""
    with opened(Setting(folder=past.folder), is_writing=True) as office:
        copyist = Copyist(office.writable, tmp_path, turn_s=0.0)
        first = turns(copyist, goes_on=False)
        copyist.turn_s = 60.0
        last = turns(copyist, goes_on=True)

    check_copy(tmp_path / "backup" / "copy.db")
    assert (False, True) == (first.is_whole, last.is_whole)


def test_going_on_with_nothing_is_refused(past: Past, tmp_path: Path) -> None:
    """The scribe was started anew in between: whoever asks begins again."""
    with opened(Setting(folder=past.folder), is_writing=True) as office, pytest.raises(StoreAway, match="begin again"):
        turns(Copyist(office.writable, tmp_path), goes_on=True)


def test_whoever_begins_anew_gets_a_fresh_copy(past: Past, tmp_path: Path) -> None:
    """The one that was left in the middle is dropped, and so is the last when the scribe goes."""
    with opened(Setting(folder=past.folder), is_writing=True) as office:
        copyist = Copyist(office.writable, tmp_path, turn_s=0.0)
        turns(copyist, goes_on=False)
        turns(copyist, goes_on=False)
        copyist.drop()

    assert not (tmp_path / "backup" / "copy.db").exists()


def manifest(**changes: Any) -> bytes:
    """One of the town's, as of its first entry."""
    said = Manifest(
        origin="town.test/ledger", at_ms=1, size=1, head="", rules="", records_at="", blobs_at="", parts=(), blobs=0,
        blob_bytes=0,
    )  # fmt: skip
    return msgspec.json.encode(msgspec.structs.replace(said, **changes))


@pytest.mark.parametrize(
    "given",
    [b"town.test/ledger\n7\nAAAA\n", b"{}", manifest(origin="county.test/ledger"), manifest(size=10**6)],
    ids=["a head", "nothing", "another ledger's", "of a future"],
)
def test_nothing_else_is_signed(given: bytes, past: Past) -> None:
    """What is no manifest of this ledger, as it is or was, gets no signature."""
    with opened(Setting(folder=past.folder)) as office, pytest.raises(Misconfigured):
        Signing(office.records, office.signer).sign(given)


def test_a_manifest_is_signed(past: Past) -> None:
    """By the ledger's own key, through the socket as well as here."""
    with opened(Setting(folder=past.folder)) as office:
        signing = Signing(office.records, office.signer)

        async def task(name: str, given: bytes) -> bytes:
            assert SIGN == name
            return signing.sign(given)

        note = asyncio.run(Snapshots(task).sign(manifest().decode()))

    assert "sealgate-backup/v1\n" == note[:19]
    assert "— town.test/ledger " in note


def test_the_copy_is_of_the_writers_own_connection(past: Past, tmp_path: Path) -> None:
    """What another connection writes would begin SQLite's backup anew: the writer's goes into both."""
    with opened(Setting(folder=past.folder), is_writing=True) as office, closing(office.records):
        copying = office.writable.begin_copy(tmp_path / "copy.db")
        office.writable.swap("register", old=None, new=b"said meanwhile")
        while not copying.step():
            pass

    assert b"said meanwhile" in (tmp_path / "copy.db").read_bytes()
