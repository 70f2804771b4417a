"""What the schedule lets go on a day, and what keeps the rest: pure, so that a plan can be shown before it is run.

Of each leg every part is looked at by itself: its papers, and the six classes of its entries. Promises: what is under
a hold, still under way, or about which no rule says anything, stays; what goes today goes on every later day unless a
rule or a hold has come in between; and the papers, which the legs of a transfer share, go when all of them let go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from gateway.shred.plan import CLASSES
from gateway.shred.schedule import CONTENT, Schedule, Subject

PARTS = (CONTENT, *CLASSES)


class Why(StrEnum):
    """What lets a part go, or keeps it."""

    GOES = "goes"
    OPEN = "open"
    """Something may still happen to it: it waits, is on its way, or can be collected."""
    HOLD = "hold"
    PERIOD = "period"
    NO_RULE = "no-rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One leg, or one of the office's own facts, and what is left of it."""

    stream: str
    leg: int | None
    subject: Subject
    left: frozenset[str]
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What becomes of one part of a holding."""

    part: str
    why: Why
    by: str = ""
    """The rule that lets it go or keeps it, or the hold."""
    until: date | None = None
    """The last day it is kept by that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of a holding."""

    holding: Holding
    words: tuple[Word, ...]

    @property
    def goes(self) -> tuple[Word, ...]:
        """The parts that are due."""
        return tuple(word for word in self.words if word.why is Why.GOES)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of its entries that are due."""
        return tuple(word.part for word in self.goes if word.part != CONTENT)

    @property
    def loses_papers(self) -> bool:
        """Whether its papers are due."""
        return any(word.part == CONTENT for word in self.goes)


def fates(schedule: Schedule, holdings: Sequence[Holding], on: date) -> tuple[Fate, ...]:
    """What becomes of the legs of one transfer, all of them given."""
    each = [Fate(holding=one, words=tuple(_words(schedule, one, on))) for one in holdings]
    kept = _first_kept(each)
    if kept is None:
        return tuple(each)
    return tuple(replace(one, words=tuple(kept if _is_due_paper(word) else word for word in one.words)) for one in each)


def of_age(schedule: Schedule, since: date, on: date) -> frozenset[str]:
    """The parts that some rule at least would let go that day, of what ended then; of no other can anything be due."""
    return frozenset(part for keep in schedule.keeps if keep.until(since) < on for part in keep.what)


def first_day(schedule: Schedule, since: date) -> date | None:
    """The first day on which anything at all of what ended then could be due; None if nothing ever is."""
    last = min((keep.until(since) for keep in schedule.keeps), default=date.max)
    return None if last == date.max else last + timedelta(days=1)


def _words(schedule: Schedule, holding: Holding, on: date) -> Iterator[Word]:
    held = schedule.held(holding.subject, on)
    for part in PARTS:
        if part not in holding.left:
            continue
        keep = schedule.longest(holding.subject, (part,))
        if keep is None:
            yield Word(part=part, why=Why.NO_RULE)
            continue
        until = keep.until(holding.subject.since)
        if on <= until:
            yield Word(part=part, why=Why.PERIOD, by=keep.id, until=until)
        elif holding.is_open:
            yield Word(part=part, why=Why.OPEN)
        elif held:
            yield Word(part=part, why=Why.HOLD, by=held[0].id, until=held[0].until)
        else:
            yield Word(part=part, why=Why.GOES, by=keep.id, until=until)


def _first_kept(each: Iterable[Fate]) -> Word | None:
    """What keeps the papers for some leg longest; None when every leg lets go of them."""
    kept = [word for one in each for word in one.words if word.part == CONTENT and word.why is not Why.GOES]
    return max(kept, key=lambda word: (word.until is None, word.until or date.min, word.by), default=None)


def _is_due_paper(word: Word) -> bool:
    return word.part == CONTENT and word.why is Why.GOES
