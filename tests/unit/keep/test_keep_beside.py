"""Light content and stored content, read as one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gateway.keep import Content
from gateway.keep.beside import BlobsBeside
from gateway.keep.memory import MemoryBlobs, MemoryRecords
from gateway.transfer import BlobId
from tests.contracts.blobs import keep
from tests.contracts.records import facts, head

LIGHT, STORED = BlobId("1a" * 16), BlobId("2b" * 16)


@pytest.fixture
def beside() -> BlobsBeside:
    """One light content, one stored."""
    stored, records = MemoryBlobs(), MemoryRecords()
    keep(stored, STORED, b"in the store")
    light = replace(facts("T-A", at=0), contents=(Content(blob=LIGHT, sealed=b"0123456789"),))
    records.append([light], old=None, new=head(1))
    return BlobsBeside(stored, records)


def test_both_are_read_alike(beside: BlobsBeside) -> None:
    """Whoever reads need not know where content lies; an offset counts in both."""
    assert (b"0123456789", b"in the store") == (b"".join(beside.open(LIGHT)), b"".join(beside.open(STORED)))
    assert (b"789", b"store") == (b"".join(beside.open(LIGHT, 7)), b"".join(beside.open(STORED, 7)))
    assert (10, 12) == (beside.size(LIGHT), beside.size(STORED))


def test_only_what_may_be_an_orphan_is_named(beside: BlobsBeside) -> None:
    """Light content has its facts by construction, so the caretaker need not ask."""
    assert [STORED] == list(beside.names())
