"""The gateway's side of the throw-away bench: one process a document, a few at once, within a budget of bytes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TypeVar

from gateway.engine.workshop import WorkshopAway, WorkshopFailed, frames, reading
from gateway.engine.workshop.budget import Budget
from gateway.engine.workshop.frames import Frame, Task
from gateway.engine.workshop.hall import Hall
from gateway.engine.workshop.memory import Memory
from gateway.engine.workshop.orders import Ready
from gateway.engine.workshop.peer import Peer
from gateway.engine.workshop.pool import Pool

T = TypeVar("T")

CHILDREN = 2
OPEN_BYTES = 64 * 1024 * 1024
WALL_SECONDS = 40.0
_FORK_SECONDS = 10.0


class Forge:
    """Runs the forge and talks to its children. `probed` is what a child said of its confinement."""

    def __init__(
        self,
        hall: Hall,
        *,
        seconds: float = WALL_SECONDS,
        open_bytes: int = OPEN_BYTES,
        arguments: tuple[str, ...] = (),
    ) -> None:
        self._hall = hall
        self._seconds = seconds
        self._pool = Pool(
            hall, "gateway.engine.workshop.forge_main", size=1, seconds=_FORK_SECONDS, arguments=arguments
        )
        self._slots = asyncio.Semaphore(CHILDREN)
        self._budget = Budget(open_bytes)
        self._children: set[Peer] = set()
        self.probed = Ready(mechanisms=(), denied=())

    async def start(self) -> None:
        """Returns when a child has tried what it must not do. Raises `WorkshopFailed`."""
        await self._pool.start()
        self.probed = await self.work(Task.PROBE, b"", (), read=reading.ready)

    async def work(self, task: int, body: bytes, memories: tuple[Memory, ...], *, read: Callable[[Frame], T]) -> T:
        """One order to one throw-away process; see `Peer.ask`. Cancelled, it is killed."""
        for memory in memories:
            memory.seal()
        async with self._slots, self._budget.spend(sum(memory.size for memory in memories)):
            started = self._hall.losses
            child = await self._fork()
            try:
                descriptors = tuple(memory.descriptor for memory in memories)
                async with self._hall.answers_for(started):
                    return await child.ask(task, body, descriptors, read=read, seconds=self._seconds)
            finally:
                child.end("has answered")

    @property
    def is_standing(self) -> bool:
        """Whether a document could be opened now."""
        return self._pool.is_standing

    async def close(self) -> None:
        """End all; returns when they are gone."""
        await self._pool.close()
        children = tuple(self._children)
        for child in children:
            child.end("the workshop is closed")
        if children:
            await asyncio.wait([child.gone for child in children])

    async def _fork(self) -> Peer:
        ours, theirs = frames.pair()
        ours.setblocking(False)
        handles: list[int] = []
        try:
            with theirs:
                await self._pool.ask(
                    Task.FORK, b"", (theirs.fileno(),), read=lambda frame: handles.append(reading.handle(frame))
                )
        except BaseException as why:
            ours.close()  # a child that gets no order ends
            for handle in handles:  # cancelled when it was already there
                os.close(handle)
            if isinstance(why, WorkshopFailed):
                raise WorkshopAway(why.cause) from why
            raise
        child = Peer(ours, handles[0], kill=self._hall.end)
        self._children.add(child)
        child.gone.add_done_callback(lambda gone: self._children.discard(child))
        return child
