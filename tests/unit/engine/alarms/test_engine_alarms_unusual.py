"""What sounds an alarm, and that steady work never does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.engine.alarms.alarm import Kind
from gateway.engine.alarms.habits import DAY_MS, HOUR_MS, Habits
from gateway.engine.alarms.signs import Did, Sign
from gateway.engine.alarms.unusual import Scale, Unusual, learn, weigh
from gateway.judge.shapes import WorkingHours
from gateway.judge.stationshapes import AlarmsTable

MONDAY = int(datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp() * 1000)
MINUTE = 60_000
WHO = "jo@town.test"
SCALE = Scale(
    alarms=AlarmsTable(), hours=WorkingHours(), zone=ZoneInfo("UTC"), is_outside=lambda to: not to.endswith("town.test")
)


def sent(at_ms: int, to: str = "registry@court.test") -> Sign:
    return Sign(did=Did.SENT, who="jo@town.test", at_ms=at_ms, to=to)


def did(what: Did, at_ms: int) -> Sign:
    return Sign(did=what, who="jo@town.test", at_ms=at_ms)


def told(signs: Iterable[Sign], habits: Habits | None = None, scale: Scale = SCALE) -> list[Unusual]:
    """Everything that was unusual, as the watch asks: a sign-in before it is taken in, all else after."""
    habits = habits or Habits()
    found: list[Unusual] = []
    for sign in signs:
        if sign.did is Did.SIGNED_IN:
            found += weigh(habits, sign, scale)
        learn(habits, sign, scale)
        if sign.did is not Did.SIGNED_IN:
            found += weigh(habits, sign, scale)
    return found


def kinds(found: Iterable[Unusual]) -> set[Kind]:
    return {one.kind for one in found}


def working(days: int, an_hour: int, first_ms: int = MONDAY - 2 * HOUR_MS) -> list[Sign]:
    """So many letters in every working hour of so many days, weekends left out."""
    return [
        sent(first_ms + day * DAY_MS + hour * HOUR_MS + number * HOUR_MS // an_hour)
        for day in range(days)
        for hour in range(10)
        for number in range(an_hour)
        if datetime.fromtimestamp((first_ms + day * DAY_MS) / 1000, tz=UTC).weekday() < 5
    ]


# ── volume ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=20)
@given(st.integers(1, 19), st.integers(1, 12))
def test_steady_work_below_the_threshold_never_sounds(an_hour: int, days: int) -> None:
    """Whatever the pace, from the first day on."""
    assert set() == kinds(told(working(days, an_hour)))


@pytest.mark.parametrize("an_hour", [50, 120])
def test_steady_work_above_the_threshold_is_learnt(an_hour: int) -> None:
    """The first day may be news; from the third on it is what they do."""
    habits = Habits()
    told(working(2, an_hour), habits)

    assert set() == kinds(told(working(3, an_hour, MONDAY - 2 * HOUR_MS + 2 * DAY_MS), habits))


def test_many_at_once_sounds() -> None:
    """Five an hour for a week, and then two hundred in half an hour."""
    habits = Habits()
    told(working(5, 5), habits)
    burst = [sent(MONDAY + 7 * DAY_MS + number * 9_000) for number in range(200)]

    first = told(burst, habits)[0]

    assert (Kind.VOLUME, 40, 5, HOUR_MS) == (first.kind, first.count, first.usual, first.span_ms)


def test_many_on_a_day_sound_though_no_hour_does() -> None:
    """Thirty an hour, day and night."""
    habits = Habits()
    told(working(5, 2), habits)
    drip = [sent(MONDAY + 7 * DAY_MS + number * 2 * MINUTE, "jo2@town.test") for number in range(300)]

    found = [one for one in told(drip, habits) if one.kind is Kind.VOLUME]

    assert (DAY_MS, 200) == (found[0].span_ms, found[0].count)


# ── hours ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def at_three(days: int = 0) -> int:
    """At three in the night, so many days after."""
    return int((datetime(2026, 11, 24, 3, tzinfo=UTC) + timedelta(days=days)).timestamp() * 1000)


def test_a_few_letters_at_night_sound() -> None:
    """Three, from somebody who works by day; two do not."""
    habits = Habits()
    told(working(5, 2), habits)

    two = told([sent(at_three(6)), sent(at_three(6) + MINUTE)], habits)
    third = told([sent(at_three(6) + 2 * MINUTE)], habits)

    assert (set(), {Kind.HOURS}) == (kinds(two), kinds(third))


def test_who_works_at_night_is_known_after_two_nights() -> None:
    """An hour beside it is the same; the weekend is another kind of day."""
    habits = Habits()
    first = told([sent(at_three(day) + n * MINUTE) for day in (0, 1) for n in range(3)], habits)
    later = told([sent(at_three(3) + HOUR_MS + n * MINUTE) for n in range(3)], habits)
    weekend = told([sent(at_three(4) + n * MINUTE) for n in range(3)], habits)

    assert ({Kind.HOURS}, set(), {Kind.HOURS}) == (kinds(first), kinds(later), kinds(weekend))


def test_a_partner_keeps_its_own_hours() -> None:
    """Their machines send at night."""
    theirs = [Sign(did=Did.SENT, who="partner:court", at_ms=at_three() + n * MINUTE, to=WHO) for n in range(5)]

    assert set() == kinds(told(theirs))


def test_the_office_clock_decides() -> None:
    """Eleven at night in London is morning in Auckland."""
    late = [sent(int(datetime(2026, 11, 23, 23, n, tzinfo=UTC).timestamp() * 1000)) for n in range(3)]
    there = Scale(
        alarms=SCALE.alarms, hours=SCALE.hours, zone=ZoneInfo("Pacific/Auckland"), is_outside=SCALE.is_outside
    )

    assert ({Kind.HOURS}, set()) == (kinds(told(late)), kinds(told(late, scale=there)))


# ── recipients, refusals, sign-ins, collections ──────────────────────────────────────────────────────────────────────


def test_many_strangers_sound_and_colleagues_do_not() -> None:
    """Ten outsiders within an hour to whom they had not written; ten known ones, or ten of ours, are work."""
    strangers = [sent(MONDAY + n * MINUTE, f"s{n}@far.test") for n in range(10)]
    ours = [sent(MONDAY + n * MINUTE, f"s{n}@town.test") for n in range(10)]
    known, again = Habits(), [sent(MONDAY + DAY_MS + n * MINUTE, f"s{n}@far.test") for n in range(10)]
    told(strangers, known)

    assert {Kind.NEW_RECIPIENTS} == kinds(told(strangers))
    assert set() == kinds(told(ours))
    assert set() == kinds(told(again, known))


def test_refusals_in_a_row_sound() -> None:
    """Eight; one letter that goes in between begins the count anew, and so does time."""
    refused = [did(Did.REFUSED, MONDAY + n * MINUTE) for n in range(8)]
    broken = [*refused[:7], sent(MONDAY + 7 * MINUTE), did(Did.REFUSED, MONDAY + 8 * MINUTE)]
    slow = [did(Did.REFUSED, MONDAY + n * 10 * MINUTE) for n in range(8)]

    assert ({Kind.REFUSALS}, set(), set()) == (kinds(told(refused)), kinds(told(broken)), kinds(told(slow)))


def test_a_sign_in_after_many_wrong_tries_sounds() -> None:
    """Five wrong and one right within half an hour; wrong ones alone are the guard's, and a right one ends the row."""
    wrong = [did(Did.WRONG, MONDAY + n * MINUTE) for n in range(5)]
    right = did(Did.SIGNED_IN, MONDAY + 5 * MINUTE)
    late = did(Did.SIGNED_IN, MONDAY + HOUR_MS)

    assert set() == kinds(told(wrong))
    assert {Kind.SIGN_INS} == kinds(told([*wrong, right]))
    assert set() == kinds(told([*wrong, late]))
    assert set() == kinds(told([*wrong[:4], right, wrong[4], right]))


def test_a_partner_that_empties_its_box_sounds() -> None:
    """Sixty within an hour, where it used to be three."""
    habits = Habits()
    told([did(Did.COLLECTED, MONDAY + day * DAY_MS + n * MINUTE) for day in range(5) for n in range(3)], habits)

    found = told([did(Did.COLLECTED, MONDAY + 7 * DAY_MS + n * 1_000) for n in range(70)], habits)

    assert {Kind.COLLECTIONS} == kinds(found)
    assert (60, 3) == (found[0].count, found[0].usual)
