"""`sealgate ledger`: what happened, and proof of it.

Days are the office's own; times are UTC. Values come from the entries themselves, so whatever is shown can be proved.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click
import msgspec

from gateway.commands import rows
from gateway.commands.asking import asked, asking, attestations_of, reason, told
from gateway.commands.fsck import fsck
from gateway.commands.office import Office
from gateway.commands.prove import prove
from gateway.commands.setting import Setting
from gateway.commands.telling import instant
from gateway.commands.verify import Said, closed, story, verify
from gateway.engine.attested import Attested
from gateway.engine.clock import day
from gateway.engine.searching import Query, search
from gateway.ledger.leaf import CLASSES, FIELDS, OUTCOMES
from gateway.transfer import Digest

ENDS = sorted({outcome for outcomes in OUTCOMES.values() for outcome in outcomes if outcome})
DAY = click.DateTime(["%Y-%m-%d"])


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """The story of one transfer."""

    transfer: str
    entries: tuple[Said, ...]


@click.group()
def ledger() -> None:
    """Search the ledger, prove what it says, check that it is whole."""


# ── find ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@ledger.command()
@click.option("--person", default="", metavar="ADDRESS", help="Who sent, released or refused it.")
@click.option("--recipient", default="", metavar="ADDRESS", help="Whom it is for.")
@click.option("--partner", default="", metavar="ID", help="The partner it is for.")
@click.option("--from", "first", type=DAY, metavar="DATE", help="From this day of the office on.")
@click.option("--to", "last", type=DAY, metavar="DATE", help="Up to this day, included.")
@click.option("--on", "only", type=DAY, metavar="DATE", help="On this day.")
@click.option("--outcome", type=click.Choice(ENDS), metavar="WORD", help=f"Its last: {', '.join(ENDS)}.")
@click.option("--rule", default="", metavar="ID", help="A rule that decided.")
@click.option("--label", default="", metavar="LABEL", help="The label it was judged by.")
@click.option("--name", default="", metavar="FILENAME", help="A file's name.")
@click.option("--sha256", "digest", default="", metavar="HEX", help="Did this file come in, or leave?")
@click.option("--kind", type=click.Choice(list(FIELDS)), metavar="WORD", help=f"An entry it has: {', '.join(FIELDS)}.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for a spreadsheet.")
@asking
@click.pass_obj
def find(
    setting: Setting, /, first: datetime | None, last: datetime | None, only: datetime | None, as_json: bool,
    as_csv: bool, why: str, asker: str, **given: str | None,
) -> None:  # fmt: skip
    """Find each recipient's copy that answers all that is asked, the newest first; without a question, all of them."""
    if (only and (first or last)) or (as_json and as_csv):
        raise click.UsageError("--on excludes --from and --to; --json excludes --csv")
    parts = {name: value for name, value in given.items() if value}
    if "digest" in parts:
        parts["digest"] = _digest(parts["digest"])
    days = {"from": only or first, "to": only or last}
    question = _question({name: f"{at:%Y-%m-%d}" for name, at in days.items() if at} | parts)
    with asked(setting, question, reason(why, asker)) as office:
        query = _query(office, parts, days["from"], days["to"])
        found = (rows.row_of(one) for one in search(office.records, attestations_of(office), query))
        for line in rows.as_json(found) if as_json else rows.as_csv(found) if as_csv else rows.as_lines(found):
            click.echo(line, nl=False)


def _question(parts: dict[str, str]) -> str:
    return " ".join(["find", *(f"{name}={value}" for name, value in parts.items())])


def _query(office: Office, parts: dict[str, str], first: datetime | None, last: datetime | None) -> Query:
    zone = ZoneInfo(office.folder_rules.gateway.office.zone)
    until = last.date() if last else day(office.clock.now_ms(), zone) if first else None
    return Query(first=first.date() if first else None, last=until, zone=zone, **parts)


def _digest(untrusted: str) -> str:
    """A digest as it stands in the ledger: what people paste may be in capitals."""
    try:
        return Digest(sha256=untrusted.strip().lower()).sha256
    except ValueError as why:
        raise click.BadParameter(str(why), param_hint="--sha256") from why


# ── show ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@ledger.command()
@click.argument("transfer", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@asking
@click.pass_obj
def show(setting: Setting, transfer: str, as_json: bool, why: str, asker: str) -> None:
    """Tell the whole story of transfer ID: each fact, its time, its evidence, its place in the ledger."""
    with asked(setting, f"show {transfer}", reason(why, asker)) as office:
        whole, entries = told(office, transfer)
        said = tuple(_said(one) for one in entries)
    if as_json:
        click.echo(msgspec.json.encode(Whole(transfer=whole, entries=said)))
        return
    click.echo(whole)
    for one in said:
        click.echo("\n".join(story(one)))


def _said(one: Attested) -> Said:
    entry = one.entry
    shown = {cls for cls, box in zip(CLASSES, one.classes, strict=True) if box is not None}
    return Said(
        index=one.index,
        at=instant(entry.time_ms),
        kind=entry.kind,
        transfer=one.leaf.stream,
        leg=entry.leg,
        outcome=entry.outcome,
        values=dict(one.values),
        closed=closed(entry.kind, shown),
    )


for _verb in (prove, verify, fsck):
    ledger.add_command(_verb)
