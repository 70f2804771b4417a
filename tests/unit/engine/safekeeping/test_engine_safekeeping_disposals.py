"""What was erased is kept in mind before anything goes, once, and without what it said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.engine.safekeeping.disposals import Disposals, apply, disposals_in
from gateway.engine.safekeeping.layout import Target
from gateway.errors import Tampering
from gateway.keep import Append, Head, LeafRow, Redaction, Row
from gateway.keep.keyring import Keyring
from gateway.keep.memory import MemoryRecords
from gateway.shred.plan import Plan

RING = Keyring(office_key=b"\x01" * 32, index_key=b"\x02" * 32, ledger_seed=b"\x03" * 32, entropy=os.urandom)
NAME = "ab" * 16
PLAN = Plan(what="class", orders=(), forgotten=("T-1",), accounts=("anna@example.test",), texts=("anna@example.test",))
WHOLE = (Redaction(stream="T-2", bodies=((1, b"says less"),)),)


def disposals(var: Path, target: Target | None = None) -> Disposals:
    return Disposals(var=var, keyring=RING, entropy=os.urandom, target=target)


def test_what_was_kept_first_stays(tmp_path: Path) -> None:
    """After a crash the erasure is made again of what is left of it: less than what must be erased in a backup."""
    kept = disposals(tmp_path)
    kept.remember(NAME, PLAN, WHOLE, 1, is_asked=True)

    kept.remember(NAME, PLAN, (), 2, is_asked=True)

    assert (WHOLE, 1) == (kept.read(NAME).redactions, kept.read(NAME).at_ms)


def test_it_names_nobody(tmp_path: Path) -> None:
    """The account that went is a word that only the office's own key can test."""
    kept = disposals(tmp_path)

    kept.remember(NAME, PLAN, (), 1, is_asked=True)

    assert not any("anna" in one for one in kept.read(NAME).accounts)
    assert b"anna" not in (tmp_path / "disposals" / NAME).read_bytes()


def test_one_that_was_changed_is_none(tmp_path: Path) -> None:
    """A list that somebody shortened would bring people back."""
    disposals(tmp_path).remember(NAME, PLAN, WHOLE, 1, is_asked=True)
    path = tmp_path / "disposals" / NAME
    path.rename(path.with_name("cd" * 16))

    with pytest.raises(Tampering):
        list(disposals_in(tmp_path / "disposals", RING))


def test_only_what_people_asked_for_makes_backups_go(tmp_path: Path) -> None:
    """What the schedule lets go, night after night, goes from backups as they are replaced."""
    kept = disposals(tmp_path)
    kept.remember(NAME, PLAN, (), 5, is_asked=True)
    kept.remember("cd" * 16, PLAN, (), 9, is_asked=False)

    assert 5 == kept.last_asked_ms()


def test_applying_it_again_changes_nothing(tmp_path: Path) -> None:
    """To a copy that has seen it, has not, or is from before there was anything to erase."""
    kept = disposals(tmp_path)
    kept.remember(NAME, PLAN, (*WHOLE, Redaction(stream="T-9", bodies=((1, b"x"),))), 1, is_asked=True)
    records, gone = MemoryRecords(), list[str]()
    row = Row(version=1, kind="received", at_ms=1, body=b"says much", first_index=0)
    leaf = LeafRow(index=0, stream="T-2", version=1, leg=0, entry=b"{}", hash=bytes(32), boxes=())
    write = Append(stream="T-2", expected=0, rows=(row,), leaves=(leaf,), key=b"k")
    records.append([write], old=None, new=Head(size=1, root=bytes(32), note=""))

    bodies = []
    for _ in range(2):
        apply(kept.read(NAME), records, gone.append)
        bodies.append(records.history("T-2").rows[0].body)

    assert [b"says less", b"says less"] == bodies


def test_a_folder_without_backups_is_not_written_to(tmp_path: Path) -> None:
    """It may be the empty place of a disk that is not mounted: the erasure goes on, and says so."""
    (tmp_path / "mount").mkdir()
    kept = disposals(tmp_path / "var", Target(tmp_path / "mount"))
    (tmp_path / "var").mkdir(mode=0o700)
    kept.remember(NAME, PLAN, (), 1, is_asked=True)

    said = kept.carry_over(NAME)

    assert ("no backup was made" in said, []) == (True, list((tmp_path / "mount").iterdir()))
