"""Two offices vouch for each other.

The town and the county each run a witness, and each asks the other's to sign its ledger's head. One night the town's
machine breaks and somebody puts back last week's backup, whole: records, published ledger, keys, everything. Nothing on
that machine knows of the week that is missing. The county's witness does, so the gateway does not sign a second history
over the first.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.house import ALENA, PER
from tests.neighbours import Neighbour, neighbours
from tests.world import eventually, letter

ENVIRONMENT = 5
STRANGER = "vic@stranger.test"


@pytest.fixture
def offices() -> Iterator[tuple[Neighbour, Neighbour]]:
    with neighbours() as (town, county):
        county.house.opens()
        yield town, county


def test_an_old_backup_of_the_whole_office_does_not_sign(offices: tuple[Neighbour, Neighbour]) -> None:
    """Each vouches for the other; the office that was rolled back refuses to open and to take orders."""
    town, county = offices
    town.witnesses(county.house)
    county.witnesses(town.house)
    for one, other in ((town, county), (county, town)):
        one.asks_to_vouch(other)
        assert 0 == one.house.closes()
        one.house.opens()
        assert eventually(lambda one=one: one.vouched() > 2)
    assert 0 == town.house.closes()
    backup = town.house.folder.parent / "backup"
    shutil.copytree(town.house.folder / "var", backup, symlinks=True)

    town.house.opens()
    transfer = town.house.staff(ALENA).hands_in(letter(ALENA, STRANGER, "[office] CANARY"), [STRANGER]).transfer
    town.house.outside().awaits(STRANGER)
    town.house.comes_to_rest(transfer)
    before = town.vouched()
    assert 0 == town.house.closes()  # the last head is shown at the end
    assert town.vouched() > before
    true = town.house.folder.parent / "true"
    (town.house.folder / "var").rename(true)
    shutil.copytree(backup, town.house.folder / "var", symlinks=True)

    code, said = town.house.fails_to_open()

    assert (ENVIRONMENT, 1) == (code, said.count("\n") + 1), said
    assert "An older copy was put back. Nothing is signed." in said
    assert "a witness saw them" in said
    assert "sealgate ledger recover" in said
    assert "Nothing is signed" in town.house.asks("ledger", "find", by=PER, may_fail=True)
    county.stops_witnessing()
    assert ENVIRONMENT == town.house.fails_to_open()[0], "what the witness said is not forgotten when it is away"

    shutil.rmtree(town.house.folder / "var")
    true.rename(town.house.folder / "var")
    town.house.opens()  # without the witness: the anchor noted here agrees
    assert "witness not consulted" in town.house.log()
    assert 0 == town.house.closes()
    shutil.rmtree(town.house.folder / "var" / "anchors")
    code, said = town.house.fails_to_open()
    assert ENVIRONMENT == code
    assert "no witness can be reached, and no anchor lies here" in said
    for one in offices:
        one.house.is_whole()
