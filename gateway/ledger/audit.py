"""What anyone can check from the entries alone, without a key or a value.

A fold over the log. `FAILED`: this log was not written by a gateway that keeps its promises, or was changed since.
`REPORTED`: lawful, but a person should look. It keeps one small record per leg.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import Unreadable
from gateway.ledger import jcs
from gateway.ledger.dayindex import DayIndex
from gateway.ledger.entry import Entry, read_entry
from gateway.ledger.leaf import FACT_SCHEMA, FIELDS, LOG_KINDS, LOG_SCHEMA, OUTCOMES

DAY_MS = 86_400_000
LONGEST_OPEN_MS = 10 * DAY_MS
"""A leg open for longer is reported."""
LONGEST_SILENCE_MS = 150_000
"""Ticks come each minute; a longer gap is reported: the gateway slept, or entries are gone."""

_NEEDS_INTENT = frozenset({"attempted", "shipped", "deferred", "undeliverable", "offered", "collected"})
_CLOSING = frozenset({"shipped", "undeliverable", "collected", "expired", "recalled", "declined"})


class Severity(StrEnum):
    """How bad it is."""

    FAILED = "failed"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the entry at `index`."""

    index: int
    severity: Severity
    words: str


@dataclass(slots=True)
class _Leg:
    opened: int
    opened_ms: int
    sealed: int | None = None
    closed_by: str = ""


class Audit:
    """Reads entries in order. Feed it the whole log, from the first."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._index = 0
        self._last_ms = 0
        self._last_tick_ms: int | None = None
        self._is_sealed = False
        self._legs: dict[tuple[bytes, int], _Leg] = {}
        self._orders: dict[int, Entry] = {}
        """Disposals ordered and not yet done, by index."""
        self._intents: list[int] = []
        """Every `sealed`."""
        self._day_end = 0
        """Up to where days are closed."""

    def add(self, untrusted_entry: bytes) -> Entry | None:
        """The next entry; what it says, or None if it cannot be read."""
        said: Entry | None = None
        try:
            said = read_entry(untrusted_entry)
        except Unreadable as why:
            self._failed(f"not canonical: {why.cause}")
        else:
            self._shape(said)
            self._order(said)
            if said.kind in LOG_KINDS:
                self._log(said)
            elif said.kind == "disposed":
                self._disposal(said)
            elif said.leg is not None and said.x is not None:
                self._leg(said, (said.x, said.leg))
        self._index += 1
        return said

    @property
    def open_intents(self) -> int:
        """How many legs were to leave and have not ended."""
        return sum(1 for leg in self._legs.values() if leg.sealed is not None and not leg.closed_by)

    def finish(self, now_ms: int) -> tuple[Finding, ...]:
        """All findings, in order of entries, and what is open for too long as of `now_ms`."""
        late = [
            Finding(leg.opened, Severity.REPORTED, "a leg is open for too long")
            for leg in self._legs.values()
            if not leg.closed_by and now_ms - leg.opened_ms > LONGEST_OPEN_MS
        ]
        late += [Finding(index, Severity.REPORTED, "a disposal was ordered and is not done") for index in self._orders]
        return tuple(sorted([*self.findings, *late], key=lambda finding: finding.index))

    # ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _shape(self, said: Entry) -> None:
        is_log = said.kind in LOG_KINDS
        if said.schema != (LOG_SCHEMA if is_log else FACT_SCHEMA) or not (is_log or said.kind in FIELDS):
            self._failed("of a schema or kind not known here")
        elif said.outcome not in OUTCOMES.get(said.kind, ("",)):
            self._failed(f"{said.kind} cannot end as {said.outcome!r}")
        elif is_log == bool(said.roots) or (said.public and not is_log and said.kind != "disposed"):
            self._failed(f"{said.kind} does not look like this")

    def _order(self, said: Entry) -> None:
        if said.time_ms < self._last_ms:
            self._failed("time falls")
        if (said.kind == "genesis") != (self._index == 0):
            self._failed("genesis is the first entry, and only the first")
        if self._is_sealed:
            self._failed("an entry after the seal")
        self._last_ms = max(self._last_ms, said.time_ms)

    def _log(self, said: Entry) -> None:
        if said.kind == "seal":
            self._is_sealed = True
        if said.kind == "tick":
            self._close_day(said)
            before, self._last_tick_ms = self._last_tick_ms, said.time_ms
            if before is not None and said.time_ms - before > LONGEST_SILENCE_MS:
                self._reported("no tick for longer than it should be")

    def _close_day(self, said: Entry) -> None:
        """A day is closed once, from where the last one ended, with the number of its intents."""
        try:
            index = DayIndex.of(said)
        except Unreadable as why:
            self._failed(why.cause)
            return
        if index is None:
            return
        counted = bisect_left(self._intents, index.end) - bisect_left(self._intents, index.first)
        if index.first != self._day_end or index.end > self._index or index.count != counted:
            self._failed("closes a day that is not as it says")
        self._day_end = index.end

    def _leg(self, said: Entry, name: tuple[bytes, int]) -> None:
        leg = self._legs.get(name)
        if (leg is None) != (said.kind == "received"):
            self._failed("a leg begins with received, once")
        if leg is None:
            leg = self._legs[name] = _Leg(self._index, said.time_ms)
        if said.intent != leg.sealed:
            self._failed("does not point at the leg's latest sealed")
        elif said.kind in _NEEDS_INTENT and leg.sealed is None:
            self._failed(f"{said.kind} without an intent")
        self._close(said, leg)
        if said.kind == "sealed":
            leg.sealed = self._index
            self._intents.append(self._index)

    def _close(self, said: Entry, leg: _Leg) -> None:
        is_visit = leg.closed_by == said.kind == "collected"
        if leg.closed_by and not is_visit:
            self._failed(f"{said.kind} after {leg.closed_by} closed the leg")
        if said.kind in _CLOSING or said.outcome == "refused":
            leg.closed_by = leg.closed_by or said.kind

    def _disposal(self, said: Entry) -> None:
        if said.outcome == "refused":
            return
        if said.intent is None:
            self._orders[self._index] = said
            return
        order = self._orders.pop(said.intent, None)
        if order is None or (order.x, order.leg, _scope(order.public)) != (said.x, said.leg, _scope(said.public)):
            self._failed("a disposal that was not ordered like this")

    def _failed(self, words: str) -> None:
        self.findings.append(Finding(self._index, Severity.FAILED, words))

    def _reported(self, words: str) -> None:
        self.findings.append(Finding(self._index, Severity.REPORTED, words))


def audit(untrusted_entries: Iterable[bytes], *, now_ms: int) -> tuple[Finding, ...]:
    """Audit a whole log."""
    running = Audit()
    for entry in untrusted_entries:
        running.add(entry)
    return running.finish(now_ms)


def _scope(public: Mapping[str, jcs.Json]) -> jcs.Json:
    """What a disposal destroys; ordered and done must agree on it."""
    return public.get("classes", [])
