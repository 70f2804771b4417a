"""Originals, opened for work: small ones remembered within a bound, large ones one at a time."""

from __future__ import annotations

import asyncio

import pytest

from gateway.engine import contents as opening
from gateway.engine.contents import Content, documents
from gateway.engine.vault import LARGE_BYTES
from gateway.engine.workshop import WorkshopFailed
from gateway.engine.workshop.memory import Memory
from gateway.intake import mail
from gateway.intake.fault import Fault
from gateway.skeleton import Limits, Skeleton
from gateway.transfer import Item
from tests.unit.engine.engine_world import Office, in_the_office, letter, with_document

KEY = b"k" * 32
LARGE = letter(body=("x" * 76 + "\r\n") * (LARGE_BYTES // 70))


async def put(office: Office, content: bytes) -> Item:
    stored = await office.vault.put(KEY, [content])
    return Item(name="", media="message/rfc822", size_bytes=stored.size_bytes, digest=stored.digest, blob=stored.blob)


def skeleton(content: bytes) -> Skeleton:
    found = mail.skeleton(content, Limits())
    assert isinstance(found, Skeleton)
    return found


def test_documents_are_every_leaf_but_a_plain_body() -> None:
    """A text nobody named is no document; a file is, and so is a text with a name."""
    plain, filed = skeleton(letter()), skeleton(with_document("a.pdf", "application/pdf", b"%PDF"))

    assert [] == list(documents(plain))
    assert ["application/pdf"] == [part.media for part in documents(filed)]


@in_the_office()
async def test_what_was_just_accepted_is_not_read_back(office: Office) -> None:
    """Its voyage gets the very bytes; after release they are read from the vault."""
    raw = letter()
    item = await put(office, raw)
    office.contents.remember("T-1", raw, skeleton(raw))
    seen = len(office.fuse.passed)

    content = await office.contents.open("T-1", item, KEY)
    assert isinstance(content, Content)
    assert (raw, seen) == (content.octets, len(office.fuse.passed))

    office.contents.release("T-1")
    office.contents.release("T-1")
    again = await office.contents.open("T-1", item, KEY)
    assert isinstance(again, Content)
    assert (raw, True) == (again.raw, len(office.fuse.passed) > seen)


@in_the_office()
async def test_memory_for_what_was_accepted_has_a_bound(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the bound nothing more is remembered; it is read back instead."""
    raw = letter()
    monkeypatch.setattr(opening, "REMEMBERED_BYTES", len(raw))
    item = await put(office, raw)
    office.contents.remember("T-1", raw, skeleton(raw))
    office.contents.remember("T-2", raw, skeleton(raw))
    seen = len(office.fuse.passed)

    await office.contents.open("T-1", item, KEY)
    assert seen == len(office.fuse.passed)
    await office.contents.open("T-2", item, KEY)
    assert seen < len(office.fuse.passed)


@in_the_office()
async def test_one_large_mail_at_a_time(office: Office) -> None:
    """A second one waits until the first is released: fifty at once fit into memory because of this."""
    item = await put(office, LARGE)
    first = await office.contents.open("T-1", item, KEY)
    assert isinstance(first, Content)
    assert isinstance(first.raw, Memory)

    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(office.contents.open("T-2", item, KEY))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        office.contents.release("T-1")

    assert isinstance(waiting.result(), Content)
    office.contents.release("T-2")


@in_the_office()
async def test_a_large_mail_that_cannot_be_opened_gives_its_place_back(office: Office) -> None:
    """Whatever goes wrong, the next large mail is not kept waiting for ever."""
    item = await put(office, LARGE)
    office.bench.fails.append(WorkshopFailed("it died"))
    with pytest.raises(WorkshopFailed):
        await office.contents.open("T-1", item, KEY)

    found = await office.contents.open("T-1", item, KEY)

    assert isinstance(found, Content)
    office.contents.release("T-1")


@pytest.mark.parametrize("size", [0, LARGE_BYTES])
@in_the_office()
async def test_what_no_longer_reads_is_a_fault(office: Office, size: int) -> None:
    """An original that changed since it was accepted is told, and holds nothing open."""
    item = await put(office, b"no header at all\r\n" * (1 + size // 10))

    assert isinstance(await office.contents.open("T-1", item, KEY), Fault)
    assert isinstance(await office.contents.scan_stored(item, KEY), Fault)
    assert isinstance(await office.contents.open("T-1", item, KEY), Fault)
