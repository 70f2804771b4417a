"""What is proposed for a right nobody uses, and since when it counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gateway.engine.lawmaking.rights import Right, first_days, rights
from gateway.engine.lawmaking.usage import Usage, Use
from gateway.engine.rulesets import RuleSet
from gateway.facts import Published
from gateway.judge.rulebook import Rulebook
from tests.unit.engine.engine_world import rules

TODAY = date(2026, 11, 23)
SELDOM = ("transfers.toml", 'id = "court-filing"\n', 'id = "court-filing"\nseldom = true\n')
WATCHED = ("transfers.toml", 'id = "court-filing"\n', 'id = "court-filing"\nmode = "watch"\n')


def usage(idle: int | None, legs: int = 0) -> Usage:
    last = None if idle is None else TODAY - timedelta(days=idle)
    by_rule = {} if last is None else {"court-filing": Use(legs=legs, last=last)}
    by_party = {} if last is None else {("court-filing", "court"): Use(legs=legs, last=last)}
    return Usage(days=90, first=TODAY, decisions=0, erased=0, by_rule=by_rule, by_party=by_party)


def court_filing(used: Usage, rulebook: Rulebook, since: date = date(2020, 1, 1)) -> Right:
    found = {right.rule: right for right in rights(rulebook, used, {"court-filing": since}, TODAY)}
    return found["court-filing"]


@pytest.mark.parametrize(
    ("idle", "proposal"),
    [(0, ""), (59, ""), (60, "warn"), (89, "warn"), (90, "watch"), (119, "watch"), (120, "remove")],
)
def test_a_right_fades(idle: int, proposal: str) -> None:
    """Sixty, ninety, a hundred and twenty days after its last use."""
    right = court_filing(usage(idle), rules())

    assert (idle, proposal) == (right.idle_days, right.proposal)


def test_a_right_that_was_never_used_counts_from_its_first_day() -> None:
    """A new rule is not proposed for removal because nobody used it before it was there."""
    assert "" == court_filing(usage(None), rules(), TODAY - timedelta(days=10)).proposal
    assert "remove" == court_filing(usage(None), rules(), TODAY - timedelta(days=200)).proposal


def test_what_is_seldom_used_on_purpose_is_left_alone() -> None:
    """`seldom` exempts, for ever."""
    assert "" == court_filing(usage(None), rules(SELDOM)).proposal


def test_what_is_on_trial_is_not_proposed_for_trial() -> None:
    """It was put there; the next stage takes it out."""
    assert "warn" == court_filing(usage(100), rules(WATCHED)).proposal
    assert "remove" == court_filing(usage(120), rules(WATCHED)).proposal


def test_the_half_life_is_the_offices() -> None:
    """`[half-life]` says how long."""
    faster = rules(transfers='[half-life]\nwarn = "1d"\nwatch = "2d"\nremove = "1w"\n')

    assert ["warn", "watch", "remove"] == [court_filing(usage(idle), faster).proposal for idle in (1, 2, 7)]


def test_the_table_names_everybody_it_may_be_used_towards() -> None:
    """Used or not: the court with its count, and for a rule to strangers, strangers."""
    found = {right.rule: right for right in rights(rules(), usage(3, 5), {}, TODAY)}

    (court,) = found["court-filing"].towards
    assert ("court", 5, TODAY - timedelta(days=3)) == (court.party, court.legs, court.last)
    assert ["strangers"] == [one.party for one in found["letters-to-citizens"].towards]


def test_the_longest_unused_comes_first() -> None:
    """What is proposed stands where it is seen."""
    found = rights(rules(), usage(0), {"sealed-bundles": date(2026, 1, 1)}, TODAY)

    assert "sealed-bundles" == found[0].rule


def test_the_first_day_is_that_of_the_first_set_that_had_it() -> None:
    """Later sets change nothing; the day is the office's, not UTC's."""

    def published(at: datetime, *ids: str) -> RuleSet:
        text = "".join(f'[[allow]]\nid = "{one}"\n' for one in ids)
        fact = Published(digest="", files=(("transfers.toml", text),), signers=(), why="")
        return RuleSet(published=fact, at_ms=int(at.timestamp()) * 1000, entry=0)

    sets: list[Any] = [
        published(datetime(2026, 1, 1, 23, 30, tzinfo=UTC), "a"),
        published(datetime(2026, 2, 1, tzinfo=UTC), "a", "b"),
    ]

    assert {"a": date(2026, 1, 1), "b": date(2026, 2, 1)} == first_days(sets, UTC)
