"""The scribe's process does what else only the one who writes can do: beside appends, one task at a time."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.engine.entries import Write
from gateway.engine.scribing import DistantScribe, ScribeEnd, Tasks
from gateway.errors import Failure, Ours, StoreAway
from gateway.facts import Consulted
from tests.audited import Past, laid_out, writing


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return laid_out(tmp_path_factory.mktemp("scribing") / "office")


@asynccontextmanager
async def distant(folder: Path, tasks: Tasks) -> AsyncIterator[DistantScribe]:
    """A gateway's end, of a scribe that has these tasks; closed when it ends."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    def serve() -> None:
        with theirs, writing(folder, is_published=False) as pen:
            end = ScribeEnd(theirs, pen.scribe, tasks)
            end.greet()
            end.serve()

    serving = threading.Thread(target=serve)
    serving.start()
    fatal: list[Failure] = []
    scribe = DistantScribe(reissue=lambda stream: (0, ()), on_fatal=fatal.append)
    await scribe.connect(ours)
    try:
        yield scribe
    finally:
        await scribe.close()
        await asyncio.to_thread(serving.join)
    assert [] == fatal


def question(number: int) -> Write:
    fact = Consulted(by="operator:x", question=f"question {number}", why="", size=1)
    return Write(stream="consulted/2026-11-21", facts=(fact,))


def test_a_task_is_given_and_says_bytes(past: Past) -> None:
    """What they mean is its own affair."""

    async def story() -> None:
        async with distant(past.folder, {"turn": lambda given: given[::-1]}) as scribe:
            assert b"cba" == await scribe.task("turn", b"abc")

    asyncio.run(story())


def test_appends_go_on_beside_a_long_task(past: Past) -> None:
    """Who waits at a door does not wait for it."""
    may_end = threading.Event()

    async def story() -> None:
        async with distant(past.folder, {"long": lambda given: bytes([may_end.wait(20)])}) as scribe:
            async with asyncio.TaskGroup() as tasks:
                task = tasks.create_task(scribe.task("long", b""))
                (receipt,) = await scribe.append(question(1))
                is_done_before = task.done()
                may_end.set()
            assert (1, False, b"\x01") == (len(receipt.indexes), is_done_before, task.result())

    asyncio.run(story())


def test_what_keeps_a_task_from_its_end_is_told_by_kind(past: Past) -> None:
    """A failure of ours is the same one here; a bug in a task ends neither the scribe nor the gateway."""

    def is_away(given: bytes) -> bytes:
        raise StoreAway("somebody reads")

    def is_wrong(given: bytes) -> bytes:
        raise ZeroDivisionError

    async def story() -> None:
        async with distant(past.folder, {"away": is_away, "wrong": is_wrong}) as scribe:
            with pytest.raises(StoreAway, match="somebody reads"):
                await scribe.task("away", b"")
            for name in ("wrong", "unheard-of"):
                with pytest.raises(Ours):
                    await scribe.task(name, b"")
            assert await scribe.append(question(2))

    asyncio.run(story())
