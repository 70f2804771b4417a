"""The town takes a new key for its ledger, and the county's witness follows.

Keys must be changed now and then. The county vouches for the town's ledger by a key that was compared by telephone;
now the town signs with another. For some days both sign. The county's witness knows where the town publishes its
ledger, finds there that the old key vouches for the new one, and needs no second telephone call. When the old key is
retired, it counts no longer: not even for somebody who had copied its seed.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.house import PER
from tests.neighbours import Neighbour, neighbours, shown_by_a_thief
from tests.world import eventually

FORBIDDEN = 403


@pytest.fixture
def offices() -> Iterator[tuple[Neighbour, Neighbour]]:
    with neighbours() as both:
        yield both


def test_the_witness_follows_to_the_new_key(offices: tuple[Neighbour, Neighbour]) -> None:
    """It vouches before, between and after the two steps; nobody else's word makes it learn a key."""
    town, county = offices
    county.witnesses(town.house, "--published", str(town.published()))
    town.asks_to_vouch(county)
    first = town.house.ledger_key
    assert 0 == town.house.closes()

    second = town.rotates_its_key()  # both sign from here on
    stolen = town.seed()
    town.house.opens()
    assert eventually(lambda: (first, second) == county.keys_it_counts())
    assert eventually(lambda: town.vouched() > 0)
    assert 0 == town.house.closes()

    assert second == town.rotates_its_key("--finish")
    before = town.vouched()
    town.house.opens()
    assert eventually(lambda: (second,) == county.keys_it_counts())
    town.house.asks("ledger", "find", by=PER)  # is an entry itself
    assert 0 == town.house.closes()  # the last head is shown at the end
    assert town.vouched() > before, "signed by the new key alone"
    assert FORBIDDEN == shown_by_a_thief(town, stolen, county)

    county.rotates_its_key()
    foreign = str(county.published() / "succession.json")
    said = county.house.asks("ledger", "witness", "learn", "town.test/ledger", foreign, may_fail=True)
    assert "Refused, nothing was learned: no key that is known" in said
    assert (second,) == county.keys_it_counts()
    town.house.is_whole()
