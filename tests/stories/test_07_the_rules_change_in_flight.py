"""The rules change while a message is under way.

A solicitor's letter to the court waits for a busy server. Ruth and Per learn that the court's mail is being read by
somebody else, and forbid it. What was allowed this morning is not allowed now: the letter must stop, whatever state it
is in, and Jo must hear why. And a change of rules is itself a dangerous thing: nobody makes one alone by which anybody
gains, and nobody one that breaks what the rules promise.
"""

from __future__ import annotations

from tests.house import JO, PER, RUTH, House
from tests.world import eventually, letter

REGISTRY = "registry@court.test"
STOP = """
[[forbid]]
id = "court-mail-is-read"
who = ["solicitor"]
to = ["courts"]
labels = ["office", "confidential"]
by = ["mail"]
because = "Somebody reads the court's mail."
"""


def test_what_was_allowed_is_stopped_before_its_first_byte(house: House) -> None:
    """The next try finds the new rule in force: nothing leaves, and Jo's note names it."""
    house.outside().start()
    house.outside().answer = lambda recipient: "451 4.3.2 Too busy" if recipient == REGISTRY else None
    house.opens()
    house.meets(REGISTRY)

    transfer = house.staff(JO).hands_in(letter(JO, REGISTRY, "[case] CANARY", "CANARY\n"), [REGISTRY]).transfer
    house.outside().awaits_a_try(REGISTRY)
    house.adds("transfers.toml", STOP)
    said = house.publishes()
    house.outside().answer = lambda _: None
    house.passes(minutes=6)

    (note,) = house.outside().awaits(JO)
    assert said.startswith("In force: ")
    assert transfer.encode() in note
    assert b"court-mail-is-read" in note
    assert [] == house.outside().received(REGISTRY)


def test_nobody_widens_the_rules_alone(house: House) -> None:
    """One person's two signatures are one; and a signature of somebody who may not publish is none."""
    house.changes("transfers.toml", "until = 2026-12-31", "until = 2027-03-31")

    alone = house.publishes(by=RUTH, second=RUTH, may_fail=True)
    powerless = house.publishes(by=RUTH, second=JO, may_fail=True)

    assert alone.endswith("The second signature is nobody's who may sign, or your own (--second ADDRESS).\n")
    assert powerless.endswith("Jo Hart may not publish rules.\n")


def test_rules_that_break_their_own_promises_are_not_published(house: House) -> None:
    """What rules/transfers.test.toml expects is tried first; the answer names what would be missed."""
    house.changes("transfers.toml", '["clerk", "solicitor"]', '["solicitor"]')

    said = house.publishes(by=RUTH, second=PER, may_fail=True)

    assert "a clerk files a confidential bundle" in said
    assert said.endswith("These rules cannot come into force.\n")
    house.opens()
    assert eventually(house.is_open)
