"""`sealgate ledger record` and `confirm`: what a courier carries, in the same log as what goes by wire."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from gateway.commands.abbreviated import whole_id
from gateway.commands.ask import ask, secret_of, signed, tell
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.doors.orders import Carried
from gateway.engine.clock import SystemClock, instant, moment
from gateway.engine.couriers import Arrival, Slip

_AT = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"])
_second_password = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--what", required=True, metavar="TEXT", help="What it is: 'Case file 14-221, 3 volumes'.")
@click.option("--seal", "seal_number", required=True, metavar="NUMBER", help="The number of its seal.")
@click.option("--courier", required=True, metavar="NAME", help="Who carries it, as they identified themselves.")
@click.option("--from", "from_place", required=True, metavar="PLACE", help="Where it was handed over.")
@click.option("--to", "recipient", required=True, metavar="ADDRESS", help="Whom it is for: an address, or partner:ID.")
@click.option("--to-place", default="", metavar="PLACE", help="Where it is to be brought.")
@click.option("--at", type=_AT, metavar="TIME", help="When it was handed over, by the office's clock. Default: now.")
@click.option("--label", required=True, metavar="LABEL", help="How confidential it is.")
@click.option("--purpose", required=True, metavar="PURPOSE", help="For what it is sent.")
@click.option("--matter", default="", metavar="TEXT", help="The matter it belongs to, as you will ask for it.")
@click.option("--why", default="", metavar="TEXT", help="Why it was authorised, for the ledger.")
@click.option(
    "--authorised-by",
    "second",
    default="",
    metavar="ADDRESS",
    help="Who answers for it where the rules make it wait; they sign in too.",
)
@click.option(
    "--authorised-by-password-file",
    "second_file",
    type=_second_password,
    help="Read their password from this file's first line instead of asking.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def record(
    setting: Setting, /, by: str, password_file: Path | None, second: str, second_file: Path | None, as_json: bool,
    at: datetime | None, why: str, **slip: str,
) -> None:  # fmt: skip
    """Write down that a courier took something: what, its seal's number, who carries it, from where to whom, when.

    The rules judge it like everything that leaves ("by" is courier). What they hold, or do not mention, needs somebody
    who authorises it; what they forbid is refused, and that is written down too. A second person confirms it later:
    sealgate ledger confirm ID.
    """
    with opened(setting) as office:
        zone = office.zone
    at_ms = int(at.replace(tzinfo=zone).timestamp() * 1000) if at else SystemClock().now_ms()
    if at_ms > SystemClock().now_ms():
        raise click.UsageError(f"{moment(at_ms, zone):%Y-%m-%d %H:%M} has not been yet: write it down when it happened")
    order = Carried(
        by=by,
        secret_password=secret_of(by, password_file),
        why=why,
        told=Slip(handed_over=instant(at_ms), **slip),
        second=second,
        secret_second_password=secret_of(second, second_file) if second else "",
    )
    answer = ask(setting, order)
    tell(answer, as_json=as_json)
    if not as_json:
        click.echo(f"Its ID is {answer.subjects[0]}. Whoever receives it: sealgate ledger confirm {answer.subjects[0]}")


@click.command()
@click.argument("transfer", metavar="ID")
@click.option("--found", required=True, metavar="TEXT", help="In what state: 'seal AB-1234 intact, 3 volumes'.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def confirm(setting: Setting, transfer: str, found: str, as_json: bool, by: str, password_file: Path | None) -> None:
    """Confirm, as a second person, that what a courier carried arrived, and in what state."""
    with opened(setting) as office:
        whole = whole_id(office, transfer)
    told = Arrival(transfer=whole, found=found)
    tell(ask(setting, Carried(by=by, secret_password=secret_of(by, password_file), told=told)), as_json=as_json)
