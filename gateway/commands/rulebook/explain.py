"""`sealgate rules explain`: why may this go, or why not, and who can change that."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click

from gateway.commands.office import opened
from gateway.commands.rulebook.reading import loaded, rules_of, tell, today
from gateway.commands.setting import Setting
from gateway.engine.finding import FIRST_CONTACT, SIMILAR_NAME
from gateway.errors import Failure
from gateway.facts import Outcome, Truth
from gateway.judge import expect, words
from gateway.judge.case import Case, known_facts
from gateway.judge.decide import decide
from gateway.judge.explain import explain, sentence
from gateway.judge.rulebook import Rulebook
from gateway.judge.verdict import Verdict
from gateway.transfer import Recipient, Way

EXITS = {Outcome.SEND: 0, Outcome.BLOCK: 1, Outcome.HOLD: 4}


@click.command("explain")
@click.option("--from", "sender", required=True, help="The sender's address.")
@click.option("--to", "recipient", required=True, help="The recipient's address, or partner:ID for its box.")
@click.option("--label", help="Leave out: not seen yet.")
@click.option("--by", type=click.Choice([way.value for way in Way]), help="Leave out: not seen yet.")
@click.option("--for", "purpose", help="The purpose; leave out: not seen yet.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day (default: today).")
@click.option("--fact", "facts", multiple=True, metavar="NAME=yes|no|unknown",
              help="What is not given is computed from folder and records, or else taken as harmless.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def explain_(
    context: click.Context,
    *,
    sender: str,
    recipient: str,
    label: str | None,
    by: str | None,
    purpose: str | None,
    on: datetime | None,
    facts: tuple[str, ...],
    as_json: bool,
) -> None:
    """Why may this go, or why not, and who can change that."""
    rulebook, to = loaded(context, None), _recipient(recipient)
    given = dict(_fact(text) for text in facts)
    for name in (FIRST_CONTACT, SIMILAR_NAME):
        if rulebook.asks(name) and name not in given:
            given[name] = _from_records(rules_of(context.obj).parent, name, rulebook, sender, to)
    case = Case(
        sender_person=expect.sender_in(rulebook, sender),
        recipient=to,
        by=Way(by) if by else None,
        label=_known(label, rulebook.labels.order, "--label"),
        purpose=_known(purpose, rulebook.labels.purposes, "--for"),
        on=on.date() if on else today(rulebook),
        facts={**expect.harmless(), **given},
        outside_recipients=1,
    )
    verdict = decide(rulebook, case)
    if as_json:
        tell(_verdict_as_json(rulebook, case, verdict))
    else:
        click.echo("\n".join(explain(rulebook, case, verdict)))
    context.exit(EXITS[verdict.outcome])


def _from_records(folder: Path, name: str, rulebook: Rulebook, sender: str, recipient: Recipient) -> Truth:
    """As the office's records have it; unknown where there are none, or they may not be read."""
    person = rulebook.person(sender)
    try:
        with opened(Setting(folder=folder)) as office:
            if name == FIRST_CONTACT:
                return office.acquaintance.look(recipient)
            if person is None or recipient.address is None:
                return Truth.NO
            passed = office.acquaintance.correspondence
            return Truth.YES if passed.look_alike(rulebook, person.address, recipient) else Truth.NO
    except Failure:
        return Truth.UNKNOWN


def _recipient(text: str) -> Recipient:
    try:
        return expect.recipient_of(text)
    except ValueError as wrong:
        _usage("--to", f"{wrong}")


def _known(word: str | None, known: tuple[str, ...], option: str) -> str | None:
    if word is not None and word not in known:
        _usage(option, f"{word!r} is not one of {', '.join(known)}")
    return word


def _fact(text: str) -> tuple[str, Truth]:
    name, _, value = text.partition("=")
    if name not in words.FACTS:
        _usage("--fact", f"{name!r} is not one of {', '.join(words.FACTS)}")
    if value not in tuple(Truth):
        _usage("--fact", f"{name} is yes, no or unknown")
    return name, Truth(value)


def _usage(option: str, wrong: str) -> NoReturn:
    raise click.BadParameter(wrong, param_hint=option)


def _verdict_as_json(rulebook: Rulebook, case: Case, verdict: Verdict) -> dict[str, object]:
    nearest = verdict.nearest
    return {
        "outcome": verdict.outcome,
        "sentence": sentence(rulebook, case, verdict),
        "rules": list(verdict.rules),
        "unknown": list(verdict.unknown),
        "demands": list(verdict.demands),
        "waits_for": list(verdict.waits_for),
        "nearest": {"rule": nearest.rule, "missing": list(nearest.missing)} if nearest else None,
        "facts": {known.name: known.value for known in known_facts(rulebook, case)},
        "digest": rulebook.digest,
    }
