"""Every decision the ledger tells of, as it was taken: what `usage` counts and `replay` takes again.

The ledger is read in order, page by page, so that memory is bounded by one page and one transfer, and what was
forgotten on purpose is seen: its entries stay, and are counted. Blocks; any thread. Raises `Tampering`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.engine.archive import Archive
from gateway.errors import Tampering
from gateway.facts import Approved, Fact, Judged, Received
from gateway.keep import LeafRow, Reading, Row
from gateway.ledger.entry import read_entry
from gateway.transfer import Leg, Transfer

PAGE = 2_000
KINDS = frozenset({"received", "judged", "approved"})
_JUDGED = b'"k":"judged"'
"""As canonical JSON has it. Only to pass over the others quickly: the fact itself is asked what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was said of one leg, and all that had been said and done about it before."""

    transfer: Transfer
    leg: Leg
    judged: Judged
    at_ms: int
    approvals: tuple[Approved, ...]
    earlier: tuple[Judged, ...]


class Decisions:
    """Reads decisions out of the ledger."""

    def __init__(self, records: Reading, archive: Archive) -> None:
        self._records = records
        self._archive = archive
        self.erased = 0
        """Decisions passed by whose transfer was forgotten on purpose: nobody can say any more what they were."""
        self.at = 0
        """The entry that is read next: where to go on another time."""

    @property
    def size(self) -> int:
        """How many entries there are now."""
        head = self._records.since(0, 0).head
        return head.size if head else 0

    def first_at(self, at_ms: int) -> int:
        """The first entry not before an instant. Ledger time never falls, so this is found by halving."""
        low, high = 0, self.size
        while low < high:
            middle = (low + high) // 2
            (leaf,) = self._records.since(middle, 1).leaves
            if read_entry(leaf.entry).time_ms < at_ms:
                low = middle + 1
            else:
                high = middle
        return low

    def walk(self, first: int, end: int) -> Iterator[tuple[Decision, ...]]:
        """The decisions among the entries from `first` to before `end`, those taken together at one time together.

        The gateway's own notes are none: no rule of the office decides about them.
        """
        self.at = first
        done: tuple[str, int] = ("", 0)
        while self.at < end:
            leaves = self._records.since(self.at, min(PAGE, end - self.at)).leaves
            if not leaves:
                raise Tampering(f"entry {self.at} is missing")
            for leaf in leaves:
                if _JUDGED in leaf.entry and not (leaf.stream == done[0] and leaf.version <= done[1]):
                    told = self._told(leaf)
                    done = (leaf.stream, leaf.version + max(0, len(told) - 1))
                    if told and not told[0].transfer.sender.is_gateway:
                        yield told
                self.at = leaf.index + 1

    def _told(self, leaf: LeafRow) -> tuple[Decision, ...]:
        """The decision that stands at this entry, and those on other legs that were taken with it."""
        kept = self._archive.of_kinds(leaf.stream, KINDS)
        if kept is None:
            self.erased += 1
            return ()
        received = kept[0][1] if kept else None
        at = next((n for n, (row, _) in enumerate(kept) if row.version == leaf.version), None)
        if at is None or not isinstance(received, Received):
            raise Tampering(f"fact {leaf.version} of {leaf.stream} does not stand at entry {leaf.index}")
        before = [fact for _, fact in kept[:at]]
        return tuple(
            Decision(
                transfer=received.transfer,
                leg=received.transfer.legs[judged.leg],
                judged=judged,
                at_ms=kept[at][0].at_ms,
                approvals=tuple(fact for fact in before if isinstance(fact, Approved) and fact.leg == judged.leg),
                earlier=tuple(fact for fact in before if isinstance(fact, Judged) and fact.leg == judged.leg),
            )
            for judged in _together(kept, at)
        )


def _together(kept: tuple[tuple[Row, Fact], ...], at: int) -> Iterator[Judged]:
    """The verdicts from `at` on that follow each other without a fact between, written in one go."""
    first = kept[at][0]
    seen: set[int] = set()
    for number, (row, fact) in enumerate(kept[at:]):
        if not isinstance(fact, Judged) or row.version != first.version + number or row.at_ms != first.at_ms:
            return
        if fact.leg in seen:
            return
        seen.add(fact.leg)
        yield fact
