"""A gateway cut off at every border of a voyage: what was acknowledged arrives once, or waits where a person sees it.

A sweep, not a sample: the same two-leg mail is handed in again and again, and each time everything is thrown away one
border later. What is kept is what a store keeps; the next start has that and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

import pytest

from gateway.journey import LegJourney, State
from gateway.transfer import TransferId
from tests.unit.engine.engine_world import COURT, JUDGE, MINUTE, Fuse, Office, rules
from tests.unit.engine.test_engine_runner import BUSY

MAIL = 'mail = { via = "mx", give-up = "5d" }'
PARKS = ("routes.toml", MAIL, 'mail = { via = "mx", park-from = "public" }')
RESENDS = ("routes.toml", MAIL, 'mail = { via = "mx", park-from = "sealed" }')
LAST = 120
"""More borders than the voyage has."""


async def _told(office: Office, acknowledged: list[TransferId]) -> None:
    acknowledged.append(await office.accepts(b"", COURT, JUDGE))
    await office.rests()


@dataclass(frozen=True)
class Cut:
    """One run of the sweep."""

    office: Office
    is_acknowledged: bool
    where: str
    """At which border it was cut; empty if the voyage ended before."""
    recorded: tuple[str, ...]
    """Recipients whose delivery was in the ledger before the cut."""
    taken: tuple[str, ...]
    """Recipients whose server had taken it before the cut."""


async def _cut_at(border: int, setting: tuple[str, str, str]) -> Cut:
    """Hand in, be cut off, start again, wait half an hour."""
    office, acknowledged = Office(rulebook=rules(setting)), list[TransferId]()
    async with office.opens():
        await office.trusts(COURT)
        await office.trusts(JUDGE)
    office.has(Fuse(border))
    office.post.answers = deque([BUSY])
    async with office.opens():
        await office.until_it_dies(_told(office, acknowledged))
    where, taken = office.fuse.where, tuple(one.recipient for one in office.post.taken)
    recorded = tuple(str(leg.leg.recipient) for leg in _legs(office) if leg.state is State.SHIPPED)
    office.has(Fuse())
    async with office.opens():
        await office.rests()
        await office.passes(30 * MINUTE)
    assert [] == office.fatal
    office.is_whole()
    return Cut(office, bool(acknowledged), where, recorded, taken)


def _legs(office: Office) -> list[LegJourney]:
    """The legs of every mail that somebody handed in."""
    journeys = [office.journey(one) for one in office.transfers()]
    return [leg for journey in journeys if not journey.transfer.sender.is_gateway for leg in journey.legs]


@pytest.mark.chaos
@pytest.mark.slow
@pytest.mark.parametrize("setting", [PARKS, RESENDS], ids=["parks", "resends"])
def test_a_crash_at_any_border_loses_nothing_and_doubles_nothing_but_a_doubt(setting: tuple[str, str, str]) -> None:
    """P5.1, P5.7: acknowledged means delivered or waiting for a person; twice only where an answer was in flight."""
    seen: list[str] = []
    for border in range(1, LAST):
        cut = asyncio.run(_cut_at(border, setting))
        seen.append(cut.where)
        here = (border, cut.where)
        legs = _legs(cut.office)

        assert len(legs) in ((2,) if cut.is_acknowledged else (0, 2)), here
        for leg in legs:
            recipient = str(leg.leg.recipient)
            copies = len(cut.office.post.got(recipient))
            is_doubted = recipient in cut.taken and recipient not in cut.recorded
            if setting is PARKS:
                assert (leg.state, copies) in ((State.SHIPPED, 1), (State.PARKED, int(is_doubted))), here
            else:
                assert (leg.state, copies) == (State.SHIPPED, 2 if is_doubted else 1), here
        if not cut.where:
            break

    assert "" == seen[-1], "the sweep ended before the voyage did"
    assert {"answered", "first byte", "before attempted", "after received", "before shipped"} <= set(seen)
