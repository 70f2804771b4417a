"""Streams counted again: facts, entries, boxes, index and content of each held against one another.

Findings are words about the stream at hand; see `fsck`, which says what they mean together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

import msgspec

from gateway.engine.archive import Story
from gateway.engine.attested import Attestations, Attested
from gateway.engine.searching import ALL
from gateway.errors import Tampering, Unreadable
from gateway.facts import Deposited, Fact, Received, Sealed, legs_of
from gateway.journey import State, Unlawful
from gateway.keep import Blobs, Reading
from gateway.keep.sealed import open_sealed
from gateway.ledger.leaf import CLASSES, FIELDS, class_root
from gateway.ledger.terms import terms_of
from gateway.transfer import BlobId, Digest

# What the gateway knew when it wrote and a fact does not repeat: whose address it is, and the rules before a verdict.
KNOWN_THEN = frozenset({"rcp.agency", "op.ruleset"})

STILL_LEAVING = frozenset({State.SEALED, State.WAITING, State.TRYING, State.PARKED})
"""States in which a leg's parcel may lie ready."""


class Recount:
    """Checks streams one after another, and remembers what only the whole can answer."""

    def __init__(self, *, records: Reading, attestations: Attestations, blobs: Blobs, size: int) -> None:
        self.open_transfers = 0
        self.forgotten = 0
        self.blobs_read = 0
        self._records = records
        self._attestations = attestations
        self._blobs = blobs
        self._size = size
        self._terms: dict[bytes, list[str]] = {}
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
            yield from self._told(story)
            yield from self._contents(story)
        except (Tampering, Unreadable, Unlawful) as why:
            yield str(why)
        except (msgspec.MsgspecError, KeyError, ValueError) as why:
            yield f"a fact that cannot be read: {type(why).__name__}"

    def unfindable(self) -> Iterator[str]:
        """Streams that the index does not lead to by one of their own terms."""
        missed: dict[str, None] = {}
        for term, streams in self._terms.items():
            found = set(self._records.find([[term]], limit=ALL))
            missed.update(dict.fromkeys(stream for stream in streams if stream not in found))
        yield from missed

    def orphans(self) -> int:
        """How many blobs no fact names."""
        return sum(1 for blob in self._blobs.names() if blob not in self._named)

    def _until(self, story: Story) -> Story:
        """The story as of the size that is checked: a gateway may be writing on."""
        count = sum(1 for row in story.rows if row.first_index < self._size)
        return replace(story, rows=story.rows[:count], facts=story.facts[:count])

    def _forgotten(self, name: str) -> Iterator[str]:
        self.forgotten += 1
        rows = self._records.history(name).rows
        if not any(row.kind == "disposed" for row in rows):
            yield "its key is gone, and no disposal says why"

    # ── entries ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _told(self, story: Story) -> Iterator[str]:
        terms: set[bytes] = set()
        was_disposed = any(row.kind == "disposed" for row in story.rows)
        times = {row.version: row.at_ms for row in story.rows}
        for said in self._attestations.of(story):
            if times[said.leaf.version] != said.entry.time_ms:
                yield f"fact {said.leaf.version} and entry {said.index} bear different times"
            yield from _in_the_open(said)
            yield from self._committed(said, was_disposed)
            terms.update(terms_of(said.statement, at_ms=said.entry.time_ms, index_key=self._attestations.index_key))
        for term in terms:
            self._terms.setdefault(term, []).append(story.stream)

    def _committed(self, said: Attested, was_disposed: bool) -> Iterator[str]:
        fields = FIELDS[said.entry.kind]
        for number, (cls, box) in enumerate(zip(CLASSES, said.classes, strict=True)):
            if box is None:
                self.forgotten += 1
                if not was_disposed:
                    yield f"entry {said.index}: {cls} is erased, and no disposal says why"
                continue
            if class_root(fields[cls], box.values, box.secret) != said.entry.roots[number]:
                yield f"entry {said.index}: {cls} is not what was committed to"
            kept, stated = dict(box.values), dict(said.stated.of(cls))
            for name in sorted(kept.keys() | stated.keys()):
                is_known_then = f"{cls}.{name}" in KNOWN_THEN and name not in stated
                if kept.get(name) != stated.get(name) and not is_known_then:
                    yield f"entry {said.index}: {cls}.{name} is not what the fact says"

    # ── content ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _contents(self, story: Story) -> Iterator[str]:
        self._named.update(_blobs_of(story.facts))
        if not story.facts or not isinstance(story.facts[0], Received) or story.journey.is_closed:
            return
        self.open_transfers += 1
        for item in story.journey.transfer.items:
            yield from self._content(story, item.blob, item.size_bytes, item.digest)
        for leg in story.journey.legs:
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
        self.blobs_read += 1
        is_same = (size, digest.hexdigest()) == (size_bytes, expected.sha256)
        return "" if is_same else f"blob {blob} is not what the fact says"

    def _is_open_still(self, stream: str) -> bool:
        """A running gateway may close a transfer, and erase its content, while we look."""
        story = None
        with suppress(Tampering):
            story = self._attestations.story(stream)
        return story is not None and not story.journey.is_closed


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


def _blobs_of(facts: Iterable[Fact]) -> Iterator[BlobId]:
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
