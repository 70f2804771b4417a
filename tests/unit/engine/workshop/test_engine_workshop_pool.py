"""Long-lived workers: what one of them does costs its own request only."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Any

import pytest

from gateway.engine.workshop import LimitMet, WorkshopAway, WorkshopFailed
from gateway.engine.workshop.hall import Hall
from gateway.engine.workshop.memory import Memory
from gateway.engine.workshop.pool import Pool
from gateway.errors import Unreadable

pytestmark = pytest.mark.slow
LARGE = bytes(range(256)) * 4 * 1024
ANSWER, LAST = 1, 2


def frame(serial: int, kind: int, body: bytes = b"") -> bytes:
    return struct.pack("!IB", serial, kind) + body


@pytest.mark.parametrize("content", [b"", b"small", b"x" * 60_000])
def test_a_worker_answers(run: Any, drilled_pool: Any, content: bytes) -> None:
    """The answer is what the task made of the content."""

    async def story() -> bytes:
        async with drilled_pool() as drill:
            return await drill("echo", content)

    assert content == run(story())


def test_large_content_goes_both_ways(run: Any, drilled_pool: Any) -> None:
    """A megabyte goes in as a descriptor and comes back as one."""

    async def story() -> bytes:
        async with drilled_pool() as drill:
            with Memory(LARGE) as memory:
                memory.seal()
                return await drill("echo", b"", (memory.descriptor,))

    assert LARGE == run(story())


def test_requests_are_answered_each_with_its_own(run: Any, drilled_pool: Any) -> None:
    """Many at once on two workers: nobody hears another's answer."""
    asked = [str(number).encode() for number in range(200)]

    async def story() -> list[bytes]:
        async with drilled_pool(size=2) as drill:
            return await asyncio.gather(*(drill("echo", one) for one in asked))

    assert asked == run(story())


@pytest.mark.parametrize(
    ("name", "content", "failure"),
    [
        ("crash", b"", WorkshopFailed),
        ("leave", b"", WorkshopFailed),
        ("blunder", b"", WorkshopFailed),
        ("hoard", b"", LimitMet),
        ("fill", b"", LimitMet),
        ("refuse", b"", Unreadable),
        ("say", b"", WorkshopFailed),
        ("say", b"\0", WorkshopFailed),
        ("say", frame(1, 99), WorkshopFailed),
        ("say", frame(0, 0), WorkshopFailed),
        ("say", frame(1, 0), WorkshopFailed),
        ("say", frame(7, ANSWER), WorkshopFailed),
        ("lend", frame(1, ANSWER), WorkshopFailed),
        ("litter", frame(1, ANSWER), WorkshopFailed),
        ("no such drill", b"", WorkshopFailed),
    ],
)
def test_misbehaviour_costs_one_request(drilled_pool: Any, name: str, content: bytes, failure: type[Exception]) -> None:
    """Crash, leave, hoard, fill, lie about frames or descriptors: this request fails, the next one is answered."""

    async def story() -> bytes:
        async with drilled_pool() as drill:
            with pytest.raises(failure):
                await drill(name, content)
            return await drill("echo", b"after")

    assert b"after" == asyncio.run(story())


@pytest.mark.parametrize("name", ["hang", "spin"])
def test_a_worker_that_does_not_answer_is_killed(run: Any, drilled_pool: Any, name: str) -> None:
    """Past the wall-clock limit the request fails, and another worker takes over."""

    async def story() -> bytes:
        async with drilled_pool(seconds=0.2) as drill:
            with pytest.raises(LimitMet):
                await drill(name)
            return await drill("echo", b"after")

    assert b"after" == run(story())


def test_an_answer_too_many_ends_the_worker(drilled_pool: Any) -> None:
    """What nobody asked for is not taken for the answer to the next question."""

    async def story() -> bytes:
        async with drilled_pool() as drill:
            await drill("say", frame(1, ANSWER, b"first"))
            with pytest.raises(WorkshopFailed):
                await drill("echo", b"lost with the worker")
            return await drill("echo", b"after")

    assert b"after" == asyncio.run(story())


def test_a_worker_that_retires_is_replaced(drilled_pool: Any) -> None:
    """Its last answer counts, and the next request is another's."""

    async def story() -> tuple[bytes, bytes]:
        async with drilled_pool() as drill:
            return await drill("say", frame(1, LAST, b"farewell")), await drill("echo", b"after")

    assert (b"farewell", b"after") == asyncio.run(story())


def test_a_failure_says_nothing_of_the_content(drilled_pool: Any) -> None:
    """An exception that quotes the content reaches us as its type alone."""

    async def story() -> str:
        async with drilled_pool() as drill:
            with pytest.raises(WorkshopFailed) as caught:
                await drill("blunder", b"CANARY")
            return caught.value.cause

    assert "failed: KeyError" == asyncio.run(story())


def test_a_caller_that_goes_away_leaves_the_pool_usable(run: Any, drilled_pool: Any) -> None:
    """Cancelled while waiting for a turn or for the answer: the others are answered, by the same worker."""

    async def story() -> list[bytes]:
        async with drilled_pool() as drill:
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(drill("echo", bytes([number]))) for number in range(4)]
                await asyncio.sleep(0)
                asked[0].cancel()
                asked[2].cancel()
            assert [True, False, True, False] == [one.cancelled() for one in asked]
            return [asked[1].result(), asked[3].result(), await drill("echo", b"after")]

    assert [b"\1", b"\3", b"after"] == run(story())


def test_nobody_waits_for_a_closed_pool(drilled_pool: Any) -> None:
    """Whoever asks after the end is told so."""

    async def story() -> None:
        async with drilled_pool() as drill:
            pass
        with pytest.raises(WorkshopAway):
            await drill("echo")

    asyncio.run(story())


def test_a_process_that_cannot_start_is_told() -> None:
    """A module that is not there fails the start, not the first request."""

    async def story() -> None:
        hall = Hall()
        pool = Pool(hall, "gateway.engine.workshop.not_there", size=1, seconds=1)
        with pytest.raises(WorkshopFailed):
            await pool.start()
        await pool.close()
        await hall.close()

    asyncio.run(story())


def test_descriptors_do_not_leak(run: Any, drilled_pool: Any, open_descriptors: Callable[[], int]) -> None:
    """Fifty requests, small, large, refused and hostile, leave as many descriptors as before."""

    async def story() -> tuple[int, int]:
        async with drilled_pool(size=1) as drill:
            before = open_descriptors()
            for _ in range(15):
                with Memory(LARGE) as memory:
                    memory.seal()
                    await drill("echo", b"", (memory.descriptor,))
                await drill("echo", b"small")
                with pytest.raises(Unreadable):
                    await drill("refuse")
            for name in ("lend", "litter", "crash", "blunder", "leave"):
                with pytest.raises(WorkshopFailed):
                    await drill(name, frame(1, ANSWER))
                await drill("echo", b"on a new worker")
            return before, open_descriptors()

    before, after = run(story())

    assert before == after
