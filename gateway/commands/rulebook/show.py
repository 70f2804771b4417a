"""`sealgate rules list` and `show`: every rule as plain English, whom it touches, and how often it was used.

Uses are counts, so nobody is asked and nothing is written; where the ledger cannot be read the rules are told without.
The rules are those of the folder, published or not; what was used was used under the rules of its day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import date

import click
import msgspec
from rich.console import Console

from gateway.commands.office import opened, rules_of
from gateway.commands.setting import Setting
from gateway.commands.telling import printable
from gateway.commands.uses import usage_of
from gateway.engine.clock import SystemClock, day
from gateway.engine.lawmaking.usage import DAYS, HORIZON, Usage
from gateway.engine.policy import InForce
from gateway.errors import Failure
from gateway.judge import words
from gateway.judge.phrases import both, capital, day_in_words
from gateway.judge.problems import did_you_mean
from gateway.judge.rulebook import Rulebook
from gateway.judge.sentences import Described, every, tally_in_words

_COUNTED = frozenset({"allow", "forbid", "require", "never"})
"""Kinds whose use the ledger tells: what decided a leg."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One rule, in words and numbers. `uses` and `last_used` are null where nothing can be counted."""

    id: str
    kind: str
    file: str
    line: int
    sentence: str
    owner: str
    until: date | None
    on_trial: bool
    people: tuple[str, ...]
    parties: tuple[str, ...]
    days: int
    uses: int | None
    last_used: date | None
    uses_by_party: dict[str, int]
    tally: str
    """`(2 people, 214 uses in 90 days.)`; empty where nothing is counted."""


@click.command("list")
@click.option("--days", type=click.IntRange(1, HORIZON.days), default=DAYS, show_default=True, help="Count these uses.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
def list_(setting: Setting, days: int, as_json: bool) -> None:
    """Every rule on a line: what it is, its last day, how often and when last it was used."""
    rows = tuple(_rows(setting, days))
    if as_json:
        click.echo(msgspec.json.encode(rows))
        return
    width = max((len(row.id) for row in rows), default=0)
    for row in rows:
        until = f"until {row.until}" if row.until else ""
        trial = "on trial" if row.on_trial else ""
        click.echo(f"{row.kind:<9}  {row.id:<{width}}  {until or trial:<16}  {_used(row)}".rstrip())


@click.command()
@click.argument("rule_id", metavar="[ID]", required=False)
@click.option("--days", type=click.IntRange(1, HORIZON.days), default=DAYS, show_default=True, help="Count these uses.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
def show(setting: Setting, rule_id: str | None, days: int, as_json: bool) -> None:
    """What the rules say, as sentences; with ID, one rule and by name whom it touches."""
    rows = tuple(_rows(setting, days))
    if rule_id is not None:
        found = tuple(row for row in rows if row.id == rule_id)
        if not found:
            hint = did_you_mean(rule_id, [row.id for row in rows])
            raise click.BadParameter(f"there is no rule {rule_id!r}{hint}", param_hint="ID")
        rows = found
    if as_json:
        click.echo(msgspec.json.encode(rows))
        return
    for row in rows:
        for line in _told(row, is_whole=rule_id is not None):
            click.echo(printable(line))


def _rows(setting: Setting, days: int) -> Iterator[Row]:
    rulebook = rules_of(setting)
    usage = _usage(setting, rulebook, days)
    on = day(SystemClock().now_ms(), InForce(rulebook).zone)
    for rule in every(rulebook, on):
        yield _row(rulebook, rule, usage, days)


def _usage(setting: Setting, rulebook: Rulebook, days: int) -> Usage | None:
    console = Console(stderr=True)
    try:
        with opened(setting) as office, console.status("Counting uses") if console.is_terminal else nullcontext():
            return usage_of(office, rulebook, days=days)
    except Failure as why:
        click.echo(f"sealgate: uses are not counted: {why.cause}", err=True)
        return None


def _row(rulebook: Rulebook, rule: Described, usage: Usage | None, days: int) -> Row:
    use = usage.of(rule.id) if usage and rule.kind in _COUNTED else None
    parties = usage.parties(rule.id) if usage and use else {}
    return Row(
        id=rule.id,
        kind=rule.kind,
        file=rule.file,
        line=rule.line,
        sentence=rule.sentence,
        owner=rule.owner,
        until=rule.until,
        on_trial=rule.is_watched,
        people=rule.people,
        parties=rule.parties,
        days=days,
        uses=use.legs if use else None,
        last_used=use.last if use else None,
        tally=tally_in_words(rule, use.legs, days) if use else "",
        uses_by_party={_called(rulebook, party): one.legs for party, one in parties.items() if one.legs},
    )


def _called(rulebook: Rulebook, party: str) -> str:
    partner = rulebook.partners.get(party)
    return partner.name if partner else {words.STAFF: "colleagues"}.get(party, party)


# ── what is printed ──────────────────────────────────────────────────────────────────────────────────────────────────


def _used(row: Row) -> str:
    if row.uses is None:
        return ""
    last = f", last on {row.last_used}" if row.last_used else ""
    return f"{row.uses:,} in {row.days} days{last}" if row.uses or last else f"unused in {row.days} days"


def _told(row: Row, *, is_whole: bool) -> Iterator[str]:
    place = f"rules/{row.file}:{row.line}" if row.line else f"rules/{row.file}"
    yield f"{place}  {row.id}{' (on trial, without effect)' if row.on_trial else ''}"
    yield f"  {row.sentence} {row.tally}".rstrip()
    if not is_whole:
        return
    yield from _named("For", row.people)
    yield from _named("To", row.parties)
    if row.last_used:
        yield f"  Last used on {day_in_words(row.last_used)}."
    if row.uses_by_party:
        yield f"  Used to: {both([f'{party} {uses:,}' for party, uses in row.uses_by_party.items()])}."


def _named(word: str, names: Iterable[str]) -> Iterator[str]:
    listed = both(list(names))
    if listed:
        yield f"  {word}: {capital(listed)}."
