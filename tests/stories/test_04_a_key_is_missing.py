"""A key is missing, and then it is not.

Jo writes to somebody at the court whose key nobody here has. Sending in clear would be easy, and is what most programs
do. Refusing would send Jo to a private mailbox. So it waits; and when the key comes, a key in the post proves nothing:
anybody can make one with any name on it. Only when Per has rung the number on file and heard the fingerprint does the
mail go, by itself, without Jo sending it again.
"""

from __future__ import annotations

from tests.house import JO, House
from tests.world import eventually, letter

CLERK = "clerk@court.test"


def test_it_goes_by_itself_once_somebody_vouches(town: House) -> None:
    """No key: it waits. A candidate: it still waits, and says so. Verified: it arrives, readable."""
    clerk = town.meets(CLERK, is_trusted=False)
    message = letter(JO, CLERK, "[case] CANARY summons", "CANARY: Thursday at ten.\n")

    reply = town.staff(JO).sends(message, [CLERK])[1]
    without_a_key = town.awaits(CLERK, "no-key")
    town.files(clerk)
    with_a_candidate = town.awaits(CLERK, "key-unverified")
    before = town.outside().received(CLERK)
    town.trusts(clerk)

    (arrived,) = town.outside().awaits(CLERK)
    assert "1 waits: No verified key is known for clerk@court.test" in reply
    assert without_a_key.transfer == with_a_candidate.transfer
    assert "A key for clerk@court.test is known, but nobody has verified it yet." in " ".join(with_a_candidate.why)
    assert [] == before
    assert b"Thursday at ten." in clerk.reads(arrived)
    assert [] == town.waiting(CLERK)


def test_the_sender_is_told_while_it_waits(town: House) -> None:
    """Jo gets a note that says what it waits for, and quotes nothing of what she wrote."""
    message = letter(JO, "porter@court.test", "[case] CANARY", "CANARY-body\n")

    transfer = town.staff(JO).hands_in(message, ["porter@court.test"]).transfer

    assert eventually(lambda: any(transfer.encode() in note for note in town.outside().received(JO)))
    (note,) = [note for note in town.outside().received(JO) if transfer.encode() in note]
    assert b"No verified key is known" in note
    assert b"CANARY-body" not in note


def test_only_who_may_vouch_makes_a_key_count(town: House) -> None:
    """Jo cannot vouch for the key of whom she writes to."""
    stranger = town.meets("mallory@court.test", is_trusted=False)
    path = town.folder / "offered.asc"
    path.write_bytes(stranger.certificate)

    said = town.asks("keys", "import", str(path), "--verified", "trust me", by=JO, may_fail=True)

    assert "Only who may vouch verifies keys: Per Lind.\n" == said
