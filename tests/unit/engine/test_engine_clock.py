"""Where time and chance come from, and what day it is in an office."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from gateway.engine.clock import SystemClock, day, moment
from tests.unit.engine.engine_world import NOON


def test_the_machine_has_time_and_chance() -> None:
    """Milliseconds since 1970, and bytes nobody gets twice."""
    clock = SystemClock()

    assert 1_700_000_000_000 < clock.now_ms() < 10_000_000_000_000
    assert 16 == len(clock.random(16)) != clock.random(16)


def test_a_day_is_a_day_of_the_zone() -> None:
    """Midnight in one office is not midnight in another: agreements end on the office's own day."""
    late = int(datetime(2026, 11, 23, 23, 30, tzinfo=UTC).timestamp()) * 1000

    assert (date(2026, 11, 23), date(2026, 11, 24)) == (day(late), day(late, ZoneInfo("Europe/Paris")))
    assert datetime(2026, 11, 23, 12, tzinfo=UTC) == moment(NOON)
