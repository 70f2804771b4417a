"""A partner without a server: it comes for what is its, and hands in what is ours.

Not every court runs a server. This one signs in at our door with its own key, finds what waits for it in its inbox, and
puts what it has for us into its outbox. It must see nothing else; what it has collected must be known to have been
collected; and what it hands in must reach the colleague it is for, exactly as it came.
"""

from __future__ import annotations

from tests.house import ALENA, PER, House
from tests.world import photo, says_where

OFFICE = "/to/court/office/litigation"


def test_the_court_collects_and_the_clerk_knows(collecting_town: House) -> None:
    """It waits in the court's inbox, byte for byte, and the court is told by mail, which does not say what it is; once
    it was read there, the clerk's receipt says so."""
    alena, court = collecting_town.desk_of(ALENA), collecting_town.desk_at("court")
    claim = b"CANARY The statement of claim.\r\n" * 1000
    alena.hands_in(claim, f"{OFFICE}/CANARY claim.txt")

    (note,) = collecting_town.outside().awaits("registry@court.test")
    assert (True, False) == (b"from the folder /inbox" in note, b"CANARY" in note)
    path = court.awaits("/inbox", "CANARY claim.txt")
    assert claim == court.reads(path)

    receipt = alena.receipt("CANARY claim.txt", state="collected")
    assert "partner:court collected it" in receipt.words
    assert 0 == collecting_town.auditor().verifies(receipt.bundle)[0]


def test_what_the_court_hands_in_reaches_its_contact_as_it_came(collecting_town: House) -> None:
    """Per, who vouches for the court, is told by mail and finds it in his folder, unchanged: it may be evidence."""
    per, court = collecting_town.desk_of(PER), collecting_town.desk_at("court")
    scene = photo(51.5, 0.12)

    told = court.hands_in(scene, "/outbox/CANARY scene.jpg")

    assert told.was_taken, told.said
    (note,) = collecting_town.outside().awaits(PER)
    assert b"Subject: A file from County Court" in note
    assert b"/from/court" in note
    path = per.awaits("/from/court", "CANARY scene.jpg")
    assert scene == per.reads(path)
    assert says_where(scene)


def test_the_court_sees_its_inbox_and_outbox_and_nothing_else(collecting_town: House) -> None:
    """Neither our folders nor anybody's receipts are there for a partner, under whatever path."""
    court = collecting_town.desk_at("court")

    assert ["inbox", "outbox"] == sorted(court.lists("/"))
    tries = ("/to/court", "/from/court", "/receipts", "/inbox/../receipts", "/to")
    assert [] == [path for path in tries if court.runs(f"cd {path}").was_taken]


def test_a_file_taken_back_before_it_was_collected_is_gone(collecting_town: House) -> None:
    """Alena removes what she put there by mistake: it leaves the court's inbox, and the receipt says so."""
    alena, court = collecting_town.desk_of(ALENA), collecting_town.desk_at("court")
    alena.hands_in(b"CANARY\n", f"{OFFICE}/CANARY mistake.txt")
    court.awaits("/inbox", "CANARY mistake.txt")

    assert alena.runs(f'rm "{OFFICE}/CANARY mistake.txt"').was_taken

    alena.receipt("CANARY mistake.txt", state="recalled")
    assert [] == [name for name in court.lists("/inbox") if "mistake" in name]
