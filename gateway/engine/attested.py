"""What the ledger says of a stream, opened: each entry with its class secrets and values, and what its fact says.

The entries' own boxes are the source: what is shown to an auditor is what can be proved, and a class that was erased is
erased here too. Any thread may use it beside a running gateway.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping

import msgspec

from gateway.engine.archive import Archive, Story
from gateway.engine.context import OWN, after, class_streams, context_of
from gateway.engine.viewing import involved
from gateway.errors import Tampering
from gateway.facts import Sealed, legs_of
from gateway.journey import Journey
from gateway.keep import LeafRow, Reading, Row
from gateway.keep.keyring import Keyring
from gateway.ledger.box import Opened, open_box
from gateway.ledger.composing import Statement
from gateway.ledger.entry import Entry, read_entry
from gateway.ledger.leaf import CLASSES, FIELDS
from gateway.ledger.statement import statements, told_by
from gateway.ledger.terms import terms_of_story
from gateway.ledger.views import EVERYTHING, View

KEYS_REMEMBERED = 4096


class Attested(msgspec.Struct, frozen=True, kw_only=True):
    """One entry, opened."""

    leaf: LeafRow
    entry: Entry
    stated: Statement
    """What the kept fact says must stand in it."""
    classes: tuple[Opened | None, ...]
    """In class order; None where a class was erased, or the view does not open it."""
    journey: Journey | None = None
    """Where the transfer then stood; None for an office's entry."""

    @property
    def index(self) -> int:
        """Its place in the ledger."""
        return self.leaf.index

    @property
    def values(self) -> Mapping[str, str]:
        """`class.field` to value, of everything that was said and not erased."""
        opened = zip(CLASSES, self.classes, strict=True)
        return {f"{cls}.{name}": value for cls, box in opened if box for name, value in box.values}


class Attestations:
    """Opens entries as far as a view goes, remembering class keys."""

    def __init__(self, records: Reading, archive: Archive, keyring: Keyring, view: View = EVERYTHING) -> None:
        self._records = records
        self._archive = archive
        self.index_key = keyring.index_key
        """What index terms are made with."""
        self._view = view
        self._keys: OrderedDict[str, bytes | None] = OrderedDict()

    def story(self, stream: str) -> Story | None:
        """See `Archive.story`."""
        return self._archive.story(stream)

    def of(self, story: Story, only: frozenset[str] | None = None) -> Iterator[Attested]:
        """Every entry of a story, in order; with `only`, opened no further than these classes, where they have fields.

        Raises `Tampering` or `Unreadable` where an entry and its fact do not belong together, `journey.Unlawful` where
        a fact cannot follow.
        """
        journey: Journey | None = None
        told: Mapping[str, str] | None = None
        sealed_at: dict[int, int] = {}
        kept = {leaf.index: leaf for leaf in self._records.entries(story.stream)}
        for row, fact in zip(story.rows, story.facts, strict=True):
            journey = after(journey, fact)
            told = told_by(journey.transfer) if journey and told is None else told
            leaves = _leaves_of(kept, story.stream, row, len(legs_of(fact)))
            entries = [read_entry(leaf.entry) for leaf in leaves]
            context = context_of(journey, fact, x=entries[0].x or b"", sealed_at=sealed_at, told=told)
            for leaf, entry, stated in zip(leaves, entries, statements(fact, context=context), strict=True):
                view = self._view
                seen = view.opens if view.people is None else view.of(tuple(involved(journey, fact, leaf.leg)))
                if only is not None:
                    seen = seen.intersection(cls for cls in only if FIELDS[stated.kind][cls])
                classes = self._opened(leaf, entry, stated, story.key, seen)
                yield Attested(leaf=leaf, entry=entry, stated=stated, classes=classes, journey=journey)
            if isinstance(fact, Sealed):
                sealed_at[fact.leg] = row.first_index

    def _opened(
        self, leaf: LeafRow, entry: Entry, stated: Statement, data_key: bytes, seen: frozenset[str]
    ) -> tuple[Opened | None, ...]:
        streams = class_streams(stated, at_ms=entry.time_ms, index_key=self.index_key)
        found: list[Opened | None] = []
        for cls, box in zip(CLASSES, leaf.boxes, strict=True):
            if not box or cls not in seen:
                found.append(None)
                continue
            key = data_key if streams[cls] == OWN else self._key(streams[cls])
            if key is None:
                found.append(None)
            else:
                found.append(open_box(key, x=entry.x or b"", leg=entry.leg, kind=entry.kind, cls=cls, box=box))
        return tuple(found)

    def _key(self, stream: str) -> bytes | None:
        if stream in self._keys:
            self._keys.move_to_end(stream)
            return self._keys[stream]
        key = self._keys[stream] = self._archive.class_key(stream)
        if len(self._keys) > KEYS_REMEMBERED:
            self._keys.popitem(last=False)
        return key


def terms_in(said: Collection[Attested], index_key: bytes) -> frozenset[bytes]:
    """Every term by which `find` will find one of these entries, by what is open of them."""
    told = ((one.entry.kind, one.entry.outcome, one.entry.x, one.entry.time_ms) for one in said)
    opened = ((cls, box) for one in said for cls, box in zip(CLASSES, one.classes, strict=True) if box)
    values = ((cls, field, value) for cls, box in opened for field, value in box.values)
    return terms_of_story(told, values, index_key=index_key)


def _leaves_of(kept: Mapping[int, LeafRow], stream: str, row: Row, count: int) -> list[LeafRow]:
    """A fact's leaves, one after another from where it says it stands."""
    found = [kept.get(index) for index in range(row.first_index, row.first_index + count)]
    leaves = [leaf for leaf in found if leaf is not None and leaf.version == row.version]
    if len(leaves) != count:
        raise Tampering(f"fact {row.version} of {stream} does not stand at entry {row.first_index}")
    return leaves
