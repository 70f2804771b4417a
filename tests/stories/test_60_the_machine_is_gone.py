"""The machine is gone.

The town backs up every night, to a disk that stands elsewhere; two custodians keep its keys, sealed to their own. Today
the server burnt, hours after the last backup. What went out since then went out: when the backup is put back on another
machine, nothing of it may go out again, and the ledger may not begin a second history beside the one that was signed.
What nobody at the new machine can know waits for a person, and goes when they say so, once.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house import ALENA, PER, RUTH, House
from tests.world import Correspondent, eventually, letter

REGISTRY, JUDGE, CLERK = "registry@court.test", "judge@court.test", "clerk@court.test"
LEDGER = 'ledger = { origin = "town.test/ledger"'
ENVIRONMENT = 5


@dataclass
class Town:
    """The office, what of it lies elsewhere, and Ruth at home with her own key."""

    house: House
    elsewhere: Path
    ruth: Correspondent

    def backs_up(self) -> str:
        """`sealgate backup`, while the gateway runs."""
        return str(json.loads(self.house.asks("backup", "--json"))["folder"])

    def burns(self) -> Path:
        """The machine is gone. What is left: backups, an escrow, an anchor; the auditor's copy of the ledger."""
        self.house.dies()
        mirror = self.elsewhere / "mirror"
        shutil.copytree(self.house.folder / "var" / "ledger", mirror)
        shutil.rmtree(self.house.folder)
        return mirror

    def restores(self, backup: str) -> None:
        """`sealgate restore BACKUP --into DIR --keys ESCROW`; Ruth opens hers with gpg."""
        (sealed,) = (path for path in self.elsewhere.glob("escrow-*") if self.ruth.fingerprint in path.name)
        opened = self.elsewhere / "opened.json"
        opened.write_bytes(self.ruth.reads(sealed.read_bytes()))
        self.house.asks("restore", backup, "--into", str(self.house.folder), "--keys", str(opened))

    def settles(self) -> str:
        """`sealgate restore --settle`, signed by Ruth."""
        return self.house.asks("restore", "--settle", by=RUTH, may_fail=True)


@pytest.fixture
def town(house: House) -> Town:
    """The office, open, with backups, two custodians, and an anchor on other storage."""
    elsewhere = house.folder.parent / "elsewhere"
    (elsewhere / "backups").mkdir(parents=True, mode=0o700)
    house.changes("gateway.toml", LEDGER, f'{LEDGER}, anchor = "{elsewhere}"')
    backups = f'to = "{elsewhere}/backups"\ncustodians = ["{RUTH}", "{PER}"]'
    house.adds("gateway.toml", f"[backup]\n{backups}\n")
    house.publishes()
    house.outside().start()
    house.opens()
    ruth = house.meets(RUTH)
    house.meets(PER)
    house.asks("backup", "escrow", str(elsewhere))
    return Town(house, elsewhere, ruth)


def test_nothing_goes_twice_and_nothing_forks(town: Town) -> None:
    """One letter is late and two wait for a key at the backup; two of the three go out, and the machine burns."""
    house = town.house
    house.meets(REGISTRY)
    house.outside().answer = lambda recipient: "451 4.3.2 Too busy" if recipient == REGISTRY else None
    late = house.staff(ALENA).hands_in(letter(ALENA, REGISTRY, "[case] CANARY"), [REGISTRY]).transfer
    house.outside().awaits_a_try(REGISTRY)
    for recipient in (JUDGE, CLERK):
        house.staff(ALENA).hands_in(letter(ALENA, recipient, "[case] CANARY"), [recipient])
    waited = house.awaits(JUDGE, "no-key")
    house.awaits(CLERK, "no-key")
    backup = town.backs_up()
    drill = json.loads(house.asks("restore", "--drill", "--json"))
    house.outside().answer = lambda _: None
    house.passes(minutes=10)
    house.meets(JUDGE)
    house.comes_to_rest(late)
    house.comes_to_rest(waited.transfer)
    mirror = town.burns()

    town.restores(backup)
    code, refused = house.fails_to_open()
    behind = town.settles()
    second = ["--second", PER, "--second-password-file", house.secret(PER)]
    house.asks("ledger", "recover", "--from", str(mirror), *second, by=RUTH)
    settled = town.settles()
    house.opens()
    house.meets(CLERK)  # their key has come; before the fire that had been enough
    house.passes(minutes=600)
    parked = house.awaits(CLERK, "restored")
    released = house.releases(parked, by=PER)
    house.comes_to_rest(parked.transfer)

    assert drill["is_whole"]
    assert drill["judged_again"] >= 3
    assert (ENVIRONMENT, True) == (code, "sealgate restore --settle" in refused), refused
    assert "sealgate ledger recover" in behind
    assert "Settled. 1 leg waits for a person now" in settled
    assert "Released by Per Lind" in released
    assert [1, 1, 1] == [len(house.outside().received(one)) for one in (REGISTRY, JUDGE, CLERK)]
    assert eventually(lambda: [] == house.waiting(CLERK))
