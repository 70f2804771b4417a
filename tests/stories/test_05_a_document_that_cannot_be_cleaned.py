"""A document that cannot be cleaned.

Jo attaches a file of a kind nobody here can look into. It may hold nothing; it may hold the name of an informant. The
gateway does not guess: it waits for a person who may answer for it, whose name then stands in the ledger. That person
is never the one who sent it, however much of a hurry there is.
"""

from __future__ import annotations

import pytest

from tests.house import ALENA, JO, PER, RUTH, House, Waits
from tests.world import attached, attachment, letter

JUDGE = "judge@court.test"
RECORDING = bytes(range(256)) * 4


@pytest.fixture(scope="module")
def waits(town: House) -> Waits:
    """Jo's recording, which waits; the judge's key is known."""
    town.meets(JUDGE)
    message = attached(letter(JO, JUDGE, "[case] CANARY"), "CANARY-1.rec", RECORDING, "application/octet-stream")
    town.staff(JO).sends(message, [JUDGE])
    return town.awaits(JUDGE, "document")


def test_it_waits_and_says_which_and_why(waits: Waits) -> None:
    """The reason names the file and what is wrong with it."""
    assert ["'CANARY-1.rec' waits: its type is not one that can be cleaned here."] == waits.why


def test_nobody_releases_their_own(town: House, waits: Waits) -> None:
    """Jo may not; the answer says so and nothing moves."""
    said = town.releases(waits, by=JO)

    assert "Nobody releases their own. Ask somebody else." == said
    assert [] == town.outside().received(JUDGE)


def test_not_everybody_may_answer_for_it(town: House, waits: Waits) -> None:
    """Alena may not either, and is told who may."""
    said = town.releases(waits, by=ALENA)

    assert "Alena Novak may not release this. Ask Ruth Okafor or Per Lind." == said
    assert [] == town.outside().received(JUDGE)


def test_a_named_person_releases_it(town: House, waits: Waits) -> None:
    """Ruth does; it arrives as it was, and the ledger names her."""
    judge = next(guest for guest in town.guests if guest.address == JUDGE)

    said = town.releases(waits, by=RUTH)

    (arrived,) = town.outside().awaits(JUDGE)
    assert "Released by Ruth Okafor; it is judged again now." == said
    assert RECORDING == attachment(judge.opens(arrived), "CANARY-1.rec")
    assert RUTH in town.asks("ledger", "show", waits.transfer, by=PER)
