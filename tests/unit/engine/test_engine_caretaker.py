"""The caretaker: publishes, ticks once a minute, and comes home; what fails is tried again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.engine import caretaker as chores
from gateway.engine.caretaker import Caretaker
from gateway.engine.publication import Publication
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
