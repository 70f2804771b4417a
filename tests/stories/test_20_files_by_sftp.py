"""Files by SFTP: the clerk drops, the court receives, the auditor proves.

Alena files papers with the court every day, with the `sftp` she has always used: she puts a file into the court's
folder and goes on with her work. Photographs say where they were taken; the court's server could be somebody else's;
a file can end up in the wrong folder; and a year later somebody says it was never sent. The court has a server of its
own, and we have its host key on file from the day two people met.
"""

from __future__ import annotations

import hashlib

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


def test_a_clerk_uploads_the_courts_sshd_receives_and_an_auditor_proves_it(filing_town: House) -> None:
    """Her receipt names the digest of what lies in the court's box, and holds the proof: true for a stranger with the
    public key, and not under another key."""
    (court,), alena = filing_town.boxes, filing_town.desk_of(ALENA)
    claim = b"The statement of claim.\r\n"
    assert alena.hands_in(claim, f"{OFFICE}/CANARY claim.txt").was_taken
    assert ("CANARY claim.txt", claim) == court.awaits("CANARY claim.txt")

    receipt = alena.receipt("CANARY claim.txt", state="shipped")
    assert f"SHA-256 as sent:      {hashlib.sha256(claim).hexdigest()}" in receipt.words

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


def test_one_sheet_says_where_all_of_it_stands(filing_town: House) -> None:
    """`_STATUS.csv` lists her files, a line each, for a spreadsheet."""
    (court,), alena = filing_town.boxes, filing_town.desk_of(ALENA)
    assert alena.hands_in(b"CANARY\n", f"{OFFICE}/CANARY sheet.txt").was_taken
    court.awaits("CANARY sheet.txt")
    alena.receipt("CANARY sheet.txt", state="shipped")

    lines = alena.reads("/receipts/_STATUS.csv").decode("utf-8-sig").splitlines()

    assert '"handed in","file","for","label","purpose","state"' in lines[0]
    assert any('"CANARY sheet.txt","court","office","litigation","shipped","was delivered"' in line for line in lines)


def test_a_refusal_speaks_of_folders(filing_town: House) -> None:
    """Who drops a file looks for a folder, not for a subject line: the receipt says into which one."""
    alena = filing_town.desk_of(ALENA)

    assert not alena.hands_in(b"CANARY\n", "/to/court/office/CANARY folder.txt").was_taken

    words = alena.receipt("CANARY folder.txt", state="refused").words
    assert "put it into the folder litigation, or write [case] in its name" in words
    page = alena.reads("/to/court/office/_READ ME.txt").decode("utf-8-sig")
    assert "would not go: This goes only for litigation" in page
    right = alena.reads(f"{OFFICE}/_READ ME.txt").decode("utf-8-sig")
    assert ("goes to County Court" in right, "would not go" in right) == (True, False)


def test_what_the_rules_forbid_is_absent(filing_town: House) -> None:
    """Per, the registrar, may send nothing to the court: for him there is no such folder, not even a forbidden one."""
    per, ruth = filing_town.desk_of(PER), filing_town.desk_of(RUTH)

    assert [[], []] == [per.lists("/to"), ruth.lists("/to")]
    assert not per.hands_in(b"CANARY\n", f"{OFFICE}/CANARY.txt").was_taken
