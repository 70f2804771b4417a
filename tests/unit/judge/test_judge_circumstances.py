"""The closed list of facts: one table, one function each, and what is not seen is never taken for a no."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.facts import Truth
from gateway.judge import circumstances, words
from gateway.judge.circumstances import TABLE
from gateway.judge.shapes import Agreement, PersonalData, Verified, WorkingHours
from gateway.judge.words import Duration

YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN
LONDON = ZoneInfo("Europe/London")
DAY = circumstances.DAY_MS


def test_the_table_is_the_closed_list() -> None:
    """Every word a rule may use has its row, and no row describes what no rule may ask."""
    assert sorted(words.FACTS) == sorted(row.name for row in TABLE)
    assert all(row.yes_when and row.source and row.fresh and row.unknown_when for row in TABLE)


def test_an_agreement_counts_from_its_first_day_to_its_last() -> None:
    """Both days are in; none is no agreement."""
    agreement = Agreement(kind="NDA", signed=date(2026, 3, 1), until=date(2026, 3, 31))

    found = [circumstances.agreement_current(agreement, date(2026, 3, 1) + timedelta(days=n)) for n in (-1, 0, 30, 31)]

    assert [NO, YES, YES, NO] == found
    assert NO is circumstances.agreement_current(None, date(2026, 3, 1))


def test_a_verification_wears_out() -> None:
    """It counts on its own day and not on its anniversary; a leap day's is the 28th."""
    verified = Verified(on=date(2024, 2, 29), by="per@town.test", how="rang")
    two_years = Duration.of("2y")

    days = (date(2024, 2, 28), date(2024, 2, 29), date(2026, 2, 27), date(2026, 2, 28))

    assert [NO, YES, YES, NO] == [circumstances.address_verified(verified, two_years, on) for on in days]
    assert NO is circumstances.address_verified(None, two_years, date(2024, 3, 1))


@pytest.mark.parametrize(
    ("proved_ms", "truth"),
    [(None, UNKNOWN), (0, UNKNOWN), (1, YES), (DAY, YES), (DAY + 1, UNKNOWN)],
)
def test_a_proof_of_transport_is_good_for_a_day(proved_ms: int | None, truth: Truth) -> None:
    """24 hours to the millisecond; without one, or with one from the future, it is unknown: it may yet be."""
    assert truth is circumstances.transport_verified(proved_ms, DAY)


@pytest.mark.parametrize(
    ("counts", "level", "above", "is_all_read", "truth"),
    [
        ((1, 0, 0), "high", 1, True, YES),
        ((0, 9, 9), "high", 1, True, NO),
        ((1, 1, 0), "medium", 2, True, YES),
        ((1, 1, 9), "medium", 3, True, NO),
        ((1, 1, 1), "low", 3, True, YES),
        ((1, 0, 0), "high", 2, False, UNKNOWN),
        ((2, 0, 0), "high", 2, False, YES),
        ((0, 0, 0), "low", 1, False, UNKNOWN),
    ],
)
def test_enough_is_enough_and_what_was_not_read_may_hold_more(
    counts: tuple[int, int, int], level: str, above: int, is_all_read: bool, truth: Truth
) -> None:
    """A level counts with all surer ones; a yes needs not everything read, a no does."""
    limit = PersonalData(level=level, count=above)  # type: ignore[arg-type]
    found = tuple(zip(circumstances.LEVELS, counts, strict=True))

    assert truth is circumstances.personal_data(found, limit, is_all_read=is_all_read)


@pytest.mark.parametrize(
    ("labels", "unknown_marks", "truth"),
    [((), 0, NO), (("office",), 0, NO), (("office", "office"), 0, NO), (("office", "sealed"), 0, YES), ((), 1, YES)],
)
def test_labels_that_disagree_conflict(labels: tuple[str, ...], unknown_marks: int, truth: Truth) -> None:
    """The same one twice agrees; two, or one nobody knows, do not."""
    assert truth is circumstances.label_conflict(labels, unknown_marks)


@pytest.mark.parametrize(("outside", "truth"), [(None, UNKNOWN), (0, NO), (20, NO), (21, YES)])
def test_many_is_more_than_the_number(outside: int | None, truth: Truth) -> None:
    """The number itself is not many; before the header nobody knows."""
    assert truth is circumstances.many_recipients(outside, 20)


@pytest.mark.parametrize(
    ("signed_in_by", "truth"), [("password", NO), ("key", NO), ("", NO), ("key+code", YES), ("password+code", YES)]
)
def test_a_second_factor_is_a_chain_of_two(signed_in_by: str, truth: Truth) -> None:
    """One way alone, however strong, is one factor."""
    assert truth is circumstances.second_factor(signed_in_by)


# ── working hours ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("at", "truth"),
    [
        ("2026-11-23 07:59", NO),
        ("2026-11-23 08:00", YES),
        ("2026-11-23 17:59", YES),
        ("2026-11-23 18:00", NO),
        ("2026-11-22 12:00", NO),
    ],
)
def test_hours_include_their_first_minute_and_not_their_last(at: str, truth: Truth) -> None:
    """Monday from eight to six; on Sunday not at all."""
    assert truth is circumstances.working_hours(WorkingHours(), datetime.fromisoformat(at).replace(tzinfo=LONDON))


@pytest.mark.parametrize(
    ("at_utc", "truth"),
    [
        # 29 March 2026, 01:00 UTC: London's 01:00 becomes 02:00. The hours are 01:30 to 02:30 by the office's clock.
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), NO),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), YES),
        (datetime(2026, 3, 29, 1, 29, tzinfo=UTC), YES),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), NO),
        # 25 October 2026, 01:00 UTC: 02:00 becomes 01:00 again, so half past one comes twice.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), YES),
        (datetime(2026, 10, 25, 0, 59, tzinfo=UTC), YES),
        (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), NO),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), YES),
        (datetime(2026, 10, 25, 2, 30, tzinfo=UTC), NO),
    ],
)
def test_the_offices_clock_decides_when_it_is_changed(at_utc: datetime, truth: Truth) -> None:
    """The hour that is missing in spring is missed, the one that comes twice in autumn counts twice."""
    hours = WorkingHours(days=("sun",), from_="01:30", to="02:30")

    assert truth is circumstances.working_hours(hours, at_utc.astimezone(LONDON))


@pytest.mark.parametrize(
    ("at", "truth"),
    [
        ("2026-11-27 21:59", NO),
        ("2026-11-27 22:00", YES),  # Friday
        ("2026-11-28 05:59", YES),  # into Saturday
        ("2026-11-28 06:00", NO),
        ("2026-11-28 23:00", NO),  # Saturday has none of its own
        ("2026-11-23 05:00", NO),  # Monday morning belongs to Sunday
    ],
)
def test_hours_past_midnight_belong_to_the_day_they_began_on(at: str, truth: Truth) -> None:
    """A night shift of Friday ends on Saturday morning."""
    hours = WorkingHours(from_="22:00", to="06:00")

    assert truth is circumstances.working_hours(hours, datetime.fromisoformat(at).replace(tzinfo=LONDON))


def test_equal_hours_are_a_whole_day() -> None:
    """From midnight to midnight is all of it, on those days alone."""
    hours = WorkingHours(days=("mon",), from_="00:00", to="00:00")
    monday = datetime(2026, 11, 23, tzinfo=LONDON)

    found = [circumstances.working_hours(hours, monday + timedelta(hours=n)) for n in (-1, 0, 12, 23, 24)]

    assert [NO, YES, YES, YES, NO] == found
