"""Each part goes alone.

The office runs Sealgate as three programs: a gateway that talks to the world, a workshop that opens documents, and a
scribe who alone holds the key of the ledger. Machines being what they are, one of them dies while the others work. The
admin is at lunch.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

import pytest

from tests.house import JO, House
from tests.parts import Apart
from tests.world import letter

REGISTRY = "registry@court.test"


@pytest.fixture
def apart(house: House) -> Iterator[Apart]:
    """An office in three programs, closed."""
    parts = Apart.of(house)
    try:
        yield parts
        house.dies()
        house.is_whole()
    finally:
        parts.ends()


def test_the_workshop_dies_and_the_gateway_stays(apart: Apart) -> None:
    """It costs at most the message under way; the next one finds a new workshop. Nobody restarted the gateway."""
    house = apart.house
    house.outside().start()
    house.opens()
    gateway, registry = apart.gateway_pid(), house.meets(REGISTRY)

    house.staff(JO).sends(letter(JO, REGISTRY, "[case] one", "CANARY one\n"), [REGISTRY])
    house.outside().awaits(REGISTRY)
    apart.workshop.dies()
    apart.takes(JO, letter(JO, REGISTRY, "[case] two", "CANARY two\n"), [REGISTRY])

    arrived = house.outside().awaits(REGISTRY, 2)
    assert [b"CANARY one" in registry.reads(arrived[0]), b"CANARY two" in registry.reads(arrived[1])] == [True, True]
    assert 2 == apart.workshop.starts
    assert gateway == apart.gateway_pid()


def test_without_a_workshop_nothing_is_taken_in(apart: Apart) -> None:
    """As long as documents cannot be opened the door says so, kindly and for now; then all is as before."""
    house = apart.house
    house.outside().start()
    house.opens()
    house.meets(REGISTRY)

    apart.workshop.leaves()
    with pytest.raises(smtplib.SMTPDataError) as refused:
        house.staff(JO).sends(letter(JO, REGISTRY, "[case] CANARY", "CANARY\n"), [REGISTRY])
    apart.workshop.holds()
    apart.takes(JO, letter(JO, REGISTRY, "[case] CANARY", "CANARY\n"), [REGISTRY])

    assert 451 == refused.value.smtp_code
    assert 1 == len(house.outside().awaits(REGISTRY))


def test_the_scribe_dies_and_nothing_is_lost(apart: Apart) -> None:
    """The gateway ends without it, and could not have signed a thing; the next one delivers what was taken in."""
    house = apart.house
    house.outside().is_silent()
    apart.gives_the_key_to_the_scribe()
    house.opens()
    registry = house.meets(REGISTRY)

    house.staff(JO).sends(letter(JO, REGISTRY, "[case] CANARY", "CANARY\n"), [REGISTRY])
    apart.scribe.dies()
    ended = apart.ends_by_itself()
    house.outside().start()
    house.opens()

    (arrived,) = house.outside().awaits(REGISTRY)
    assert b"CANARY" in registry.reads(arrived)
    assert (5, 2) == (ended, apart.scribe.starts)
