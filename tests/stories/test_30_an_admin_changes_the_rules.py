"""An admin changes the rules.

Solicitors are to answer citizens themselves from now on. While Ruth is at it she lets sealed papers go to the court by
mail, which the town has sworn never to do. The rules themselves must stop her, and say what they would have let
through. Mended, the change must be told in people and partners before anybody signs it; it must be tried on what has
already happened; and since somebody gains by it, Ruth alone cannot bring it into force.
"""

from __future__ import annotations

import re

from tests.edited import TRANSFERS, Edit
from tests.house import ALENA, JO, PER, RUTH, House
from tests.world import eventually, letter

CITIZEN = "anna@citizen.test"
ANSWERS: Edit = (TRANSFERS, 'who = ["clerk", "registrar"]', 'who = ["clerk", "registrar", "solicitor"]')
BY_MAIL: Edit = (TRANSFERS, 'labels = ["sealed"]\nby = ["sftp"]', 'labels = ["sealed"]\nby = ["sftp", "mail"]')
NOT_BY_MAIL: Edit = (TRANSFERS, BY_MAIL[2], BY_MAIL[1])
GAIN = (
    "Jo Hart may now send Public and Office papers to addresses of no partner by mail or pickup, to 31 March 2027, "
    "when the address imitates no partner's."
)


def test_an_admin_edits_is_stopped_by_a_never_mends_it_and_publishes_with_a_second_person(house: House) -> None:
    """From a letter refused this morning to the same letter delivered this afternoon, without a restart."""
    house.outside().start()
    house.opens()
    refused = house.staff(JO).hands_in(letter(JO, CITIZEN, "[office] Offer", "CANARY\n"), [CITIZEN])
    assert "Only a clerk or a registrar may send this (letters-to-citizens)." in refused.refused[CITIZEN]

    # She edits; a standing order stops her; she goes on from where she was, and it is in order.
    said = house.edits((ANSWERS, BY_MAIL), (NOT_BY_MAIL,), answers="e\n")
    assert "sealed-by-mail is broken: Jo Hart could send a Sealed paper to anyone@court.test (County Court)" in said
    assert GAIN in said
    assert "rules/ is changed, and not in force yet" in said

    # Only what is published counts: the gateway says that it waits, and Jo is still refused.
    assert eventually(lambda: "rules/ differs from the rules in force" in house.log())
    assert house.staff(JO).hands_in(letter(JO, CITIZEN, "[office] Again", "CANARY\n"), [CITIZEN]).refused

    # What would have become of what has happened?
    told = house.asks("rules", "diff", may_fail=True)
    replayed = house.asks("rules", "replay", "--days", "1", by=PER, may_fail=True)
    assert f"Gained\n  {GAIN}\n" in told
    assert "Two people must sign this." in told
    assert "2 of 2" in replayed

    # Ruth signs; somebody gains, so it waits. Per signs; it is in force, and the letter goes.
    waits = house.publishes(by=RUTH, second="", may_fail=True)
    (proposal,) = re.findall(r"sealgate rules sign ([0-9a-f]{12}) --as", waits)
    assert house.staff(JO).hands_in(letter(JO, CITIZEN, "[office] Still", "CANARY\n"), [CITIZEN]).refused
    assert "You have signed this already." in house.signs(proposal, by=RUTH)
    (digest,) = re.findall(r"In force: ([0-9a-f]{64})", house.signs(proposal, by=PER))
    sent = house.staff(JO).hands_in(letter(JO, CITIZEN, "[office] At last", "CANARY\n"), [CITIZEN])
    house.outside().awaits(CITIZEN)
    house.comes_to_rest(sent.transfer)

    # Every entry of its way names the new rules, whichever process wrote it.
    assert {digest} == set(
        re.findall(r"rule set\s+([0-9a-f]{64})", house.asks("ledger", "show", sent.transfer, by=PER))
    )
    assert "The folder is what is in force." in house.asks("rules", "status")


def test_what_cannot_be_read_never_replaces_what_works(house: House) -> None:
    """Somebody saves half a file by hand: the gateway says so, goes on as before, and so do the people who sign."""
    house.outside().start()
    house.opens()
    house.adds("people.toml", '"kim@town.test" = { name = ')

    assert eventually(lambda: "rules/ does not load" in house.log())
    assert {} == house.staff(ALENA).hands_in(letter(ALENA, CITIZEN, "[office] Reply", "CANARY\n"), [CITIZEN]).refused
    house.outside().awaits(CITIZEN)
    assert "not TOML" in house.publishes(by=RUTH, second=PER, may_fail=True)
    assert "the rules in force stay" in house.asks("rules", "status", may_fail=True)


def test_what_takes_away_needs_one_person_and_so_does_the_way_back(house: House) -> None:
    """Ruth takes a permission away at once, alone. Going back gives it again: that takes two, in one command each."""
    house.opens()
    house.changes(
        TRANSFERS, 'id = "court-filing"\nwho = ["clerk", "solicitor"]', 'id = "court-filing"\nwho = ["clerk"]'
    )

    alone = house.publishes(by=RUTH, second="")
    back = house.asks("rules", "rollback", by=RUTH, may_fail=True)
    (proposal,) = re.findall(r"sealgate rules sign ([0-9a-f]{12}) --as", back)

    assert alone.startswith("In force: ")
    assert "Jo Hart may now send Office and Confidential papers to County Court by mail or SFTP for litigation" in back
    assert "In force: " in house.signs(proposal, by=PER)
    assert "The folder is what is in force." in house.asks("rules", "status")


def test_the_ledger_and_any_later_day_know_what_was_in_force(house: House) -> None:
    """Who could do it, on that day, under the rules of that day; and who signed them."""
    house.edits((ANSWERS,))
    house.publishes(by=RUTH, second=PER)

    today = house.asks("rules", "who-can", "--to", "strangers", "--who", JO)
    found = house.asks("ledger", "find", "--kind", "published", "--why", "who signed", by=PER)

    assert "Jo Hart (jo@town.test)\n  Public and Office papers to addresses of no partner by mail or pickup" in today
    assert f"{RUTH}; {PER}" in found or f"{RUTH};{PER}" in found
