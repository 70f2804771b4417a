"""Is this unusual? A sign against somebody's habits and the office's thresholds. Pure.

1. Much is unusual when it is at least the threshold, and more than so many times the most that was ever seen of them.
   Who works steadily never meets it.
2. An hour is unusual when it lies outside the office's working hours, and outside the hours they are known to work.
3. Many new recipients, many refusals in a row, and a sign-in after many wrong tries are unusual for anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from gateway.engine.alarms.alarm import Kind
from gateway.engine.alarms.habits import DAY_MS, HOUR_MS, Count, Habits
from gateway.engine.alarms.signs import Did, Sign
from gateway.engine.clock import moment
from gateway.facts import Truth
from gateway.judge.circumstances import DAYS, working_hours
from gateway.judge.shapes import WorkingHours
from gateway.judge.stationshapes import AlarmsTable, VolumeAlarm
from gateway.judge.words import PARTNER

USED_TO = 2
"""On so many earlier days at this time of day, and it is usual."""
BESIDE = (-1, 0, 1)
"""Hours beside an hour that count as it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """What was found."""

    kind: Kind
    who: str
    at_ms: int
    count: int
    span_ms: int
    usual: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What signs are weighed with: the thresholds, and the office's own time."""

    alarms: AlarmsTable
    hours: WorkingHours
    zone: tzinfo
    is_outside: Callable[[str], bool]
    """Whether a recipient is none of ours."""

    @property
    def past_ms(self) -> int:
        """So long habits are remembered."""
        return 1000 * self.alarms.past.seconds

    def slot(self, at_ms: int) -> tuple[bool, int]:
        """Whether it is a working day, and the hour."""
        at = moment(at_ms, self.zone)
        return _is_working_day(self.hours, at), at.hour


def learn(habits: Habits, sign: Sign, scale: Scale) -> None:
    """Take a sign in."""
    match sign.did:
        case Did.SENT:
            habits.sent.add(sign.at_ms)
            habits.refusals.end()
            if scale.is_outside(sign.to):
                habits.recipients.add(sign.to, sign.at_ms)
        case Did.REFUSED:
            habits.refusals.add(sign.at_ms)
        case Did.COLLECTED:
            habits.collected.add(sign.at_ms)
        case Did.WRONG:
            habits.wrong.add(sign.at_ms)
        case Did.SIGNED_IN:
            habits.wrong.end()
    habits.tidy(sign.at_ms, scale.past_ms)


def weigh(habits: Habits, sign: Sign, scale: Scale) -> Iterator[Unusual]:
    """What is unusual about a sign that was taken in, or, of a sign-in, is about to be."""
    thresholds = scale.alarms
    match sign.did:
        case Did.SENT:
            yield from _much(Kind.VOLUME, habits.sent, sign, thresholds.volume)
            yield from _late(habits, sign, scale)
            new, least = habits.recipients.new(sign.at_ms, HOUR_MS), thresholds.new_recipients.hour
            if new >= least:
                yield Unusual(kind=Kind.NEW_RECIPIENTS, who=sign.who, at_ms=sign.at_ms, count=new, span_ms=HOUR_MS)
        case Did.REFUSED:
            span_ms = 1000 * thresholds.refusals.within.seconds
            count = habits.refusals.lately(sign.at_ms, span_ms)
            if count >= thresholds.refusals.row:
                yield Unusual(kind=Kind.REFUSALS, who=sign.who, at_ms=sign.at_ms, count=count, span_ms=span_ms)
        case Did.COLLECTED:
            yield from _much(Kind.COLLECTIONS, habits.collected, sign, thresholds.collections)
        case Did.SIGNED_IN:
            span_ms = 1000 * thresholds.sign_ins.within.seconds
            count = habits.wrong.lately(sign.at_ms, span_ms)
            if count >= thresholds.sign_ins.wrong:
                yield Unusual(kind=Kind.SIGN_INS, who=sign.who, at_ms=sign.at_ms, count=count, span_ms=span_ms)
        case Did.WRONG:
            pass


def _much(kind: Kind, count: Count, sign: Sign, much: VolumeAlarm) -> Iterator[Unusual]:
    """1: the day where that says more than the hour."""
    now_ms = sign.at_ms
    for span_ms, least, busiest in ((DAY_MS, much.day, count.busiest_day), (HOUR_MS, much.hour, count.busiest_hour)):
        found = count.lately(now_ms, span_ms)
        if found < least:
            continue
        usual = busiest(now_ms)
        if found > much.times * usual:
            yield Unusual(kind=kind, who=sign.who, at_ms=now_ms, count=found, span_ms=span_ms, usual=usual)
            return


def _late(habits: Habits, sign: Sign, scale: Scale) -> Iterator[Unusual]:
    """2: of our own people; a partner keeps its own hours."""
    count = habits.sent.lately(sign.at_ms, HOUR_MS)
    if count < scale.alarms.hours.least or sign.who.startswith(PARTNER):
        return
    if working_hours(scale.hours, moment(sign.at_ms, scale.zone)) is not Truth.NO:
        return
    beside = (habits.sent.days_at(sign.at_ms + hours * HOUR_MS, scale.slot) for hours in BESIDE)
    if max(beside) < USED_TO:
        yield Unusual(kind=Kind.HOURS, who=sign.who, at_ms=sign.at_ms, count=count, span_ms=HOUR_MS)


def _is_working_day(hours: WorkingHours, at: datetime) -> bool:
    return DAYS[at.weekday()] in hours.days
