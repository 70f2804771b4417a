"""`sealgate retention plan`: what would be destroyed on a day, under which rule, and what stays all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import click
import msgspec

from gateway.commands.holdings import looking
from gateway.commands.office import Office, opened, rules_of_office
from gateway.commands.retention.tables import as_csv, columns
from gateway.commands.setting import Setting
from gateway.engine.clock import day
from gateway.engine.forgetting.clearing import Fates
from gateway.engine.forgetting.disposing import Looker
from gateway.judge.rulebook import Rulebook
from gateway.shred.fate import Why, Word
from gateway.shred.schedule import CONTENT

DAY = click.DateTime(["%Y-%m-%d"])
MOST_LINES = 40
"""On a screen; the rest is counted. JSON and CSV hold all."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one part of one recipient's copy."""

    transfer: str
    leg: int | None
    part: str
    """`papers`, or a class of the entries' values."""
    fate: str
    """`goes`, or why it stays: `hold open no-rule period`."""
    rule: str
    """The period that lets it go or keeps it, or the hold."""
    until: str
    """The last day that keeps it."""


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """The whole plan."""

    on: str
    rules: str
    goes: tuple[Line, ...]
    stays: tuple[Line, ...]
    """Of what some period has ended for."""
    without_rule: tuple[str, ...]
    """What no rule gives a period: it is kept for ever."""


@click.command()
@click.option("--on", "on", type=DAY, metavar="DATE", help="As of this day. Default: today.")
@click.option("--csv", "is_csv", is_flag=True, help="Print a table for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def plan(setting: Setting, on: datetime | None, is_csv: bool, as_json: bool) -> None:
    """Show what would be destroyed, under which rule, and what is kept, by what and until when. Changes nothing."""
    with opened(setting) as office, looking(office) as looker:
        planned = planned_for(office, looker, on.date() if on else None)
    if as_json:
        click.echo(msgspec.json.encode(planned))
    elif is_csv:
        click.echo(as_csv((*planned.goes, *planned.stays), Line), nl=False)
    else:
        click.echo("\n".join(_told(planned)))


def planned_for(office: Office, looker: Looker, on: date | None) -> Planned:
    """The plan for a day, by the rules in force."""
    rulebook = rules_of_office(office).rulebook
    on = on or today(office, rulebook)
    found = tuple(fates_on(office, looker, rulebook, on))
    lines = [(word.why, _line(word, fate.holding.stream, fate.holding.leg))
             for each in found for fate in each for word in fate.words]  # fmt: skip
    return Planned(
        on=on.isoformat(),
        rules=rulebook.digest,
        goes=tuple(line for why, line in lines if why is Why.GOES),
        stays=tuple(line for why, line in lines if why in (Why.HOLD, Why.OPEN)),
        without_rule=tuple(without_rule(rulebook)),
    )


def fates_on(office: Office, looker: Looker, rulebook: Rulebook, on: date) -> Iterable[Fates]:
    """What becomes, on that day, of all that is old enough to be looked at."""
    return looker.fates(rulebook, looker.due(rulebook, on), on=on, now_ms=office.clock.now_ms())


def today(office: Office, rulebook: Rulebook) -> date:
    """The office's own."""
    return day(office.clock.now_ms(), ZoneInfo(rulebook.gateway.office.zone))


def without_rule(rulebook: Rulebook) -> Iterator[str]:
    """What no period is about, for each label of which that is so."""
    for part, words in _PARTS.items():
        tables = [table for table in rulebook.retention.keep if part in table.what]
        whole = [table for table in tables if not (table.purposes or table.of_)]
        labels = [one for one in rulebook.labels.order if not any(one in (table.labels or (one,)) for table in whole)]
        if labels:
            where = "" if len(labels) == len(rulebook.labels.order) else f" of {', '.join(labels)}"
            yield words + where + (" (but for some purposes or kinds)" if len(tables) > len(whole) else "")


_PARTS = {
    "content": "papers", "op": "decisions", "snd": "senders", "rcp": "recipients", "obj": "names and digests",
    "net": "network addresses", "sec": "protection",
}  # fmt: skip


def _line(word: Word, stream: str, leg: int | None) -> Line:
    return Line(
        transfer=stream,
        leg=leg,
        part="papers" if word.part == CONTENT else word.part,
        fate=word.why.value,
        rule=word.by,
        until=word.until.isoformat() if word.until else "",
    )


def _told(planned: Planned) -> Iterator[str]:
    yield f"On {planned.on}, by the rules {planned.rules[:12]}:"
    yield ""
    if planned.goes:
        yield "To be destroyed"
        yield from _shown(planned.goes)
        yield from _summed("by the rule", planned.goes)
    else:
        yield "Nothing is due."
    if planned.stays:
        yield ""
        yield "Kept, though its period is over"
        yield from _shown(planned.stays)
        yield from _summed("under the hold", [line for line in planned.stays if line.fate == Why.HOLD])
    if planned.without_rule:
        yield ""
        yield f"No rule gives a period for {'; '.join(planned.without_rule)}: kept until one does."


def _shown(lines: tuple[Line, ...]) -> Iterator[str]:
    """A line for each copy and ground."""
    grouped: dict[tuple[str, str, str, str], list[str]] = {}
    for line in lines:
        copy = line.transfer if line.leg is None else f"{line.transfer}/{line.leg}"
        grouped.setdefault((copy, line.rule, line.until, line.fate), []).append(line.part)
    rows = [(f"  {copy}", " ".join(parts), _why(rule, until, fate))
            for (copy, rule, until, fate), parts in grouped.items()]  # fmt: skip
    yield from columns(rows[:MOST_LINES])
    if len(rows) > MOST_LINES:
        yield f"  … and {len(rows) - MOST_LINES:,} more (--csv or --json for all)"


def _why(rule: str, until: str, fate: str) -> str:
    match fate:
        case Why.GOES:
            return f"{rule}: kept until {until}"
        case Why.HOLD:
            return f'legal hold "{rule}" until {until}'
        case _:
            return "still under way"


def _summed(by: str, lines: Iterable[Line]) -> Iterator[str]:
    lines = tuple(lines)
    for rule, count in Counter(rule for _, rule in {(line.transfer, line.rule) for line in lines}).items():
        yield f"  {count:,} {'transfer' if count == 1 else 'transfers'} {by} {rule}"
