"""Takes the gauges' measure every few seconds, and answers whether the gateway lives, is ready, and its ledger whole.

Transfers are counted off the ledger's own entries, so that no station has to report anything and a restart finds every
open leg again: at first the whole ledger is read, a page at a time so as to hold nothing up, then what is new.

    live      this loop turns
    ready     rules in force, the scribe answers, the disk has room, the certificate is valid, the workshop stands
    ledger    all of it was recomputed, and was whole, within the last 26 hours
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from gateway.engine.archive import Archive
from gateway.engine.clock import Clock
from gateway.engine.health.census import WAITS, Census, Moved, Place
from gateway.engine.health.gauges import Gauges
from gateway.engine.health.marks import Duty, Marks
from gateway.errors import Failure, Tampering
from gateway.journey import CLOSED, State
from gateway.keep import Reading
from gateway.transfer import Way

EVERY_S = 5.0
PAGE = 256
BREATHER_S = 0.005
"""Between two pages of the first reading: the doors come first."""
VERIFIED_HOURS = 26
PATIENCE_S = 5.0
"""How long a probe may take before its answer is no."""

_MOMENTS = {State.RECEIVED: "received", State.HELD: "waiting"}
_OUTCOMES = {"judged:send": "send", "judged:hold": "hold", "judged:block": "block"}

Probe = Callable[[], Awaitable[str]]
"""Looks at one thing: empty when it is well, else one sentence. Names nobody."""


@dataclass(slots=True, kw_only=True)
class Vitals:
    """A chore for the caretaker."""

    records: Reading
    archive: Archive
    clock: Clock
    gauges: Gauges
    marks: Marks
    ready: Mapping[str, Probe]
    sample: Callable[[], None]
    """Sets the gauges of what is neither a transfer nor a mark. Blocks."""
    every_s: float = EVERY_S
    _census: Census = field(default_factory=Census)
    _causes: dict[Place, str] = field(default_factory=dict)
    _next: int = 0
    _began: int | None = None
    """The ledger's size when this began: only what came later is counted."""

    async def turn(self) -> None:
        """Read on in the ledger, and set every gauge. Raises `Failure`."""
        head = await asyncio.to_thread(lambda: self.records.since(0, 0).head)
        size = head.size if head else 0
        if self._began is None:
            self._began = size
        while self._next < size:
            await asyncio.to_thread(self._read_page)
            await asyncio.sleep(BREATHER_S if self._next < self._began else 0)
        self.gauges.ledger_size.set(size)
        await asyncio.to_thread(self._set_all)

    async def unready(self) -> dict[str, str]:
        """What keeps the gateway from being ready, by name; nothing when it is."""
        said = await asyncio.gather(*map(_asked, self.ready.values()))
        return {name: sentence for name, sentence in zip(self.ready, said, strict=True) if sentence}

    def unverified(self) -> str:
        """Why nobody can say that the ledger is whole; empty when it was seen to be so lately. Blocks."""
        mark = self.marks.last(Duty.VERIFIED)
        if mark is None:
            return "the ledger was never recomputed: sealgate ledger fsck"
        hours = (self.clock.now_ms() - mark.at_ms) // 3_600_000
        if hours >= VERIFIED_HOURS:
            return f"the ledger was last recomputed {hours} hours ago: sealgate ledger fsck"
        return ""

    # ── counting ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _read_page(self) -> None:
        leaves = self.records.since(self._next, PAGE).leaves
        if not leaves:
            raise Tampering(f"entry {self._next} is missing")
        for leaf in leaves:
            moved = self._census.add(leaf)
            if moved is not None:
                self._follow(moved, is_new=leaf.index >= (self._began or 0))
        self._next = leaves[-1].index + 1

    def _follow(self, moved: Moved, *, is_new: bool) -> None:
        if moved.after not in WAITS:
            self._causes.pop(moved.place, None)
        if not is_new:
            return
        if moved.word in _OUTCOMES and moved.before is not None:
            moment = _MOMENTS.get(moved.before, "sending")
            self.gauges.judgements.labels(moment, _OUTCOMES[moved.word]).inc()
        if moved.after in CLOSED and moved.before not in CLOSED:
            way, label = self._told_of(moved.place)
            self.gauges.transfers.labels(way, moved.after.value, label).inc()

    def _told_of(self, place: Place) -> tuple[str, str]:
        """Way and label of a transfer; unknown once it is erased."""
        story = self.archive.story(place.stream)
        if story is None:
            return "erased", "erased"
        transfer = story.journey.transfer
        return transfer.way.value, transfer.label or "none"

    def _cause(self, place: Place) -> str:
        """The code of the first reason why a leg waits."""
        if place not in self._causes:
            story = self.archive.story(place.stream)
            leg = story.journey.legs[place.leg] if story else None
            reasons = leg.judged.reasons if leg and leg.judged else ()
            is_parked = leg is not None and leg.state is State.PARKED
            self._causes[place] = "in-doubt" if is_parked else reasons[0].code if reasons else "unknown"
        return self._causes[place]

    # ── setting ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _set_all(self) -> None:
        gauges, now_ms = self.gauges, self.clock.now_ms()
        waiting = [place for place, one in self._census.open.items() if one.state in WAITS]
        gauges.held.clear()
        for cause, count in Counter(map(self._cause, waiting)).items():
            gauges.held.labels(cause).set(count)
        moving = [(place, one.since_ms) for place, one in self._census.moving()]
        gauges.queue.set(len(moving))
        oldest = {way.value: 0 for way in Way}
        for place, since_ms in moving:
            way = self._told_of(place)[0]
            oldest[way] = max(oldest.get(way, 0), now_ms - since_ms)
        for way, age_ms in oldest.items():
            gauges.oldest.labels(way).set(age_ms / 1000)
        for duty, gauge in (
            (Duty.VERIFIED, gauges.verified),
            (Duty.BACKUP, gauges.backup),
            (Duty.DRILL, gauges.drill),
            (Duty.OPENED, gauges.escrow),
            (Duty.RETENTION, gauges.retention),
        ):
            mark = self.marks.last(duty)
            gauge.set(mark.at_ms / 1000 if mark else 0)
        self.sample()


async def _asked(probe: Probe) -> str:
    """A probe that fails or hangs says no."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await probe()
    except Failure as why:
        return why.public if not why.cause else why.cause
    except TimeoutError:
        return f"no answer within {PATIENCE_S:.0f} seconds"


def seconds_or_nan(at_ms: int | None) -> float:
    """For a gauge of a moment that may not exist."""
    return math.nan if at_ms is None else at_ms / 1000
