"""Someone edits the past.

A year later it would suit somebody if a delivery had been a refusal, or had never been. They have the machine: they can
write into the database, put an old backup in its place, change what is published. What they do not have is another
past. `fsck` says what is wrong, no proof can be made of the new story, and the proof that was handed out before stays
true.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from tests.house import JO, PER, House
from tests.world import letter

RECIPIENT = "registry@court.test"
NOT_WHOLE = "The ledger is NOT whole."


@pytest.fixture(scope="module")
def told(closed_house: House) -> tuple[House, str, bytes, Path]:
    """The office, closed, after one delivery; its transfer; the proof of it; and a backup from before."""
    house = closed_house
    backup = house.folder.parent / "backup"
    shutil.copytree(house.folder / "var", backup)
    house.outside().start()
    house.opens()
    house.meets(RECIPIENT)
    transfer = house.staff(JO).hands_in(letter(JO, RECIPIENT, "[case] CANARY", "CANARY\n"), [RECIPIENT]).transfer
    house.outside().awaits(RECIPIENT)
    house.comes_to_rest(transfer)
    proof = house.proves(transfer)
    assert 0 == house.closes()
    return house, transfer, proof, backup


def edited(house: House, folder: Path, edit: Callable[[House], None]) -> House:
    """A copy of the office in which somebody did this."""
    office = folder / "office"
    shutil.copytree(house.folder, office, ignore=shutil.ignore_patterns("*.sock"))
    copy = replace(house, folder=office, process=None)
    edit(copy)
    return copy


def _leaf_hash(*entry: apsw.SQLiteValue) -> bytes:
    assert isinstance(entry[0], bytes)
    return hashlib.sha256(b"\x00" + entry[0]).digest()


def writes(*statements: str) -> Callable[[House], None]:
    """Into the database, past the triggers that guard it from our own slips."""

    def edit(house: House) -> None:
        db = apsw.Connection(str(house.folder / "var" / "records" / "records.db"))
        db.create_scalar_function("leaf_hash", _leaf_hash, 1)
        for trigger in ("leaf_stays", "leaf_fixed", "fact_stays", "fact_fixed"):
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute("PRAGMA foreign_keys=OFF").fetchall()
        for statement in statements:
            db.execute(statement)
        db.close()

    return edit


def goes_back(house: House, backup: Path) -> None:
    """Everything that is kept, as it was; what was published stays, for others have seen it."""
    for name in ("records.db", "records.db-wal", "records.db-shm"):
        (house.folder / "var" / "records" / name).unlink(missing_ok=True)
        if (backup / "records" / name).exists():
            shutil.copy(backup / "records" / name, house.folder / "var" / "records" / name)


SHIPPED = "CAST(entry AS TEXT) LIKE '%\"shipped\"%'"
EDITS = {
    "a delivery becomes a bounce": writes(
        f"UPDATE leaf SET entry = CAST(replace(CAST(entry AS TEXT), 'delivered', 'refused') AS BLOB) WHERE {SHIPPED}",
        "UPDATE leaf SET hash = leaf_hash(entry)",
    ),
    "a delivery never was": writes(
        f"DELETE FROM leaf WHERE {SHIPPED}",
    ),
    "it was somebody else's": writes(
        "UPDATE leaf SET snd = (SELECT snd FROM leaf WHERE idx = 1) WHERE stream IN"
        " (SELECT id FROM stream WHERE name LIKE 'T-%')",
    ),
    "what happened is rewritten": writes(
        "UPDATE fact SET body = zeroblob(length(body)) WHERE kind = 'shipped'",
    ),
    "it cannot be found": writes(
        "DELETE FROM term WHERE stream IN (SELECT id FROM stream WHERE name LIKE 'T-%')",
    ),
    "two entries change places": writes(
        "UPDATE leaf SET idx = -1 WHERE idx = 3",
        "UPDATE leaf SET idx = 3 WHERE idx = 4",
        "UPDATE leaf SET idx = 4 WHERE idx = -1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_it_is_seen(name: str, told: tuple[House, str, bytes, Path], tmp_path: Path) -> None:
    """`fsck` ends with a finding; the proof from before is true for whoever has the key."""
    house, _, proof, _ = told

    said = edited(house, tmp_path, EDITS[name]).asks("ledger", "fsck", may_fail=True)
    code, verdict = house.auditor().verifies(proof)

    assert NOT_WHOLE in said, said
    assert (0, True) == (code, verdict.startswith("TRUE: "))


def test_the_new_past_cannot_be_proved(told: tuple[House, str, bytes, Path], tmp_path: Path) -> None:
    """Nobody is handed a bundle that says it bounced."""
    house, transfer, _, _ = told
    forger = edited(house, tmp_path, EDITS["a delivery becomes a bounce"])

    said = forger.asks("ledger", "prove", transfer, "--out", str(tmp_path / "b"), by=PER, may_fail=True)

    assert ("sealgate: " in said, (tmp_path / "b").exists()) == (True, False)


def test_an_old_backup_is_seen(told: tuple[House, str, bytes, Path], tmp_path: Path) -> None:
    """Its entries are all true and its head is truly signed; but it is younger than what the world has seen."""
    house, _, _, backup = told

    said = edited(house, tmp_path, lambda copy: goes_back(copy, backup)).asks("ledger", "fsck", may_fail=True)

    assert (NOT_WHOLE in said, "rolled back?" in said) == (True, True), said


def test_an_edited_publication_is_seen(told: tuple[House, str, bytes, Path], tmp_path: Path) -> None:
    """A tile that says something else is no secret either."""

    def forge(copy: House) -> None:
        tile = next((copy.folder / "var" / "ledger" / "tile" / "0").rglob("*.p/*"))
        content = bytearray(tile.read_bytes())
        content[5] ^= 1
        tile.write_bytes(content)

    said = edited(told[0], tmp_path, forge).asks("ledger", "fsck", "--json", may_fail=True)

    findings = json.loads(said[: said.rindex("}") + 1])["findings"]
    assert ["the published ledger"] == [one["where"] for one in findings if one["severity"] == "failed"]
