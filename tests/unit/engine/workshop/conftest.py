"""A pool and a forge of real processes that may be told to misbehave."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
import uvloop

from gateway.engine.workshop.forge import Forge
from gateway.engine.workshop.frames import Task
from gateway.engine.workshop.hall import Hall
from gateway.engine.workshop.orders import DrillOrder, encode
from gateway.engine.workshop.pool import Pool
from gateway.engine.workshop.reading import whole

Drill = Callable[..., Coroutine[Any, Any, bytes]]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Any:
    """Runs a coroutine to its end on a fresh loop of either kind."""

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(work)

    return run


@pytest.fixture
def drilled_pool() -> Callable[..., AbstractAsyncContextManager[Drill]]:
    """A pool, as a function that sends one drill to it."""

    @asynccontextmanager
    async def started(*, size: int = 1, seconds: float = 20.0) -> AsyncIterator[Drill]:
        hall = Hall()
        pool = Pool(hall, "gateway.engine.workshop.worker_main", size=size, seconds=seconds, arguments=("drills",))

        async def drill(name: str, content: bytes = b"", descriptors: tuple[int, ...] = ()) -> bytes:
            order = encode(DrillOrder(name=name, content=content))
            return await pool.ask(Task.DRILL, order, descriptors, read=lambda frame: whole(frame)[:])

        try:
            await pool.start()
            yield drill
        finally:
            await pool.close()
            await hall.close()

    return started


@pytest.fixture
def drilled_forge() -> Callable[..., AbstractAsyncContextManager[Drill]]:
    """A forge, as a function that sends one drill to a child of it."""

    @asynccontextmanager
    async def started(*, seconds: float = 40.0) -> AsyncIterator[Drill]:
        hall = Hall()
        forge = Forge(hall, seconds=seconds, arguments=("drills",))

        async def drill(name: str, content: bytes = b"") -> bytes:
            order = encode(DrillOrder(name=name, content=content))
            return await forge.work(Task.DRILL, order, (), read=lambda frame: whole(frame)[:])

        try:
            await forge.start()
            yield drill
        finally:
            await forge.close()
            await hall.close()

    return started


@pytest.fixture
def open_descriptors() -> Callable[[], int]:
    """How many this process has."""

    def count() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    return count
