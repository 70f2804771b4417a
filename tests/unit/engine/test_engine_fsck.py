"""A whole ledger is said to be whole; one flipped bit anywhere in what is kept is found."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.facts import Outcome
from gateway.ledger.audit import Severity
from gateway.transfer import TransferId
from tests.audited import Past, checked, judged, writing
from tests.playbook import scrubbed

TRIGGERS = ("fact_stays", "fact_fixed", "leaf_stays", "leaf_fixed")


def damage(past: Past, statement: str, *values: object) -> None:
    """Change the store behind everybody's back, as who holds the file can."""
    db = apsw.Connection(str(past.folder / "var" / "records" / "records.db"))
    for name in TRIGGERS:
        db.execute(f"DROP TRIGGER IF EXISTS {name}")
    db.execute(statement, values)
    assert db.changes() >= 1
    db.close()


def flip(past: Past, table: str, column: str, row: str) -> None:
    """Flip one bit of the first value that `row` finds."""
    db = apsw.Connection(str(past.folder / "var" / "records" / "records.db"))
    value = db.execute(f"SELECT {column} FROM {table} WHERE {row} LIMIT 1").get
    db.close()
    changed: object
    if isinstance(value, int):
        changed = value ^ 1
    elif isinstance(value, bytes):
        changed = bit_less(value)
    else:
        changed = bit_less(value.encode(), -4).decode("utf-8", "replace")
    damage(past, f"UPDATE {table} SET {column} = ? WHERE {row} AND {column} = ?", changed, value)


def bit_less(content: bytes, at: int = -1) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


def found(past: Past) -> set[str]:
    """Where something failed."""
    return {finding.where for finding in checked(past.folder).findings if finding.severity is Severity.FAILED}


def test_an_office_with_a_past_is_whole(past: Past) -> None:
    """Nothing is found in a ledger that only the gateway wrote."""
    report = checked(past.folder)

    assert ([], True) == (report.findings, report.is_whole)
    assert (19, 19, 4, 2, 2, 0) == (
        report.size, report.published, report.streams, report.open_transfers, report.blobs, report.orphans,
    )  # fmt: skip


@pytest.mark.parametrize("column", ["op", "snd", "rcp", "obj", "net", "sec"])
def test_a_flipped_bit_in_any_box_is_found(column: str, past: Past) -> None:
    """A class that no longer opens is named with its transfer."""
    flip(past, "leaf", column, "idx = 9")

    assert {past.delivered} == found(past)


@pytest.mark.parametrize(
    ("table", "column", "row"),
    [
        ("head", "size", "one = 1"),
        ("head", "root", "one = 1"),
        ("head", "note", "one = 1"),
        ("stream", "name", "name LIKE 'T-%'"),
        ("stream", "name", "name LIKE 'month/%'"),
        ("wrapped_key", "key", "stream = (SELECT stream FROM leaf WHERE idx = 2)"),
        ("wrapped_key", "key", "stream = (SELECT id FROM stream WHERE name LIKE 'shard/%')"),
        ("wrapped_key", "key", "stream = (SELECT id FROM stream WHERE name LIKE 'person/%')"),
        ("fact", "version", "first_index = 11"),
        ("fact", "kind", "first_index = 11"),
        ("fact", "at_ms", "first_index = 11"),
        ("fact", "first_index", "first_index = 11"),
        ("fact", "body", "first_index = 11"),
        ("leaf", "version", "idx = 12"),
        ("leaf", "leg", "idx = 2"),
        ("leaf", "entry", "idx = 8"),
        ("leaf", "hash", "idx = 8"),
        ("leaf", "stream", "idx = 8"),
        ("term", "term", "stream = (SELECT stream FROM leaf WHERE idx = 2)"),
    ],
)
def test_a_flipped_bit_in_any_table_is_found(table: str, column: str, row: str, past: Past) -> None:
    """Whatever column is changed behind our back, something no longer agrees with it."""
    flip(past, table, column, row)

    assert set() != found(past)


def published(past: Past) -> list[Path]:
    return sorted(path for path in (past.folder / "var" / "ledger").rglob("*") if path.is_file())


def test_a_flipped_bit_in_any_published_file_is_found(past: Past) -> None:
    """Checkpoint, hash tiles and entry bundles, those of older sizes too, are compared to the byte."""
    missed = []
    for path in published(past):
        content = path.read_bytes()
        path.write_bytes(bit_less(content, len(content) // 2))
        missed += [path.name] if "the published ledger" not in found(past) else []
        path.write_bytes(content)

    assert (5, []) == (len(published(past)), missed)
    assert set() == found(past)


def test_a_published_file_that_is_gone_or_strange_is_found(past: Past) -> None:
    """A tile a reader of the checkpoint needs is missed; one that belongs to no tile is named."""
    tile = past.folder / "var" / "ledger" / "tile" / "0" / "000.p" / "19"
    tile.rename(tile.with_name("020"))

    words = {finding.words for finding in checked(past.folder).findings}

    assert {"tile/0/000.p/19 is missing", "tile/0/000.p/020 belongs to no tile of this ledger"} == words


def test_a_rolled_back_store_is_found(past: Past) -> None:
    """Records restored from before the published checkpoint are not taken for the ledger."""
    store = past.folder / "var" / "records" / "records.db"
    old = store.read_bytes()
    with writing(past.folder) as pen:
        pen.mail("jo@town.test", "clerk@court.test")
    store.write_bytes(old)

    assert {"the published ledger"} == found(past)


def test_a_dropped_entry_is_found(past: Past) -> None:
    """An entry that is gone leaves a gap, and its fact without a place."""
    damage(past, "DELETE FROM leaf WHERE idx = 9")

    assert {"entry 9", "the head", past.delivered} <= found(past)


def test_a_dropped_fact_is_found(past: Past) -> None:
    """Entries without their fact do not add up."""
    damage(past, "DELETE FROM fact WHERE first_index = 9")

    assert {past.delivered} == found(past)


def test_an_erased_class_without_a_disposal_is_found(past: Past) -> None:
    """Who only empties a box, or drops a key, has not disposed of anything."""
    damage(past, "UPDATE leaf SET rcp = x'' WHERE idx = 9")
    damage(past, "DELETE FROM wrapped_key WHERE stream = (SELECT stream FROM leaf WHERE idx = 11)")

    report = checked(past.folder)

    assert {
        (past.delivered, "entry 9: rcp is erased, and no disposal says why"),
        (past.held, "its key is gone, and no disposal says why"),
    } == {(finding.where, finding.words) for finding in report.findings}
    assert 2 == report.forgotten


def original(past: Past, transfer: TransferId) -> Path:
    """The file that holds what a transfer was handed in."""
    with opened(Setting(folder=past.folder)) as office:
        story = office.archive.story(transfer)
    assert story is not None
    blob = story.journey.transfer.items[0].blob
    return past.folder / "var" / "blobs" / blob[:2] / blob


def test_a_changed_original_is_found(past: Past) -> None:
    """What an open transfer was handed in must be there to the byte."""
    path = original(past, past.deferred)
    path.write_bytes(bit_less(path.read_bytes()))

    assert {past.deferred} == found(past)


def test_a_lost_original_is_found_while_its_transfer_is_open(past: Past) -> None:
    """An original may be gone once nothing of its transfer is left to do, and not before."""
    original(past, past.held).unlink()
    original(past, past.delivered).unlink()

    assert {past.held} == found(past)


def test_an_exchanged_original_is_found(past: Past) -> None:
    """Another transfer's content in its place does not pass."""
    original(past, past.held).write_bytes(original(past, past.deferred).read_bytes())

    assert {past.held} == found(past)


def test_content_without_a_fact_is_counted(past: Past) -> None:
    """A blob no fact names is no finding, it may be on its way in; it is counted."""
    with writing(past.folder) as pen:
        pen.put("nobody", bytes(32), b"half a mail")

    report = checked(past.folder)

    assert (1, True) == (report.orphans, report.is_whole)


def test_it_judges_one_moment_while_the_gateway_writes_on(past: Past) -> None:
    """Beside an open writer, with entries not yet published, the ledger is whole as of its last head."""
    with writing(past.folder, is_published=False) as pen:
        journey = pen.then(pen.mail("jo@town.test", "clerk@court.test"), judged(0, Outcome.SEND))
        pen.then(journey, scrubbed(0))

        report = checked(past.folder)

    assert ([], 22, 19, 3) == (report.findings, report.size, report.published, report.open_transfers)
