"""`sealgate retention holds`: the legal holds in force, and what each of them keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

import click
import msgspec

from gateway.commands.holdings import looking
from gateway.commands.office import Office, opened, rules_of_office
from gateway.commands.retention.plan import DAY, today
from gateway.commands.setting import Setting
from gateway.engine.forgetting.disposing import Looker
from gateway.engine.forgetting.retention import schedule_of
from gateway.judge.rulebook import Rulebook
from gateway.shred.fate import fates


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One hold."""

    id: str
    owner: str
    until: str
    because: str
    keeps: int
    """Transfers it is about."""
    would_go: int
    """Of those, how many would lose something today but for legal holds."""


@click.command()
@click.option("--on", "on", type=DAY, metavar="DATE", help="As of this day. Default: today.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
def holds(setting: Setting, on: datetime | None, as_json: bool) -> None:
    """List the legal holds in force, until when, and how much each keeps. Opens everything, so it takes its time."""
    with opened(setting) as office, looking(office) as looker:
        rulebook = rules_of_office(office).rulebook
        found = tuple(_held(office, looker, rulebook, on.date() if on else today(office, rulebook)))
    click.echo(msgspec.json.encode(found) if as_json else "\n".join(_told(found)))


def _held(office: Office, looker: Looker, rulebook: Rulebook, on: date) -> Iterator[Held]:
    schedule, holdings = schedule_of(rulebook.retention), looker.holdings(rulebook)
    free = replace(schedule, holds=())
    keeps, would_go = Counter[str](), Counter[str]()
    for stream in holdings.all() if schedule.holds else ():
        left = [one for one in holdings.of(stream, office.clock.now_ms()) if one.left]
        ids = {hold.id for one in left for hold in schedule.held(one.subject, on)}
        keeps.update(ids)
        if ids and any(fate.goes for fate in fates(free, left, on)):
            would_go.update(ids)
    for hold in schedule.holds:
        if on <= hold.until:
            yield Held(
                id=hold.id,
                owner=hold.owner,
                until=hold.until.isoformat(),
                because=hold.because,
                keeps=keeps[hold.id],
                would_go=would_go[hold.id],
            )


def _told(found: tuple[Held, ...]) -> Iterator[str]:
    if not found:
        yield "No legal hold is in force."
    for one in found:
        yield f"{one.id}  until {one.until}  owner {one.owner}"
        yield f"    {one.because}"
        transfers = "transfer" if one.keeps == 1 else "transfers"
        yield f"    keeps {one.keeps:,} {transfers}; {one.would_go:,} would lose something today"
