"""Who waits for whom. The order of events is asserted, never a time."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable

import pytest

from gateway.engine import precedence
from gateway.engine.precedence import AT_ONCE, Precedence


async def turns(count: int = 5) -> None:
    """Let the loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
def at_leisure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing lapses while a test looks."""
    for name in ("PROMISE_S", "URGENT_S", "PATIENCE_S"):
        monkeypatch.setattr(precedence, name, 3_600.0)


@pytest.fixture
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything lapses at once."""
    for name in ("PROMISE_S", "URGENT_S", "PATIENCE_S"):
        monkeypatch.setattr(precedence, name, 0.0)


def on_a_loop(story: Callable[[asyncio.TaskGroup], Awaitable[None]]) -> Callable[[], None]:
    """The test on a loop of its own, with tasks that end with it."""

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            await story(tasks)

    @functools.wraps(story)
    def run() -> None:
        asyncio.run(main())

    del run.__wrapped__  # pytest would ask for a fixture named `tasks`
    return run


@pytest.mark.usefixtures("at_leisure")
@on_a_loop
async def test_voyages_step_aside_for_an_acceptance(tasks: asyncio.TaskGroup) -> None:
    """While a client waits no voyage goes on; when it has its answer all do, in the order they came."""
    order: list[str] = []
    first = Precedence()

    async def voyage(name: str) -> None:
        await first.give_way()
        order.append(name)

    with first.accepting():
        voyages = [tasks.create_task(voyage(name)) for name in ("one", "two")]
        await turns()
        order.append("answered")
    await asyncio.gather(*voyages)

    assert ["answered", "one", "two"] == order


@pytest.mark.usefixtures("in_haste")
@on_a_loop
async def test_a_long_acceptance_does_not_stop_the_voyages(tasks: asyncio.TaskGroup) -> None:
    """What takes long to accept loses its precedence, and its place: others come in and go on."""
    first = Precedence()

    with first.accepting():
        await first.give_way()
        for _ in range(2 * AT_ONCE):
            await first.admit()


@pytest.mark.usefixtures("at_leisure")
@on_a_loop
async def test_senders_wait_before_their_message(tasks: asyncio.TaskGroup) -> None:
    """No more are told to go ahead than are answered at once; each answer lets one more in."""
    first = Precedence()
    admitted: list[int] = []

    async def sender(number: int) -> None:
        await first.admit()
        admitted.append(number)

    senders = [tasks.create_task(sender(number)) for number in range(AT_ONCE + 2)]
    await turns()
    assert list(range(AT_ONCE)) == admitted

    with first.accepting():
        await turns()
        assert list(range(AT_ONCE)) == admitted  # the message that came takes the place that was kept for it
    await turns()

    assert list(range(AT_ONCE + 1)) == admitted
    senders[-1].cancel()


@pytest.mark.usefixtures("at_leisure")
@on_a_loop
async def test_a_sender_that_leaves_takes_no_place_with_it(tasks: asyncio.TaskGroup) -> None:
    """Of two that wait the first goes away: the second comes in."""
    first = Precedence()
    for _ in range(AT_ONCE):
        await first.admit()
    leaves, stays = tasks.create_task(first.admit()), tasks.create_task(first.admit())
    await turns()
    leaves.cancel()

    with first.accepting():
        pass

    await stays


@pytest.mark.usefixtures("in_haste")
@on_a_loop
async def test_a_sender_that_leaves_when_it_is_called_gives_its_place_back(tasks: asyncio.TaskGroup) -> None:
    """Nothing comes for the place that was kept: it lapses."""
    first = Precedence()
    places = [tasks.create_task(first.admit()) for _ in range(3 * AT_ONCE)]
    places[AT_ONCE].add_done_callback(lambda place: places[AT_ONCE + 1].cancel())

    await places[-1]


@pytest.mark.usefixtures("at_leisure")
@on_a_loop
async def test_a_voyage_that_is_cancelled_holds_up_nobody(tasks: asyncio.TaskGroup) -> None:
    """The step after it has its turn."""
    first = Precedence()
    with first.accepting():
        gone, goes_on = tasks.create_task(first.give_way()), tasks.create_task(first.give_way())
        await turns()
        gone.cancel()
        await turns()

    await goes_on


@on_a_loop
async def test_what_can_wait_waits_for_a_lull(tasks: asyncio.TaskGroup) -> None:
    """After a file has come there is none for a moment; mail is nothing to it, and nobody waits for ever."""
    first = Precedence()
    with first.accepting():
        pass
    await first.lull()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(precedence, "LULL_S", 3_600.0)
        with first.accepting(is_file=True):
            pass
        waits = tasks.create_task(first.lull())
        await turns()
        assert not waits.done()
        waits.cancel()
        patch.setattr(precedence, "LULL_PATIENCE_S", 0.0)
        await first.lull()


@on_a_loop
async def test_it_is_quiet_when_nobody_is_or_has_just_been_at_a_door(tasks: asyncio.TaskGroup) -> None:
    """Neither a sender that was told to go ahead, nor one that waits for its answer, nor the moment after is quiet."""
    first = Precedence()
    assert first.is_quiet

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(precedence, "QUIET_S", 0.0)
        await first.admit()
        assert not first.is_quiet
        with first.accepting():
            assert not first.is_quiet
        assert first.is_quiet
        patch.setattr(precedence, "QUIET_S", 3_600.0)
        assert not first.is_quiet
