"""The caretaker: publishes, ticks once a minute, and comes home; what fails is tried again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.engine import caretaker as chores
from gateway.engine.caretaker import Caretaker
from gateway.engine.outsiders.anchors import Anchors
from gateway.engine.publication import Publication
from gateway.errors import PeerTemporary
from gateway.ledger.entry import read_entry
from tests.unit.engine.engine_world import MINUTE, Office, in_the_office


def caretaker(office: Office, folder: Path) -> tuple[Caretaker, Publication]:
    publication = Publication(folder, office.records, office.signer.vkey)
    return Caretaker(scribe=office.scribe, publication=publication, clock=office.clock), publication


async def until(claim: object) -> None:
    assert callable(claim)
    async with asyncio.timeout(20):
        while not claim():
            await asyncio.sleep(0.002)


def ticks(office: Office) -> int:
    return [read_entry(entry).kind for entry in office.entries()].count("tick")


@in_the_office()
async def test_it_publishes_and_once_more_at_the_end(office: Office, tmp_path: Path) -> None:
    """The folder follows the head, and nothing is missing from it after `stop`."""
    keeper, publication = caretaker(office, tmp_path)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keeper.run())
        await until(lambda: publication.size() == office.scribe.head.size)  # type: ignore[union-attr]
        await office.accepts()
        keeper.stop()

    assert office.scribe.head is not None
    assert 3 <= publication.size() <= office.scribe.head.size


@in_the_office()
async def test_it_ticks_once_a_minute(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quiet minute leaves one entry, whatever the number of turns."""
    monkeypatch.setattr(chores, "PUBLISH_EVERY_S", 0.002)
    keeper, _ = caretaker(office, tmp_path)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keeper.run())
        await asyncio.sleep(0.02)
        assert 0 == ticks(office)
        for minute in (1, 2):
            office.clock.at_ms += MINUTE
            await until(lambda expected=minute: ticks(office) == expected)
        keeper.stop()

    assert 2 == ticks(office)


@in_the_office()
async def test_a_chore_that_fails_is_tried_again(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk stops neither the caretaker nor the tick that was due: both come when there is room."""
    monkeypatch.setattr(chores, "PUBLISH_EVERY_S", 0.002)
    in_the_way = tmp_path / "tile"
    in_the_way.write_bytes(b"")
    keeper, publication = caretaker(office, tmp_path)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keeper.run())
        office.records.is_away = True
        office.clock.at_ms += MINUTE
        await asyncio.sleep(0.02)
        assert 0 == publication.size()
        office.records.is_away = False
        in_the_way.unlink()
        await until(lambda: publication.size() == office.scribe.head.size)  # type: ignore[union-attr]
        keeper.stop()


class Turns:
    """A chore that counts, and may fail or take for ever."""

    def __init__(self, *, every_s: float = 0.002, fails: bool = False, hangs: bool = False) -> None:
        self.every_s = every_s
        self.count = 0
        self._fails = fails
        self._hangs = hangs

    async def turn(self) -> None:
        self.count += 1
        if self._hangs:
            await asyncio.Event().wait()
        if self._fails:
            raise PeerTemporary("they are away")


@in_the_office()
async def test_chores_hold_up_nobody(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that fails is tried again, one that hangs at the end does not keep it from ending."""
    monkeypatch.setattr(chores, "PUBLISH_EVERY_S", 0.002)
    monkeypatch.setattr(chores, "LAST_TURN_S", 0.01)
    publication = Publication(tmp_path, office.records, office.signer.vkey)
    steady, failing, last = Turns(), Turns(fails=True), Turns(every_s=3600, hangs=True)
    keeper = Caretaker(
        scribe=office.scribe, publication=publication, clock=office.clock, chores=(steady, failing),
        at_stop=(last,),
    )  # fmt: skip
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keeper.run())
        await until(lambda: min(steady.count, failing.count) > 2)
        await office.accepts()
        keeper.stop()

    assert office.scribe.head is not None
    assert office.scribe.head.size - publication.size() < 12
    assert 1 == last.count


@in_the_office()
async def test_each_published_head_is_anchored(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """On other storage too; storage that is away is said once, not each second, and does not stop publishing."""
    disk = tmp_path / "disk"
    publication = Publication(tmp_path / "ledger", office.records, office.signer.vkey)
    anchors = Anchors(tmp_path / "anchors", vkey=office.signer.vkey, published=tmp_path / "ledger", elsewhere=disk)
    keeper = Caretaker(scribe=office.scribe, publication=publication, clock=office.clock, anchors=anchors)
    for _ in range(3):
        await keeper._publish()
    assert 1 == caplog.text.count("head not anchored")

    disk.mkdir()
    await keeper._publish()

    assert office.scribe.head is not None
    assert office.scribe.head.note == (disk / "sealgate-anchor").read_text()
