"""What was signed is read again; a ledger that was cut, flipped, swapped or gapped at rest stops the gateway (B89)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from msgspec import structs

from gateway.commands.office import opened, own_head, rules_of_office, scribe_of
from gateway.commands.setting import Setting
from gateway.engine import rereading
from gateway.engine.rereading import Rereading, reread
from gateway.errors import Failure, Tampering
from tests.audited import Past
from tests.unit.engine.engine_world import Office, in_the_office

WRONG: dict[str, tuple[str, ...]] = {
    "cut": ("DELETE FROM leaf WHERE idx = (SELECT max(idx) FROM leaf)",),
    "gapped": ("DELETE FROM leaf WHERE idx = 4",),
    "flipped": ("UPDATE leaf SET entry = CAST(replace(CAST(entry AS TEXT), 'gw1', 'gw0') AS BLOB) WHERE idx = 3",),
    "hash flipped": ("UPDATE leaf SET hash = zeroblob(32) WHERE idx = 3",),
    "swapped": ("CREATE TABLE two AS SELECT * FROM leaf WHERE idx IN (2, 3)",
                "UPDATE leaf SET (entry, hash) = (SELECT entry, hash FROM two WHERE two.idx = 5 - leaf.idx)"
                " WHERE idx IN (2, 3)"),
    "head of another size": ("UPDATE head SET size = size - 1",),
    "head of another root": ("UPDATE head SET root = zeroblob(32)",),
    "head unsigned": ("UPDATE head SET note = replace(note, 'town.test', 'gown.test')",),
}  # fmt: skip


@pytest.mark.parametrize("how", WRONG)
def test_nothing_is_signed_on_a_ledger_that_was_changed(how: str, past: Past) -> None:
    """The start refuses in one sentence, whatever it is."""
    with closing(apsw.Connection(str(past.folder / "var" / "records" / "records.db"))) as db:
        for trigger in ("leaf_stays", "leaf_fixed"):
            db.execute(f"DROP TRIGGER {trigger}")
        for statement in WRONG[how]:
            db.execute(statement)

    with opened(Setting(folder=past.folder), is_writing=True) as office, pytest.raises(Tampering) as caught:
        scribe_of(office, rules_of_office(office), lambda why: None)
    assert "\n" not in caught.value.cause


def test_a_whole_ledger_starts(past: Past, tmp_path: Path) -> None:
    """And a copy of it too."""
    shutil.copytree(past.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("*.sock"))
    for folder in (past.folder, tmp_path / "copy"):
        with opened(Setting(folder=folder), is_writing=True) as office:
            head = own_head(office)
            assert head is not None
            reread(office.records, head)
            scribe_of(office, rules_of_office(office), lambda why: None)


@in_the_office()
async def test_in_the_background_it_stops_the_gateway(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page; a whole ledger passes, a changed entry is fatal."""
    monkeypatch.setattr(rereading, "PAGE", 2)
    monkeypatch.setattr(rereading, "PAUSE_S", 0)
    await office.accepts()
    fatal: list[Failure] = []
    chore = Rereading(records=office.records, signed=lambda: office.scribe.head, on_fatal=fatal.append)

    await chore.turn()
    assert [] == fatal

    since: Callable[..., object] = office.records.since

    def changed(index: int, limit: int) -> object:
        page = since(index, limit)
        leaves = [
            structs.replace(leaf, entry=leaf.entry[:-1] + b"]") if leaf.index == 1 else leaf for leaf in page.leaves
        ]  # type: ignore[attr-defined]
        return replace(page, leaves=tuple(leaves))  # type: ignore[type-var]

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(office.records, "since", changed)
        await chore.turn()
    assert ["entry 1 of the ledger was changed; fsck says more"] == [why.cause for why in fatal]
