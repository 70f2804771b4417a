"""The carrier for mail: connections that are kept warm, and lent for one message each.

A line that took a message a moment ago is lent as it is; one that idled, or last heard a refusal, is asked first. That
spares a round trip, and makes one that died unnoticed an outcome of its own: `NotNow.is_line_stale`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.facts import Hop, Receipt
from gateway.seal.hop import Demand
from gateway.ship import Line, NotNow, Target
from gateway.ship.dial import Patience, Proved, dial, tls_context
from gateway.ship.transaction import SmtpLine
from gateway.ship.wire import Lost

MAX_CONNECTIONS = 20
MAX_MESSAGES = 100
IDLE_S = 30.0
PROBE_AFTER_S = 2.0

_Bound = tuple[str, int, bool, Demand]


@dataclass(slots=True)
class _Warm:
    """An idle connection, how many messages it carried, and the timer that will close it."""

    proved: Proved
    carried: int
    timer: asyncio.TimerHandle
    probe_from: float
    """From this moment of the loop's clock on it is asked whether it still answers, before it is lent."""


@dataclass(slots=True)
class _Pool:
    """The connections to one server under one demand."""

    slots: asyncio.Semaphore
    users: int = 0
    idle: list[_Warm] = field(default_factory=list)


class SmtpCarrier:
    """Opens lines to mail servers. One for a process; it belongs to one event loop."""

    def __init__(self, *, name: str, patience: Patience | None = None) -> None:
        self._name = name
        self._patience = patience or Patience()
        self._pools: dict[_Bound, _Pool] = {}
        self._contexts: dict[tuple[bool, str], ssl.SSLContext] = {}

    @asynccontextmanager
    async def line(self, demand: Demand, targets: tuple[Target, ...], sealed: Receipt) -> AsyncIterator[Line | NotNow]:
        """A line to the first of `targets` that proves what is demanded; of several reasons, the first target's."""
        if not targets:
            raise ValueError("a line goes somewhere")
        refusal: NotNow | None = None
        for target in targets:
            bound = (target.host, target.port, target.is_tls_at_once, demand)
            pool = self._pools.get(bound)
            if pool is None:
                pool = self._pools[bound] = _Pool(slots=asyncio.Semaphore(MAX_CONNECTIONS))
            pool.users += 1
            try:
                async with pool.slots:
                    found = await self._warm(pool) or await self._fresh(demand, target)
                    if isinstance(found, SmtpLine):
                        try:
                            yield found
                        finally:
                            self._keep_or_drop(bound, pool, found)
                        return
                    refusal = refusal or found
            finally:
                pool.users -= 1
                self._forget_if_empty(bound, pool)
        assert refusal is not None
        yield refusal

    async def probe(self, demand: Demand, targets: tuple[Target, ...]) -> Hop | NotNow:
        """What the first of `targets` that proves what is demanded proved. It is told our name and nothing else."""
        refusal: NotNow | None = None
        for target in targets:
            found = await self._fresh(demand, target)
            if isinstance(found, SmtpLine):
                found.proved.wire.quit()
                return found.hop
            refusal = refusal or found
        if refusal is None:
            raise ValueError("a probe goes somewhere")
        return refusal

    async def close(self) -> None:
        """Close what is idle."""
        for pool in list(self._pools.values()):
            while pool.idle:
                warm = pool.idle.pop()
                warm.timer.cancel()
                warm.proved.wire.quit()
        self._pools.clear()

    async def _warm(self, pool: _Pool) -> SmtpLine | None:
        """An idle line: one that took a message just now as it is, any other once it has answered RSET.

        RSET also ends whatever a refused transaction left behind.
        """
        while pool.idle:
            warm = pool.idle.pop()
            warm.timer.cancel()
            wire = warm.proved.wire
            if wire.is_open and asyncio.get_running_loop().time() < warm.probe_from:
                return SmtpLine(warm.proved, self._patience, warm.carried, is_unprobed=True)
            try:
                if wire.is_open and (await wire.ask(b"RSET", self._patience.reply_s)).is_yes:
                    return SmtpLine(warm.proved, self._patience, warm.carried)
            except Lost:
                pass  # it was closed while idle: that is no failure, the next line is fresh
            except BaseException:
                wire.abort()
                raise
            wire.abort()
        return None

    async def _fresh(self, demand: Demand, target: Target) -> SmtpLine | NotNow:
        key = (demand.needs_chain, demand.ca_pem)
        context = self._contexts.get(key)
        if context is None:
            context = self._contexts[key] = tls_context(demand)
        found = await dial(demand, target, context=context, name=self._name, patience=self._patience)
        return found if isinstance(found, NotNow) else SmtpLine(found, self._patience, 0)

    def _keep_or_drop(self, bound: _Bound, pool: _Pool, line: SmtpLine) -> None:
        wire, loop = line.proved.wire, asyncio.get_running_loop()
        if line.is_stale:
            for warm in pool.idle:  # what ended this one may have ended them: the next to ask gets one that answers
                warm.probe_from = 0
        if not line.is_reusable or not wire.is_open:
            wire.abort()
        elif line.carried >= MAX_MESSAGES:
            wire.quit()
        else:
            timer = loop.call_later(IDLE_S, self._retire, bound, pool, line.proved)
            probe_from = loop.time() + PROBE_AFTER_S if line.is_settled else 0
            pool.idle.append(_Warm(proved=line.proved, carried=line.carried, timer=timer, probe_from=probe_from))

    def _retire(self, bound: _Bound, pool: _Pool, proved: Proved) -> None:
        pool.idle = [warm for warm in pool.idle if warm.proved is not proved]
        proved.wire.quit()
        self._forget_if_empty(bound, pool)

    def _forget_if_empty(self, bound: _Bound, pool: _Pool) -> None:
        if not pool.users and not pool.idle and self._pools.get(bound) is pool:
            del self._pools[bound]
