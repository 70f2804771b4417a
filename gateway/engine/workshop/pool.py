"""A few confined processes of one kind, asked in the order of asking; whichever rests is next.

A process that ends is replaced at once; one that cannot even start is tried again a second later, for as long as it
takes. So a request costs at most one process, and a broken machine costs requests their time, not the gateway.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from gateway.engine.workshop import WorkshopAway, reading
from gateway.engine.workshop.frames import Frame
from gateway.engine.workshop.hall import Hall, Launched
from gateway.engine.workshop.orders import Ready
from gateway.engine.workshop.peer import Peer

log = logging.getLogger(__name__)
T = TypeVar("T")

BOOT_SECONDS = 30.0
RETRY_SECONDS = 1.0
PATIENCE_SECONDS = 120.0
"""How long a request waits for its turn. Behind a queue this long nothing is answered in time anyway."""
AWAY_SECONDS = 5.0
"""How long it waits where there is no process at all: long enough for a workshop that restarts."""


class Pool:
    """Runs `size` processes of `module`. `ready` is what the first of them said of its confinement."""

    def __init__(self, hall: Hall, module: str, *, size: int, seconds: float, arguments: tuple[str, ...] = ()) -> None:
        self._hall = hall
        self._module = module
        self._size = size
        self._seconds = seconds
        self._arguments = arguments
        self._resting: asyncio.Queue[Peer | None] = asyncio.Queue()
        self._peers: dict[Peer, int] = {}
        """And how often the hall had been lost when each was started."""
        self._is_closed = False
        self._told = ""
        self.ready: Ready | None = None

    async def start(self) -> None:
        """Returns when all are confined. Raises `WorkshopAway`."""
        try:
            await asyncio.gather(*[self._start_one() for _ in range(self._size)])
        except OSError as why:
            raise WorkshopAway(f"{self._module} cannot be started: {type(why).__name__}") from why

    async def ask(
        self,
        task: int,
        body: bytes,
        descriptors: tuple[int, ...] = (),
        *,
        read: Callable[[Frame], T],
    ) -> T:
        """Ask the next that rests; see `Peer.ask`. A caller that goes away leaves the process to finish in peace."""
        while True:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS if self._peers else AWAY_SECONDS):
                    peer = await self._resting.get()
            except TimeoutError:
                raise WorkshopAway(f"no process of {self._module} became free") from None
            if peer is None:
                self._resting.put_nowait(None)  # for whoever waits next
                raise WorkshopAway("the workshop is closed")
            if not peer.is_ended:
                async with self._hall.answers_for(self._peers.get(peer, -1)):
                    return await peer.ask(task, body, descriptors, read=read, seconds=self._seconds)

    @property
    def is_standing(self) -> bool:
        """Whether any process could be asked now."""
        return any(peer.is_ready and not peer.is_ended for peer in self._peers)

    async def close(self) -> None:
        """End all; returns when they are gone."""
        self._is_closed = True
        peers = tuple(self._peers)
        for peer in peers:
            peer.end("the workshop is closed")
        self._resting.put_nowait(None)
        if peers:
            await asyncio.wait([peer.gone for peer in peers])

    async def _start_one(self) -> Ready:
        return await self._adopt(await self._hall.launch(self._module, self._arguments))

    def _adopt(self, started: Launched) -> asyncio.Future[Ready]:
        peer = Peer(
            started.sock, started.pidfd, kill=self._hall.end, on_rest=self._resting.put_nowait, on_end=self._ended
        )
        self._peers[peer] = self._hall.losses
        peer.gone.add_done_callback(lambda gone: self._peers.pop(peer, None))
        return peer.expect(read=self._read_ready, seconds=BOOT_SECONDS)

    def _ended(self, peer: Peer, cause: str) -> None:
        if self._is_closed:
            return
        log.warning("process ended module=%s cause=%r", self._module, cause)
        asyncio.get_running_loop().call_later(0 if peer.is_ready else RETRY_SECONDS, self._replace)

    def _replace(self) -> None:
        if self._is_closed:
            return
        try:
            self._hall.launch(self._module, self._arguments).add_done_callback(self._replaced)
        except OSError as why:
            self._try_later(type(why).__name__)

    def _replaced(self, launched: asyncio.Future[Launched]) -> None:
        if launched.cancelled():
            return
        if why := launched.exception():
            self._try_later(why.cause if isinstance(why, WorkshopAway) else type(why).__name__)
            return
        self._adopt(launched.result()).add_done_callback(lambda waiter: waiter.exception())  # `_ended` has told already

    def _try_later(self, cause: str) -> None:
        if not self._is_closed:
            if cause != self._told:  # tried again each second, said once
                log.error("process cannot be started module=%s cause=%r", self._module, cause)
            self._told = cause
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self._replace)

    def _read_ready(self, frame: Frame) -> Ready:
        ready = reading.ready(frame)
        if self.ready is not None and ready != self.ready:
            raise ValueError("confined otherwise than its predecessors")
        self.ready, self._told = ready, ""
        return ready
