"""A gateway cut off at every border of the voyage of a virus, and started again with the scanner there or gone."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.commands.demo.scanner import Scanner
from gateway.engine.scanning.trial import HARMLESS
from gateway.journey import State
from tests.unit.engine.engine_world import COURT, Fuse, Office, rules, with_document

LAST = 80
"""More borders than the voyage has."""


@pytest.fixture(scope="module")
def scanner() -> Iterator[Scanner]:
    if not Scanner.is_installed():
        pytest.skip("clamd must be installed (Debian: clamav-daemon)")
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        scanner = Scanner(Path(folder))
        scanner.starts()
        yield scanner
        scanner.stops()


async def _cut_at(border: int, scanner: Scanner, *, is_there: bool) -> tuple[Office, str]:
    """Hand a virus in, be cut off, start again, and come to rest."""
    place = ("gateway.toml", "[door]", f'scan = {{ clamd = "{scanner.socket}" }}\n[door]')
    office = Office(rulebook=rules(place))
    async with office.opens():
        await office.trusts(COURT)

    async def told() -> None:
        await office.accepts(with_document("notes.txt", "text/plain", HARMLESS))
        await office.rests()

    office.has(Fuse(border))
    async with office.opens():
        await office.until_it_dies(told())
    where = office.fuse.where
    office.has(Fuse())
    async with office.opens():
        office.examination.is_away = not is_there
        office.runner.look()
        await office.rests()
    assert [] == office.fatal
    office.is_whole()
    return office, where


@pytest.mark.chaos
@pytest.mark.slow
@pytest.mark.parametrize(
    ("is_there", "step"), [(True, 1), (False, 5)], ids=["the scanner is there", "the scanner is gone"]
)
def test_no_crash_lets_a_virus_out(scanner: Scanner, is_there: bool, step: int) -> None:
    """Wherever the power fails, it waits afterwards, for the virus or for the scanner, and nothing of it was sent."""
    seen: list[str] = []
    for border in range(1, LAST, step):
        office, where = asyncio.run(_cut_at(border, scanner, is_there=is_there))
        seen.append(where)
        ours = [one for one in map(office.journey, office.transfers()) if not one.transfer.sender.is_gateway]

        for journey in ours:
            assert [State.HELD] == office.states(journey.transfer.id), (border, where)
            assert set(office.reasons(journey.transfer.id)) <= {"virus", "unscanned"}, (border, where)
        assert [] == office.post.got(COURT), (border, where)
        if not where:
            break

    assert "" == seen[-1], "the sweep ended before the voyage did"
    assert step > 1 or {"after received", "clean"} <= set(seen)
