"""A gateway cut off at every border of a file's voyage: one copy arrives, or is offered, wherever the power failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gateway.journey import State
from gateway.judge.rulebook import Rulebook
from gateway.transfer import TransferId
from tests.unit.engine.engine_world import HOUR, Fuse, rules
from tests.unit.engine.filing_world import FileOffice, no_route

LAST = 80
"""More borders than the voyage has."""


async def _cut_at(border: int, rulebook: Callable[[], Rulebook]) -> tuple[FileOffice, list[TransferId], str]:
    """Drop a file, be cut off, start again, wait half a day."""
    office, kept = FileOffice(rulebook=rulebook()), list[TransferId]()

    async def story() -> None:
        kept.append(await office.drops())
        await office.rests()

    office.has(Fuse(border))
    async with office.opens():
        await office.until_it_dies(story())
    where = office.fuse.where
    office.has(Fuse())
    async with office.opens():
        await office.rests()
        await office.passes(12 * HOUR)
    assert [] == office.fatal
    office.is_whole()
    return office, kept, where


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rulebook", "end", "copies"), [(rules, State.SHIPPED, 1), (no_route, State.OFFERED, 0)], ids=["box", "shelf"]
)
def test_a_crash_at_any_border_loses_no_file_and_doubles_none(
    rulebook: Callable[[], Rulebook], end: State, copies: int
) -> None:
    """P5: what was kept ends where it should, and a box is never given a second copy: it is asked first."""
    seen: list[str] = []
    for border in range(1, LAST):
        office, kept, where = asyncio.run(_cut_at(border, rulebook))
        seen.append(where)
        here = (border, where)

        assert office.transfers() or not kept, here
        for transfer in office.transfers():
            assert [end] == office.states(transfer), here
            assert copies == len(office.box.files), here
        if not where:
            break

    assert "" == seen[-1], "the sweep ended before the voyage did"
    assert ({"answered", "before shipped"} if copies else {"after disk", "before offered"}) <= set(seen)
