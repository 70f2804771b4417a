"""Who goes first on the gateway's one loop: the client that waits for its `250`, then the voyages.

A sender that has sent its last byte and has no answer yet is the one moment in which a cut connection makes a
duplicate, so it is kept short (RFC 1047). Voyages step aside while an acceptance is under way, one step a turn of the
loop. And no more senders are told to go ahead than can be answered at once: under load they wait before their message,
where waiting costs nothing, not behind it.

All of it lapses: a slow sender keeps its place, and a large message its precedence, for a moment only. So nobody can
hold up the others, and what was accepted leaves too. No promise rests on this, only how soon it is kept.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

AT_ONCE = 2
"""Messages on their way in at once: one on this loop, one with the scribe. More would only wait for each other."""
PROMISE_S = 0.02
"""How long a sender that was told to go ahead keeps its place while its message is still coming."""
URGENT_S = 0.1
"""How long an acceptance keeps its place, and the voyages waiting."""
PATIENCE_S = 0.05
"""How long a voyage's step waits for acceptances, however many come."""
QUIET_S = 0.05
"""Nobody has come to a door for this long: it is quiet."""
LULL_S, LULL_PATIENCE_S = 0.1, 1.0
"""Without a file for this long there is a lull; and how long what can wait waits for one."""


class Precedence:
    """Lives on one loop."""

    def __init__(self) -> None:
        self._promised: deque[_Place] = deque()
        self._accepting = 0
        self._senders: deque[asyncio.Future[None]] = deque()
        self._steps: deque[tuple[asyncio.Future[None], float]] = deque()
        self._turn: asyncio.Handle | None = None
        self._last_file = self._last_accepted = -math.inf

    async def admit(self) -> None:
        """Returns when one more message can be answered soon."""
        if self._is_full:
            call: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._senders.append(call)
            await call  # by then the place is promised; if the sender has gone, the promise lapses
        else:
            self._promise()

    @contextmanager
    def accepting(self, *, is_file: bool = False) -> Iterator[None]:
        """A client waits for its answer inside."""
        self._accepting += 1
        if is_file:
            self._last_file = asyncio.get_running_loop().time()
        place = _Place(URGENT_S, self._accepted)
        if self._promised:
            self._promised[0].leave()
        try:
            yield
        finally:
            place.leave()

    async def give_way(self) -> None:
        """Returns when it is the turn of this voyage's next step."""
        loop = asyncio.get_running_loop()
        step: asyncio.Future[None] = loop.create_future()
        self._steps.append((step, loop.time() + PATIENCE_S))
        self._plan()
        await step

    async def lull(self) -> None:
        """Returns when no file has come for a moment, or when that takes too long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LULL_PATIENCE_S
        while loop.time() < min(until, self._last_file + LULL_S):
            await asyncio.sleep(LULL_S / 4)

    @property
    def is_quiet(self) -> bool:
        """True when nobody waits at a door, and nobody has for a moment."""
        is_waiting = bool(self._accepting or self._promised or self._senders)
        return not is_waiting and asyncio.get_running_loop().time() >= self._last_accepted + QUIET_S

    @property
    def _is_full(self) -> bool:
        return self._accepting + len(self._promised) >= AT_ONCE

    def _promise(self) -> None:
        self._promised.append(_Place(PROMISE_S, self._promise_ended))

    def _promise_ended(self) -> None:
        self._promised.popleft()  # all last equally long: the first one made is the first to end
        self._call_sender()

    def _accepted(self) -> None:
        self._accepting -= 1
        self._last_accepted = asyncio.get_running_loop().time()
        self._call_sender()
        self._plan()

    def _call_sender(self) -> None:
        while self._senders and not self._is_full:
            call = self._senders.popleft()
            if not call.done():
                self._promise()
                call.set_result(None)

    def _plan(self) -> None:
        """The next step is due in the next turn of the loop, after what has arrived by then; or when it has waited."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        if not self._steps:
            return
        loop = asyncio.get_running_loop()
        patience_s = self._steps[0][1] - loop.time() if self._accepting else 0
        self._turn = loop.call_later(patience_s, self._step) if patience_s > 0 else loop.call_soon(self._step)

    def _step(self) -> None:
        self._turn = None
        while self._steps:
            step, _ = self._steps.popleft()
            if not step.done():
                step.set_result(None)
                break
        self._plan()


class _Place:
    """Something held until it is left or time is up, whichever is first."""

    __slots__ = ("_on_end", "_timer")

    def __init__(self, seconds: float, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._timer: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(seconds, self.leave)

    def leave(self) -> None:
        """Harmless when it is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._on_end()
