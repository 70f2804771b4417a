"""A partner without a server: it comes for what is its, and hands in what is ours.

Not every court runs a server. This one signs in at our door with its own key, finds what waits for it in its inbox, and
puts what it has for us into its outbox. It must see nothing else; what it has collected must be known to have been
collected; and what it hands in must reach the colleague it is for, exactly as it came.
"""

from __future__ import annotations

from tests.house import ALENA, PER, House
from tests.world import photo

OFFICE = "/to/court/office/litigation"


def test_the_court_collects_and_the_clerk_knows(collecting_town: House) -> None:
    """The file waits in the court's inbox, byte for byte; once it was read there, the clerk's receipt says so."""
    alena, court = collecting_town.desk_of(ALENA), collecting_town.desk_at("court")
    claim = b"CANARY The statement of claim.\r\n" * 1000
    alena.hands_in(claim, f"{OFFICE}/CANARY claim.txt")

    path = court.awaits("/inbox", "CANARY claim.txt")
    assert claim == court.reads(path)

    receipt = alena.receipt("CANARY claim.txt", state="collected")
    assert "partner:court collected it" in receipt.words
    assert 0 == collecting_town.auditor().verifies(receipt.bundle)[0]


def test_what_the_court_hands_in_reaches_its_contact_as_it_came(collecting_town: House) -> None:
    """Per, who vouches for the court, finds it in his folder, where it was taken included, and gets a note by mail."""
    per = collecting_town.desk_of(PER)
    court = collecting_town.desk_at("court") if not (per.home.parent / "partner-court").exists() else None
    assert court is None or court.hands_in(photo(51.5, 0.12), "/outbox/CANARY seal.jpg").was_taken
