"""The power fails.

Jo's mail program has said "sent", and then the machine dies, before a byte has left. Jo has closed the window and will
not send it again. After the acknowledgement the gateway owes the delivery, once: no loss, and no second copy.
"""

from __future__ import annotations

from tests.house import JO, PER, RUTH, House
from tests.world import letter

REGISTRY = "registry@court.test"


def test_what_was_acknowledged_is_delivered_once(house: House) -> None:
    """kill -9 between the 250 and the delivery: after the restart it arrives, exactly once."""
    house.outside().is_silent()
    house.opens()
    registry = house.meets(REGISTRY)

    house.staff(JO).sends(letter(JO, REGISTRY, "[case] CANARY", "CANARY\n"), [REGISTRY])
    house.dies()
    house.outside().start()
    house.opens()

    (arrived,) = house.outside().awaits(REGISTRY)
    assert b"CANARY" in registry.reads(arrived)
    assert 0 == house.closes()
    house.opens()
    house.passes(minutes=60)
    assert [] == house.waiting(REGISTRY)
    assert 1 == len(house.outside().received(REGISTRY))


def test_a_delivery_in_doubt_waits_for_a_person(house: House) -> None:
    """kill -9 while it is being handed over: nobody can know whether it arrived, so nobody guesses. Ruth decides."""
    house.outside().start()
    house.outside().hesitates()
    house.opens()
    house.meets(REGISTRY)

    house.staff(JO).sends(letter(JO, REGISTRY, "[case] CANARY", "CANARY\n"), [REGISTRY])
    house.outside().awaits_a_try(REGISTRY)
    house.dies()
    house.outside().proceeds()
    house.opens()
    waits = house.awaits(REGISTRY, "crashed-in-flight")
    before = house.outside().received(REGISTRY)
    said = house.releases(waits, by=RUTH)

    house.outside().awaits(REGISTRY)
    assert [] == before
    assert "Released by Ruth Okafor; it is judged again now." == said
    assert RUTH in house.asks("ledger", "show", waits.transfer, by=PER)
