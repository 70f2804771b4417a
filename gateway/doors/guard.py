"""Between a door and its passwords: how often a source may try, and how much hashing the machine does at once.

Promises: a source that guesses waits longer and longer, and costs nothing while it waits; at most `slots` passwords are
checked at a time, at most `queue` wait; the table of sources is bounded. What it answers does not depend on whether the
name exists: every attempt costs one check, and the check itself takes the same time for unknown names
(`Reception.sign_in`). Does not lock out people: whoever types wrong elsewhere does not lock the owner's desk.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

Found = TypeVar("Found")


class Denied(StrEnum):
    """Why nobody is signed in."""

    WRONG = "wrong"
    LATER = "later"
    """The source is being slowed down, or too many sign-ins wait: nothing was checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalties:
    """How guessing is slowed down."""

    free: int = 3
    """Wrong passwords before the first wait."""
    first_seconds: float = 1.0
    """Doubled with each further one …"""
    longest_seconds: float = 300.0
    """… up to this; a source is forgotten after twice as long without a wrong password."""
    sources: int = 10_000


class Guard:
    """One for all doors that take passwords. `now` is a clock that only goes forward, in seconds."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        penalties: Penalties | None = None,
        slots: int = 2,
        queue: int = 64,
    ) -> None:
        self._now = now
        self._rules = penalties or Penalties()
        self._slots = asyncio.Semaphore(slots)
        self._room = slots + queue
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def attempt(self, source: str, check: Callable[[], Awaitable[Found | None]]) -> Found | Denied:
        """Whom `check` finds. It is not called while the source must wait or the queue is full."""
        source = network_of(source)
        if self._room <= 0 or self.must_wait(source) > 0:
            return Denied.LATER
        self._room -= 1
        try:
            async with self._slots:
                if self.must_wait(source) > 0:  # guesses sent side by side: the ones before this were wrong
                    return Denied.LATER
                found = await check()
        finally:
            self._room += 1
        if found is None:
            self._remember(source)
            return Denied.WRONG
        self._wrong.pop(source, None)
        return found

    def must_wait(self, source: str) -> float:
        """Seconds until the source may try again; 0 if now."""
        count, since = self._wrong.get(network_of(source), (0, 0.0))
        if count < self._rules.free:
            return 0.0
        # The exponent is bounded before it is used: 2**n of an attacker's n is a number of any length.
        doubled = self._rules.first_seconds * 2.0 ** min(count - self._rules.free, 30)
        return max(0.0, since + min(doubled, self._rules.longest_seconds) - self._now())

    def _remember(self, source: str) -> None:
        now = self._now()
        count, since = self._wrong.pop(source, (0, now))
        if now - since > 2 * self._rules.longest_seconds:
            count = 0
        self._wrong[source] = (count + 1, now)
        if len(self._wrong) > self._rules.sources:
            self._wrong.popitem(last=False)


def network_of(source: str) -> str:
    """Who counts as one source: an IPv4 address, an IPv6 /64 (a customer's whole network), else the text itself."""
    try:
        address = ipaddress.ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
