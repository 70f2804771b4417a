"""From a write to what is kept: sealed rows, leaves without a name in them, boxes under keys that can be destroyed."""

from __future__ import annotations

import pytest

from gateway.engine import entries as composing
from gateway.engine.entries import Entries, Position, Write
from gateway.errors import Conflict
from gateway.facts import Consulted, Received
from gateway.journey import Unlawful
from gateway.ledger.box import open_box
from gateway.ledger.entry import read_entry
from gateway.ledger.leaf import CLASSES
from gateway.ledger.terms import term
from tests.unit.engine.engine_world import ALENA, COURT, JUDGE, NOON, Office, in_the_office
from tests.unit.engine.test_engine_scribe import question, received


def composer(office: Office) -> Entries:
    """One that remembers nothing yet."""
    return Entries(
        archive=office.archive, keyring=office.keyring, clock=office.clock, rules=office.in_force, gateway="gw1"
    )


@in_the_office()
async def test_no_leaf_names_anybody(office: Office) -> None:
    """Entries are public: no address, subject, name or word of anybody stands in one."""
    await office.accepts(b"", COURT, JUDGE)
    await office.rests()

    everything = b"\n".join(office.entries()).lower()
    assert [] == [
        word for word in (b"canary", b"alena", b"registry", b"court.test", b"town.test@") if word in everything
    ]


@in_the_office()
async def test_a_fact_about_two_legs_is_two_entries(office: Office) -> None:
    """`Received` has one for each recipient, in order, pointing at the same row."""
    transfer = await office.accepts(b"", COURT, JUDGE)
    await office.rests()
    leaves = [leaf for leaf in office.records.since(0, 99).leaves if leaf.stream == transfer]

    assert [(1, 0), (1, 1)] == [(leaf.version, leaf.leg) for leaf in leaves[:2]]
    assert leaves[1].index == leaves[0].index + 1 == office.records.history(transfer).rows[0].first_index + 1


@in_the_office()
async def test_an_outcome_points_at_its_intent(office: Office) -> None:
    """Each entry after sealing names the index of the leg's latest `sealed`: also when nothing was remembered."""
    await office.trusts(COURT)
    transfer = await office.accepts()
    await office.rests()
    leaves = [leaf for leaf in office.records.since(0, 99).leaves if leaf.stream == transfer]
    said = {read_entry(leaf.entry).kind: (leaf.index, read_entry(leaf.entry).intent) for leaf in leaves}

    sealed = said["sealed"][0]
    assert (sealed, sealed) == (said["attempted"][1], said["shipped"][1])


@in_the_office()
async def test_a_box_opens_with_its_class_key(office: Office) -> None:
    """A recipient's box is sealed under that person's key; without it nothing can be read, with it everything."""
    transfer = await office.accepts()
    await office.rests()
    (leaf, *_) = (one for one in office.records.since(0, 99).leaves if one.stream == transfer)
    person = "person/" + term(office.keyring.index_key, "person", COURT).hex()
    key = office.archive.class_key(person)
    assert key is not None
    entry = read_entry(leaf.entry)

    at = CLASSES.index("rcp")
    opened = open_box(key, x=entry.x or b"", leg=0, kind="received", cls="rcp", box=leaf.boxes[at])

    assert COURT in repr(opened)
    assert COURT.encode() not in leaf.boxes[at]


@in_the_office()
async def test_it_is_found_by_whom_it_is_about(office: Office) -> None:
    """The index has opaque terms for sender and recipient, and finds the transfer by either."""
    transfer = await office.accepts()
    await office.rests()
    terms = [term(office.keyring.index_key, *one) for one in (("person", ALENA), ("recipient", COURT))]

    assert all(transfer in office.records.find([[one]], limit=9) for one in terms)


@in_the_office()
async def test_a_conflict_leaves_no_trace(office: Office) -> None:
    """A write that cannot be composed gives its place in the ledger back, for whoever comes next."""
    entries, position = composer(office), Position(index=7, at_ms=NOON)
    first = received(1)
    await office.scribe.append(first)

    with pytest.raises(Conflict):
        entries.of((question(), first), position)
    with pytest.raises(Unlawful):
        entries.of((Write(stream="T-" + "A" * 26, facts=(*first.facts, *first.facts), expected=0),), position)

    assert 7 == position.index


@in_the_office()
async def test_what_failed_is_forgotten(office: Office) -> None:
    """After a batch that was not written streams and fresh keys are read again: nothing of it counts."""
    entries = composer(office)
    first = entries.of((received(1),), Position(index=9, at_ms=NOON))
    assert first[0].keys
    entries.forget(part.append.stream for part in first)

    again = entries.of((received(1),), Position(index=9, at_ms=NOON))

    assert [key.stream for key in first[0].keys] == [key.stream for key in again[0].keys]


@in_the_office()
async def test_memory_has_a_bound(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many streams are written, only the latest are remembered; older ones are read from the store."""
    monkeypatch.setattr(composing, "STREAMS_REMEMBERED", 3)
    monkeypatch.setattr(composing, "CLASS_KEYS_REMEMBERED", 2)
    for number in range(8):
        await office.scribe.append(question(number))
    for number in range(8):
        await office.scribe.append(question(number))

    assert [2] * 8 == [office.records.history(f"consulted/{number}").version for number in range(8)]


@in_the_office()
async def test_the_last_of_a_stream_is_asked_of_the_store(office: Office) -> None:
    """Version and indexes of the latest fact; a stream that is not there is a KeyError."""
    (receipt,) = await office.scribe.append(received(1))
    entries = composer(office)

    assert (receipt.version, receipt.indexes) == entries.last(receipt.stream)
    with pytest.raises(KeyError):
        entries.last("T-" + "B" * 26)


def test_a_write_counts_its_entries() -> None:
    """One for an office's fact, one for each leg of a transfer's first."""
    fact = Consulted(by="per", question="?", why="", size=0)

    assert (2, 1) == (Write(stream="consulted/1", facts=(fact, fact)).leaf_count, received(1).leaf_count)
    assert isinstance(received(1).facts[0], Received)
