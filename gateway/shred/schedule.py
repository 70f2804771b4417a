"""May this be destroyed yet? The office's periods, and legal holds, which outrank every request.

A hold keeps a leg when any of its lists names somebody or something of that leg: to keep too much can be mended. A
period of the schedule keeps what it is about until it ends; statutory periods outrank a request (GDPR Art. 17(3)(b)).
Whoever approves may answer for a period by its id, where no statute stands behind it; nobody lifts a hold this way.
What was erased before cannot be asked any more: it may be what a hold names, and of whatever label a period is about.
Fixed dates arrive as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
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
    of: str = ""
    """`sent refused note question`, as far as that is known."""
    erased: frozenset[str] = frozenset()
    """Classes of which something is gone."""
    since: date
    """The day it ended: of its last fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """`[[keep]]`: how long what is kept."""

    id: str
    because: str
    what: frozenset[str]
    labels: frozenset[str] = frozenset()
    """Empty: any. So with purposes, and what it is of."""
    purposes: frozenset[str] = frozenset()
    of: frozenset[str] = frozenset()
    until: Callable[[date], date]
    """The last day it is kept, by the day it ended."""
    owner: str = ""
    """Who hears of it before; empty: whoever may publish rules."""
    warn_days: int = 0
    """How long before; 0: nobody does."""

    def fits(self, subject: Subject) -> bool:
        """Whether it is about this."""
        is_unknown = "op" in subject.erased
        return (
            (not self.labels or subject.label in self.labels or (is_unknown and not subject.label))
            and (not self.purposes or subject.purpose in self.purposes or (is_unknown and not subject.purpose))
            and (not self.of or subject.of in self.of or not subject.of)
        )


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
        """Whether it is about this, or may be; a hold without a list is about everything."""
        if not (self.partners or self.people or self.purposes):
            return True
        return (
            self._is_named(self.people, subject.people, subject.erased & {"snd", "rcp"})
            or self._is_named(self.partners, {subject.partner} - {""}, subject.erased & {"rcp"})
            or self._is_named(self.purposes, {subject.purpose} - {""}, subject.erased & {"op"})
        )

    @staticmethod
    def _is_named(listed: Collection[str], known: Collection[str], erased: Collection[str]) -> bool:
        """Whether one of them is listed; of what can no longer be asked, all of them may be."""
        return bool(listed) and (bool(erased) or not set(listed).isdisjoint(known))


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The office's retention rules."""

    keeps: tuple[Keep, ...] = ()
    holds: tuple[Hold, ...] = ()

    def held(self, subject: Subject, on: date) -> tuple[Hold, ...]:
        """The holds it is under on that day, the longest first."""
        found = [hold for hold in self.holds if on <= hold.until and hold.holds(subject)]
        return tuple(sorted(found, key=lambda hold: (-hold.until.toordinal(), hold.id)))

    def longest(self, subject: Subject, classes: Collection[str]) -> Keep | None:
        """Of all periods about any of these, the one that ends last; None if there is none."""
        matching = (keep for keep in self.keeps if keep.what.intersection(classes) and keep.fits(subject))
        return max(matching, key=lambda keep: keep.until(subject.since), default=None)


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
    for hold in schedule.held(subject, on):
        yield Objection(
            id=hold.id,
            is_hold=True,
            until=hold.until,
            sentence=f'It is under the legal hold "{hold.id}" of {hold.owner} until the end of {_day(hold.until)}: '
            f"{hold.because}",
        )
    longest = schedule.longest(subject, classes)
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


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
