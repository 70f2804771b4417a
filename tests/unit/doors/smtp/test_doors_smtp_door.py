"""The mail door shows out whoever must not be inside any more; what they had handed in is the engine's."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from tests.unit.doors.smtp_world import ANN, FakeReception, world

HEADER = b"From: a.novak@town.example\r\n\r\n"


def run(story: Coroutine[Any, Any, None]) -> None:
    async def timed() -> None:
        async with asyncio.timeout(20):
            await story

    asyncio.run(timed())


def barred(person: str, key: str) -> bool:
    return person == ANN.person


def test_who_waits_is_told_and_left() -> None:
    """421, and the line is closed."""

    async def story() -> None:
        async with world() as w:
            c = await w.signed_in()
            w.door.show_out(barred)
            assert (await c.reply()).startswith("421 ")
            assert await c.rest() == ""

    run(story())


def test_who_is_amid_a_message_leaves_nothing() -> None:
    """What was not handed in whole is dropped."""

    async def story() -> None:
        async with world() as w:
            c = await w.ready_for_data()
            await c.send(HEADER + b"half")
            w.door.show_out(barred)
            assert await c.rest() == ""
            assert ([True], []) == ([one.is_dropped for one in w.reception.deposits], w.reception.kept)

    run(story())


def test_what_was_handed_in_whole_is_kept_though_nobody_hears_it() -> None:
    """Its commit is the engine's: it is judged like any other, and waits."""

    async def story() -> None:
        async with world(FakeReception(gate=asyncio.Event())) as w:
            c = await w.ready_for_data()
            await c.send(HEADER + b".\r\n")
            await w.reception.accepting.wait()
            w.door.show_out(barred)
            assert await c.rest() == ""
            assert w.reception.gate is not None
            w.reception.gate.set()
            await w.reception.done.wait()
            assert 1 == len(w.reception.kept)

    run(story())


def test_others_stay() -> None:
    """Somebody else, and who has not signed in, hear nothing of it."""

    async def story() -> None:
        async with world() as w:
            inside, stranger = await w.signed_in(), await w.client()
            await stranger.reply()
            w.door.show_out(lambda person, key: person == "somebody@else.example")
            assert "250 2.0.0 Fine." == await inside.say("NOOP")
            assert "250 2.0.0 Fine." == await stranger.say("NOOP")

    run(story())
