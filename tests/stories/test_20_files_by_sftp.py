"""Files by SFTP: the clerk drops, the court receives, the auditor proves.

Alena files papers with the court every day, with the `sftp` she has always used: she puts a file into the court's
folder and goes on with her work. Photographs say where they were taken; the court's server could be somebody else's;
a file can end up in the wrong folder; and a year later somebody says it was never sent. The court has a server of its
own, and we have its host key on file from the day two people met.
"""

from __future__ import annotations

from tests.house import ALENA, JO, PER, RUTH, House
from tests.world import photo, same_picture, says_where

OFFICE = "/to/court/office/litigation"
CONFIDENTIAL = "/to/court/confidential/litigation"
SOMEBODY_ELSES_KEY = "town.test/ledger+0ed3e733+AT7CUSVfAc+t9X0upbudbIpLzKBpYeJHrNQso0sPMerQ"


def test_a_clerk_drops_a_file_and_the_court_has_it_clean(filing_town: House) -> None:
    """What arrives is the same picture, without where it was taken; what she put there still looks as she put it."""
    picture, (court,) = photo(51.5, 0.12), filing_town.boxes
    alena = filing_town.desk_of(ALENA)

    told = alena.hands_in(picture, f"{OFFICE}/CANARY scene.jpg")

    assert told.was_taken, told.said
    _, arrived = court.awaits("CANARY scene.jpg")
    assert (True, False) == (says_where(picture), says_where(arrived))
    assert same_picture(picture, arrived)
    assert "CANARY scene.jpg" in alena.lists(OFFICE)


def test_what_is_confidential_arrives_for_its_readers_alone(filing_town: House) -> None:
    """Above the label "office" a file is encrypted to the court's key before it leaves; the court's gpg opens it."""
    registry, (court,) = filing_town.meets("registry@court.test"), filing_town.boxes
    exhibits = b"case,exhibit\r\nCANARY-2026-114,A\r\n"

    told = filing_town.desk_of(JO).hands_in(exhibits, f"{CONFIDENTIAL}/CANARY list.csv")

    assert told.was_taken, told.said
    name, arrived = court.awaits("CANARY list.csv")
    assert name.endswith(".pgp")
    assert b"CANARY" not in arrived
    assert exhibits == registry.opens_file(arrived)


def test_an_auditor_proves_it_with_the_clerks_own_receipt(filing_town: House) -> None:
    """Her receipt holds the proof: true for a stranger with the public key, and not under another key."""
    (court,), alena = filing_town.boxes, filing_town.desk_of(ALENA)
    alena.hands_in(b"The statement of claim.\r\n", f"{OFFICE}/CANARY claim.txt")
    court.awaits("CANARY claim.txt")

    receipt = alena.receipt("CANARY claim.txt", state="shipped")

    code, said = filing_town.auditor().verifies(receipt.bundle)
    assert (0, True) == (code, said.startswith("TRUE: ")), said
    assert "This file was delivered." in receipt.words
    assert 0 != filing_town.auditor(SOMEBODY_ELSES_KEY).verifies(receipt.bundle)[0]


def test_a_file_in_the_wrong_folder_is_refused_and_she_can_read_why(filing_town: House) -> None:
    """OpenSSH shows "Permission denied" and no more; the receipt says which rule, and that is on the ledger too."""
    (court,), alena = filing_town.boxes, filing_town.desk_of(ALENA)

    told = alena.hands_in(b"CANARY\n", "/to/court/CANARY notes.txt")

    assert (False, True) == (told.was_taken, "ermission denied" in told.said)
    receipt = alena.receipt("CANARY notes.txt", state="refused")
    assert "was refused; nothing was sent" in receipt.words
    assert "court-filing" in receipt.words
    assert 0 == filing_town.auditor().verifies(receipt.bundle)[0]
    assert [] == [name for name in court.received() if "notes" in name]


def test_what_the_rules_forbid_is_absent(filing_town: House) -> None:
    """Per, the registrar, may send nothing to the court: for him there is no such folder, not even a forbidden one."""
    per, ruth = filing_town.desk_of(PER), filing_town.desk_of(RUTH)

    assert [[], []] == [per.lists("/to"), ruth.lists("/to")]
    assert not per.hands_in(b"CANARY\n", f"{OFFICE}/CANARY.txt").was_taken
