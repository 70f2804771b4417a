"""Drives each transfer through its stations. Work is a function of facts; recovery is this same path run again.

A voyage does inner work (judge, scrub, encrypt) as far as it can, and appends what it found in one write before
anything that touches the outside or waits. So a crash loses inner work only, never an effect: inner work is done again.

Transfers that were just accepted go straight in. Everything else, after a restart too, comes from due work that the
store leases out. A lease that runs out (we died) makes it due again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from contextlib import nullcontext
from typing import TypeVar

from gateway.engine.archive import Archive
from gateway.engine.clock import Clock
from gateway.engine.entries import Write
from gateway.engine.incident import place_of
from gateway.engine.precedence import Precedence
from gateway.engine.vault import SMALL_BYTES
from gateway.engine.voyage import Errand, Stations, Voyage
from gateway.engine.workshop import WorkshopAway
from gateway.engine.writing import Writer
from gateway.errors import Conflict, StoreAway, StoreBroken, Tampering
from gateway.facts import LegFact, Receipt, Received
from gateway.journey import (
    Encrypt,
    Journey,
    Judge,
    Lapse,
    Reconsider,
    Scrub,
    Settle,
    Ship,
    Work,
    begin,
    todo,
)
from gateway.transfer import Way

log = logging.getLogger(__name__)
T = TypeVar("T")

TRANSFERS_AT_ONCE = 16
RESERVE = 48
"""So many more while it is quiet at the doors: a voyage mostly waits, and then only for the scribe."""
FILES_AT_ONCE = 4
"""Beside them: ten thousand files dropped at once hold up no mail, and wait for a lull while more are coming."""
READY_AT_ONCE = 2048
LEGS_AT_ONCE = 8
LEASE_MS = 15 * 60_000
"""How long claimed work is ours. Longer than the slowest delivery attempt."""
LOOK_EVERY_S = 2.0
RECONSIDER_MS = 15 * 60_000
WAKE_MS = max(LEASE_MS, RECONSIDER_MS) + 1
"""This far ahead lies all that waits for somebody's word, and all that a dead process had leased."""

Ready = asyncio.Queue[Voyage | str | None]
"""Voyages; streams by name, a transfer's to be read again or an errand's; and the end."""


class Runner:
    """Runs voyages, a bounded number at once, and errands: those by the first part of their streams' names."""

    def __init__(
        self,
        *,
        archive: Archive,
        scribe: Writer,
        stations: Stations,
        clock: Clock,
        precedence: Precedence,
        errands: Mapping[str, Errand] | None = None,
    ) -> None:
        self._archive = archive
        self._scribe = scribe
        self._stations = stations
        self._clock = clock
        self._errands = errands or {}
        self._precedence = precedence
        self._mails: Ready = asyncio.Queue(READY_AT_ONCE)
        self._files: Ready = asyncio.Queue(READY_AT_ONCE)
        self._under_way: set[str] = set()
        self._put_back: set[str] = set()
        """What found all crews out, a full disk, or a change on its way: leased to us, so to be read again by us."""
        self._heavy = asyncio.Semaphore(TRANSFERS_AT_ONCE)
        self._reserves_out = 0
        self._look = asyncio.Event()
        self._is_draining = False
        self._horizon_ms = WAKE_MS

    async def run(self) -> None:
        """Work until `drain`; return once every voyage under way has come to rest."""
        async with asyncio.TaskGroup() as tasks:
            for ready, crews in self._crews:
                for _ in range(crews):
                    tasks.create_task(self._sail(ready, tasks))
            tasks.create_task(self._watch(tasks))

    @property
    def _crews(self) -> tuple[tuple[Ready, int], ...]:
        return (self._mails, TRANSFERS_AT_ONCE), (self._files, FILES_AT_ONCE)

    def _queue_of(self, journey: Journey) -> Ready:
        return self._files if journey.transfer.way is Way.SFTP else self._mails

    def drain(self) -> None:
        """Start nothing new."""
        self._is_draining = True
        self._look.set()

    def submit(self, journey: Journey, receipt: Receipt, data_key: bytes) -> None:
        """A transfer was just accepted. When all crews are out it waits for one, as a name; the store has the rest."""
        if journey.transfer.id in self._under_way:
            return  # a claim saw it in the store before we heard that it is there; one journey, one voyage
        try:
            self._queue_of(journey).put_nowait(Voyage(journey, data_key, receipt))
            self._under_way.add(journey.transfer.id)
        except asyncio.QueueFull:
            self._put_back.add(journey.transfer.id)
            self._look.set()

    def wake(self) -> None:
        """Something has become due sooner than it said: look now, not at the next look."""
        self._look.set()

    def look(self) -> None:
        """A rule, a key or a person's word changed: look at everything that waits, now."""
        self._horizon_ms = WAKE_MS
        self._look.set()

    # ── where voyages come from ──────────────────────────────────────────────────────────────────────────────────

    async def _watch(self, tasks: asyncio.TaskGroup) -> None:
        """Claim due work until drained, then tell the crews to come home."""
        while not self._is_draining:
            self._look.clear()
            horizon_ms, self._horizon_ms = self._horizon_ms, 0
            try:
                for stream in self._put_back - self._under_way:
                    self._put_back.discard(stream)
                    await self._embark(stream)
                await self._claim(horizon_ms)
                self._call_reserves(tasks)  # the standing crews may all be waiting for slow servers
            except StoreAway as why:  # the disk is full or away: the doors say so too; look as far again later
                log.error("claim failed cause=%r", why.cause)
                self._horizon_ms = max(self._horizon_ms, horizon_ms)
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._look.wait()
            except TimeoutError:
                pass
        for ready, crews in self._crews:
            for _ in range(crews):
                await ready.put(None)

    async def _claim(self, horizon_ms: int) -> None:
        seen: set[str] = set()
        while not self._is_draining:
            now_ms = self._clock.now_ms()
            streams = await self._scribe.claim(
                now_ms=now_ms + horizon_ms, until_ms=now_ms + LEASE_MS, limit=TRANSFERS_AT_ONCE
            )
            fresh = [stream for stream in streams if stream not in seen]
            for stream in streams:
                if stream in seen or stream in self._under_way:
                    # It may have come to rest just before this claim, which then put off what is due: look again.
                    self._put_back.add(stream)
                else:
                    await self._embark(stream)
            seen.update(streams)
            if not fresh:
                return

    async def _embark(self, stream: str) -> None:
        """Make a stream ready to be read by a crew, unless it is under way."""
        if stream not in self._under_way:
            self._under_way.add(stream)
            await (self._files if self._kind(stream) in self._errands else self._mails).put(stream)

    # ── crews ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _sail(self, queue: Ready, tasks: asyncio.TaskGroup) -> None:
        while (ready := await queue.get()) is not None:
            if queue is self._files:
                await self._precedence.lull()
            else:
                self._call_reserves(tasks)
            await self._sail_one(ready, queue)

    def _call_reserves(self, tasks: asyncio.TaskGroup) -> None:
        """While it is quiet at the doors."""
        while self._reserves_out < min(RESERVE, self._mails.qsize()) and self._precedence.is_quiet:
            self._reserves_out += 1
            tasks.create_task(self._sail_along())

    async def _sail_along(self) -> None:
        """One more crew, until nothing is left to take, or somebody has come to a door."""
        try:
            while self._precedence.is_quiet and not self._mails.empty():
                ready = self._mails.get_nowait()
                if ready is None:  # a standing crew's order to come home
                    self._mails.put_nowait(None)
                    return
                await self._sail_one(ready, self._mails)
        finally:
            self._reserves_out -= 1

    async def _sail_one(self, ready: Voyage | str, queue: Ready) -> None:
        voyage = await self._board(ready, queue) if isinstance(ready, str) else ready
        if voyage is None:
            return
        try:
            async with self._heavy if _is_heavy(voyage) else nullcontext():
                await self._contained(voyage.journey.transfer.id, self._travel(voyage))
        finally:
            self._stations.release(voyage)

    async def _board(self, stream: str, queue: Ready) -> Voyage | None:
        """The voyage that a stream is, or begins once its errand is run; unless it is for other crews to sail."""
        voyage = await self._contained(stream, self._errands.get(self._kind(stream), self._reread)(stream))
        if voyage is None or voyage.journey.transfer.id in self._under_way:
            return None
        self._under_way.add(voyage.journey.transfer.id)
        if (its_own := self._queue_of(voyage.journey)) is not queue:
            await its_own.put(voyage)
            return None
        return voyage

    async def _reread(self, stream: str) -> Voyage | None:
        story = await asyncio.to_thread(self._archive.story, stream)
        return Voyage(story.journey, story.key, None) if story else None

    @staticmethod
    def _kind(stream: str) -> str:
        return stream.partition("/")[0]

    async def _contained(self, stream: str, work: Awaitable[T]) -> T | None:
        """Do the work; if it cannot be done now, it is put back."""
        try:
            return await work
        except (Conflict, StoreAway, WorkshopAway) as why:  # read again at the next look
            self._put_back.add(stream)
            log.warning("put back stream=%s cause=%r", stream, why.cause)
        except (StoreBroken, Tampering):
            raise
        except Exception as bug:  # met by one transfer, it must not stop the others; its lease brings it back
            log.error("voyage failed stream=%s %s", stream, place_of(bug))
        finally:
            self._under_way.discard(stream)
        return None

    # ── one voyage ───────────────────────────────────────────────────────────────────────────────────────────────

    async def _travel(self, voyage: Voyage) -> None:
        while True:
            await self._precedence.give_way()
            inner = self._inner(voyage)
            if inner is not None:
                await self._work(voyage, inner)
                continue
            ready = self._outer(voyage)
            await self._commit(voyage, is_resting=not ready)
            if not ready or self._is_draining:
                return
            slots = asyncio.Semaphore(LEGS_AT_ONCE)
            ends = await asyncio.gather(
                *(self._ship(voyage, ship.leg, slots) for ship in ready), return_exceptions=True
            )
            for end in ends:  # every leg had its try before one leg's failure ends the voyage
                if end is not None:
                    raise end

    def _inner(self, voyage: Voyage) -> Work | None:
        """The next work that touches nothing outside."""
        for work in todo(voyage.journey):
            match work:
                case Judge() | Scrub() | Encrypt() | Settle():
                    return work
                case Reconsider() if not voyage.is_reconsidered:
                    return work
                case Lapse(not_before_ms=not_before_ms) if not_before_ms <= self._clock.now_ms():
                    return work
        return None

    def _outer(self, voyage: Voyage) -> list[Ship]:
        now_ms = self._clock.now_ms()
        return [work for work in todo(voyage.journey) if isinstance(work, Ship) and work.not_before_ms <= now_ms]

    async def _work(self, voyage: Voyage, work: Work) -> None:
        match work:
            case Judge(legs=legs) | Reconsider(legs=legs):
                voyage.is_reconsidered = True
                await self._stations.judge(voyage, legs)
            case Scrub(leg=leg):
                await self._stations.scrub(voyage, leg)
            case Encrypt(leg=leg):
                await self._stations.encrypt(voyage, leg)
            case Settle(leg=leg):
                await self._stations.settle(voyage, leg)
            case Lapse(leg=leg):
                await self._stations.lapse(voyage, leg)
            case Ship():
                raise AssertionError("shipping is not inner work")

    async def _ship(self, voyage: Voyage, leg: int, slots: asyncio.Semaphore) -> None:
        async def write(*facts: LegFact, notes: tuple[Write, ...] = ()) -> Receipt:
            async with voyage.lock:
                voyage.add(*facts)
                voyage.notes.extend(notes)
                await self._commit(voyage, is_resting=False)
                return await self._receipt(voyage)

        async with slots:
            await self._stations.ship(voyage, leg, write, await self._receipt(voyage))

    async def _receipt(self, voyage: Voyage) -> Receipt:
        if voyage.receipt is None:  # after a restart the store vouches for what an earlier process wrote
            voyage.receipt = await asyncio.to_thread(self._scribe.reissue, voyage.journey.transfer.id)
        return voyage.receipt

    async def _commit(self, voyage: Voyage, *, is_resting: bool) -> None:
        """Append what is pending, with the notes that tell about it, and say when work is due next."""
        if not voyage.pending and not is_resting:
            return
        stream = voyage.journey.transfer.id
        write = Write(
            stream=stream,
            facts=tuple(voyage.pending),
            expected=voyage.durable,
            due_ms=self._due_ms(voyage.journey) if is_resting else self._clock.now_ms() + LEASE_MS,
        )
        notes, voyage.notes = tuple(voyage.notes), []
        receipts = await self._scribe.append(write, *notes)
        voyage.pending.clear()
        voyage.durable = voyage.journey.version
        if write.facts:
            voyage.receipt = receipts[0]
        for note, receipt in zip(notes, receipts[1:], strict=True):
            match note:
                case Write(facts=(Received() as received,), data_key=bytes(data_key)):
                    self.submit(begin(received), receipt, data_key)

    def _due_ms(self, journey: Journey) -> int | None:
        """When to look at it again; None when it has ended or only a person can move it."""
        now_ms = self._clock.now_ms()
        times = []
        for work in todo(journey):
            match work:
                case Ship(not_before_ms=not_before_ms) | Lapse(not_before_ms=not_before_ms):
                    times.append(max(now_ms, not_before_ms))
                case Reconsider():
                    times.append(now_ms + RECONSIDER_MS)
                case _:
                    times.append(now_ms)
        return min(times, default=None)


def _is_heavy(voyage: Voyage) -> bool:
    """More of these at once than there are standing crews would take too much memory."""
    return any(item.size_bytes > SMALL_BYTES for item in voyage.journey.transfer.items)
