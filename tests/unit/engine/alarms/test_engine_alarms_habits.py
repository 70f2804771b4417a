"""What somebody usually does: counted in windows, the same in whatever order it comes, bounded whatever comes."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.engine.alarms.habits import (
    DAY_MS,
    HOUR_MS,
    MOST_RECIPIENTS,
    RECENT_MS,
    SLICE_MS,
    Count,
    Habits,
    Recipients,
    Row,
)

NOW = 1_795_435_200_000
PAST = 28 * DAY_MS
TIMES = st.lists(st.integers(NOW - 3 * DAY_MS, NOW), max_size=60)


def counted(times: list[int]) -> Count:
    count = Count()
    for at_ms in times:
        count.add(at_ms)
    return count


@settings(max_examples=40)
@given(TIMES, st.randoms(use_true_random=False))
def test_the_order_within_a_window_does_not_count(times: list[int], dice: object) -> None:
    """Shuffled, the same counts; so what a restart reads back is what was counted on the way."""
    shuffled = list(times)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = counted(times), counted(shuffled)

    assert (one.lately(NOW, HOUR_MS), one.lately(NOW, DAY_MS)) == (
        other.lately(NOW, HOUR_MS),
        other.lately(NOW, DAY_MS),
    )
    assert (one.busiest_hour(NOW), one.busiest_day(NOW)) == (other.busiest_hour(NOW), other.busiest_day(NOW))


@given(TIMES, st.sampled_from([HOUR_MS, 6 * HOUR_MS, DAY_MS]))
def test_lately_is_the_span_to_ten_minutes(times: list[int], span_ms: int) -> None:
    """Never less than what lies surely within it, never more than what lies within it and ten minutes."""
    surely = sum(NOW - span_ms + SLICE_MS <= at_ms <= NOW for at_ms in times)
    perhaps = sum(NOW - span_ms - SLICE_MS <= at_ms <= NOW for at_ms in times)

    assert surely <= counted(times).lately(NOW, span_ms) <= perhaps


@given(TIMES)
def test_the_past_is_what_is_over(times: list[int]) -> None:
    """What happens now is never compared with itself: an hour counts once it ended an hour ago, a day a day ago."""
    over = [at_ms for at_ms in times if (at_ms // HOUR_MS + 1) * HOUR_MS <= NOW - HOUR_MS]

    assert max(Counter(at_ms // HOUR_MS for at_ms in over).values(), default=0) == counted(times).busiest_hour(NOW)


@given(st.lists(st.integers(0, 400 * 24), max_size=300))
def test_a_count_holds_no_more_than_its_windows(hours: list[int]) -> None:
    """However long it goes on: slices of a day and hours of the past."""
    habits = Habits()
    for hour in sorted(hours):
        habits.sent.add(NOW + hour * HOUR_MS)
        habits.tidy(NOW + hour * HOUR_MS, PAST)

    assert RECENT_MS // SLICE_MS + 7 >= len(habits.sent.slices)
    assert PAST // HOUR_MS + 2 >= len(habits.sent.hours)


def test_a_recipient_is_new_once() -> None:
    """Within the hour of the first letter; written to again it is known, forgotten for weeks it is new again."""
    known = Recipients()
    known.add("a@x.test", NOW)
    assert 1 == known.new(NOW, HOUR_MS)
    known.add("a@x.test", NOW + 2 * HOUR_MS)
    assert 0 == known.new(NOW + 2 * HOUR_MS, HOUR_MS)

    known.forget(NOW + 2 * HOUR_MS + PAST + 1, PAST)
    known.add("a@x.test", NOW + 3 * HOUR_MS + PAST)

    assert 1 == known.new(NOW + 3 * HOUR_MS + PAST, HOUR_MS)


def test_recipients_are_bounded() -> None:
    """Whom nobody wrote to longest goes first."""
    known = Recipients()
    for number in range(MOST_RECIPIENTS + 5):
        known.add(f"{number}@x.test", NOW + number)

    assert MOST_RECIPIENTS == len(known.last_ms) == len(known.first_ms)
    assert "4@x.test" not in known.last_ms
    assert "5@x.test" in known.last_ms


def test_a_row_ends_when_something_else_comes() -> None:
    """And forgets what lies too far back."""
    row = Row()
    for minute in range(5):
        row.add(NOW + minute * 60_000)
    assert (5, 2) == (row.lately(NOW + 240_000, HOUR_MS), row.lately(NOW + 240_000, 120_000))

    row.end()

    assert 0 == row.lately(NOW + 240_000, HOUR_MS)
