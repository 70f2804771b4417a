"""`sealgate rules publish`: bring the rules of the folder into force.

Who gains and who loses is shown before anybody signs. One person who may publish signs; a second one only if something
widens, now (`--second`) or later (`sealgate rules sign`). What may come into force is decided where the order is
carried out; it is asked here beforehand, so that nobody types a password for rules that will not do.

Exit codes (DESIGN §8): 0 in force, 1 refused, 3 the rules do not load, 4 it waits for a second signature.
"""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.ask import ask, secret_of, signed, tell
from gateway.commands.office import opened, rules_of
from gateway.commands.rulebook.sets import in_force, told
from gateway.commands.setting import Setting
from gateway.doors.orders import Answer, Publish
from gateway.engine.clock import day
from gateway.engine.lawmaking.examination import Examination, examined
from gateway.judge.rulebook import Rulebook

WAITS = 4


def second_signer(verb: click.decorators.FC) -> click.decorators.FC:
    """The options of a verb that a second person may sign too."""
    for option in (
        click.option("--second-password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                     help="Read their password from this file's first line instead of asking."),
        click.option("--second", metavar="ADDRESS", default="", help="Who signs beside you, if two must."),
    ):  # fmt: skip
        verb = option(verb)
    return verb


@click.command()
@second_signer
@click.option("--why", default="", help="The reason, for the ledger.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def publish(
    setting: Setting,
    *,
    second: str,
    second_password_file: Path | None,
    why: str,
    as_json: bool,
    by: str,
    password_file: Path | None,
) -> None:
    """Bring the rules in the folder into force. A second person signs only if something widens."""
    answer = publish_set(
        setting,
        rules_of(setting),
        why=why,
        signers=((by, password_file), (second, second_password_file)),
        is_quiet=as_json,
    )
    tell_of_rules(answer, as_json=as_json)


def publish_set(
    setting: Setting,
    rulebook: Rulebook,
    *,
    why: str,
    signers: tuple[tuple[str, Path | None], ...],
    is_quiet: bool,
) -> Answer:
    """Show what changes, ask the signers for their passwords and bring the order. A signer may be nobody ("")."""
    examination = looked_over(setting, rulebook)
    if examination.objections:
        return Answer(is_done=False, sentence=refusal(examination))
    change = examination.difference
    if change is not None and not is_quiet:
        click.echo("\n".join(told(change)), err=True)
    if change is not None and not change.files:
        return Answer(is_done=True, sentence=f"In force already: {rulebook.digest}", subjects=(rulebook.digest,))
    (by, password_file), (second, second_password_file) = signers
    order = Publish(
        by=by,
        secret_password=secret_of(by, password_file),
        second=second,
        secret_second_password=secret_of(second, second_password_file) if second else "",
        files=dict(rulebook.files),
        why=why,
    )
    answer = ask(setting, order)
    if answer.is_done and change is not None and "gateway.toml" in change.files and not is_quiet:
        click.echo("What gateway.toml says of doors, storage and limits holds from the next start on.", err=True)
    return answer


def looked_over(setting: Setting, rulebook: Rulebook) -> Examination:
    """What would be said of these rules if they were brought now."""
    with opened(setting) as office:
        return examined(rulebook, in_force=in_force(office), on=day(office.clock.now_ms(), office.zone))


def refusal(examination: Examination) -> str:
    """Why these rules will not do."""
    return "\n".join((*examination.objections, "These rules cannot come into force."))


def tell_of_rules(answer: Answer, *, as_json: bool) -> None:
    """As `tell`, but what waits for a second signature is neither done nor refused."""
    if not answer.proposal:
        tell(answer, as_json=as_json)
        return
    try:
        tell(answer, as_json=as_json)
    except click.exceptions.Exit:
        raise click.exceptions.Exit(WAITS) from None
