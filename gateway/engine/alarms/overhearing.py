"""A `Writer` whose facts the watch hears: once they are durable, and without holding anybody up.

What is heard waits in a bounded line for the watch's next turn. Should that ever be full, the oldest goes: an alarm may
then be missed, a message never.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.engine.clock import Clock
from gateway.engine.entries import Write
from gateway.engine.writing import PassedOn, Writer
from gateway.facts import Collected, Declined, Fact, Judged, Receipt, Received

MOST_HEARD = 50_000


@dataclass(frozen=True, slots=True)
class Heard:
    """Facts that were written together to one stream."""

    stream: str
    facts: tuple[Fact, ...]
    at_ms: int


@dataclass(frozen=True, slots=True)
class Tried:
    """Somebody tried to sign in."""

    who: str
    is_right: bool
    at_ms: int


@dataclass(slots=True, kw_only=True)
class Ear:
    """What was heard since the watch last looked. Lives on one loop."""

    clock: Clock
    is_listening: bool = False
    """False where no watch is kept: then nothing gathers."""
    _heard: deque[Heard | Tried] = field(default_factory=lambda: deque(maxlen=MOST_HEARD))

    def written(self, writes: Iterable[Write]) -> None:
        """These are durable."""
        if self.is_listening:
            at_ms = self.clock.now_ms()
            self._heard.extend(Heard(one.stream, one.facts, at_ms) for one in writes if any(map(_says_much, one.facts)))

    def tried(self, who: str, is_right: bool) -> None:
        """Somebody tried to sign in. Satisfies `signing_in.Attempted`."""
        if self.is_listening:
            self._heard.append(Tried(who.lower(), is_right, self.clock.now_ms()))

    def take(self, most: int) -> list[Heard | Tried]:
        """The oldest of what was heard."""
        return [self._heard.popleft() for _ in range(min(most, len(self._heard)))]


class OverheardWriter(PassedOn):
    """A `Writer` whose facts an ear hears."""

    def __init__(self, writer: Writer, ear: Ear) -> None:
        super().__init__(writer)
        self._ear = ear

    async def append(self, *writes: Write) -> tuple[Receipt, ...]:
        """See `Writer.append`."""
        receipts = await super().append(*writes)
        self._ear.written(writes)
        return receipts


def _says_much(fact: Fact) -> bool:
    return isinstance(fact, Received | Judged | Declined | Collected)
