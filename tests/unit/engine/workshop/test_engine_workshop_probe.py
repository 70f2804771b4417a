"""The walls, tried from inside real processes."""

from __future__ import annotations

import asyncio

import pytest

from gateway.engine.workshop.forge import Forge
from gateway.engine.workshop.hall import Hall
from gateway.engine.workshop.orders import Ready
from gateway.engine.workshop.pool import Pool
from gateway.engine.workshop.probe import EVERYTHING

pytestmark = pytest.mark.slow


def of_pool(*arguments: str) -> Ready:
    async def ask() -> Ready:
        hall = Hall()
        pool = Pool(hall, "gateway.engine.workshop.worker_main", size=1, seconds=5, arguments=arguments)
        try:
            await pool.start()
            assert pool.ready is not None
            return pool.ready
        finally:
            await pool.close()
            await hall.close()

    return asyncio.run(ask())


def of_forge(*arguments: str) -> Ready:
    async def ask() -> Ready:
        hall = Hall()
        forge = Forge(hall, arguments=arguments)
        try:
            await forge.start()
            return forge.probed
        finally:
            await forge.close()
            await hall.close()

    return asyncio.run(ask())


@pytest.mark.parametrize("process", [of_pool, of_forge])
def test_a_confined_process_can_do_nothing_it_tries(process: object) -> None:
    """Read, write, connect three ways, fork, signal, trace, execute, hoard: all denied on this machine."""
    ready = process()  # type: ignore[operator]

    assert EVERYTHING == ready.denied
    assert "seccomp" in ready.mechanisms


@pytest.mark.parametrize("process", [of_pool, of_forge])
def test_the_probe_sees_a_missing_wall(process: object) -> None:
    """With limits and another uid alone a file can be read and the network reached, and the probe says so."""
    ready = process("limits")  # type: ignore[operator]

    assert {"read", "tcp", "udp", "unix"}.isdisjoint(ready.denied)
    assert "seccomp" not in ready.mechanisms
