"""Erasures that the ledger tells of and that this copy of the records has not seen: what a restore must not bring back.

A restore carries out again what is kept beside the backups (`disposals`). This looks from the other side: entries that
came back from a mirror say what was destroyed after the backup was taken, whoever kept a list of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.engine.outsiders.recovery import LOST
from gateway.engine.recount import Disposals
from gateway.keep import LeafRow, Reading
from gateway.ledger.entry import Entry, read_entry
from gateway.ledger.leaf import CLASSES
from gateway.transfer import transfer_id

PAGE = 4096


def overdue(records: Reading) -> tuple[str, ...]:
    """Transfers, or streams of the office, with a value that was destroyed once and is here again. Blocks."""
    told, is_any = Disposals(), False
    for leaf, said in _entries(records):
        if leaf.stream == LOST and said.kind == "disposed" and said.intent is not None:
            told.add(said)
            is_any = True
    found: dict[str, None] = {}
    for leaf, said in _entries(records) if is_any else ():
        if any(box and told.cover(leaf.index, said, cls) for cls, box in zip(CLASSES, leaf.boxes, strict=True)):
            found[transfer_id(said.x) if said.x is not None and said.leg is not None else leaf.stream] = None
    return tuple(found)


def _entries(records: Reading) -> Iterator[tuple[LeafRow, Entry]]:
    """Every entry, in order, a page at a time."""
    at = 0
    while leaves := records.since(at, PAGE).leaves:
        for leaf in leaves:
            yield leaf, read_entry(leaf.entry)
        at = leaves[-1].index + 1
