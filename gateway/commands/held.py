"""`sealgate held`: what waits for a person, why, and their word on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from gateway.commands.abbreviated import MOST, whole_id
from gateway.commands.ask import ask, secret_of, signed, tell
from gateway.commands.asking import Asker, Asking, asking, reason
from gateway.commands.insight import looked_at, sees
from gateway.commands.office import Office, opened
from gateway.commands.setting import Setting
from gateway.doors.orders import BreakGlass, OwnWord, Refuse, Release
from gateway.engine.clock import day, moment
from gateway.engine.orders import WAITING
from gateway.engine.outsiders.recovery import stopped
from gateway.engine.wording import sentences
from gateway.errors import Misconfigured
from gateway.facts import Outcome, Reason
from gateway.journey import Journey, LegJourney, State
from gateway.judge.case import Case
from gateway.judge.questions import is_question
from gateway.ledger.terms import term

NOT_SHOWN = "·"
"""In the place of a private value."""
SIGN_IN = "Who sent it, and for whom, is for who may decide on it: sign in with --as ADDRESS."


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """One leg that waits."""

    transfer: str
    leg: int
    since: str
    sender: str
    recipient: str
    label: str
    codes: tuple[str, ...]
    why: tuple[str, ...]
    asks_sender: bool = False
    """It waits for its sender's own answer, which no release replaces."""


@click.group()
def held() -> None:
    """Show what waits for a person; release or refuse it."""


@held.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@asking
@click.pass_obj
def list_held(setting: Setting, as_json: bool, why: str, asker: Asker) -> None:
    """List every leg that waits, oldest first; whose it is, for who may decide on it or see it in the ledger."""
    asks = reason(why, asker)
    with looked_at(setting, "held list", asks) as office:
        waiting = sorted(all_waiting(office, asks), key=lambda one: one.since)
    if as_json:
        click.echo(msgspec.json.encode(waiting))
    elif not waiting:
        click.echo("Nothing waits.")
    for one in () if as_json else waiting:
        click.echo(f"{one.transfer}/{one.leg}  {one.since}  {one.sender} to {one.recipient}  {one.label}")
        for sentence in one.why:
            click.echo(f"    {sentence}")


@held.command()
@click.argument("transfer", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@asking
@click.pass_obj
def show(setting: Setting, transfer: str, as_json: bool, why: str, asker: Asker) -> None:
    """Show what of transfer ID waits, and what would let it go."""
    asks = reason(why, asker)
    with looked_at(setting, f"held show {transfer}", asks) as office:
        journey = journey_of(office, transfer)
        waiting = [] if journey.transfer.id in stopped(office.records) else list(_waiting(office, journey, asks))
    if as_json:
        click.echo(msgspec.json.encode(waiting))
        return
    if not waiting:
        click.echo(f"Nothing of {journey.transfer.id} waits.")
    for one in waiting:
        click.echo(f"{one.transfer}/{one.leg}\n  from   {one.sender}\n  to     {one.recipient}\n  label  {one.label}")
        click.echo(f"  since  {one.since}")
        for sentence in one.why:
            click.echo(f"  why    {sentence}")
        verb = "confirm" if one.asks_sender else "release"
        click.echo(f"  then   sealgate held {verb:<7} {one.transfer} --leg {one.leg} --as YOU" + _reason(one))
        click.echo(f"         sealgate held refuse  {one.transfer} --leg {one.leg} --as YOU --why '…'")


@held.command()
@click.argument("transfer", metavar="ID")
@click.option("--leg", type=click.IntRange(0), help="Only this leg. Default: all that wait.")
@click.option("--why", "--reason", "why", default="", help="The reason, for the ledger.")
@click.option("--break-glass", is_flag=True, help="In an emergency, against the rules: two sign.")
@click.option("--second", default="", metavar="ADDRESS", help="With --break-glass: who signs beside you.")
@click.option("--second-password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Read their password from this file's first line instead of asking.")  # fmt: skip
@click.option("--label", default="", help="With --break-glass: what it may carry, if it was refused unseen.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def release(
    setting: Setting,
    *,
    transfer: str,
    leg: int | None,
    why: str,
    break_glass: bool,
    second: str,
    second_password_file: Path | None,
    label: str,
    as_json: bool,
    by: str,
    password_file: Path | None,
) -> None:
    """Release what waits of transfer ID. It is judged again; nobody releases their own.

    With --break-glass two people who may sign that this one transfer goes although a rule forbids it, or none allows
    it. No standing order (never), no demand and no encryption is lifted. What was refused at the door may then be sent
    again, once, within a day. Review it with: sealgate review break-glass ID
    """
    whole, password = _whole(setting, transfer), secret_of(by, password_file)
    if not break_glass:
        if second or label:
            raise click.UsageError("--second and --label belong to --break-glass")
        tell(ask(setting, Release(by=by, secret_password=password, why=why, transfer=whole, leg=leg)), as_json=as_json)
        return
    if not second:
        raise click.UsageError("--break-glass needs --second ADDRESS: two people sign")
    order = BreakGlass(
        by=by,
        secret_password=password,
        why=why,
        transfer=whole,
        leg=leg,
        label=label,
        second=second,
        secret_second_password=secret_of(second, second_password_file),
    )
    tell(ask(setting, order), as_json=as_json)


@held.command()
@click.argument("transfer", metavar="ID")
@click.option("--leg", type=click.IntRange(0), help="Only this leg. Default: all the gateway asks about.")
@click.option("--no", "is_no", is_flag=True, help="Take it back instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def confirm(
    setting: Setting, transfer: str, leg: int | None, is_no: bool, as_json: bool, by: str, password_file: Path | None
) -> None:
    """Answer what the gateway asked about your own transfer ID: that it is for whom it says.

    The same as replying YES (or, with --no, NO) to the gateway's note.
    """
    order = OwnWord(
        by=by, secret_password=secret_of(by, password_file), transfer=_whole(setting, transfer), leg=leg,
        is_yes=not is_no,
    )  # fmt: skip
    tell(ask(setting, order), as_json=as_json)


@held.command()
@click.argument("transfer", metavar="ID")
@click.option("--leg", type=click.IntRange(0), help="Only this leg. Default: all that wait.")
@click.option("--why", default="", help="The reason, for the ledger and the sender.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def refuse(
    setting: Setting, transfer: str, leg: int | None, why: str, as_json: bool, by: str, password_file: Path | None
) -> None:
    """Refuse what waits of transfer ID, and tell its sender."""
    order = Refuse(
        by=by, secret_password=secret_of(by, password_file), why=why, transfer=_whole(setting, transfer), leg=leg
    )
    tell(ask(setting, order), as_json=as_json)


def _reason(one: Waits) -> str:
    return "" if one.asks_sender else " --why '…'"


def all_waiting(office: Office, asks: Asking) -> Iterator[Waits]:
    """Every leg that waits for a person. What stopped with a ledger that was put back waits for nobody."""
    ended = stopped(office.records)
    key = office.keyring.index_key
    held_or_parked = [term(key, "outcome", outcome) for outcome in ("quarantined", "unknown")]
    for stream in office.records.find([held_or_parked], limit=MOST):
        story = office.archive.story(stream) if stream not in ended else None
        if story is not None:
            yield from _waiting(office, story.journey, asks)


def journey_of(office: Office, untrusted: str) -> Journey:
    """The transfer of an id, which may be abbreviated. Raises `Misconfigured`."""
    story = office.archive.story(whole_id(office, untrusted))
    if story is None:
        raise Misconfigured(f"there is no transfer {untrusted}")
    return story.journey


def _whole(setting: Setting, transfer: str) -> str:
    with opened(setting) as office:
        return whole_id(office, transfer)


def _waiting(office: Office, journey: Journey, asks: Asking) -> Iterator[Waits]:
    transfer = journey.transfer
    for leg in journey.legs:
        if leg.state in WAITING:
            reasons, is_seen = _reasons(leg), sees(office, asks, journey, leg)
            yield Waits(
                transfer=transfer.id,
                leg=leg.leg.ordinal,
                since=f"{moment(transfer.received_ms):%Y-%m-%d %H:%M}Z",
                sender=str(transfer.sender.address or transfer.sender.person) if is_seen else NOT_SHOWN,
                recipient=str(leg.leg.recipient) if is_seen else NOT_SHOWN,
                label=transfer.label if is_seen else NOT_SHOWN,
                codes=tuple(one.code for one in reasons),
                why=_words(office, journey, leg, reasons) if is_seen else (SIGN_IN,),
                asks_sender=any(map(is_question, reasons)),
            )


def _reasons(leg: LegJourney) -> tuple[Reason, ...]:
    if leg.state is State.PARKED:
        return (leg.deferred.reason,) if leg.deferred else ()
    return leg.judged.reasons if leg.judged else ()


def _words(office: Office, journey: Journey, leg: LegJourney, reasons: tuple[Reason, ...]) -> tuple[str, ...]:
    rulebook = office.in_force or office.folder_rules
    case = Case(
        sender_person=journey.transfer.sender.person,
        recipient=leg.leg.recipient,
        by=journey.transfer.way,
        label=journey.transfer.label,
        purpose=journey.transfer.purpose,
        on=day(office.clock.now_ms()),
    )
    return sentences(rulebook, case, Outcome.HOLD, reasons)
