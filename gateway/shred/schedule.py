"""May this be destroyed yet? The office's periods, and legal holds, which outrank every request.

A hold keeps a leg when any of its lists names somebody or something of that leg: to keep too much can be mended. A
period of the schedule keeps what it is about until it ends; statutory periods outrank a request (GDPR Art. 17(3)(b)).
Whoever approves may answer for a period by its id, where no statute stands behind it; nobody lifts a hold this way.
Fixed dates arrive as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

CONTENT = "content"
"""Beside the six classes: the papers themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One leg, or one fact of the office, as far as a schedule asks."""

    people: frozenset[str] = frozenset()
    """Addresses, lower case: who sent it, whom it is for, who decided."""
    partner: str = ""
    purpose: str = ""
    label: str = ""
    since: date
    """The day it came in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """`[[keep]]`: how long what is kept."""

    id: str
    because: str
    what: frozenset[str]
    labels: frozenset[str]
    """Empty: any."""
    until: Callable[[date], date]
    """The last day it is kept, by the day it came in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """`[[hold]]`: nothing of this is destroyed before the day is over."""

    id: str
    because: str
    owner: str
    until: date
    partners: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()

    def holds(self, subject: Subject) -> bool:
        """Whether it is about this; a hold without a list is about everything."""
        lists = (self.partners, self.people, self.purposes)
        if not any(lists):
            return True
        named = bool(subject.people & self.people)
        return named or subject.partner in self.partners or subject.purpose in self.purposes


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The office's retention rules."""

    keeps: tuple[Keep, ...] = ()
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why it must stay, and until the end of which day."""

    id: str
    is_hold: bool
    until: date
    sentence: str


def objections(
    schedule: Schedule, subject: Subject, classes: Collection[str], *, on: date, answered: Collection[str] = ()
) -> Iterator[Objection]:
    """What stands against destroying these classes of this on that day, holds first.

    `answered` are the ids of periods that whoever approves answers for.
    """
    for hold in schedule.holds:
        if on <= hold.until and hold.holds(subject):
            yield Objection(
                id=hold.id,
                is_hold=True,
                until=hold.until,
                sentence=f'It is under the legal hold "{hold.id}" of {hold.owner} until the end of {_day(hold.until)}: '
                f"{hold.because}",
            )
    longest = _longest(schedule.keeps, subject, classes)
    if longest is not None and longest.id not in answered and on <= longest.until(subject.since):
        until = longest.until(subject.since)
        yield Objection(
            id=longest.id,
            is_hold=False,
            until=until,
            sentence=f'The schedule keeps it until the end of {_day(until)} by "{longest.id}": {longest.because} '
            "A period the law demands outranks a request (GDPR Art. 17(3)(b)).",
        )


def worst(found: Iterable[Objection]) -> tuple[Objection, ...]:
    """Each objection once, with its latest day; holds first, then the latest."""
    latest: dict[str, Objection] = {}
    for one in found:
        if one.id not in latest or latest[one.id].until < one.until:
            latest[one.id] = one
    return tuple(sorted(latest.values(), key=lambda one: (not one.is_hold, -one.until.toordinal(), one.id)))


def _longest(keeps: Sequence[Keep], subject: Subject, classes: Collection[str]) -> Keep | None:
    """Of all that match, the period that ends last."""
    matching = [
        keep for keep in keeps if keep.what.intersection(classes) and (not keep.labels or subject.label in keep.labels)
    ]
    return max(matching, key=lambda keep: keep.until(subject.since), default=None)


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
