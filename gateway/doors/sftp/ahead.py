"""A parcel on its way out: read and opened where it is asked for, or by a thread of the disk a little ahead of that.

What the kernel has in memory costs less to read than to have read. What it has not is waited for elsewhere, and from
then on brought ahead of whom it is for, until a part was brought without waiting.

Promises: the loop never waits for a disk; no more is held than twice its part of what all share, one part here and one
on its way; what is given was verified; another offset than the next one starts over there. One session reads one of
these, one request at a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from gateway.engine.files.share import Share
from gateway.engine.vault import Vault

LEAST_BYTES, MOST_BYTES = 512 * 1024, 2 * 1024 * 1024
"""Brought at once. Four downloads at once took a fifth longer with the least than with the most (measured)."""
SHARED_BYTES = 8 * 1024 * 1024


def shared() -> Share:
    """How much each of those who read is ahead."""
    return Share(SHARED_BYTES, least_bytes=LEAST_BYTES, most_bytes=MOST_BYTES)


class Opened(Protocol):
    """Content from somewhere on, in order; see `keep.sealed.Unsealed`."""

    def __next__(self) -> bytes:
        """What comes next; blocks."""
        ...

    def now(self) -> bytes:
        """What comes next, if nothing has to be waited for; else empty. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class _Brought:
    """By a thread of the disk."""

    pieces: tuple[bytes, ...]
    had_to_wait: bool


class Ahead:
    """The content from wherever it is asked for, in order."""

    def __init__(
        self,
        open_at: Callable[[int], Opened],
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
        self._pieces: Opened | None = None
        self._here: deque[memoryview] = deque()
        self._held = 0
        self._next = 0
        """Where what is here begins."""
        self._hop: asyncio.Task[_Brought | Exception] | None = None
        self._is_waiting = False
        """Whether the disk is behind."""

    def at_once(self, offset: int, size: int) -> list[memoryview] | None:
        """The bytes, if they need not be waited for; else None."""
        if offset != self._next:
            return None
        missing = min(size, self._size - offset) - self._held
        while missing > 0 and self._pieces is not None and self._hop is None and (piece := self._pieces.now()):
            self._take(piece)
            missing -= len(piece)
        return self._given(size) if missing <= 0 else None

    async def read(self, offset: int, size: int) -> list[memoryview]:
        """The bytes; fewer at the end. Raises `KeyError` when it is gone, and `Tampering`."""
        if offset != self._next or self._pieces is None:
            await self.close()
            self._next = offset
            self._pieces = await self._vault.on_disk(lambda: self._open_at(offset))
            self._share.join(self)
        while (found := self.at_once(offset, size)) is None:
            self._begin()
            await self._landed()
        return found

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
        if self._hop is not None and self._hop.done() and not isinstance(self._hop.result(), Exception):
            self._land()
        if self._is_waiting and self._held < self._share.part_bytes and self._next + self._held < self._size:
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
        self._is_waiting = brought.had_to_wait
        for piece in brought.pieces:
            self._take(piece)

    def _take(self, piece: bytes) -> None:
        self._here.append(memoryview(piece))
        self._held += len(piece)

    async def _contained(self) -> _Brought | Exception:
        """What goes wrong is told to who reads; it must not end the tasks of others."""
        try:
            return await self._vault.on_disk(partial(self._pull, self._share.part_bytes))
        except Exception as why:
            return why

    def _pull(self, at_least: int) -> _Brought:
        """Blocks."""
        assert self._pieces is not None
        found, size, had_to_wait = list[bytes](), 0, False
        while size < at_least:
            piece = self._pieces.now()
            if not piece:
                had_to_wait, piece = True, next(self._pieces, b"")
            if not piece:
                break
            found.append(piece)
            size += len(piece)
        if not found:
            raise KeyError("it ends before its size")
        return _Brought(tuple(found), had_to_wait)
