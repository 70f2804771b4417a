"""What stands against an erasure: holds first, then the period that ends last, each to the end of its day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.shred.schedule import Hold, Keep, Schedule, Subject, objections, worst

CAME = date(2026, 3, 1)
SUBJECT = Subject(people=frozenset({"jo@town.test"}), partner="court", purpose="litigation", label="office", since=CAME)
HOLD = Hold(id="h", because="A case.", owner="ruth@town.test", until=date(2026, 12, 31))


def keep(name: str, days: int, *what: str, labels: tuple[str, ...] = ()) -> Keep:
    return Keep(
        id=name,
        because="Because.",
        what=frozenset(what),
        labels=frozenset(labels),
        until=lambda day: day + timedelta(days=days),
    )


def against(schedule: Schedule, on: date, classes: tuple[str, ...] = ("rcp",), *answered: str) -> list[str]:
    return [one.id for one in objections(schedule, SUBJECT, classes, on=on, answered=answered)]


@pytest.mark.parametrize(
    ("lists", "is_held"),
    [
        ({}, True),
        ({"partners": {"court"}}, True),
        ({"people": {"jo@town.test"}}, True),
        ({"purposes": {"litigation"}}, True),
        ({"partners": {"police"}}, False),
        ({"people": {"per@town.test"}}, False),
        ({"partners": {"police"}, "purposes": {"litigation"}}, True),
        ({"partners": {"police"}, "people": {"per@town.test"}}, False),
    ],
)
def test_a_hold_is_about_what_any_of_its_lists_names(lists: dict[str, set[str]], is_held: bool) -> None:
    """One list that fits is enough, and without a list it is about everything: too much can be mended."""
    named = {name: frozenset(given) for name, given in lists.items()}
    hold = Hold(id="h", because="A case.", owner="ruth@town.test", until=date(2026, 12, 31), **named)

    assert is_held == bool(against(Schedule(holds=(hold,)), CAME))


def test_a_hold_ends_with_its_last_day() -> None:
    """On the day itself it still holds; on the next no more."""
    schedule = Schedule(holds=(HOLD,))

    assert (["h"], []) == (against(schedule, HOLD.until), against(schedule, HOLD.until + timedelta(days=1)))


def test_nobody_answers_for_a_hold() -> None:
    """Naming it does not lift it."""
    assert ["h"] == against(Schedule(holds=(HOLD,)), CAME, ("rcp",), "h")


def test_the_longest_period_counts() -> None:
    """Of those about the classes and the label, the one that ends last, to the end of its day."""
    schedule = Schedule(
        keeps=(
            keep("short", 10, "rcp"), keep("long", 30, "rcp", "snd"), keep("papers", 99, "content"),
            keep("sealed", 99, "rcp", labels=("sealed",)),
        )
    )  # fmt: skip

    assert ["long"] == against(schedule, CAME)
    assert (["long"], []) == (against(schedule, CAME + timedelta(30)), against(schedule, CAME + timedelta(31)))
    assert ["papers"] == against(schedule, CAME, ("content",))
    assert [] == against(schedule, CAME, ("net",))


def test_whoever_approves_may_answer_for_a_period() -> None:
    """Where no statute stands behind it, by its id; a shorter one does not come forward instead."""
    schedule = Schedule(keeps=(keep("short", 10, "rcp"), keep("long", 30, "rcp")))

    assert [] == against(schedule, CAME, ("rcp",), "long")


def test_the_sentences_say_until_when() -> None:
    """Of a hold whose and why, of a period which and by what article."""
    schedule = Schedule(keeps=(keep("long", 30, "rcp"),), holds=(HOLD,))
    first, second = worst(objections(schedule, SUBJECT, ("rcp",), on=CAME))

    assert ("31 December 2026", True) == (first.sentence.partition("end of ")[2].partition(":")[0], first.is_hold)
    assert ("31 March 2026" in second.sentence, "17(3)(b)" in second.sentence) == (True, True)


def test_each_objection_is_told_once_with_its_latest_day() -> None:
    """Of many legs under one period, the one that ends last."""
    schedule = Schedule(keeps=(keep("long", 30, "rcp"),))
    later = Subject(since=CAME + timedelta(days=7))
    found = [one for subject in (SUBJECT, later, SUBJECT) for one in objections(schedule, subject, ("rcp",), on=CAME)]

    assert [CAME + timedelta(days=37)] == [one.until for one in worst(found)]
