"""Closes each day of the ledger: counts what was sealed for whom, and has the root of that written into a tick.

A day is over when the ledger's own time has passed it: then nothing more can fall into it. What nobody closed, because
no gateway ran, is closed at the next start, day by day. Reads beside the writer; only the closing tick is an order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from gateway.engine.archive import Archive
from gateway.engine.clock import Clock, day
from gateway.engine.forgetting.redacting import NOBODY
from gateway.engine.writing import Closing, Writer
from gateway.facts import Received
from gateway.keep import LeafRow, Reading
from gateway.ledger.dayindex import DayIndex, Line, index_of, line_of
from gateway.ledger.entry import read_entry

PAGE = 1024
EVERY_S = 30.0
SEALED = b'"k":"sealed"'
INDEX = b'"index":{'
_ONE_DAY = timedelta(days=1)


def closed(records: Reading, on: date) -> tuple[int, DayIndex] | None:
    """The entry that closes a day, and what it says; None while none does."""
    size = _size(records)
    for leaf in leaves_between(records, first_since(records, ends_ms(on), size), size):
        index = _index(leaf)
        if index is not None and index.day >= on:
            return (leaf.index, index) if index.day == on else None
    return None


def last_closed(records: Reading) -> DayIndex | None:
    """The latest day that is closed."""
    end = _size(records)
    while end:
        first = max(end - PAGE, 0)
        for leaf in reversed(tuple(leaves_between(records, first, end))):
            index = _index(leaf)
            if index is not None:
                return index
        end = first
    return None


def first_since(records: Reading, at_ms: int, size: int) -> int:
    """The first entry at that time or later, or `size`: time never falls in a ledger, so halving finds it."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if read_entry(records.since(middle, 1).leaves[0].entry).time_ms < at_ms:
            low = middle + 1
        else:
            high = middle
    return low


def ends_ms(on: date) -> int:
    """When a day of the ledger ends, in UTC."""
    return int(datetime.combine(on + _ONE_DAY, datetime.min.time(), UTC).timestamp() * 1000)


def leaves_between(records: Reading, first: int, end: int | None) -> Iterator[LeafRow]:
    """The entries from `first` up to `end`, or all there are."""
    while end is None or first < end:
        leaves = records.since(first, PAGE if end is None else min(PAGE, end - first)).leaves
        if not leaves:
            return
        yield from leaves
        first += len(leaves)


def lines_of(records: Reading, archive: Archive, key: bytes, index: tuple[int, int]) -> Iterator[Line]:
    """The lines of a day, from its entries: whom each intent was for, as far as that was not erased."""
    for leaf in leaves_between(records, *index):
        if SEALED in leaf.entry and read_entry(leaf.entry).kind == "sealed":
            yield line_of(key, _recipient(archive, leaf), leaf.index)


def _recipient(archive: Archive, leaf: LeafRow) -> str:
    story = archive.story(leaf.stream)
    first = story.facts[0] if story else None
    if not isinstance(first, Received) or leaf.leg is None:
        return str(NOBODY)
    return str(first.transfer.legs[leaf.leg].recipient)


@dataclass(slots=True, kw_only=True)
class DayCloser:
    """A chore of the caretaker's."""

    records: Reading
    archive: Archive
    scribe: Writer
    clock: Clock
    every_s: float = EVERY_S
    _next: tuple[date, int] | None = field(default=None, init=False)
    """The first day that is not closed, and its first entry."""

    async def turn(self) -> None:
        """Close what is over. Raises `Failure`."""
        while True:
            closing = await asyncio.to_thread(self._due)
            if closing is None:
                return
            await self.scribe.tick(closing)
            self._next = (closing.index.day + _ONE_DAY, closing.index.end)

    def _due(self) -> Closing | None:
        """The next day to close, if the ledger's time has passed it."""
        if self._next is None:
            self._next = self._first_open()
        if self._next is None:
            return None
        on, first = self._next
        if on >= day(self.clock.now_ms()):
            return None
        end = self._end(on, first)
        if end is None:
            return None
        key = self.clock.random(32)
        lines = lines_of(self.records, self.archive, key, (first, end))
        return Closing(index=index_of(on, first, end, lines, day_key=key), key=key)

    def _first_open(self) -> tuple[date, int] | None:
        last = last_closed(self.records)
        if last is not None:
            return last.day + _ONE_DAY, last.end
        leaves = self.records.since(0, 1).leaves
        return (day(read_entry(leaves[0].entry).time_ms), 0) if leaves else None

    def _end(self, on: date, first: int) -> int | None:
        """The first entry after the day; None while there is none, for more of the day might still come."""
        size = _size(self.records)
        end = first_since(self.records, ends_ms(on), size)
        return max(first, end) if end < size else None


def _index(leaf: LeafRow) -> DayIndex | None:
    return DayIndex.of(read_entry(leaf.entry)) if INDEX in leaf.entry else None


def _size(records: Reading) -> int:
    head = records.since(0, 0).head
    return head.size if head else 0
