"""When a leg is tried again."""

from __future__ import annotations

import pytest

from gateway.ship.retry import DAY_MS, HOUR_MS, MINUTE_MS, Schedule, next_try_ms, owes_note

NOW = 1_700_000_000_000


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (6, 60), (500, 60)])
def test_pauses_double_and_then_stay_hourly(attempts, minutes):
    """5, 10, 20, 40 minutes, then every hour, when the dice fall in the middle."""
    found = next_try_ms(Schedule(), attempts=attempts, since_ms=NOW, now_ms=NOW, dice=0.5)

    assert NOW + minutes * MINUTE_MS == found


@pytest.mark.parametrize(("dice", "share"), [(0.0, 0.9), (0.25, 0.95)])
def test_pauses_spread(dice, share):
    """What failed together does not come back together."""
    found = next_try_ms(Schedule(), attempts=5, since_ms=NOW, now_ms=NOW, dice=dice)

    assert NOW + round(HOUR_MS * share) == found


def test_last_try_falls_on_the_end():
    """The last try is not put off beyond the day the office gives up."""
    now = NOW + 5 * DAY_MS - 1

    assert NOW + 5 * DAY_MS == next_try_ms(Schedule(), attempts=99, since_ms=NOW, now_ms=now, dice=0.5)


def test_gives_up():
    """At the end of the office's patience there is no next try."""
    assert next_try_ms(Schedule(), attempts=99, since_ms=NOW, now_ms=NOW + 5 * DAY_MS, dice=0.5) is None


@pytest.mark.parametrize(
    ("waited_ms", "is_told", "owed"), [(HOUR_MS - 1, False, False), (HOUR_MS, False, True), (HOUR_MS, True, False)]
)
def test_owes_one_note_after_an_hour(waited_ms, is_told, owed):
    """The sender hears once that a leg is late."""
    assert owed == owes_note(Schedule(), since_ms=NOW, now_ms=NOW + waited_ms, is_told=is_told)


@pytest.mark.parametrize(("attempts", "dice"), [(0, 0.5), (1, 1.0), (1, -0.1)])
def test_nonsense_is_refused(attempts, dice):
    """Attempts count from one and dice lie in [0, 1)."""
    with pytest.raises(ValueError, match="counted"):
        next_try_ms(Schedule(), attempts=attempts, since_ms=NOW, now_ms=NOW, dice=dice)
