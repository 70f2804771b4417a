"""What the engine asks of the ledger's one writer, wherever it runs: on a thread here, or in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.engine.entries import Write
from gateway.errors import Failure
from gateway.facts import Receipt
from gateway.keep import Head
from gateway.ledger.dayindex import DayIndex

LONG_AGO_MS = 0
DAYS = "index/"
"""Before a day: the stream its key is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A day of the ledger that is over: its index, and the key the index was made with."""

    index: DayIndex
    key: bytes

    @property
    def stream(self) -> str:
        """Where the key is."""
        return f"{DAYS}{self.index.day.isoformat()}"


class Writer(Protocol):
    """Appends facts, in the order it is asked. A caller may be cancelled at any time; what it asked for goes on."""

    @property
    def head(self) -> Head | None:
        """The last durable head that is known here."""
        ...

    async def append(self, *writes: Write) -> tuple[Receipt, ...]:
        """Append all of them in one transaction, or none; a receipt for each.

        Raises `Conflict` when a stream has moved on, `StoreAway` when nothing was written and trying again may help,
        `StoreBroken` when the process is about to stop, and `journey.Unlawful` for a fact that cannot follow.
        """
        ...

    async def tick(self, closing: Closing | None = None) -> None:
        """One more `tick`: whoever reads the ledger sees that it lived, and that nothing is missing at its end.

        With `closing` it closes a day, whose key is kept with it.
        """
        ...

    async def claim(self, *, now_ms: int, until_ms: int, limit: int) -> tuple[str, ...]:
        """See `Records.claim`: claiming is writing."""
        ...

    def reissue(self, stream: str) -> Receipt:
        """The receipt of a stream's latest facts, from the store: after a restart. Blocks. Any thread."""
        ...

    def give_up(self, why: Failure) -> None:
        """Durability was lost elsewhere: nothing more is written, and the process stops. Any thread."""
        ...


class PassedOn:
    """Another `Writer`, asked as one is asked: for those who only look at what passes."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @property
    def head(self) -> Head | None:
        """See `Writer.head`."""
        return self._writer.head

    async def append(self, *writes: Write) -> tuple[Receipt, ...]:
        """See `Writer.append`."""
        return await self._writer.append(*writes)

    async def tick(self, closing: Closing | None = None) -> None:
        """See `Writer.tick`."""
        await self._writer.tick(closing)

    async def claim(self, *, now_ms: int, until_ms: int, limit: int) -> tuple[str, ...]:
        """See `Writer.claim`."""
        return await self._writer.claim(now_ms=now_ms, until_ms=until_ms, limit=limit)

    def reissue(self, stream: str) -> Receipt:
        """See `Writer.reissue`."""
        return self._writer.reissue(stream)

    def give_up(self, why: Failure) -> None:
        """See `Writer.give_up`."""
        self._writer.give_up(why)


async def is_answering(writer: Writer) -> bool:
    """Ask it something that finds nothing, through its socket, its process and its database."""
    try:
        await writer.claim(now_ms=LONG_AGO_MS, until_ms=LONG_AGO_MS, limit=1)
    except Failure:
        return False
    return True
