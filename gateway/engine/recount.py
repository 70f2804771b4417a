"""Streams counted again: facts, entries, boxes, index and content of each held against one another.

Findings are words about the stream at hand; see `fsck`, which says what they mean together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import msgspec

from gateway.engine.archive import Story
from gateway.engine.attested import Attestations, Attested, terms_in
from gateway.errors import Tampering, Unreadable
from gateway.facts import Deposited, Fact, Received, Sealed, legs_of
from gateway.journey import Journey, State, Unlawful
from gateway.keep import Blobs, Reading
from gateway.keep.sealed import open_sealed
from gateway.ledger.entry import Entry, read_entry
from gateway.ledger.leaf import CLASSES, FIELDS, class_root
from gateway.transfer import BlobId, Digest

# What the gateway knew when it wrote and a fact does not repeat: whose address it is, and the rules before a verdict.
KNOWN_THEN = frozenset({"rcp.agency", "op.ruleset"})

STILL_LEAVING = frozenset({State.SEALED, State.WAITING, State.TRYING, State.PARKED})
"""States in which a leg's parcel may lie ready."""


class Disposals:
    """What the ledger says was to be forgotten; it is read before anything is held against it."""

    def __init__(self) -> None:
        self._classes: dict[tuple[bytes | None, int | None], set[str]] = {}
        self._shard = 0

    def add(self, said: Entry) -> None:
        """One entry of the ledger."""
        if said.kind != "disposed" or said.outcome == "refused":
            return
        size, classes = said.public.get("size"), said.public.get("classes")
        if said.public.get("what") == "shard" and isinstance(size, int):
            self._shard = max(self._shard, size)
        elif isinstance(classes, list):
            self._classes.setdefault((said.x, said.leg), set()).update(str(cls) for cls in classes)

    def cover(self, index: int, said: Entry, cls: str) -> bool:
        """Whether the class of that entry may be gone."""
        return index < self._shard or cls in self._classes.get((said.x, said.leg), ())


Batch = tuple[tuple[str, int], ...]
"""Streams, and how many entries the ledger has of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What became of a batch; it may come from another process."""

    streams: int
    wrong: tuple[tuple[str, str], ...]
    """Stream and words."""
    open_transfers: int
    forgotten: int
    blobs_read: int
    named: frozenset[BlobId]
    """Blobs that are there and that its facts name."""


def batched(streams: Iterable[tuple[str, int]], size: int) -> Iterator[Batch]:
    """The streams, so many at a time."""
    left = iter(streams)
    while batch := tuple(islice(left, size)):
        yield batch


class Recount:
    """Checks streams one after another, in constant memory: all of one are held against each other, none remembered."""

    def __init__(
        self, *, records: Reading, attestations: Attestations, blobs: Blobs, size: int, disposals: Disposals
    ) -> None:
        self._open_transfers = self._forgotten_count = self._blobs_read = 0
        self._records = records
        self._attestations = attestations
        self._blobs = blobs
        self._size = size
        self._disposals = disposals
        self._present = frozenset(blobs.names())
        self._named: set[BlobId] = set()

    def stream(self, name: str, entries: int) -> Iterator[str]:
        """What is wrong with a stream that has so many entries below the size that is checked."""
        try:
            story = self._attestations.story(name)
            if story is None:
                yield from self._forgotten(name)
                return
            story = self._until(story)
            counted = sum(len(legs_of(fact)) for fact in story.facts)
            if counted != entries:
                yield f"its facts make {counted} entries, and the ledger has {entries}"
            journey = yield from self._told(story)
            yield from self._contents(story, journey)
        except (Tampering, Unreadable, Unlawful) as why:
            yield str(why)
        except (msgspec.MsgspecError, KeyError, ValueError) as why:
            yield f"a fact that cannot be read: {type(why).__name__}"

    def batch(self, streams: Batch) -> Counted:
        """Check some streams."""
        self._open_transfers = self._forgotten_count = self._blobs_read = 0
        self._named.clear()
        wrong = tuple((name, words) for name, entries in streams for words in self.stream(name, entries))
        return Counted(
            streams=len(streams),
            wrong=wrong,
            open_transfers=self._open_transfers,
            forgotten=self._forgotten_count,
            blobs_read=self._blobs_read,
            named=frozenset(self._named),
        )

    def _until(self, story: Story) -> Story:
        """The story as of the size that is checked: a gateway may be writing on."""
        count = sum(1 for row in story.rows if row.first_index < self._size)
        return msgspec.structs.replace(story, rows=story.rows[:count], facts=story.facts[:count])

    def _forgotten(self, name: str) -> Iterator[str]:
        self._forgotten_count += 1
        for row in self._records.history(name).rows:
            said = read_entry(self._records.since(row.first_index, 1).leaves[0].entry)
            if not all(self._disposals.cover(row.first_index, said, cls) for cls in CLASSES):
                yield "its key is gone, and no disposal says why"
                return

    # ── entries ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _told(self, story: Story) -> Generator[str, None, Journey | None]:
        """Every entry of a stream; returns how its transfer stands."""
        journey: Journey | None = None
        entries: list[Attested] = []
        times = {row.version: row.at_ms for row in story.rows}
        for said in self._attestations.of(story):
            journey = said.journey
            if times[said.leaf.version] != said.entry.time_ms:
                yield f"fact {said.leaf.version} and entry {said.index} bear different times"
            yield from _in_the_open(said)
            yield from self._committed(said)
            entries.append(said)
        terms = terms_in(entries, self._attestations.index_key)
        if self._records.leading(tuple(terms), story.stream) != terms:
            yield "is not found by what it says"
        return journey

    def _committed(self, said: Attested) -> Iterator[str]:
        fields, facts = FIELDS[said.entry.kind], dict(said.stated.values)
        for number, (cls, box) in enumerate(zip(CLASSES, said.classes, strict=True)):
            if box is None:
                self._forgotten_count += 1
                if not self._disposals.cover(said.index, said.entry, cls):
                    yield f"entry {said.index}: {cls} is erased, and no disposal says why"
                continue
            if class_root(fields[cls], box.values, box.secret) != said.entry.roots[number]:
                yield f"entry {said.index}: {cls} is not what was committed to"
            for name in _differing(cls, dict(box.values), dict(facts.get(cls, ()))):
                yield f"entry {said.index}: {cls}.{name} is not what the fact says"

    # ── content ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _contents(self, story: Story, journey: Journey | None) -> Iterator[str]:
        self._named.update(self._present.intersection(blobs_of(story.facts)))
        if journey is None or journey.is_closed:
            return
        self._open_transfers += 1
        for item in journey.transfer.items:
            yield from self._content(story, item.blob, item.size_bytes, item.digest)
        for leg in journey.legs:
            if leg.sealed and leg.state in STILL_LEAVING:
                with suppress(KeyError):  # a small parcel that never had to wait is not kept; it can be made again
                    parcel = leg.sealed.parcel
                    self._blobs.size(parcel.blob)
                    yield from self._content(story, parcel.blob, parcel.size_bytes, parcel.digest)

    def _content(self, story: Story, blob: BlobId, size_bytes: int, expected: Digest) -> Iterator[str]:
        words = self._difference(blob, size_bytes, expected, story.key)
        if words and self._is_open_still(story.stream):
            yield words

    def _difference(self, blob: BlobId, size_bytes: int, expected: Digest, key: bytes) -> str:
        """What is wrong with a blob; empty if nothing is."""
        digest, size = hashlib.sha256(), 0
        try:
            for piece in open_sealed(self._blobs, blob, key):
                digest.update(piece)
                size += len(piece)
        except KeyError:
            return f"blob {blob} is missing"
        except Tampering as why:
            return f"blob {blob}: {why.cause}"
        self._blobs_read += 1
        is_same = (size, digest.hexdigest()) == (size_bytes, expected.sha256)
        return "" if is_same else f"blob {blob} is not what the fact says"

    def _is_open_still(self, stream: str) -> bool:
        """A running gateway may close a transfer, and erase its content, while we look."""
        story = None
        with suppress(Tampering):
            story = self._attestations.story(stream)
        return story is not None and not story.journey.is_closed


def _differing(cls: str, kept: Mapping[str, str], stated: Mapping[str, str]) -> list[str]:
    """The fields in which a box and a fact say different things."""
    if kept == stated:
        return []
    differ = [name for name in kept.keys() | stated.keys() if kept.get(name) != stated.get(name)]
    return sorted(name for name in differ if name in stated or f"{cls}.{name}" not in KNOWN_THEN)


def _in_the_open(said: Attested) -> Iterator[str]:
    """What everyone may read against what the fact says."""
    entry, stated = said.entry, said.stated
    public = msgspec.json.decode(stated.public) if stated.public else {}
    if (entry.kind, entry.x, entry.leg, entry.outcome, entry.intent, dict(entry.public)) != (
        stated.kind, stated.x, stated.leg, stated.outcome, stated.intent, public,
    ):  # fmt: skip
        yield f"entry {said.index} is not what the fact says"
    if said.leaf.leg != entry.leg:
        yield f"entry {said.index} is filed under another leg than it says"


def blobs_of(facts: Iterable[Fact]) -> Iterator[BlobId]:
    """Every blob that facts name."""
    for fact in facts:
        match fact:
            case Received(transfer=transfer):
                yield from (item.blob for item in transfer.items)
            case Deposited(item=item):
                yield item.blob
            case Sealed(parcel=parcel):
                yield parcel.blob
            case _:
                pass
