"""A budget of bytes: so many may be open at once, in the order of asking. One larger than everything goes alone."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Budget:
    """Not a semaphore only because amounts differ: a large one is not overtaken for ever by small ones."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._free = total
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def spend(self, amount: int) -> AsyncIterator[None]:
        """Wait until `amount` is free; hold it inside the block."""
        amount = min(amount, self._total)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, turn))
        self._grant()
        try:
            await turn
            yield
        finally:
            # A turn that was cancelled before it came took nothing; one that came is given back, whatever happened.
            if not turn.cancelled():
                self._free += amount
            self._grant()

    def _grant(self) -> None:
        while self._waiting:
            amount, turn = self._waiting[0]
            if not turn.cancelled():
                if amount > self._free:
                    return
                self._free -= amount
                turn.set_result(None)
            self._waiting.popleft()
