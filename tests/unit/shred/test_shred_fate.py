"""What goes and what stays, part by part: holds before periods, silence keeps, papers go with the last leg."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.judge.words import Duration
from gateway.shred.fate import Fate, Holding, Why, fates, first_day, of_age
from gateway.shred.schedule import Hold, Keep, Schedule, Subject

ENDED = date(2026, 3, 1)
LATE = date(2030, 1, 1)
LITIGATION = Hold(
    id="case", because="A case.", owner="ruth", until=date(2031, 1, 1), purposes=frozenset({"litigation"})
)


def keep(name: str, span: str, *what: str, **only: set[str]) -> Keep:
    limits = {key: frozenset(value) for key, value in only.items()}
    return Keep(id=name, because="Because.", what=frozenset(what), until=Duration.of(span).after, **limits)


def holding(leg: int = 0, *left: str, is_open: bool = False, **about: object) -> Holding:
    given: dict[str, object] = {"label": "office", "purpose": "filing", "of": "sent", "since": ENDED, **about}
    subject = Subject(**given)  # type: ignore[arg-type]
    return Holding(stream="T-A", leg=leg, subject=subject, left=frozenset(left or ("content",)), is_open=is_open)


def told(fate: Fate) -> dict[str, tuple[str, str]]:
    return {word.part: (word.why.value, word.by) for word in fate.words}


def one(schedule: Schedule, it: Holding, on: date = LATE) -> dict[str, tuple[str, str]]:
    (fate,) = fates(schedule, [it], on)
    return told(fate)


PAPERS, RECORD = keep("papers", "30d", "content"), keep("record", "10y", "snd", "rcp")


def test_each_part_has_a_period_of_its_own() -> None:
    """Papers go after a month, the record after ten years, and what no rule is about stays."""
    found = one(Schedule(keeps=(PAPERS, RECORD)), holding(0, "content", "rcp", "net"), ENDED + timedelta(31))

    assert {"content": ("goes", "papers"), "rcp": ("period", "record"), "net": ("no-rule", "")} == found


@pytest.mark.parametrize(
    ("span", "ended", "last"),
    [
        ("30d", date(2026, 3, 1), date(2026, 3, 31)),
        ("1mo", date(2026, 1, 31), date(2026, 2, 28)),
        ("1mo", date(2028, 1, 31), date(2028, 2, 29)),
        ("13mo", date(2026, 12, 15), date(2028, 1, 15)),
        ("1y", date(2028, 2, 29), date(2029, 2, 28)),
        ("4y", date(2028, 2, 29), date(2032, 2, 29)),
        ("10y", date(9995, 1, 1), date.max),
    ],
)
def test_periods_are_counted_by_the_calendar_and_include_their_last_day(span: str, ended: date, last: date) -> None:
    """On the last day it is kept, on the next it goes; what would end after the calendar never ends."""
    schedule = Schedule(keeps=(keep("k", span, "content"),))
    it = holding(since=ended)

    assert {"content": ("period", "k")} == one(schedule, it, last)
    if last < date.max:
        assert {"content": ("goes", "k")} == one(schedule, it, last + timedelta(1))


def test_without_a_rule_nothing_goes() -> None:
    """Not even in a thousand years."""
    assert {"content": ("no-rule", "")} == one(Schedule(), holding(), date(3000, 1, 1))


@pytest.mark.parametrize(
    ("only", "goes"),
    [
        ({"labels": {"office"}}, True),
        ({"labels": {"secret"}}, False),
        ({"purposes": {"filing"}}, True),
        ({"purposes": {"litigation"}}, False),
        ({"of": {"sent"}}, True),
        ({"of": {"refused", "note"}}, False),
        ({"labels": {"office"}, "purposes": {"filing"}, "of": {"sent"}}, True),
        ({"labels": {"office"}, "purposes": {"filing"}, "of": {"note"}}, False),
    ],
)
def test_a_period_is_about_what_all_its_lists_allow(only: dict[str, set[str]], goes: bool) -> None:
    """Label, matter and what it is of, each of them if it is given."""
    found = one(Schedule(keeps=(keep("k", "30d", "content", **only),)), holding())

    assert {"content": ("goes", "k") if goes else ("no-rule", "")} == found


def test_the_longest_period_that_fits_counts() -> None:
    """A shorter one beside it lets go of nothing."""
    schedule = Schedule(keeps=(PAPERS, keep("litigation", "20y", "content", labels={"office"})))

    assert {"content": ("period", "litigation")} == one(schedule, holding())


def test_a_hold_wins_over_every_period() -> None:
    """To the end of its last day."""
    schedule = Schedule(keeps=(PAPERS,), holds=(LITIGATION,))
    it = holding(purpose="litigation")

    assert {"content": ("hold", "case")} == one(schedule, it, LITIGATION.until)
    assert {"content": ("goes", "papers")} == one(schedule, it, LITIGATION.until + timedelta(1))
    assert {"content": ("goes", "papers")} == one(schedule, holding())


@pytest.mark.parametrize(("gone", "is_held"), [({"op"}, True), ({"rcp"}, False), ({"net"}, False)])
def test_what_can_no_longer_be_asked_may_be_what_a_hold_is_about(gone: set[str], is_held: bool) -> None:
    """Its purpose was erased: it may be the case's. Other classes do not say what it was for."""
    schedule = Schedule(keeps=(PAPERS,), holds=(LITIGATION,))
    it = holding(purpose="", label="", erased=frozenset(gone))

    assert is_held == (one(schedule, it) == {"content": ("hold", "case")})


def test_of_what_has_no_label_any_more_every_period_may_be_meant() -> None:
    """So the longest counts."""
    schedule = Schedule(keeps=(PAPERS, keep("sealed", "99y", "content", labels={"sealed"})))

    assert {"content": ("period", "sealed")} == one(schedule, holding(label="", erased=frozenset({"op"})))


def test_what_is_under_way_stays() -> None:
    """However old."""
    assert {"content": ("open", "")} == one(Schedule(keeps=(PAPERS,)), holding(is_open=True))


def test_papers_go_when_every_leg_lets_go() -> None:
    """They are one and the same: what keeps them for one leg keeps them for all, the longest first; values go alone."""
    schedule = Schedule(keeps=(PAPERS, keep("brief", "1d", "net")), holds=(LITIGATION,))
    legs = [holding(0, "content", "net"), holding(1, "content", "net", purpose="litigation")]

    first, second = map(told, fates(schedule, legs, LATE))

    assert {"content": ("hold", "case"), "net": ("goes", "brief")} == first
    assert {"content": ("hold", "case"), "net": ("hold", "case")} == second


def test_what_goes_is_asked_for_in_two_ways() -> None:
    """Papers, and classes in the ledger's order."""
    (fate,) = fates(Schedule(keeps=(PAPERS, RECORD)), [holding(0, "content", "rcp", "snd")], date(2040, 1, 1))

    assert (True, ("snd", "rcp")) == (fate.loses_papers, fate.classes)
    assert {Why.GOES} == {word.why for word in fate.goes}


def test_age_says_of_which_parts_anything_can_be_due() -> None:
    """Looking at what ended then is needless before that day."""
    schedule = Schedule(keeps=(PAPERS, RECORD))
    last = ENDED + timedelta(30)

    assert (frozenset(), {"content"}) == (of_age(schedule, ENDED, last), of_age(schedule, ENDED, last + timedelta(1)))
    assert (last + timedelta(1), None) == (first_day(schedule, ENDED), first_day(Schedule(), ENDED))
