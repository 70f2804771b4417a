"""How often each rule decided, and when last: by rule, and for an `allow` by whom it let through to which partner.

A rule is used once for each leg it decided, however often that leg was judged. Counts only: no person and no address is
kept. Whose partner a recipient is, the given rules say. Once counted, an office's entries need not be read again: a
`Tally` goes on where it stopped, and can be put away and taken up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from gateway.engine.clock import day, moment
from gateway.engine.lawmaking.decisions import Decision, Decisions
from gateway.judge import words
from gateway.judge.rulebook import Rulebook
from gateway.transfer import Recipient

DAYS = 90
HORIZON = timedelta(days=400)
"""A count never looks back further: a rule unused for so long is unused."""

Progress = Callable[[int, int], None]
"""Called with how many entries are read, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Of one rule, or of one rule towards one party."""

    legs: int = 0
    """How many it decided within the days asked for."""
    last: date | None = None
    """The last day on which it decided anything, within the horizon; None: never."""


NEVER = Use()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was counted."""

    days: int
    first: date
    """The first of the days `legs` counts; the last is today."""
    decisions: int
    erased: int
    """Decisions that count no more, because their transfers were forgotten on purpose."""
    by_rule: Mapping[str, Use]
    by_party: Mapping[tuple[str, str], Use]
    """By rule, and partner id, `strangers` or `staff`."""

    def of(self, rule: str, party: str = "") -> Use:
        """The use of a rule; with a party, towards it."""
        return self.by_party.get((rule, party), NEVER) if party else self.by_rule.get(rule, NEVER)

    def parties(self, rule: str) -> Mapping[str, Use]:
        """To whom a rule was used, within the horizon."""
        return {party: use for (one, party), use in sorted(self.by_party.items()) if one == rule}


class Tally(msgspec.Struct, kw_only=True):
    """Counts so far, by day of the office. Grows with days, rules and partners, never with transfers."""

    at: int = 0
    """The entry to go on from."""
    zone: str = "UTC"
    decisions: dict[date, int] = msgspec.field(default_factory=dict)
    erased: int = 0
    legs: dict[date, dict[str, dict[str, int]]] = msgspec.field(default_factory=dict)
    """By day, rule and party: legs it decided for the first time."""
    last: dict[str, dict[str, date]] = msgspec.field(default_factory=dict)
    """By rule and party: the last day it decided anything."""

    def advance(
        self, decisions: Decisions, rulebook: Rulebook, *, now_ms: int, progress: Progress | None = None
    ) -> None:
        """Count what the ledger got since. Raises `Tampering`; what was counted until then stays counted."""
        zone, before = ZoneInfo(self.zone), decisions.erased
        end = decisions.size
        start = max(self.at, decisions.first_at(now_ms - int(HORIZON.total_seconds()) * 1000))
        try:
            for told in decisions.walk(start, end):
                for decision in told:
                    self._add(decision, rulebook, day(decision.at_ms, zone))
                if progress:
                    progress(decisions.at - start, end - start)
        finally:
            self.at = max(self.at, decisions.at)
            self.erased += decisions.erased - before
        self._let_go(day(now_ms, zone) - HORIZON)

    def usage(self, *, today: date, days: int = DAYS) -> Usage:
        """What was counted, for the `days` that end today."""
        first = today - timedelta(days=days - 1)
        parties: dict[tuple[str, str], int] = {}
        for on, rules in self.legs.items():
            if first <= on:
                for rule, towards in rules.items():
                    for party, legs in towards.items():
                        parties[rule, party] = parties.get((rule, party), 0) + legs
        by_party = {
            (rule, party): Use(legs=parties.get((rule, party), 0), last=last)
            for rule, towards in self.last.items()
            for party, last in towards.items()
        }
        by_rule = {
            rule: Use(
                legs=sum(by_party[rule, party].legs for party in towards),
                last=max(towards.values()),
            )
            for rule, towards in self.last.items()
        }
        return Usage(
            days=days,
            first=first,
            decisions=sum(count for on, count in self.decisions.items() if first <= on),
            erased=self.erased,
            by_rule=by_rule,
            by_party=by_party,
        )

    def _add(self, decision: Decision, rulebook: Rulebook, on: date) -> None:
        self.decisions[on] = self.decisions.get(on, 0) + 1
        party = party_of(rulebook, decision.leg.recipient)
        for rule in decision.judged.rules:
            self.last.setdefault(rule, {})[party] = on
            if not any(rule in judged.rules for judged in decision.earlier):
                towards = self.legs.setdefault(on, {}).setdefault(rule, {})
                towards[party] = towards.get(party, 0) + 1

    def _let_go(self, horizon: date) -> None:
        self.decisions = {on: count for on, count in self.decisions.items() if on >= horizon}
        self.legs = {on: rules for on, rules in self.legs.items() if on >= horizon}
        kept = {
            rule: {party: on for party, on in towards.items() if on >= horizon} for rule, towards in self.last.items()
        }
        self.last = {rule: towards for rule, towards in kept.items() if towards}


def party_of(rulebook: Rulebook, recipient: Recipient) -> str:
    """The partner a recipient belongs to, else `staff` or `strangers`; `?` for what is none of these."""
    partner = rulebook.partner_of(recipient)
    if partner is not None:
        return partner.id
    groups = rulebook.groups_of(recipient)
    return next((group for group in (words.STAFF, words.STRANGERS) if group in groups), recipient.partner or "?")


def count(
    decisions: Decisions,
    rulebook: Rulebook,
    *,
    now_ms: int,
    days: int = DAYS,
    progress: Progress | None = None,
) -> Usage:
    """The use of every rule, counted afresh; see `Tally` for going on from an earlier count."""
    zone = rulebook.gateway.office.zone
    tally = Tally(zone=zone)
    tally.advance(decisions, rulebook, now_ms=now_ms, progress=progress)
    return tally.usage(today=moment(now_ms, ZoneInfo(zone)).date(), days=days)
