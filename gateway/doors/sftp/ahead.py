"""A parcel on its way out: read and opened on a disk thread, a little ahead of whom it is for.

Promises: no more is held than twice its part of what all share, one part here and one on its way; what is given was
verified; another offset than the next one starts over there. One session reads one of these, one request at a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

from gateway.engine.files.share import Share
from gateway.engine.vault import Vault

LEAST_BYTES, MOST_BYTES = 512 * 1024, 2 * 1024 * 1024
"""Brought at once. Four downloads at once took a fifth longer with the least than with the most (measured)."""
SHARED_BYTES = 8 * 1024 * 1024


def shared() -> Share:
    """How much each of those who read is ahead."""
    return Share(SHARED_BYTES, least_bytes=LEAST_BYTES, most_bytes=MOST_BYTES)


class Ahead:
    """The content from wherever it is asked for, in order."""

    def __init__(
        self,
        open_at: Callable[[int], Iterator[bytes]],
        size: int,
        *,
        vault: Vault,
        tasks: asyncio.TaskGroup,
        share: Share,
    ) -> None:
        self._open_at = open_at
        self._size = size
        self._vault = vault
        self._tasks = tasks
        self._share = share
        self._pieces: Iterator[bytes] | None = None
        self._here: deque[memoryview] = deque()
        self._held = 0
        self._next = 0
        """Where what is here begins."""
        self._hop: asyncio.Task[list[bytes] | Exception] | None = None

    def at_once(self, offset: int, size: int) -> list[memoryview] | None:
        """The bytes, if they are here; None if they have to be waited for."""
        if offset != self._next or self._held < min(size, self._size - offset):
            return None
        return self._given(size)

    async def read(self, offset: int, size: int) -> list[memoryview]:
        """The bytes; fewer at the end. Raises `KeyError` when it is gone, and `Tampering`."""
        if offset != self._next or self._pieces is None:
            await self.close()
            self._next = offset
            self._pieces = await self._vault.on_disk(lambda: self._open_at(offset))
            self._share.join(self)
        while self._held < size and self._next + self._held < self._size:
            self._begin()
            await self._landed()
        return self._given(size)

    async def close(self) -> None:
        """Let go of it."""
        if self._hop is not None:
            await asyncio.wait((self._hop,))
        self._hop = self._pieces = None
        self._share.leave(self)
        self._here.clear()
        self._held = 0

    def _given(self, size: int) -> list[memoryview]:
        found: list[memoryview] = []
        while size > 0 and self._here:
            piece = self._here.popleft()
            if len(piece) > size:
                self._here.appendleft(piece[size:])
                piece = piece[:size]
            found.append(piece)
            size -= len(piece)
            self._held -= len(piece)
            self._next += len(piece)
        if self._hop is not None and self._hop.done():
            self._land()
        if self._held < self._share.part_bytes and self._next + self._held < self._size:
            self._begin()
        return found

    def _begin(self) -> None:
        """Have more brought, unless it is on its way."""
        if self._hop is None:
            self._hop = self._tasks.create_task(self._contained())

    async def _landed(self) -> None:
        assert self._hop is not None
        await asyncio.wait((self._hop,))
        self._land()

    def _land(self) -> None:
        assert self._hop is not None
        brought, self._hop = self._hop.result(), None
        if isinstance(brought, Exception):
            raise brought
        self._here.extend(map(memoryview, brought))
        self._held += sum(map(len, brought))

    async def _contained(self) -> list[bytes] | Exception:
        """What goes wrong is told to who reads; it must not end the tasks of others."""
        try:
            return await self._vault.on_disk(partial(self._pull, self._share.part_bytes))
        except Exception as why:
            return why

    def _pull(self, at_least: int) -> list[bytes]:
        """Blocks."""
        assert self._pieces is not None
        found, size = list[bytes](), 0
        while size < at_least and (piece := next(self._pieces, b"")):
            found.append(piece)
            size += len(piece)
        if not found:
            raise KeyError("it ends before its size")
        return found
