"""The message coming in: from the socket through `intake.dots` into a deposit, in constant memory.

The deposit sets the pace: the next bytes are read when it has taken the last. Whatever is wrong is remembered and
reading goes on to the true end, for an early answer would let the rest be read as commands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from gateway.doors import Deposit
from gateway.doors.smtp.settings import Settings
from gateway.errors import StoreAway
from gateway.intake.dots import Dots
from gateway.intake.fault import Fault

READ_BYTES = 64 * 1024


class TooSlow(Exception):
    """The peer sends nothing, or drips."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message that reached its true end, or was cut off because it would not end."""

    header: bytes
    """Its header block without the blank line; not more than the limit and one chunk."""
    size_bytes: int
    is_ascii: bool
    fault: Fault | None
    is_away: bool
    """The deposit could not take all of it."""
    has_more: bool
    """Bytes came behind the end, or the end never came: the connection cannot go on."""


async def receive(
    reader: asyncio.StreamReader, deposit: Deposit, settings: Settings, now: Callable[[], float]
) -> Arrived:
    """Read one message. Raises `TooSlow`, and `asyncio.IncompleteReadError` when the peer goes before the end."""
    limit = settings.limits.message_bytes
    dots = Dots(size_limit=limit)
    header = _HeaderCatcher(settings.limits.header_bytes)
    started = now()
    is_away = False
    # A peer that will not stop is heard out to twice the limit, then cut off.
    while not dots.is_ended and dots.size_bytes <= 2 * limit:
        content = dots.feed(await _read(reader, settings))
        header.catch(content)
        if content and not is_away:
            try:
                await deposit.write(content)
            except StoreAway:
                is_away = True
        late = now() - started - settings.data_grace_seconds
        if late > 0 and dots.size_bytes < late * settings.data_bytes_per_second:
            raise TooSlow
    return Arrived(
        header=header.block,
        size_bytes=dots.size_bytes,
        is_ascii=dots.is_ascii,
        fault=dots.fault,
        is_away=is_away,
        has_more=bool(dots.rest) or not dots.is_ended,
    )


async def _read(reader: asyncio.StreamReader, settings: Settings) -> bytes:
    try:
        async with asyncio.timeout(settings.data_seconds):
            data = await reader.read(READ_BYTES)
    except TimeoutError:
        raise TooSlow from None
    if not data:
        raise asyncio.IncompleteReadError(b"", None)
    return data


class _HeaderCatcher:
    """Keeps a copy of what passes up to the blank line."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._caught = bytearray(b"\r\n")  # so that a message that begins with its blank line has one too
        self._is_done = False

    def catch(self, content: bytes) -> None:
        """Look at the next content."""
        if self._is_done or not content:
            return
        start = max(len(self._caught) - 3, 0)
        self._caught += content
        blank = self._caught.find(b"\r\n\r\n", start)
        if blank >= 0:
            del self._caught[blank + 2 :]
        self._is_done = blank >= 0 or len(self._caught) > self._limit + 4

    @property
    def block(self) -> bytes:
        """The header so far."""
        return bytes(self._caught[2:])
