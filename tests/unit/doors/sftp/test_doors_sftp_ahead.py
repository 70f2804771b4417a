"""A parcel read a little ahead of whom it is for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.doors.sftp.ahead import LEAST_BYTES, Ahead
from gateway.engine.files.share import Share
from gateway.engine.vault import Vault
from gateway.errors import Failure, Tampering
from gateway.keep.memory import MemoryBlobs
from tests.unit.engine.engine_world import JumpingClock

CONTENT = bytes(range(251)) * 12_000  # 3 MB, no two chunks alike
CHUNK = 65_536


class Shelf:
    """Content that is opened at an offset, and how often that was done."""

    def __init__(self, content: bytes = CONTENT, *, broken_at: int = -1, cold: range = range(0)) -> None:
        self.content = content
        self.broken_at = broken_at
        self.cold = cold
        """The offsets at which the disk has to be waited for."""
        self.opened: list[int] = []
        self.given = 0
        self.waited: list[str] = []
        """The threads that waited."""

    def open_at(self, offset: int) -> Opening:
        self.opened.append(offset)
        return Opening(self, offset)


class Opening:
    """Satisfies `ahead.Opened`."""

    def __init__(self, shelf: Shelf, offset: int) -> None:
        self.shelf = shelf
        self.at = offset

    def __next__(self) -> bytes:
        shelf = self.shelf
        if self.at >= len(shelf.content):
            raise StopIteration
        shelf.waited.append(threading.current_thread().name)
        return self._given()

    def now(self) -> bytes:
        return b"" if self.at in self.shelf.cold or self.at >= len(self.shelf.content) else self._given()

    def _given(self) -> bytes:
        shelf, at = self.shelf, self.at
        if 0 <= shelf.broken_at <= at:
            raise Tampering("a chunk was changed")
        self.at = shelf.given = at + CHUNK
        return shelf.content[at : at + CHUNK]


EVERYWHERE = range(1 << 30)
WARM_OR_COLD = pytest.mark.parametrize(
    "cold", [range(0), EVERYWHERE, range(1 << 20, 1 << 21)], ids=["warm", "cold", "mixed"]
)


def tell(shelf: Shelf, story: Callable[[Ahead], Awaitable[None]], *, size: int | None = None) -> None:
    async def whole() -> None:
        fatal: list[Failure] = []
        with ThreadPoolExecutor(2) as disk:
            vault = Vault(MemoryBlobs(), JumpingClock(), disk, fatal.append)
            async with asyncio.TaskGroup() as tasks:
                length = len(shelf.content) if size is None else size
                share = Share(LEAST_BYTES, least_bytes=LEAST_BYTES, most_bytes=LEAST_BYTES)
                ahead = Ahead(shelf.open_at, length, vault=vault, tasks=tasks, share=share)
                await story(ahead)
                await ahead.close()
        assert [] == fatal

    asyncio.run(whole())


async def read(ahead: Ahead, offset: int, size: int) -> bytes:
    here = ahead.at_once(offset, size)
    return b"".join(await ahead.read(offset, size) if here is None else here)


@WARM_OR_COLD
@pytest.mark.parametrize("size", [5000, 32_768, CHUNK, 260_096])
def test_in_order_every_byte_comes_once(size: int, cold: range) -> None:
    """Whatever is asked for at a time, it is the content; it was opened once, and the loop waited for no disk."""
    shelf = Shelf(cold=cold)

    async def story(ahead: Ahead) -> None:
        back = bytearray()
        while piece := await read(ahead, len(back), size):
            back += piece
        assert CONTENT == back

    tell(shelf, story)
    assert [0] == shelf.opened
    assert bool(cold) == bool(shelf.waited)
    assert threading.main_thread().name not in shelf.waited


@WARM_OR_COLD
def test_another_offset_starts_over_there(cold: range) -> None:
    """Forwards, backwards, and past the end."""
    shelf = Shelf(cold=cold)

    async def story(ahead: Ahead) -> None:
        for offset in (0, 1_500_001, 77, 77 + 1000, len(CONTENT) - 5):
            assert CONTENT[offset : offset + 1000] == await read(ahead, offset, 1000)

    tell(shelf, story)
    assert [0, 1_500_001, 77, len(CONTENT) - 5] == shelf.opened


def test_no_more_is_held_than_may_be() -> None:
    """Who stops reading makes us stop, too."""
    shelf = Shelf(cold=EVERYWHERE)

    async def story(ahead: Ahead) -> None:
        await read(ahead, 0, 1000)
        while ahead._hop is not None and not ahead._hop.done():
            await asyncio.sleep(0)
        await read(ahead, 1000, 1000)
        await ahead.close()
        assert shelf.given <= 3 * LEAST_BYTES

    tell(shelf, story)


def test_what_the_kernel_has_is_not_read_ahead() -> None:
    """It is there when it is asked for; held by us it would be held twice."""
    shelf = Shelf()

    async def story(ahead: Ahead) -> None:
        await read(ahead, 0, 1000)
        assert ahead._hop is None

    tell(shelf, story)
    assert CHUNK == shelf.given


@WARM_OR_COLD
def test_what_was_changed_is_not_given(cold: range) -> None:
    """The failure comes to who reads that far, and not before; nobody else's tasks end."""
    shelf = Shelf(broken_at=1_200_000, cold=cold)

    async def story(ahead: Ahead) -> None:
        assert CONTENT[:1000] == await read(ahead, 0, 1000)

        async def the_rest() -> None:
            for offset in range(1000, 3_000_000, 20_000):
                await read(ahead, offset, 20_000)

        with pytest.raises(Tampering):
            await the_rest()

    tell(shelf, story)


def test_content_that_ends_before_its_size_is_gone() -> None:
    """What the facts promise and the store does not have is no end of file."""

    async def story(ahead: Ahead) -> None:
        with pytest.raises(KeyError):
            await read(ahead, 0, 2000)

    tell(Shelf(b"x" * 1000), story, size=2000)
