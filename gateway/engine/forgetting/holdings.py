"""What is left of everything that came in, as the schedule is asked about it.

Most of it is young, or went long ago, and both show in the open part of the ledger's entries: only what may be due is
opened. Reads everything, changes nothing; may be used beside a running gateway.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, tzinfo
from functools import cache

from gateway.engine.archive import Story
from gateway.engine.attested import Attestations
from gateway.engine.clock import day
from gateway.engine.files.offers import is_collectable
from gateway.engine.forgetting.subjects import gathered, kinds_of
from gateway.engine.recount import blobs_of
from gateway.facts import Consulted, Received
from gateway.keep import Blobs, LeafRow, Reading
from gateway.ledger.entry import Entry, read_entry
from gateway.ledger.leaf import CLASSES
from gateway.shred.fate import Holding, of_age
from gateway.shred.schedule import CONTENT, Schedule, Subject
from gateway.transfer import BlobId

PAGE = 2048
DEPOSIT = "deposit/"
SCHEDULED = ("T-", "consulted/")
"""Streams that a schedule lets go. An upload goes with the transfer it became; the office's own go on."""


@dataclass(slots=True)
class _Trail:
    """What the open part of its entries says of one stream."""

    last_ms: int
    x: bytes
    """What its last entry bears: a transfer's all bear the same, and questions go together or not at all."""
    legs: int
    """How many; 0 of a question."""


@dataclass(slots=True)
class _Walk:
    """The whole ledger, seen from outside."""

    trails: dict[str, _Trail] = field(default_factory=dict)
    gone: dict[tuple[bytes, int | None], set[str]] = field(default_factory=dict)
    """By what entries bear, the parts that were disposed of."""

    def add(self, leaf: LeafRow) -> None:
        """One entry, in its order."""
        said = read_entry(leaf.entry)
        if said.kind == "disposed":
            self._disposed(said)
        elif leaf.stream.startswith(SCHEDULED):
            trail = self.trails.get(leaf.stream)
            legs = 0 if said.leg is None else said.leg + 1
            most = max(legs, trail.legs) if trail else legs
            self.trails[leaf.stream] = _Trail(said.time_ms, said.x or b"", most)

    def _disposed(self, said: Entry) -> None:
        if said.intent is None or said.outcome:  # ordered, or refused
            return
        classes = said.public.get("classes")
        parts = {str(cls) for cls in classes} if isinstance(classes, list) else set()
        if said.public.get("what") == "payload":
            parts.add(CONTENT)
        self.gone.setdefault((said.x or b"", said.leg), set()).update(parts)

    def has_left(self, trail: _Trail, parts: frozenset[str]) -> bool:
        """Whether any of these parts was not disposed of yet."""
        if not trail.legs:
            return not parts - {CONTENT} <= self.gone.get((trail.x, None), set())
        return any(not parts <= self.gone.get((trail.x, leg), set()) for leg in range(trail.legs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Looks them up, in the records as they are now."""

    records: Reading
    attestations: Attestations
    blobs: Blobs
    zone: tzinfo

    def due(self, schedule: Schedule, on: date) -> Iterator[str]:
        """Streams of which something may be due by their age, what ended first before the rest; look at each."""
        walk = self._walked()
        parts = cache(lambda since: of_age(schedule, since, on))
        found = [
            (trail.last_ms, stream)
            for stream, trail in walk.trails.items()
            if walk.has_left(trail, parts(day(trail.last_ms, self.zone)))
        ]
        yield from (stream for _, stream in sorted(found))

    def all(self) -> Iterator[str]:
        """Every stream that a schedule is asked about."""
        yield from self._walked().trails

    def of(self, stream: str, now_ms: int) -> tuple[Holding, ...]:
        """What is left of a transfer, by leg, or of questions; nothing if it was forgotten whole."""
        story = self.attestations.story(stream)
        first = story.facts[0] if story and story.facts else None
        if story is None or not isinstance(first, Received | Consulted):
            return ()
        papers, is_open = frozenset[str](), False
        if isinstance(first, Received):
            is_open = any(not leg.is_closed or is_collectable(leg, now_ms) for leg in story.journey.legs)
            papers = frozenset({CONTENT}) if self._has_papers(story) else papers
        legs = range(len(first.transfer.legs)) if isinstance(first, Received) else (None,)
        subjects, left = self._gathered(story)
        return tuple(
            Holding(stream=stream, leg=leg, subject=subjects[leg], left=papers.union(left[leg]), is_open=is_open)
            for leg in legs
        )

    def _gathered(self, story: Story) -> tuple[dict[int | None, Subject], dict[int | None, set[str]]]:
        """By leg what a schedule asks of it, and the classes of which something is left."""
        subjects: dict[int | None, Subject] = {}
        left: dict[int | None, set[str]] = {}
        kinds = kinds_of(story)
        for said in self.attestations.of(story):
            leg = said.entry.leg
            subjects[leg] = gathered(subjects.get(leg), said, of=kinds[leg or 0], zone=self.zone)
            there = (cls for cls, box in zip(CLASSES, said.classes, strict=True) if box is not None)
            left.setdefault(leg, set()).update(there)
        return subjects, left

    def _has_papers(self, story: Story) -> bool:
        """Whether anything that it, or the upload it came by, names is still there."""
        deposit = self.attestations.story(f"{DEPOSIT}{story.stream}")
        return any(self._is_there(blob) for one in (story, deposit) if one for blob in blobs_of(one.facts))

    def _is_there(self, blob: BlobId) -> bool:
        with suppress(KeyError):
            self.blobs.size(blob)
            return True
        return False

    def _walked(self) -> _Walk:
        walk, position = _Walk(), 0
        while leaves := self.records.since(position, PAGE).leaves:
            for leaf in leaves:
                walk.add(leaf)
            position = leaves[-1].index + 1
        return walk
