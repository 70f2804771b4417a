"""A resident asks to be forgotten.

Anna was in dispute with the town; two letters went to her. Now she writes that the town must erase her. While her case
is under a legal hold it must not, and has to say until when. Afterwards it must: everywhere, for good, in such a way
that nobody can find her even by trying every address there is, while the ledger still proves all that it proved. She
gets a paper that says so, which she need not take on trust.
"""

from __future__ import annotations

import pytest

from tests.house import ALENA, JO, PER, RUTH, House
from tests.world import letter

ANNA = "anna@example.test"
HOLD = """
[[hold]]
id = "dispute"
because = "The dispute about the roof."
owner = "ruth@town.test"
until = 2027-03-31
partners = ["court"]
people = ["alena@town.test"]
"""


@pytest.fixture
def town(house: House) -> House:
    """The office, open, after a letter to Anna was delivered."""
    house.outside().start()
    house.opens()
    return house


def test_she_is_forgotten_and_everything_is_still_proved(town: House) -> None:
    """Refused under a hold, until a day that is named; then done, with a certificate an auditor finds true."""
    town.meets(ANNA)
    transfer = town.staff(ALENA).hands_in(letter(ALENA, ANNA, "[office] The roof", "Dear Anna\n"), [ANNA]).transfer
    town.outside().awaits(ANNA)
    town.comes_to_rest(transfer)
    proof = town.proves(transfer)
    town.adds("retention.toml", HOLD)
    town.publishes()
    town.closes()

    refused, nothing = town.erases("person", ANNA, request="E-14")
    town.changes("retention.toml", HOLD, "")
    town.opens()
    town.publishes()
    while_open, _ = town.erases("person", ANNA, request="E-15")
    town.closes()
    too_early, _ = town.erases("person", ANNA, request="E-16")
    done, certificate = town.erases("person", ANNA, request="E-17", despite=("record", "content"))

    assert (True, b"") == ("31 March 2027" in refused, nothing)
    assert "stop the gateway" in while_open
    assert "Art. 17(3)(b)" in too_early
    assert done.startswith("Erased.")
    code, told = town.auditor().verifies(certificate)
    assert (0, True, False) == (code, "Erased on purpose" in told, ANNA in told + done)
    assert "Nothing found." in town.asks("ledger", "find", "--recipient", ANNA, by=PER)
    assert ANNA not in town.asks("ledger", "show", transfer, by=PER)
    assert [0, 0] == [town.auditor().verifies(bundle)[0] for bundle in (proof, town.proves(transfer))]


def test_nobody_erases_alone_what_is_not_theirs(town: House) -> None:
    """Without a right password, or without the power, nothing is erased; nor is anybody who stands in the rules."""
    town.closes()

    clerk, _ = town.erases("person", ANNA, request="E-1", by=JO)
    ours, _ = town.erases("person", RUTH, request="E-2")

    assert "may not approve an erasure" in clerk
    assert "take them out and publish first" in ours
