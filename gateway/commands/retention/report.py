"""`sealgate retention report`: what was destroyed, when, and under which rule; names nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

import click
import msgspec

from gateway.commands.audit.report import span_of, spanning
from gateway.commands.office import Office, opened
from gateway.commands.retention.certifying import FOLDER
from gateway.commands.retention.tables import as_csv, columns
from gateway.commands.setting import Setting
from gateway.engine.clock import day
from gateway.engine.forgetting.disposals import Row, rows


class Disposals(msgspec.Struct, frozen=True, kw_only=True):
    """All of a period."""

    first: str
    last: str
    rows: tuple[Row, ...]
    certificates: tuple[str, ...]
    """Those that are here; `sealgate ledger verify` checks each."""


@click.command()
@spanning
@click.option("--csv", "is_csv", is_flag=True, help="Print a table for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def report(setting: Setting, first: datetime | None, last: datetime | None, is_csv: bool, as_json: bool) -> None:
    """Say what was destroyed between two days, under which rule, and by which entries of the ledger."""
    span = span_of(first, last)
    with opened(setting) as office:
        until = span.last or day(office.clock.now_ms(), office.zone)
        since = span.first or date.min
        if since > until:
            raise click.UsageError("--from lies behind --to")
        found = _found(office, since, until)
    if as_json:
        click.echo(msgspec.json.encode(found))
    elif is_csv:
        click.echo(as_csv(found.rows, Row), nl=False)
    else:
        click.echo("\n".join(_told(found)))


def _found(office: Office, first: date, last: date) -> Disposals:
    every = tuple(
        rows(office.records, office.archive, office.keyring.index_key, first=first, last=last, zone=office.zone)
    )
    places = (office.setting.var / FOLDER / f"{one}.zip" for one in dict.fromkeys(row.erasure for row in every))
    return Disposals(
        first=first.isoformat() if first > date.min else "",
        last=last.isoformat(),
        rows=every,
        certificates=tuple(str(place) for place in places if place.is_file()),
    )


def _told(found: Disposals) -> Iterator[str]:
    since = f"from {found.first} " if found.first else ""
    if not found.rows:
        yield f"Nothing was destroyed {since}to {found.last}."
        return
    yield f"Destroyed {since}to {found.last}"
    yield from columns([("  on", "of", "what", "by", "entries"), *map(_cells, found.rows)])
    yield ""
    for rule, count in Counter(_by(row) for row in found.rows).items():
        yield f"{count:>7,} by {rule}"
    yield from (f"Certificate: {one}" for one in found.certificates)


def _cells(row: Row) -> tuple[str, ...]:
    of = row.of or "all that ended by then"
    copy = of if row.leg is None else f"{of}/{row.leg}"
    entries = str(row.done) if row.ordered is None else f"{row.ordered}, {row.done}"
    return f"  {row.on}", copy, row.what, _by(row), entries


def _by(row: Row) -> str:
    """The rules that let it go; else that a person approved it, or that it was refused."""
    if row.is_refused:
        return "nobody: refused"
    return ", ".join(row.rules) if row.rules else "a person's order"
