"""The witness's door over real HTTP: each status, each media type, and what it remembers when its disk does not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.doors.witness import WitnessDoor
from gateway.engine.clock import SystemClock
from gateway.engine.outsiders.witness import Witness
from gateway.errors import PeerTemporary, StoreAway
from gateway.keep.witnessed import Witnessed, name_of
from gateway.ledger.checkpoint import Signer, format_checkpoint, parse_checkpoint, parse_note
from gateway.ledger.cosignature import cosignatures
from gateway.ledger.merkle import consistency, leaf_hash, root_of
from gateway.ledger.witnessing import LARGEST_REQUEST, SIZE_TYPE, Request, format_request
from gateway.ship import web as webs
from gateway.ship.web import Reply, Web

LOG = Signer("town.test/ledger", b"l" * 32)
LEAVES = [leaf_hash(bytes([n])) for n in range(40)]


def request(old: int, size: int, signer: Signer = LOG) -> bytes:
    path = (
        consistency(old, size, lambda level, i: root_of(LEAVES[i << level : (i + 1) << level]))
        if 0 < old < size
        else ()
    )
    return format_request(Request(old, path, signer.sign(format_checkpoint(LOG.name, size, root_of(LEAVES[:size])))))


@asynccontextmanager
async def door(folder: Path) -> AsyncIterator[tuple[Witness, Callable[..., Coroutine[None, None, Reply]]]]:
    kept = Witnessed.made(folder / "w", name="county.test/witness", entropy=os.urandom)
    kept.vouch_for(LOG.vkey)
    witness = Witness(kept, SystemClock())
    opened = WitnessDoor(witness)
    port = await opened.listen("127.0.0.1", 0)

    async def ask(body: bytes | None, path: str = "/add-checkpoint") -> Reply:
        return await Web(patience_s=10).ask(f"http://127.0.0.1:{port}{path}", body)

    try:
        yield witness, ask
    finally:
        await opened.close()


def test_each_status_and_its_body(tmp_path: Path) -> None:
    """200 with a line, 409 with the size as its own media type, 422, 403, 400, 404; a body beyond the bound: 413."""

    async def story() -> None:
        async with door(tmp_path) as (witness, ask):
            good = await ask(request(0, 5))
            assert (200, "text/plain") == (good.status, good.media)
            note = LOG.sign(format_checkpoint(LOG.name, 5, root_of(LEAVES[:5])))
            assert cosignatures(note + good.untrusted_body.decode(), [witness.cosigner.vkey])
            other = await ask(request(0, 9))
            assert (409, SIZE_TYPE, b"5\n") == (other.status, other.media, other.untrusted_body)
            assert 422 == (await ask(request(5, 9).replace(b"\n\ntown", b"\n" + b"A" * 43 + b"=\n\ntown", 1))).status
            assert 403 == (await ask(request(5, 9, Signer(LOG.name, b"z" * 32)))).status
            assert 400 == (await ask(b"old x\n\n")).status
            assert 404 == (await ask(request(5, 9).replace(b"town.test", b"city.test"))).status
            assert 413 == (await ask(b"x" * (LARGEST_REQUEST + 1))).status
            assert 405 == (await ask(None)).status
            assert 200 == (await ask(request(5, 9))).status

    asyncio.run(story())


def test_what_it_saw_can_be_asked_for(tmp_path: Path) -> None:
    """By the hash of the origin; nothing for another, and no way to its files."""

    async def story() -> None:
        async with door(tmp_path) as (_, ask):
            assert 404 == (await ask(None, f"/{name_of(LOG.name)}/checkpoint")).status
            await ask(request(0, 5))
            seen = await ask(None, f"/{name_of(LOG.name)}/checkpoint")
            assert 5 == parse_checkpoint(parse_note(seen.untrusted_body.decode()).text).size
            for path in ("/witness.seed/checkpoint", "/..%2fwitness.seed/checkpoint", "/" + "0" * 64 + "/checkpoint"):
                assert 404 == (await ask(None, path)).status

    asyncio.run(story())


def test_of_many_at_once_one_history_comes(tmp_path: Path) -> None:
    """Heads shown side by side from the same size: one is taken, the others hear what it is now."""

    async def story() -> None:
        async with door(tmp_path) as (witness, ask):
            assert 200 == (await ask(request(0, 5))).status
            replies = await asyncio.gather(*(ask(request(5, size)) for size in range(6, 16)))
            assert [200] + [409] * 9 == sorted(reply.status for reply in replies)
            (taken,) = [size for size, reply in zip(range(6, 16), replies, strict=True) if reply.status == 200]
            assert f"\n{taken}\n" in (witness.kept.head(LOG.name) or "")

    asyncio.run(story())


def test_nothing_is_signed_that_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its disk is full: 500, no line, and the log asks again when there is room."""

    async def story() -> None:
        async with door(tmp_path) as (witness, ask):

            def full(origin: str, note: str) -> None:
                raise StoreAway("no space")

            with monkeypatch.context() as meanwhile:
                meanwhile.setattr(Witnessed, "remember", lambda self, origin, note: full(origin, note))
                reply = await ask(request(0, 5))
                assert (500, False) == (reply.status, b"county.test" in reply.untrusted_body)
            assert witness.kept.head(LOG.name) is None
            assert 200 == (await ask(request(0, 5))).status

    asyncio.run(story())


def test_the_client_reads_no_more_than_it_must(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer beyond the bound is the peer's fault, whole or not."""
    monkeypatch.setattr(webs, "LARGEST_ANSWER", 10)

    async def story() -> None:
        async with door(tmp_path) as (_, ask):
            with pytest.raises(PeerTemporary, match="too large"):
                await ask(request(0, 5))

    asyncio.run(story())
