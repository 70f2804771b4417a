"""The guard at the sign-in: guessing grows slow, hashing stays bounded, nothing tells who exists."""

from __future__ import annotations

import asyncio

from gateway.doors.guard import Denied, Guard, Penalties, network_of

RULES = Penalties(free=2, first_seconds=10, longest_seconds=40, sources=3)


class Stage:
    """A guard, a clock that jumps, and a check that counts."""

    def __init__(self, **changes: int) -> None:
        self.at = 1_000.0
        self.checks = 0
        self.guard = Guard(now=lambda: self.at, penalties=RULES, **changes)

    async def _check(self, found: str | None) -> str | None:
        self.checks += 1
        await asyncio.sleep(0)  # as a real check does, so that others come to stand behind it
        return found

    async def tries(self, found: str | None = None, source: str = "192.0.2.1") -> str | Denied:
        return await self.guard.attempt(source, lambda: self._check(found))


def test_each_wrong_password_makes_the_next_wait_longer() -> None:
    """Two are free, then 10, 20, 40 and 40 seconds; nothing is checked while the source must wait."""

    async def story() -> None:
        stage = Stage()
        assert [Denied.WRONG, Denied.WRONG] == [await stage.tries(), await stage.tries()]
        for wait in (10, 20, 40, 40):
            assert wait == stage.guard.must_wait("192.0.2.1")
            before = stage.checks
            assert Denied.LATER == await stage.tries("ann")
            assert before == stage.checks
            stage.at += wait
            assert Denied.WRONG == await stage.tries()

    asyncio.run(story())


def test_the_right_password_clears_the_source() -> None:
    """Who gets in starts anew."""

    async def story() -> None:
        stage = Stage()
        await stage.tries()
        assert "ann" == await stage.tries("ann")
        await stage.tries()
        assert 0 == stage.guard.must_wait("192.0.2.1")

    asyncio.run(story())


def test_one_source_does_not_slow_another() -> None:
    """Nobody can lock out a colleague; an IPv6 customer is one source, however many addresses they have."""

    async def story() -> None:
        stage = Stage()
        for last in range(2):
            await stage.tries(source=f"2001:db8::{last}")
        assert Denied.LATER == await stage.tries(source="2001:db8::ffff")
        assert Denied.WRONG == await stage.tries(source="2001:db8:0:1::1")

    asyncio.run(story())


def test_the_table_of_sources_is_bounded() -> None:
    """The oldest is forgotten first."""

    async def story() -> None:
        stage = Stage()
        for last in (1, 1, 2, 3, 4):
            await stage.tries(source=f"192.0.2.{last}")
        assert 0 == stage.guard.must_wait("192.0.2.1")

    asyncio.run(story())


def test_hashing_has_two_slots_and_a_short_queue() -> None:
    """Two are checked at a time, one waits, the fourth is told to come later."""

    async def story() -> None:
        stage = Stage(slots=2, queue=1)
        gate, running = asyncio.Event(), 0

        async def slow() -> str:
            nonlocal running
            running += 1
            await gate.wait()
            return "ann"

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(stage.guard.attempt(f"192.0.2.{n}", slow)) for n in range(4)]
            while not tasks[3].done():
                await asyncio.sleep(0)
            assert 2 == running
            gate.set()
        assert ["ann", "ann", "ann", Denied.LATER] == [task.result() for task in tasks]

    asyncio.run(story())


def test_guesses_side_by_side_are_still_counted() -> None:
    """Sending many at once is no way round the wait: those behind see that those before were wrong."""

    async def story() -> None:
        stage = Stage(slots=1, queue=10)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(stage.tries()) for _ in range(6)]
        assert [Denied.WRONG] * 2 + [Denied.LATER] * 4 == [task.result() for task in tasks]
        assert 2 == stage.checks

    asyncio.run(story())


def test_sources_are_networks() -> None:
    """A mapped IPv4 address is that address; what is no address is itself."""
    assert "192.0.2.1" == network_of("::ffff:192.0.2.1")
    assert "2001:db8::/64" == network_of("2001:db8::1")
    assert "fe80::/64" == network_of("fe80::1%eth0")
    assert "local" == network_of("local")
