"""`sealgate review`: what is looked at now and then: everybody's rights, what ends soon, and every emergency.

Exit codes (DESIGN §8): 0 nothing to do, 1 a finding: an unused right, an end within 30 days, an unreviewed emergency.
"""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import click
import msgspec

from gateway.commands.ask import FINDING, ask, secret_of, signed, tell
from gateway.commands.asking import Asker, asking, reason
from gateway.commands.expiring import expiring, quarter
from gateway.commands.insight import looked_at, must_review
from gateway.commands.office import Office, opened
from gateway.commands.reminders import rights_of
from gateway.commands.setting import Setting
from gateway.commands.sheet import sheet
from gateway.doors.orders import Review
from gateway.engine.clock import day, moment
from gateway.engine.glass import remembered
from gateway.engine.lawmaking.rights import Right
from gateway.engine.lawmaking.usage import DAYS
from gateway.engine.orders import RIGHTS
from gateway.errors import Misconfigured
from gateway.judge.checks import SOON
from gateway.judge.rulebook import Rulebook

PROPOSALS = {
    "": "",
    "warn": "nobody uses it: does anybody need it?",
    "watch": 'put it on trial: mode = "watch"',
    "remove": "take it out",
}
_HEAD = ("rule", "owner", "until", "partner", "legs", "last use")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One allow towards one partner, strangers or staff."""

    rule: str
    owner: str
    until: date
    party: str
    legs: int
    last: date | None


class Emergency(msgspec.Struct, frozen=True, kw_only=True):
    """One time the glass was broken."""

    id: str
    at: str
    sender: str
    recipient: str
    label: str
    signers: tuple[str, ...]
    because: str
    transfer: str
    """The one it was signed for; then the one that took it."""
    taken_by: str
    reviewed_by: str
    finding: str
    is_overdue: bool


@click.group()
def review() -> None:
    """Look over everybody's rights, what ends soon, and every emergency."""


@review.command()
@click.option("--days", type=click.IntRange(1, 400), default=DAYS, show_default=True, help="Count uses of these days.")
@click.option("--by-partner", is_flag=True, help="One line for each rule and partner, as the quarterly table has it.")
@click.option("--csv", "as_csv", is_flag=True, help="The table by partner as CSV.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@asking
@click.pass_obj
def access(
    setting: Setting, days: int, by_partner: bool, as_csv: bool, as_json: bool, why: str, asker: Asker
) -> None:  # fmt: skip
    """Show every allow with its last use, the longest unused first, and propose what to do about it."""
    asks = reason(why or "review", asker)
    with looked_at(setting, "review access", asks) as office:
        must_review(office, asks)
        today, found = day(office.clock.now_ms(), office.zone), _rights(office, days)
    rows = table(found)
    if as_json:
        told = {"today": today, "quarter": quarter(today), "table": digest(rows), "rights": found}
        click.echo(msgspec.json.encode(told))
    elif as_csv:
        click.echo("".join(sheet(_HEAD, (_cells(row) for row in rows))), nl=False)
    elif by_partner:
        for row in rows:
            click.echo(f"{row.rule:<28} {row.party:<20} {row.legs:>7,}  {_day(row.last)}")
    else:
        for right in found:
            _show(right, days)
    if not (as_json or as_csv):
        click.echo(f"Sign this table with: sealgate review sign-off --as YOU --why '…'   ({digest(rows)[:16]})")
    if any(right.proposal for right in found):
        raise click.exceptions.Exit(FINDING)


@review.command("sign-off")
@click.option("--why", required=True, help="What you found, for the ledger.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def sign_off(setting: Setting, why: str, as_json: bool, by: str, password_file: Path | None) -> None:
    """Sign that you have been through this quarter's table of rights. The ledger keeps who, when and which table."""
    with opened(setting) as office:
        today, rows = day(office.clock.now_ms(), office.zone), table(_rights(office, DAYS))
    of = f"{RIGHTS} {quarter(today)}, table {digest(rows)}"
    tell(ask(setting, Review(by=by, secret_password=secret_of(by, password_file), of=of, why=why)), as_json=as_json)


@review.command("break-glass")
@click.argument("wanted", metavar="[ID]", required=False)
@click.option("--as", "by", metavar="ADDRESS", help="Who looks, or has looked at it.")
@click.option("--why", default="", help="What you found, for the ledger.")
@click.option("--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Read the password from this file's first line instead of asking.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def break_glass(
    setting: Setting, wanted: str | None, by: str | None, why: str, password_file: Path | None, as_json: bool
) -> None:
    """Show every time the glass was broken; with ID and --why, signed, say what you found about one.

    ID is the emergency's own, or its transfer's. Nobody reviews what they signed or sent.
    """
    if wanted and by and why:
        order = Review(by=by, secret_password=secret_of(by, password_file), of=wanted, why=why)
        tell(ask(setting, order), as_json=as_json)
        return
    if why:
        raise click.UsageError("a review names its emergency: sealgate review break-glass ID --as YOU --why '…'")
    asks = reason("review", Asker(by=by or "", secret_password=secret_of(by, password_file) if by else ""))
    with looked_at(setting, f"review break-glass {wanted or ''}".strip(), asks) as office:
        must_review(office, asks)
        found = [one for one in _emergencies(office) if not wanted or wanted in (one.id, one.transfer, one.taken_by)]
    if as_json:
        click.echo(msgspec.json.encode(found))
    elif not found:
        click.echo("The glass was never broken.")
    for one in () if as_json else found:
        state = f"reviewed by {one.reviewed_by}: {one.finding}" if one.reviewed_by else "not reviewed yet"
        click.echo(f"{one.id}  {one.at}  {one.sender} to {one.recipient}, {one.label}")
        click.echo(f"    {' and '.join(one.signers)}: {one.because}")
        click.echo(f"    {'OVERDUE, ' if one.is_overdue else ''}{state}")
    if any(not one.reviewed_by for one in found):
        raise click.exceptions.Exit(FINDING)


@review.command()
@click.option("--days", type=click.IntRange(0), default=90, show_default=True, help="What ends within so many days.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
def expiries(setting: Setting, days: int, as_json: bool) -> None:
    """Show what ends soon, or is over and still stands in the rules, by day, with what mends it.

    Rules, people, agreements, verifications, exceptions for metadata, legal holds, host keys, recipients' keys, and
    certificates.
    """
    with opened(setting) as office:
        today = day(office.clock.now_ms(), office.zone)
        found = [one for one in expiring(office, _rulebook(office)) if one.days_left(today) <= days]
    if as_json:
        click.echo(msgspec.json.encode([{"days_left": one.days_left(today), **_fields(one)} for one in found]))
    elif not found:
        click.echo(f"Nothing ends within {days} days.")
    for one in () if as_json else found:
        left = one.days_left(today)
        when = f"in {left} days" if left > 1 else ("tomorrow", "today", "over")[1 - max(-1, left)]
        click.echo(f"{one.last}  {when:<12} {one.kind:<13} {one.what:<34} {one.mend}")
    if any(one.days_left(today) <= SOON.days for one in found):
        raise click.exceptions.Exit(FINDING)


# ── the table of rights ──────────────────────────────────────────────────────────────────────────────────────────────


def table(found: tuple[Right, ...]) -> tuple[Row, ...]:
    """Allow by partner, as it is signed: the same rows whoever asks on a day."""
    rows = (
        Row(rule=right.rule, owner=right.owner, until=right.until, party=one.party, legs=one.legs, last=one.last)
        for right in sorted(found, key=lambda right: right.rule)
        for one in right.towards
    )
    return tuple(rows)


def digest(rows: tuple[Row, ...]) -> str:
    """What a sign-off names the table by."""
    return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()


def _rights(office: Office, days: int) -> tuple[Right, ...]:
    return rights_of(office, _rulebook(office), days)


def _rulebook(office: Office) -> Rulebook:
    """The rules in force: a right that only stands in the folder is none yet."""
    rulebook = office.in_force
    if rulebook is None:
        raise Misconfigured("no rules are in force yet; put them in force with: sealgate rules publish")
    return rulebook


def _show(right: Right, days: int) -> None:
    last = f"last used {right.last}" if right.last else f"never used since {right.since}"
    click.echo(f"{right.rule:<28} {last}, {right.legs:,} in {days} days; until {right.until}, {right.owner}")
    if right.proposal:
        click.echo(f"    unused for {right.idle_days} days: {PROPOSALS[right.proposal]} ({right.place})")


def _cells(row: Row) -> tuple[str, ...]:
    return row.rule, row.owner, str(row.until), row.party, str(row.legs), _day(row.last)


def _day(on: date | None) -> str:
    return str(on) if on else "never"


def _fields(one: object) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(one)
    return fields


def _emergencies(office: Office) -> list[Emergency]:
    now_ms = office.clock.now_ms()
    review_ms = 1000 * _rulebook(office).transfers.break_glass.review.seconds
    return [
        Emergency(
            id=one.allow.id,
            at=f"{moment(one.allow.at_ms, office.zone):%Y-%m-%d %H:%M}",
            sender=one.allow.who,
            recipient=one.allow.to,
            label=one.allow.label,
            signers=one.signers,
            because=one.allow.because,
            transfer=one.allow.transfer,
            taken_by=one.taken_by,
            reviewed_by=one.reviewed_by,
            finding=one.finding,
            is_overdue=not one.reviewed_by and now_ms - one.allow.at_ms > review_ms,
        )
        for one in remembered(office.records, office.archive, office.keyring.index_key).all
    ]
