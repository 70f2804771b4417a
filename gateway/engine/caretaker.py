"""The house's regular chores: publish the ledger, say once a minute that it lives, sweep what no fact names.

None of it is needed for a promise to hold; a chore that fails is tried again at its next turn, and said in the log.
"""

from __future__ import annotations

import asyncio
import logging

from gateway.engine.clock import Clock
from gateway.engine.publication import Publication
from gateway.engine.writing import Writer
from gateway.errors import StoreAway

log = logging.getLogger(__name__)

PUBLISH_EVERY_S = 1.0
TICK_EVERY_MS = 60_000


class Caretaker:
    """Runs the chores until told to stop, then publishes once more."""

    def __init__(self, *, scribe: Writer, publication: Publication, clock: Clock) -> None:
        self._scribe = scribe
        self._publication = publication
        self._clock = clock
        self._leave = asyncio.Event()
        self._ticked_ms = clock.now_ms()

    def stop(self) -> None:
        """Finish the chore under way and come home."""
        self._leave.set()

    async def run(self) -> None:
        """Do chores until `stop`."""
        while not self._leave.is_set():
            await self._publish()
            await self._tick()
            try:
                async with asyncio.timeout(PUBLISH_EVERY_S):
                    await self._leave.wait()
            except TimeoutError:
                pass
        await self._publish()

    async def _publish(self) -> None:
        head = self._scribe.head
        if head is None:
            return
        try:
            await asyncio.to_thread(self._publication.publish, head)
        except StoreAway as why:
            log.error("ledger not published cause=%r", why.cause)

    async def _tick(self) -> None:
        now_ms = self._clock.now_ms()
        if now_ms - self._ticked_ms < TICK_EVERY_MS:
            return
        self._ticked_ms = now_ms
        try:
            await self._scribe.tick()
        except StoreAway as why:
            log.error("ledger not ticked cause=%r", why.cause)
