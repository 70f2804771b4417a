"""The house's regular chores: publish the ledger, note its head elsewhere, say once a minute that it lives.

Others can be given: asking witnesses, mailing auditors, having heads time-stamped. None of it is needed for a promise
to hold, none holds up another or a commit; a chore that fails is tried again at its next turn, and said in the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from gateway.engine.clock import Clock
from gateway.engine.outsiders.anchors import Anchors
from gateway.engine.publication import Publication
from gateway.engine.writing import Writer
from gateway.errors import Failure, StoreAway
from gateway.keep import Head

log = logging.getLogger(__name__)

PUBLISH_EVERY_S = 1.0
TICK_EVERY_MS = 60_000
LAST_TURN_S = 10.0
"""How long a chore may take when the gateway stops."""


class Chore(Protocol):
    """Something done again and again beside the work."""

    @property
    def every_s(self) -> float:
        """From the end of one turn to the beginning of the next."""
        ...

    async def turn(self) -> None:
        """Do it once. May raise `Failure`."""
        ...


class Caretaker:
    """Runs the chores until told to stop; then publishes once more, and those `at_stop` have one more turn."""

    def __init__(
        self,
        *,
        scribe: Writer,
        publication: Publication,
        clock: Clock,
        anchors: Anchors | None = None,
        chores: Sequence[Chore] = (),
        at_stop: Sequence[Chore] = (),
    ) -> None:
        self._scribe = scribe
        self._publication = publication
        self._clock = clock
        self._anchors = anchors
        self._chores = tuple(chores)
        self._at_stop = tuple(at_stop)
        self._not_anchored = ""
        self._leave = asyncio.Event()
        self._ticked_ms = clock.now_ms()

    def stop(self) -> None:
        """Finish the chore under way and come home."""
        self._leave.set()

    async def run(self) -> None:
        """Do chores until `stop`."""
        async with asyncio.TaskGroup() as beside:
            for chore in self._chores:
                beside.create_task(self._repeat(chore))
            while not self._leave.is_set():
                await self._publish()
                await self._tick()
                await self._pause(PUBLISH_EVERY_S)
        await self._publish()
        await asyncio.gather(*map(self._last_turn, self._at_stop))

    async def _repeat(self, chore: Chore) -> None:
        while not self._leave.is_set():
            await _turn(chore)
            await self._pause(chore.every_s)

    async def _last_turn(self, chore: Chore) -> None:
        try:
            async with asyncio.timeout(LAST_TURN_S):
                await _turn(chore)
        except TimeoutError:
            log.error("chore not done before the end chore=%s", type(chore).__name__)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._leave.wait()
        except TimeoutError:
            pass

    async def _publish(self) -> None:
        head = self._scribe.head
        if head is None:
            return
        try:
            await asyncio.to_thread(self._publication.publish, head)
        except StoreAway as why:
            log.error("ledger not published cause=%r", why.cause)
        await self._anchor(head)

    async def _anchor(self, head: Head) -> None:
        if self._anchors is None:
            return
        try:
            await asyncio.to_thread(self._anchors.note, head)
            self._not_anchored = ""
        except Failure as why:
            if why.cause != self._not_anchored:  # tried again each second, said once
                log.error("head not anchored cause=%r", why.cause)
            self._not_anchored = why.cause

    async def _tick(self) -> None:
        now_ms = self._clock.now_ms()
        if now_ms - self._ticked_ms < TICK_EVERY_MS:
            return
        self._ticked_ms = now_ms
        try:
            await self._scribe.tick()
        except StoreAway as why:
            log.error("ledger not ticked cause=%r", why.cause)


async def _turn(chore: Chore) -> None:
    try:
        await chore.turn()
    except Failure as why:
        log.error("chore not done chore=%s cause=%r", type(chore).__name__, why.cause)
