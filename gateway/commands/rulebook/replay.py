"""`sealgate rules replay`: what the rules of a folder would have made of the decisions that were taken.

The ledger is asked, so the question stands in it first, and whoever does not sign in is shown no person. Nothing is
written but that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from gateway.commands.asking import Asker, asked, asking, reason
from gateway.commands.office import Office, rules_at
from gateway.commands.setting import Setting
from gateway.commands.telling import instant, printable
from gateway.engine.clock import moment
from gateway.engine.glass import remembered
from gateway.engine.lawmaking.decisions import Decisions
from gateway.engine.lawmaking.replay import Change, published_sets, replayed
from gateway.facts import Outcome
from gateway.judge.explain import sentence
from gateway.judge.rulebook import Rulebook

FINDING = 1
DAYS, MOST_DAYS = 90, 3660
SHOWN = 20
"""So many transfers are shown to a person who did not ask for all."""
SOMEBODY = "somebody"
WAS = {Outcome.SEND: "went", Outcome.HOLD: "waited", Outcome.BLOCK: "was refused"}
WOULD = {Outcome.SEND: "would go", Outcome.HOLD: "would wait", Outcome.BLOCK: "would be refused"}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One decision that changes. Persons are empty for whoever may not see them."""

    transfer: str
    leg: int
    at: str
    sender: str
    recipient: str
    before: str
    after: str
    why: str
    rules: tuple[str, ...]
    unrecorded: tuple[str, ...]


@dataclass(slots=True)
class Sum:
    """What was counted on the way."""

    decisions: int = 0
    changed: int = 0
    erased: int = 0
    by_person: Counter[tuple[str, Outcome, Outcome]] = field(default_factory=Counter)
    by_rule: Counter[tuple[str, Outcome, Outcome]] = field(default_factory=Counter)
    unrecorded: Counter[str] = field(default_factory=Counter)


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--days", type=click.IntRange(1, MOST_DAYS), default=DAYS, show_default=True, help="Up to and with today."
)
@click.option("--all", "is_all", is_flag=True, help=f"Show every transfer, not the first {SHOWN}.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@asking
@click.pass_obj
def replay(
    setting: Setting, /, folder: Path | None, days: int, is_all: bool, as_json: bool, why: str, asker: Asker
) -> None:
    """Take past decisions again under the rules in FOLDER (default: the office's own, published or not).

    Exit 1 if any of them would be another.
    """
    edited = rules_at(folder or setting.rules)
    with asked(setting, f"replay days={days} rules={edited.digest}", reason(why, asker)) as office:
        total = Sum()
        rows = _rows(office, edited, days, total)
        for line in _as_json(rows, total, days) if as_json else _as_lines(rows, total, days, is_all=is_all):
            click.echo(line)
    if total.changed:
        raise click.exceptions.Exit(FINDING)


def _rows(office: Office, edited: Rulebook, days: int, total: Sum) -> Iterator[Row]:
    """Every decision that changes, as it is found."""
    decisions = Decisions(office.records, office.archive)
    first, end = decisions.first_at(_start(office, days)), decisions.size
    with _progress(end - first) as advance:
        acts = decisions.walk(first, end)
        was, glass = (
            published_sets(office.archive),
            remembered(office.records, office.archive, office.keyring.index_key),
        )
        for taken, changes in replayed(acts, edited, was, glass):
            total.decisions += taken
            total.changed += len(changes)
            for change in changes:
                row = _row(office, edited, change)
                total.by_person[row.sender or SOMEBODY, change.before, change.after.outcome] += 1
                total.by_rule.update((rule, change.before, change.after.outcome) for rule in row.rules)
                total.unrecorded.update(change.unrecorded)
                yield row
            advance(decisions.at - first)
    total.erased = decisions.erased


def _start(office: Office, days: int) -> int:
    """When the first of the days began, where the office is."""
    today = moment(office.clock.now_ms(), office.zone).date()
    midnight = datetime.combine(today - timedelta(days=days - 1), time.min, office.zone)
    return int(midnight.astimezone(UTC).timestamp() * 1000)


def _row(office: Office, edited: Rulebook, change: Change) -> Row:
    decision, after = change.decision, change.after
    sender, recipient = decision.transfer.sender.person, decision.leg.recipient
    seen = office.view.of((sender, recipient.key))
    is_open = {"snd", "rcp"} <= seen
    return Row(
        transfer=decision.transfer.id,
        leg=decision.leg.ordinal,
        at=instant(decision.at_ms),
        sender=sender if is_open else "",
        recipient=str(recipient) if is_open else "",
        before=change.before,
        after=after.outcome,
        why=sentence(edited, change.case, after) if is_open else "",
        rules=after.rules or ((after.nearest.rule,) if after.nearest else ()),
        unrecorded=change.unrecorded,
    )


# ── what is printed ──────────────────────────────────────────────────────────────────────────────────────────────────


def _as_json(rows: Iterator[Row], total: Sum, days: int) -> Iterator[str]:
    """One object; the changes stream, so that no number of them is too many."""
    before = f'{{"days":{days},"changes":[\n'
    for row in rows:
        yield before + msgspec.json.encode(row).decode()
        before = ","
    rest = msgspec.json.encode(
        {
            "decisions": total.decisions,
            "changed": total.changed,
            "erased": total.erased,
            "by_person": _counted(total.by_person, "sender"),
            "by_rule": _counted(total.by_rule, "rule"),
            "unrecorded": total.unrecorded,
        }
    ).decode()
    yield f"{before if not total.changed else ''}]," + rest[1:]


def _counted(counts: Counter[tuple[str, Outcome, Outcome]], noun: str) -> list[dict[str, str | int]]:
    return [
        {noun: name, "before": was, "after": would, "decisions": count}
        for (name, was, would), count in counts.most_common()
    ]


def _as_lines(rows: Iterator[Row], total: Sum, days: int, *, is_all: bool) -> Iterator[str]:
    shown = 0
    for row in rows:
        if is_all or shown < SHOWN:
            shown += 1
            yield from _told(row)
    if shown < total.changed:
        yield f"… and {total.changed - shown:,} more; all of them with --all."
    if total.changed:
        yield ""
    for counts in (total.by_person, total.by_rule):
        for (name, was, would), count in counts.most_common(None if is_all else SHOWN):
            if name != SOMEBODY:
                yield printable(f"{count:>7,}  {name}: {WAS[was]}, {WOULD[would]}")
    for name, count in sorted(total.unrecorded.items()):
        yield f"{count:>7,}  would wait because {name} was not recorded: no rule asked for it then"
    if any(sender == SOMEBODY for sender, _, _ in total.by_person):
        yield "Whose they are is shown to who may see it: sign in with --as ADDRESS."
    yield f"{total.changed:,} of {total.decisions:,} decisions of the last {days} days change."
    if total.erased:
        yield f"{total.erased:,} more were taken on transfers that are erased: what they would be, nobody can say."


def _told(row: Row) -> Iterator[str]:
    who = f"{row.sender or SOMEBODY} to {row.recipient or SOMEBODY}"
    change = f"{WAS[Outcome(row.before)]}, {WOULD[Outcome(row.after)]}"
    yield printable(f"{row.transfer}/{row.leg}  {row.at[:10]}  {who}: {change}")
    reason_given = row.why or " ".join(row.rules)
    if reason_given:
        yield printable(f"    {reason_given}")


@contextmanager
def _progress(of: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, if that is a terminal; nothing otherwise."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Replaying", total=of)
        yield lambda done: bar.update(task, completed=done)
