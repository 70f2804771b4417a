"""Where every open leg stands, counted from what ledger entries say in the open: no key, no name, no address.

The entries are folded by the journey's own table, so that a count cannot disagree with what the gateway does next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gateway.facts import Outcome
from gateway.journey import CLOSED, NEXT, State
from gateway.keep import LeafRow
from gateway.ledger.entry import Entry, read_entry

WAITS = frozenset({State.HELD, State.PARKED})
"""For a person."""
MOVES = frozenset(State) - CLOSED - WAITS - {State.OFFERED}
"""By itself, sooner or later."""

_WORDS = {
    ("judged", ""): f"judged:{Outcome.SEND}",
    ("judged", "refused"): f"judged:{Outcome.BLOCK}",
    ("judged", "quarantined"): f"judged:{Outcome.HOLD}",
    ("deferred", "unknown"): "deferred:in-doubt",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A leg: of what, and which."""

    stream: str
    leg: int


@dataclass(slots=True)
class Standing:
    """Where a leg is, and since when the transfer is here."""

    state: State
    since_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What one entry did to a leg."""

    place: Place
    word: str
    before: State | None
    """None: it was just received."""
    after: State


@dataclass(slots=True)
class Census:
    """Open legs. An entry that cannot follow is passed over: saying so is `fsck`'s."""

    open: dict[Place, Standing] = field(default_factory=dict)

    def add(self, leaf: LeafRow) -> Moved | None:
        """Count the next entry; what it moved, if it moved a leg."""
        if leaf.leg is None:
            return None
        return self._add(Place(leaf.stream, leaf.leg), read_entry(leaf.entry))

    def add_all(self, leaves: Iterable[LeafRow]) -> None:
        """Count entries in their order."""
        for leaf in leaves:
            self.add(leaf)

    def waiting(self) -> Iterator[Standing]:
        """Those that wait for a person."""
        return (one for one in self.open.values() if one.state in WAITS)

    def moving(self) -> Iterator[tuple[Place, Standing]]:
        """Those that go on by themselves."""
        return ((place, one) for place, one in self.open.items() if one.state in MOVES)

    def _add(self, place: Place, entry: Entry) -> Moved | None:
        word = _WORDS.get((entry.kind, entry.outcome), entry.kind)
        if word == "received":
            self.open[place] = Standing(State.RECEIVED, entry.time_ms)
            return Moved(place=place, word=word, before=None, after=State.RECEIVED)
        standing = self.open.get(place)
        after = NEXT[standing.state].get(word) if standing else None
        if standing is None or after is None:
            return None
        before, standing.state = standing.state, after
        if after in CLOSED:
            del self.open[place]
        return Moved(place=place, word=word, before=before, after=after)
