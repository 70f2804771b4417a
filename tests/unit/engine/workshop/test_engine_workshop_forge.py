"""Throw-away processes: one a document, each dead with its answer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.engine.workshop import LimitMet, WorkshopFailed
from gateway.errors import Unreadable

pytestmark = pytest.mark.slow


def children() -> set[int]:
    """Processes of ours, and theirs."""
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            if parent == os.getpid() or parent in found:
                found.add(int(entry.name))
    return found


def test_a_child_answers(run: Any, drilled_forge: Any) -> None:
    """Each order goes to a process of its own."""

    async def story() -> list[bytes]:
        async with drilled_forge() as drill:
            return await asyncio.gather(*(drill("echo", bytes([number])) for number in range(8)))

    assert [bytes([number]) for number in range(8)] == run(story())


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("crash", WorkshopFailed),
        ("leave", WorkshopFailed),
        ("blunder", WorkshopFailed),
        ("hoard", LimitMet),
        ("fill", LimitMet),
        ("lend", WorkshopFailed),
        ("litter", WorkshopFailed),
        ("refuse", Unreadable),
    ],
)
def test_misbehaviour_costs_one_document(drilled_forge: Any, name: str, failure: type[Exception]) -> None:
    """Crash, bomb, full file, lies: this document fails, the next one is answered by the same forge."""

    async def story() -> bytes:
        async with drilled_forge() as drill:
            with pytest.raises(failure):
                await drill(name, b"\0\0\0\1\1")
            return await drill("echo", b"after")

    assert b"after" == asyncio.run(story())


def test_a_child_that_does_not_answer_is_killed(run: Any, drilled_forge: Any) -> None:
    """Past the wall-clock limit two hanging children are killed and their places are free again."""

    async def story() -> bytes:
        async with drilled_forge(seconds=0.3) as drill:
            for end in await asyncio.gather(*(drill("hang") for _ in range(4)), return_exceptions=True):
                assert isinstance(end, LimitMet)
            return await drill("echo", b"after")

    assert b"after" == run(story())


def test_a_cancelled_order_frees_its_place(run: Any, drilled_forge: Any) -> None:
    """Who goes away takes the child along; with all places taken before, the next order is answered."""

    async def story() -> bytes:
        async with drilled_forge() as drill:
            async with asyncio.TaskGroup() as group:
                hanging = [group.create_task(drill("hang")) for _ in range(3)]
                for _ in range(20):
                    await asyncio.sleep(0)
                for one in hanging:
                    one.cancel()
            return await drill("echo", b"after")

    assert b"after" == run(story())


def test_nothing_is_left_behind(run: Any, drilled_forge: Any, open_descriptors: Callable[[], int]) -> None:
    """After fifty documents and the end there are as many descriptors as before, and no process."""
    processes = children()

    async def story() -> tuple[int, int]:
        before = open_descriptors()
        async with drilled_forge() as drill:
            for _ in range(16):
                await drill("echo", b"small")
                with pytest.raises(Unreadable):
                    await drill("refuse")
                with pytest.raises(WorkshopFailed):
                    await drill("crash")
        return before, open_descriptors()

    before, after = run(story())

    assert before == after
    assert processes == children()
