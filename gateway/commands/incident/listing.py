"""`sealgate contain list` and `contain alarms`: what is stopped, and at what somebody should look."""

from __future__ import annotations

import click
import msgspec

from gateway.commands.ask import FINDING
from gateway.commands.office import Office, opened
from gateway.commands.setting import Setting
from gateway.engine.alarms.alarm import STREAM as ALARMS
from gateway.engine.alarms.alarm import Alarms, Sounded
from gateway.engine.clock import moment
from gateway.engine.containment.contained import STREAM, Contained, Containments


class Stopped(msgspec.Struct, frozen=True, kw_only=True):
    """One containment."""

    id: str
    what: str
    who: str
    at: str
    by: str
    because: str
    alarm: str
    is_open: bool
    lifted_at: str = ""
    lifted_by: str = ""
    lifted_because: str = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm."""

    id: str
    kind: str
    who: str
    at: str
    count: int
    usual: int
    minutes: int
    pause: str
    is_open: bool
    seen_by: str = ""
    found: str = ""


def containments_of(office: Office) -> Containments:
    """Every containment, as the ledger has it."""
    story = office.archive.story(STREAM)
    return Containments(story.facts if story else ())


def alarms_of(office: Office) -> Alarms:
    """Every alarm, as the ledger has it."""
    story = office.archive.story(ALARMS)
    return Alarms(story.facts if story else ())


@click.command("list")
@click.option("--all", "is_all", is_flag=True, help="Those that were lifted, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
def list_contained(setting: Setting, is_all: bool, as_json: bool) -> None:
    """List what is contained, oldest first. Exit 1 when something is."""
    with opened(setting) as office:
        found = [_stopped(office, one) for one in containments_of(office).all if is_all or one.is_open]
    if as_json:
        click.echo(msgspec.json.encode(found))
    elif not found:
        click.echo("Nothing is contained.")
    for one in () if as_json else found:
        click.echo(f"{one.id}  {one.at}  {one.what} {one.who}")
        click.echo(f"    {one.by or 'the watch'}: {one.because}")
        if one.is_open and one.alarm:
            click.echo(f"    sealgate contain looked {one.alarm} --because '…' --as YOU")
        elif one.is_open:
            click.echo(f"    sealgate contain lift {one.id} --because '…' --as YOU")
        else:
            click.echo(f"    lifted {one.lifted_at} by {one.lifted_by}: {one.lifted_because}")
    if any(one.is_open for one in found):
        raise click.exceptions.Exit(FINDING)


@click.command("alarms")
@click.option("--all", "is_all", is_flag=True, help="Those at which somebody has looked, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
def list_alarms(setting: Setting, is_all: bool, as_json: bool) -> None:
    """List the alarms at which nobody has looked yet, oldest first. Exit 1 when there are any."""
    with opened(setting) as office:
        found = [_seen(office, one) for one in alarms_of(office).all if is_all or one.is_open]
    if as_json:
        click.echo(msgspec.json.encode(found))
    elif not found:
        click.echo("No alarm is open.")
    for one in () if as_json else found:
        usual = f", usually {one.usual} at most" if one.usual else ""
        click.echo(f"{one.id}  {one.at}  {one.kind:<14} {one.who}: {one.count} in {one.minutes} minutes{usual}")
        if one.is_open:
            click.echo(f"    sealgate contain looked {one.id} --because '…' --as YOU")
        else:
            click.echo(f"    {one.seen_by}: {one.found}")
    if any(one.is_open for one in found):
        raise click.exceptions.Exit(FINDING)


def _stopped(office: Office, one: Contained) -> Stopped:
    order, lifted = one.order, one.lifted
    return Stopped(
        id=order.id,
        what=order.what.value,
        who=order.who,
        at=_at(office, order.at_ms),
        by=one.by,
        because=order.because,
        alarm=order.alarm,
        is_open=one.is_open,
        lifted_at=_at(office, lifted.at_ms) if lifted else "",
        lifted_by=one.lifted_by,
        lifted_because=lifted.because if lifted else "",
    )


def _seen(office: Office, one: Sounded) -> Seen:
    alarm = one.alarm
    return Seen(
        id=alarm.id,
        kind=alarm.kind.value,
        who=alarm.who,
        at=_at(office, alarm.at_ms),
        count=alarm.count,
        usual=alarm.usual,
        minutes=alarm.span_ms // 60_000,
        pause=alarm.pause,
        is_open=one.is_open,
        seen_by=one.seen_by,
        found=one.seen.found if one.seen else "",
    )


def _at(office: Office, at_ms: int) -> str:
    return f"{moment(at_ms, office.zone):%Y-%m-%d %H:%M}"
