"""Finding legs: exactly those that answer, and only those streams are opened that the index names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.engine.archive import Story
from gateway.engine.attested import Attestations
from gateway.engine.clock import moment
from gateway.engine.questions.searching import Found, Query, search
from tests.audited import DIGEST_IN, DIGEST_OUT, Past

CLERK, STRANGER, JUDGE = "clerk@court.test", "stranger@other.test", "judge@court.test"


class Watched(Attestations):
    """Counts what is opened."""

    opened: tuple[str, ...] = ()

    def story(self, stream: str) -> Story | None:
        self.opened += (stream,)
        return super().story(stream)


@contextmanager
def searching(past: Past, query: Query) -> Iterator[tuple[Watched, list[Found]]]:
    with opened(Setting(folder=past.folder)) as office:
        watched = Watched(office.records, office.archive, office.keyring)
        yield watched, list(search(office.records, watched, query))


def found(past: Past, query: Query) -> list[tuple[str, int | None]]:
    names = {past.delivered: "delivered", past.held: "held", past.deferred: "deferred"}
    with searching(past, query) as (_, legs):
        return [(names.get(leg.transfer, leg.transfer), leg.leg) for leg in legs]


def today(past: Past, zone: tzinfo = UTC) -> date:
    """The day on which all of it happened."""
    with searching(past, Query()) as (_, legs):
        return moment(legs[0].received_ms, zone).date()


EVERYTHING = [("deferred", 0), ("held", 0), ("delivered", 0), ("delivered", 1)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(), EVERYTHING),
        (Query(person="jo@town.test"), [("deferred", 0), ("held", 0)]),
        (Query(person=" Jo@TOWN.test"), [("deferred", 0), ("held", 0)]),
        (Query(person="ruth@town.test"), [("delivered", 1)]),
        (Query(recipient=CLERK), [("held", 0), ("delivered", 0)]),
        (Query(recipient=STRANGER), [("delivered", 1)]),
        (Query(recipient="nobody@court.test"), []),
        (Query(partner="court"), [("deferred", 0), ("held", 0), ("delivered", 0)]),
        (Query(outcome="delivered"), [("delivered", 0)]),
        (Query(outcome="refused"), [("delivered", 1)]),
        (Query(outcome="quarantined"), [("held", 0)]),  # leg 1 was, too, and then it was refused
        (Query(outcome="bounced"), []),
        (Query(rule="to-court"), [("deferred", 0), ("delivered", 0)]),
        (Query(rule="ask-first"), [("held", 0), ("delivered", 1)]),
        (Query(label="public"), [("held", 0)]),
        (Query(name="=Claim;1.pdf"), [("delivered", 0), ("delivered", 1)]),
        (Query(name="1.pdf"), [("delivered", 0), ("delivered", 1)]),
        (Query(name="=claim;2.pdf"), []),
        (Query(digest=DIGEST_IN.sha256), EVERYTHING),
        (Query(digest=DIGEST_OUT.sha256), [("deferred", 0), ("delivered", 0)]),
        (Query(kind="declined"), [("delivered", 1)]),
        (Query(kind="published"), [("office/rules", None)]),
        (Query(recipient=CLERK, outcome="delivered", rule="to-court", label="confidential"), [("delivered", 0)]),
        (Query(recipient=CLERK, outcome="refused"), []),
    ],
)
def test_each_leg_is_held_against_the_whole_question(
    query: Query, expected: list[tuple[str, int | None]], past: Past
) -> None:
    """A leg is found when it answers every part; that another leg of its transfer does is not enough."""
    assert expected == found(past, query)


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [(0, 0, 4), (-3, 0, 4), (0, None, 4), (None, 0, 4), (1, 1, 0), (-9, -1, 0), (None, -1, 0), (-9000, 0, 4)],
)
def test_days_are_held_against_what_happened(first: int | None, last: int | None, count: int, past: Past) -> None:
    """Both ends are included, an open end has no bound, and a span too long for the index gives the same answer."""

    def on(days: int | None) -> date | None:
        return None if days is None else today(past) + timedelta(days)

    assert count == len(found(past, Query(first=on(first), last=on(last))))


def test_a_day_is_the_day_of_the_asked_outcome(past: Past) -> None:
    """`refused on` a day asks when it was refused, not whether anything happened that day."""
    yesterday = today(past) - timedelta(1)

    assert [] == found(past, Query(outcome="refused", first=yesterday, last=yesterday))
    assert [] == found(past, Query(kind="declined", first=yesterday, last=yesterday))
    assert [("delivered", 1)] == found(past, Query(outcome="refused", first=today(past), last=today(past)))


def test_a_day_of_the_office_is_not_a_day_of_utc(past: Past) -> None:
    """In a zone half a day away the same instants are on that zone's day."""
    zone = ZoneInfo("Pacific/Kiritimati")
    there = today(past, zone)

    assert EVERYTHING == found(past, Query(first=there, last=there, zone=zone))
    assert [] == found(past, Query(first=there + timedelta(1), last=there + timedelta(1), zone=zone))


def test_only_what_the_index_names_is_opened(past: Past) -> None:
    """A question with a term opens the transfers that have it, and no other."""
    with searching(past, Query(recipient=JUDGE, first=today(past), last=today(past))) as (watched, _):
        assert (past.deferred,) == watched.opened


def test_a_leg_tells_who_what_and_when(past: Past) -> None:
    """The row of a delivered leg says everything an auditor asks first."""
    with searching(past, Query(outcome="delivered")) as (_, (leg,)):
        told = (leg.sender, leg.recipient, leg.partner, leg.label, leg.rules, leg.names, leg.subject)

    assert ("alena@town.test", CLERK, "court", "confidential", ("to-court",), "=claim;1.pdf", "Claim") == told
    assert ((DIGEST_IN.sha256,), (DIGEST_OUT.sha256,), (2, 4, 6, 7, 8, 9)) == (
        leg.sha256_in, leg.sha256_out, leg.entries,
    )  # fmt: skip
    assert leg.received_ms < leg.outcome_ms


def test_who_refused_is_not_taken_for_the_sender(past: Past) -> None:
    """The sender is who handed it in, whoever acted last."""
    with searching(past, Query(outcome="refused")) as (_, (leg,)):
        assert "alena@town.test" == leg.sender
