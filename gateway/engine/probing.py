"""Asks outside, before anything is decided, what two facts need: `transport-verified`, and `address-verified` of a
partner whose mail servers were noted.

A probe opens a connection, says our name, demands the proof the rules demand, and hangs up: nothing of any transfer is
said, so it needs no intent. Only what a rule asks is asked, only for a transfer that was accepted (a door does not
wait for another server), and whatever came of it is remembered: an answer for a day, a failure until the next look.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from gateway.engine.clock import Clock
from gateway.engine.policy import InForce
from gateway.facts import Hop
from gateway.judge.circumstances import DAY_MS
from gateway.seal.hop import Demand
from gateway.ship import Never, NotNow, Target
from gateway.ship.resolve import Resolver
from gateway.transfer import Recipient

PATIENCE_S = 30.0
AGAIN_MS = 10 * 60_000
"""So long a failure stands: less than a leg that waits is looked at again."""
REMEMBERED = 10_000


class Prober(Protocol):
    """What it asks of a carrier."""

    async def probe(self, demand: Demand, targets: tuple[Target, ...]) -> Hop | NotNow:
        """The first of these servers that proves what is demanded, and how; nothing is handed to it."""
        ...


@dataclass(slots=True, kw_only=True)
class Probing:
    """Probes, and remembers."""

    rules: InForce
    clock: Clock
    resolver: Resolver
    prober: Prober
    _known: dict[tuple[str, str, Demand], tuple[int, bool]] = field(default_factory=dict)
    """By domain, way there and demand: when it was asked last, and whether it proved itself."""
    _servers: dict[str, tuple[int, tuple[str, ...] | None]] = field(default_factory=dict)
    """By domain: when DNS was asked last, and what it said; None: nothing."""

    async def proved_ms(self, recipient: Recipient) -> int | None:
        """When the next hop towards this recipient last proved what is demanded now; None: it did not, or cannot."""
        if recipient.address is None:
            return None
        via = self.rules.via(recipient)
        place = recipient.address.host, via, self.rules.demand(recipient, via)
        now_ms = self.clock.now_ms()
        asked_ms, is_proved = self._known.get(place, (0, False))
        if not 0 <= now_ms - asked_ms < (DAY_MS if is_proved else AGAIN_MS):
            asked_ms, is_proved = now_ms, await self._probe(*place)
            self._known[place] = asked_ms, is_proved
            if len(self._known) > REMEMBERED:
                del self._known[next(iter(self._known))]
        return asked_ms if is_proved else None

    async def exchangers(self, domain: str, *, is_asked: bool) -> tuple[int, tuple[str, ...] | None]:
        """The servers that take a domain's mail, and when they were looked up; None if DNS does not answer.

        What is not known is looked up only where `is_asked`: a door does not wait for it.
        """
        now_ms = self.clock.now_ms()
        asked_ms, found = self._servers.get(domain, (0, None))
        is_fresh = 0 <= now_ms - asked_ms < (AGAIN_MS if found is None else DAY_MS)
        if not is_fresh and not is_asked:
            return now_ms, None
        if not is_fresh:
            self._servers.pop(domain, None)
            asked_ms, found = self._servers[domain] = now_ms, await self.resolver.exchangers(domain)
            if len(self._servers) > REMEMBERED:
                del self._servers[next(iter(self._servers))]
        return asked_ms, found

    async def _probe(self, domain: str, via: str, demand: Demand) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_S):
                targets = await self.resolver.targets(domain, via)
                if isinstance(targets, NotNow | Never):
                    return False
                found = await self.prober.probe(demand, targets)
        except TimeoutError:
            return False
        return isinstance(found, Hop) and found.verdict != "encrypted-only"
