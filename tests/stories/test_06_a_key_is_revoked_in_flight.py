"""A key is revoked while the mail waits.

The court's server is busy, so a message that is already sealed waits for the next try. Meanwhile the registry calls:
the laptop with the key was stolen. What is sealed to that key is readable to the thief. It must not leave, although it
was allowed, sealed and ready when Jo sent it.
"""

from __future__ import annotations

from tests.house import JO, House
from tests.world import letter

REGISTRY = "registry@court.test"


def test_nothing_leaves_sealed_to_a_stolen_key(house: House) -> None:
    """At the next try the key is asked for again: the mail is held, and goes once a new key is verified."""
    house.outside().start()
    house.outside().answer = lambda _: "451 4.3.2 Too busy, come back later"
    house.opens()
    stolen = house.meets(REGISTRY)

    house.staff(JO).sends(letter(JO, REGISTRY, "[case] CANARY", "CANARY\n"), [REGISTRY])
    house.outside().awaits_a_try(REGISTRY)
    house.distrusts(stolen)
    house.outside().answer = lambda _: None
    house.passes(minutes=6)
    held = house.awaits(REGISTRY, "key-withdrawn")
    before = house.outside().received(REGISTRY)
    fresh = house.meets(REGISTRY)

    (arrived,) = house.outside().awaits(REGISTRY)
    assert f"The office withdrew the key {stolen.fingerprint}" in " ".join(held.why)
    assert [] == before
    assert b"CANARY" in fresh.reads(arrived)
