"""An auditor proves a transfer, somewhere else.

A year later somebody says the filing was never sent. The office hands an auditor a file. The auditor trusts neither the
office nor its machine: on their own, with nothing but that file and the key the office published long ago, they must
find out whether it is true; and if a single bit of it was touched, they must see that.
"""

from __future__ import annotations

from tests.house import JO, PER, House
from tests.world import letter

RECORDS, INDEXER = "records@court.test", "indexer@court.test"
SOMEBODY_ELSES_KEY = "town.test/ledger+0ed3e733+AT7CUSVfAc+t9X0upbudbIpLzKBpYeJHrNQso0sPMerQ"


def test_a_stranger_with_the_key_can_check_it(town: House) -> None:
    """True in an empty folder on "another machine"; false with one bit turned; not true under another key."""
    town.meets(RECORDS)
    transfer = town.staff(JO).hands_in(letter(JO, RECORDS, "[case] CANARY", "CANARY\n"), [RECORDS]).transfer
    town.outside().awaits(RECORDS)
    town.comes_to_rest(transfer)
    bundle = town.proves(transfer)

    whole = town.auditor().verifies(bundle)
    touched = [town.auditor().verifies(_turned(bundle, at)) for at in (len(bundle) // 3, len(bundle) // 2)]
    forged = town.auditor(SOMEBODY_ELSES_KEY).verifies(bundle)

    assert (0, True) == (whole[0], whole[1].startswith("TRUE: "))
    assert RECORDS in whole[1]
    assert [1, 1] == [code for code, _ in touched]
    assert 0 != forged[0]


def test_the_ledger_tells_who_got_what(town: House) -> None:
    """Asked for a recipient, it answers with the transfer and its outcome."""
    town.meets(INDEXER)
    transfer = town.staff(JO).hands_in(letter(JO, INDEXER, "[case] CANARY"), [INDEXER]).transfer
    town.outside().awaits(INDEXER)
    town.comes_to_rest(transfer)

    found = town.asks("ledger", "find", "--recipient", INDEXER, "--why", "a complaint", by=PER)

    assert f"{transfer}/0" in found
    assert "1 found." in found


def _turned(bundle: bytes, at: int) -> bytes:
    return bundle[:at] + bytes([bundle[at] ^ 1]) + bundle[at + 1 :]
