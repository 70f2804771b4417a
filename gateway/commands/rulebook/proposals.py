"""`sealgate rules proposals | sign | withdraw`: rules that one person signed and a second must.

Exit codes (DESIGN §8): 0 fine, 1 refused; `proposals` 4 while something waits, 1 if the ledger knows one that is gone.
"""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from gateway.commands.ask import ask, secret_of, signed, tell
from gateway.commands.office import opened
from gateway.commands.rulebook.publish import WAITS, tell_of_rules
from gateway.commands.rulebook.status import GONE
from gateway.commands.setting import Setting
from gateway.doors.orders import Sign, Withdraw
from gateway.engine.clock import moment
from gateway.engine.lawmaking.petitions import Petition
from gateway.engine.lawmaking.proposals import Proposal

MISSING = 1


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One proposal."""

    proposal: str
    digest: str
    by: str
    at: str
    why: str
    is_signable: bool
    """False: other rules came into force since; it must be proposed again."""
    widening: tuple[str, ...]
    is_missing: bool = False
    """The ledger knows it, and its file is gone: deleted by hand, or lost."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
@click.pass_context
def proposals(context: click.Context, setting: Setting, as_json: bool) -> None:
    """The rules that wait for a second signature, what they would widen, and those whose file is gone."""
    with opened(setting) as office:
        rulebook = office.in_force
        rows = [_row(one, rulebook.digest if rulebook else "") for one in office.proposals.all()]
        gone = [_missing(one) for one in office.missing_proposals]
    if as_json:
        click.echo(msgspec.json.encode([*rows, *gone]))
    elif not rows and not gone:
        click.echo("Nothing waits for a second signature.")
    for row in () if as_json else (*rows, *gone):
        _show(row)
    context.exit(MISSING if gone else WAITS if rows else 0)


@click.command()
@click.argument("proposal", metavar="PROPOSAL")
@click.option("--why", default="", help="The reason, for the ledger.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def sign(setting: Setting, *, proposal: str, why: str, as_json: bool, by: str, password_file: Path | None) -> None:
    """Sign rules that wait, as the second person: they come into force."""
    if not as_json:
        with opened(setting) as office:
            rulebook, found = office.in_force, office.proposals.find(proposal)
        if found is not None:
            click.echo("You sign this:", err=True)
            _show(_row(found, rulebook.digest if rulebook else ""), err=True)
    order = Sign(by=by, secret_password=secret_of(by, password_file), why=why, proposal=proposal)
    tell_of_rules(ask(setting, order), as_json=as_json)


@click.command()
@click.argument("proposal", metavar="PROPOSAL")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def withdraw(setting: Setting, *, proposal: str, as_json: bool, by: str, password_file: Path | None) -> None:
    """Drop rules that wait for a second signature. The folder stays as it is."""
    order = Withdraw(by=by, secret_password=secret_of(by, password_file), proposal=proposal)
    tell(ask(setting, order), as_json=as_json)


def _row(proposal: Proposal, in_force: str) -> Row:
    return Row(
        proposal=proposal.id,
        digest=proposal.digest,
        by=proposal.by,
        at=f"{moment(proposal.at_ms):%Y-%m-%d %H:%M}Z",
        why=proposal.why,
        is_signable=proposal.before == in_force,
        widening=proposal.widening,
    )


def _missing(petition: Petition) -> Row:
    return Row(
        proposal=petition.id,
        digest=petition.digest,
        by=petition.by,
        at=f"{moment(petition.at_ms):%Y-%m-%d %H:%M}Z",
        why=petition.why,
        is_signable=False,
        widening=(),
        is_missing=True,
    )


def _show(row: Row, *, err: bool = False) -> None:
    click.echo(f"{row.proposal}  {row.at}  signed by {row.by}{f'  {row.why}' if row.why else ''}", err=err)
    for line in row.widening:
        click.echo(f"    {line}", err=err)
    if row.is_missing:
        click.echo(f"    This {GONE}: sealgate rules withdraw {row.proposal}", err=err)
    elif not row.is_signable:
        click.echo("    Other rules have come into force since: withdraw it, and publish again.", err=err)
