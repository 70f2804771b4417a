"""The vault: sealed before it touches a disk, small content in one piece, large in a stream, nothing half-kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from gateway.engine.vault import LARGE_BYTES, SMALL_BYTES, Vault
from gateway.engine.workshop.memory import Memory
from gateway.errors import Failure, StoreAway, StoreBroken, Tampering
from gateway.keep.memory import MemoryBlobs
from gateway.transfer import BlobId, Digest
from tests.unit.engine.engine_world import AtOnce, JumpingClock

KEY = b"k" * 32


class World:
    """A vault over blobs in memory."""

    def __init__(self) -> None:
        self.blobs = MemoryBlobs()
        self.fatal: list[Failure] = []
        self.vault = Vault(self.blobs, JumpingClock(), AtOnce(), self.fatal.append)


def told(story: Callable[[World], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test with a world of its own."""

    def test() -> None:
        asyncio.run(story(World()))

    test.__name__, test.__doc__ = story.__name__, story.__doc__
    return test


@pytest.mark.parametrize("size", [0, 1, SMALL_BYTES, SMALL_BYTES + 1, LARGE_BYTES, LARGE_BYTES + 1])
def test_what_is_put_away_comes_back(size: int) -> None:
    """At every edge between small, streamed and large the content is the same, and its digest and size are known."""

    async def story(world: World) -> None:
        content = b"CANARY " * (size // 7) + b"x" * (size % 7)
        stored = await world.vault.put(KEY, [content[:9], content[9:]])
        taken = await world.vault.take(stored.blob, KEY, size)
        streamed = b"".join([piece async for piece in world.vault.stream(stored.blob, KEY, size)])

        assert (Digest.of(content), size) == (stored.digest, stored.size_bytes)
        assert content == streamed == (taken.view()[:] if isinstance(taken, Memory) else taken)
        assert isinstance(taken, Memory) == (size > LARGE_BYTES)
        assert b"CANARY" not in world.blobs.kept[stored.blob]
        if isinstance(taken, Memory):
            taken.close()

    asyncio.run(story(World()))


@told
async def test_a_small_deposit_stays_in_memory(world: World) -> None:
    """Nothing touches the store until it is kept; then it is there, and can be forgotten again."""
    deposit = world.vault.deposit()
    await deposit.write(b"first ")
    await deposit.write(b"second")
    assert (b"first second", {}) == (deposit.small, world.blobs.kept)

    stored = await deposit.keep()

    assert {stored.blob} == set(world.blobs.kept)
    await deposit.forget()
    assert {} == world.blobs.kept


@told
async def test_a_large_deposit_spills_and_can_be_dropped(world: World) -> None:
    """Over the edge it streams into a draft that nobody sees, and dropping it, twice even, leaves nothing."""
    deposit = world.vault.deposit()
    await deposit.write(b"x" * (SMALL_BYTES + 1))
    assert (None, {}) == (deposit.small, world.blobs.kept)

    deposit.drop()
    deposit.drop()

    assert {} == world.blobs.kept


@told
async def test_a_deposit_that_was_never_written_is_dropped(world: World) -> None:
    """A session that ends before a byte leaves nothing to clean."""
    deposit = world.vault.deposit()
    deposit.drop()
    await deposit.forget()

    assert {} == world.blobs.kept


@told
async def test_every_deposit_has_a_key_of_its_own(world: World) -> None:
    """Two transfers never share a data key."""
    assert world.vault.deposit().data_key != world.vault.deposit().data_key


@told
async def test_a_changed_blob_is_tampering(world: World) -> None:
    """One bit, or another transfer's key, and nothing is given out."""
    stored = await world.vault.put(KEY, [b"content"])
    with pytest.raises(Tampering):
        await world.vault.take(stored.blob, b"l" * 32, 7)
    kept = world.blobs.kept[stored.blob]
    world.blobs.kept[stored.blob] = kept[:-1] + bytes([kept[-1] ^ 1])

    with pytest.raises(Tampering):
        await world.vault.take(stored.blob, KEY, 7)


@told
async def test_what_is_not_there_is_said(world: World) -> None:
    """Whether a blob is there can be asked; taking one that is not is a KeyError, which the caller must expect."""
    stored = await world.vault.put(KEY, [b"content"])
    assert (True, False) == (await world.vault.holds(stored.blob), await world.vault.holds(BlobId("0" * 32)))

    world.vault.erase(stored.blob)

    assert not await world.vault.holds(stored.blob)
    with pytest.raises(KeyError):
        await world.vault.take(stored.blob, KEY, 7)


@told
async def test_a_full_disk_leaves_no_half(world: World) -> None:
    """StoreAway reaches the caller, is nobody else's business, and the blob's name is free again."""
    world.blobs.is_away = True
    with pytest.raises(StoreAway):
        await world.vault.put(KEY, [b"content"], BlobId("1" * 32))
    world.blobs.is_away = False

    await world.vault.put(KEY, [b"content"], BlobId("1" * 32))

    assert [] == world.fatal


@told
async def test_a_failed_fsync_is_everybodys_business(world: World) -> None:
    """Whoever asked gets it, and the process is told to stop."""

    def fails() -> None:
        raise StoreBroken("fsync failed")

    with pytest.raises(StoreBroken):
        await world.vault.on_disk(fails)

    assert ["fsync failed"] == [why.cause for why in world.fatal]
