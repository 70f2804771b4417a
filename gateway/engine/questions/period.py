"""A stretch of the ledger's time: its entries, found by halving, for time never falls there.

What stands in the open (kind, outcome, stream) is enough to pick the streams worth opening.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.engine.attested import Attestations, Attested
from gateway.engine.questions.searching import legs_in
from gateway.keep import LeafRow, Reading
from gateway.ledger.entry import Entry, read_entry

PAGE = 1024

Wanted = Callable[[Entry], bool]
Words = Callable[[str, str], str]
"""How a kind and its outcome are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From an instant on, up to another, that one not included."""

    first_ms: int
    until_ms: int

    def __contains__(self, at_ms: int) -> bool:
        return self.first_ms <= at_ms < self.until_ms


def entries_in(records: Reading, period: Period) -> Iterator[tuple[LeafRow, Entry]]:
    """Every entry of the period, in order. Raises `Unreadable`."""
    at = _first(records, period.first_ms)
    while leaves := records.since(at, PAGE).leaves:
        for leaf in leaves:
            entry = read_entry(leaf.entry)
            if entry.time_ms >= period.until_ms:
                return
            yield leaf, entry
        at = leaves[-1].index + 1


def legs_with(
    records: Reading, attestations: Attestations, period: Period, wanted: Wanted
) -> Iterator[tuple[Attested, ...]]:
    """Every leg, whole, that has a wanted entry in the period; each once, in the order of the first such entry."""
    seen: set[str] = set()
    for leaf, entry in entries_in(records, period):
        if leaf.stream in seen or not wanted(entry):
            continue
        seen.add(leaf.stream)
        story = attestations.story(leaf.stream)
        if story is None:  # forgotten on purpose
            continue
        for leg in legs_in(attestations.of(story)):
            if any(wanted(one.entry) and one.entry.time_ms in period for one in leg):
                yield leg


def _first(records: Reading, at_ms: int) -> int:
    """The index of the first entry at or after an instant."""
    head = records.since(0, 0).head
    low, high = 0, head.size if head else 0
    while low < high:
        middle = (low + high) // 2
        found = records.since(middle, 1).leaves
        if found and read_entry(found[0].entry).time_ms < at_ms:
            low = middle + 1
        else:
            high = middle
    return low
