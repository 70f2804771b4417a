"""What of an office ends by itself and stands in no rule file."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.commands.expiring import expiring, last_of_quarter, quarter
from gateway.commands.office import alone, opened, rules_of_office, scribe_of
from gateway.engine.entries import Write
from gateway.engine.lawmaking.reminding import of_endings
from gateway.engine.orders import REVIEWS
from gateway.facts import Consulted
from tests.unit.commands.rule_office import RuleOffice


def of_kind(ruled: RuleOffice, kind: str) -> list[tuple[str, date, tuple[str, ...]]]:
    with opened(ruled.setting) as office:
        found = expiring(office, rules_of_office(office).rulebook)
    return [(one.what, one.last, one.owners) for one in found if one.kind == kind]


def signed_off(ruled: RuleOffice, of: str) -> None:
    with alone(ruled.setting), opened(ruled.setting, is_writing=True) as office:
        scribe = scribe_of(office, rules_of_office(office), lambda why: None)
        scribe.start()
        fact = Consulted(by="per@town.test", question=f"review of {of}", why="in order", size=0)
        scribe.append_now(Write(stream=REVIEWS, facts=(fact,)))
        scribe.stop()


@pytest.mark.parametrize(
    ("on", "name", "last"),
    [
        (date(2026, 1, 1), "2026-Q1", date(2026, 3, 31)),
        (date(2026, 6, 30), "2026-Q2", date(2026, 6, 30)),
        (date(2026, 8, 15), "2026-Q3", date(2026, 9, 30)),
        (date(2026, 12, 31), "2026-Q4", date(2026, 12, 31)),
    ],
)
def test_a_quarter_has_a_last_day(on: date, name: str, last: date) -> None:
    """The fourth ends with its year."""
    assert (name, last) == (quarter(on), last_of_quarter(on))


def test_rights_are_to_be_gone_through_each_quarter(ruled: RuleOffice) -> None:
    """Until somebody has signed this quarter's table it ends with the quarter; another quarter's does not count."""
    ((this, last, owners),) = of_kind(ruled, "review")

    signed_off(ruled, "rights 1999-Q1, table 00")
    after_another = of_kind(ruled, "review")
    signed_off(ruled, f"rights {this}, table 00")

    assert last_of_quarter(last) == last
    assert {"ruth@town.test", "per@town.test"} == set(owners)
    assert [(this, last, owners)] == after_another
    assert [] == of_kind(ruled, "review")


def test_the_doors_certificate_is_announced_to_who_publishes(ruled: RuleOffice) -> None:
    """A month before its end, two weeks, a week and a day: the same letter that tells of rules, once at each stage."""
    certificates = {what: (last, owners) for what, last, owners in of_kind(ruled, "certificate")}
    last, owners = certificates["certs/gateway.pem"]
    with opened(ruled.setting) as office:
        found = [one for one in expiring(office, rules_of_office(office).rulebook) if one.what == "certs/gateway.pem"]

    told = {
        days: {
            (one.to, one.about.rpartition(" at ")[2])
            for one in of_endings(found, date.fromordinal(last.toordinal() - days))
        }
        for days in (31, 30, 14, 7, 1)
    }

    assert set() == told[31]
    assert {days: {(to, str(days)) for to in owners} for days in (30, 14, 7, 1)} == {
        days: told[days] for days in (30, 14, 7, 1)
    }
    assert owners
