"""Everybody's rights, as the rules give them, beside what was made of them: the review of access.

An `allow` nobody uses is a door nobody watches. Its half-life (`[half-life]`) proposes: its owner is told, then it is
watched, then taken out; `seldom` exempts. Idle days count from its last use, or from the day it first came into force.
Nothing here changes a rule: a proposal is edited and signed like any other change.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo

from gateway.engine.clock import day
from gateway.engine.lawmaking.usage import Usage
from gateway.engine.rulesets import RuleSet
from gateway.judge.rulebook import Rulebook
from gateway.judge.rules import Rule, Verb
from gateway.judge.words import Duration

WARN, WATCH, REMOVE = "warn", "watch", "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Towards:
    """What an allow was used for towards one partner, strangers or staff."""

    party: str
    legs: int
    last: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One allow."""

    rule: str
    place: str
    owner: str
    until: date
    since: date
    """The first day this allow was in force."""
    last: date | None
    """Its last use within the horizon of `usage`; None: none."""
    legs: int
    idle_days: int
    proposal: str
    """`warn`, `watch`, `remove`, or nothing."""
    towards: tuple[Towards, ...]
    """Everybody it may be used towards, used or not, and whom it was used towards while it still could."""


def first_days(sets: Iterable[RuleSet], zone: tzinfo) -> dict[str, date]:
    """Since when each allow is in force: the day on which a published set first had its id. No id is used twice."""
    found: dict[str, date] = {}
    for one in sets:
        table = tomllib.loads(dict(one.published.files).get("transfers.toml", ""))
        for allow in table.get("allow", ()):
            found.setdefault(str(allow.get("id")), day(one.at_ms, zone))
    return found


def rights(rulebook: Rulebook, usage: Usage, first_days: Mapping[str, date], today: date) -> tuple[Right, ...]:
    """Every allow of the rulebook, the longest unused first. `first_days`: since when each is in force, by id."""
    found = (
        _right(rulebook, rule, usage, first_days.get(rule.id, today), today)
        for rule in rulebook.rules
        if rule.verb is Verb.ALLOW
    )
    return tuple(sorted(found, key=lambda one: (-one.idle_days, one.rule)))


def _right(rulebook: Rulebook, rule: Rule, usage: Usage, since: date, today: date) -> Right:
    use = usage.of(rule.id)
    idle = max(0, (today - (use.last or since)).days)
    assert rule.until is not None
    return Right(
        rule=rule.id,
        place=rule.place,
        owner=rule.owner,
        until=rule.until,
        since=since,
        last=use.last,
        legs=use.legs,
        idle_days=idle,
        proposal=_proposal(rulebook, rule, idle),
        towards=tuple(_towards(rulebook, rule, usage)),
    )


def _proposal(rulebook: Rulebook, rule: Rule, idle_days: int) -> str:
    half_life = rulebook.transfers.half_life
    if rule.is_seldom or idle_days < _days(half_life.warn):
        return ""
    if idle_days >= _days(half_life.remove):
        return REMOVE
    is_due = idle_days >= _days(half_life.watch)
    return WATCH if is_due and not rule.is_watched else WARN


def _days(span: Duration) -> int:
    return span.seconds // 86_400


def _towards(rulebook: Rulebook, rule: Rule, usage: Usage) -> Iterator[Towards]:
    """In the order of the names."""
    used = usage.parties(rule.id)
    named = {partner.id for partner in rulebook.partners.values() if not rule.to or rule.to & partner.to}
    named |= {group for group in ("staff", "strangers") if not rule.to or group in rule.to}
    for party in sorted({*named, *used}):
        use = usage.of(rule.id, party)
        yield Towards(party=party, legs=use.legs, last=use.last)
