"""Over every schedule there may be: holds win, silence keeps, what goes today goes tomorrow, what went is not asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.judge.words import Duration
from gateway.shred.fate import PARTS, Holding, Why, fates, of_age
from gateway.shred.schedule import CONTENT, Hold, Keep, Schedule, Subject

DAYS = st.dates(date(2020, 1, 1), date(2060, 1, 1))
PEOPLE, LABELS, PURPOSES, KINDS = ("ann@a.test", "bob@b.test"), ("low", "high"), ("sale", "case"), ("sent", "refused")


def some(words: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(words))


KEEPS = st.builds(
    lambda what, labels, purposes, of, count, unit, name: Keep(
        id=f"k{name}", because="", what=what, labels=labels, purposes=purposes, of=of,
        until=Duration(count=count, unit=unit).after,
    ),
    some(PARTS), some(LABELS), some(PURPOSES), some(KINDS), st.integers(1, 40), st.sampled_from(["d", "w", "mo", "y"]),
    st.integers(0, 9),
)  # fmt: skip
HOLDS = st.builds(
    lambda until, people, purposes, name: Hold(
        id=f"h{name}", because="", owner="", until=until, people=people, purposes=purposes
    ),
    DAYS, some(PEOPLE), some(PURPOSES), st.integers(0, 9),
)  # fmt: skip
SUBJECTS = st.builds(
    Subject,
    people=some(PEOPLE), label=st.sampled_from(("", *LABELS)), purpose=st.sampled_from(("", *PURPOSES)),
    of=st.sampled_from(("", *KINDS)), erased=some(("op", "snd", "rcp", "net")), since=DAYS,
)  # fmt: skip
LEGS = st.lists(
    st.builds(
        Holding, stream=st.just("T-A"), leg=st.integers(0, 3), subject=SUBJECTS, left=some(PARTS), is_open=st.booleans()
    ),
    min_size=1,
    max_size=3,
)
SCHEDULES = st.builds(
    Schedule, keeps=st.lists(KEEPS, max_size=4).map(tuple), holds=st.lists(HOLDS, max_size=2).map(tuple)
)


def gone(schedule: Schedule, legs: list[Holding], on: date) -> set[tuple[int, str]]:
    return {(n, word.part) for n, fate in enumerate(fates(schedule, legs, on)) for word in fate.goes}


@given(SCHEDULES, LEGS, DAYS)
def test_what_is_held_or_open_or_unruled_never_goes(schedule: Schedule, legs: list[Holding], on: date) -> None:
    """Whatever periods say."""
    for number, part in gone(schedule, legs, on):
        leg = legs[number]
        assert not leg.is_open
        assert not schedule.held(leg.subject, on)
        assert any(part in keep.what for keep in schedule.keeps)
        assert all(on > keep.until(leg.subject.since) for keep in schedule.keeps
                   if part in keep.what and keep.fits(leg.subject))  # fmt: skip


@given(SCHEDULES, LEGS, DAYS, st.integers(1, 4000))
def test_what_goes_today_goes_on_every_later_day(schedule: Schedule, legs: list[Holding], on: date, later: int) -> None:
    """A day can only add, unless rules change: time frees what holds and periods kept."""
    assert gone(schedule, legs, on) <= gone(schedule, legs, on + timedelta(later))


@given(SCHEDULES, LEGS, DAYS, HOLDS)
def test_another_hold_can_only_keep_more(schedule: Schedule, legs: list[Holding], on: date, hold: Hold) -> None:
    """And so can another period for what some period is about already."""
    tighter = replace(schedule, holds=(*schedule.holds, hold))

    assert gone(tighter, legs, on) <= gone(schedule, legs, on)


@given(SCHEDULES, LEGS, DAYS)
def test_after_a_run_nothing_is_due(schedule: Schedule, legs: list[Holding], on: date) -> None:
    """What went is not left, and what is left did not become due by that."""
    went = gone(schedule, legs, on)
    after = [replace(leg, left=leg.left - {part for n, part in went if n == number}) for number, leg in enumerate(legs)]

    assert set() == gone(schedule, after, on)


@given(SCHEDULES, LEGS, DAYS)
def test_the_legs_of_a_transfer_agree_on_its_papers(schedule: Schedule, legs: list[Holding], on: date) -> None:
    """They go for all that have them, or for none."""
    words = [word for fate in fates(schedule, legs, on) for word in fate.words if word.part == CONTENT]

    assert len({word.why is Why.GOES for word in words}) <= 1


@given(SCHEDULES, LEGS, DAYS)
def test_nothing_is_due_of_what_is_not_of_age(schedule: Schedule, legs: list[Holding], on: date) -> None:
    """So what is not looked at is missed by nobody."""
    for number, part in gone(schedule, legs, on):
        assert part in of_age(schedule, legs[number].subject.since, on)
