"""So many bytes at once, in the order of asking."""

from __future__ import annotations

import asyncio

from gateway.engine.workshop.budget import Budget


class Holder:
    """Holds an amount until told to let go."""

    def __init__(self, budget: Budget, amount: int, group: asyncio.TaskGroup) -> None:
        self.has_it = False
        self._leave = asyncio.Event()
        self.task = group.create_task(self._hold(budget, amount))

    async def _hold(self, budget: Budget, amount: int) -> None:
        async with budget.spend(amount):
            self.has_it = True
            await self._leave.wait()
        self.has_it = False

    def leave(self) -> None:
        self._leave.set()


async def settled(*holders: Holder) -> list[bool]:
    for _ in range(10):
        await asyncio.sleep(0)
    return [holder.has_it for holder in holders]


def test_what_fits_goes_at_once_and_the_rest_waits() -> None:
    """Ten bytes hold six and four; the next one goes when enough is free again."""

    async def story() -> None:
        budget = Budget(10)
        async with asyncio.TaskGroup() as group:
            six, four, five = (Holder(budget, amount, group) for amount in (6, 4, 5))
            assert [True, True, False] == await settled(six, four, five)
            four.leave()
            assert [True, False, False] == await settled(six, four, five)
            six.leave()
            assert [False, False, True] == await settled(six, four, five)
            five.leave()

    asyncio.run(story())


def test_a_small_one_does_not_overtake_a_large_one() -> None:
    """Else a large document might wait for ever."""

    async def story() -> None:
        budget = Budget(10)
        async with asyncio.TaskGroup() as group:
            first, large, small = (Holder(budget, amount, group) for amount in (6, 8, 1))
            assert [True, False, False] == await settled(first, large, small)
            for holder in (first, large, small):
                holder.leave()

    asyncio.run(story())


def test_one_larger_than_everything_goes_alone() -> None:
    """It takes the whole budget, and does not wait for what can never be free."""

    async def story() -> None:
        budget = Budget(10)
        async with asyncio.TaskGroup() as group:
            giant, small = Holder(budget, 50, group), Holder(budget, 1, group)
            assert [True, False] == await settled(giant, small)
            giant.leave()
            assert [False, True] == await settled(giant, small)
            small.leave()

    asyncio.run(story())


def test_who_goes_away_frees_the_way() -> None:
    """Cancelled while waiting it takes nothing; cancelled while holding it gives back."""

    async def story() -> None:
        budget = Budget(10)
        async with asyncio.TaskGroup() as group:
            first, waiting, last = (Holder(budget, amount, group) for amount in (6, 8, 10))
            await settled(first)
            waiting.task.cancel()
            first.task.cancel()
            assert [True] == await settled(last)
            last.leave()

    asyncio.run(story())


def test_cancelled_at_the_very_moment_of_its_turn_nothing_is_lost() -> None:
    """A turn that came and was never used is given back."""

    async def story() -> None:
        budget = Budget(10)
        async with asyncio.TaskGroup() as group:
            first, waiting, last = (Holder(budget, 10, group) for _ in range(3))
            await settled(first)
            first.leave()
            await asyncio.sleep(0)  # `first` leaves and grants `waiting` its turn
            waiting.task.cancel()
            assert [True] == await settled(last)
            last.leave()

    asyncio.run(story())
