"""What travels, and what the runner asks of those who know each station.

A voyage is a journey under way: what of it is durable, and what was found out but not yet appended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from gateway.engine.entries import Write
from gateway.facts import Judged, LegFact, Receipt
from gateway.journey import Journey, advance


@dataclass(slots=True)
class Voyage:
    """A journey under way: what is durable, and what was found but not yet appended."""

    journey: Journey
    data_key: bytes
    """What the transfer's content is sealed under."""
    receipt: Receipt | None
    """Of the last durable fact; None when only the store knows (after a restart)."""
    pending: list[LegFact] = field(default_factory=list)
    notes: list[Write] = field(default_factory=list)
    """The gateway's own notes that go into the same transaction."""
    parcels: dict[int, bytes] = field(default_factory=dict)
    """Small parcels that were just made, by leg: they are stored only if they cannot leave at once."""
    is_reconsidered: bool = False
    """Legs that wait are looked at once a voyage, or it would never come to rest."""
    durable: int = field(init=False)
    """The version of what is durable."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.durable = self.journey.version

    def add(self, *facts: LegFact) -> None:
        """Fold facts in; they are true once appended."""
        for fact in facts:
            self.journey = advance(self.journey, fact)
            if isinstance(fact, Judged):
                self.parcels.pop(fact.leg, None)  # made under an older verdict: nothing of it may leave
            self.pending.append(fact)


class Stations(Protocol):
    """What the runner asks of the rest of the engine. Each adds the facts it found to the voyage."""

    async def judge(self, voyage: Voyage, legs: tuple[int, ...]) -> None:
        """Judge these legs together; adds `Judged` where something changed."""
        ...

    async def scrub(self, voyage: Voyage, leg: int) -> None:
        """Clean this leg's copy; adds `Scrubbed`, or a `Judged` that holds."""
        ...

    async def encrypt(self, voyage: Voyage, leg: int) -> None:
        """Make this leg's parcel; adds `Sealed`, or a `Judged` that holds."""
        ...

    async def settle(self, voyage: Voyage, leg: int) -> None:
        """Decide about an attempt without an outcome; adds `Deferred`."""
        ...

    async def lapse(self, voyage: Voyage, leg: int) -> None:
        """Nobody collected it in time; adds `Expired`."""
        ...

    async def ship(self, voyage: Voyage, leg: int, log: Log, sealed: Receipt) -> None:
        """Try to deliver; appends through `log` as it goes. `sealed` permits to open a connection."""
        ...

    def release(self, voyage: Voyage) -> None:
        """Give back what the voyage held open."""
        ...


class Log(Protocol):
    """How a delivery writes what happens while it happens."""

    async def __call__(self, *facts: LegFact, notes: tuple[Write, ...] = ()) -> Receipt:
        """Append the facts, durably; their receipt."""
        ...


Errand = Callable[[str], Awaitable[Voyage | None]]
"""Due work on a stream that is no transfer but becomes one, a file's; the voyage that begins with it, if one does."""
