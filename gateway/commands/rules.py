"""`sealgate rules`: check, test, explain and publish the rules of an office.

Exit codes (DESIGN §8): 0 fine or send, 1 a missed expectation or a block, 3 rules invalid, 4 hold.
All but `publish`, which has a module of its own, read the folder and write nothing but their answer.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from gateway.commands.office import opened
from gateway.commands.rulebook.diff import diff
from gateway.commands.rulebook.edit import edit
from gateway.commands.rulebook.proposals import proposals, sign, withdraw
from gateway.commands.rulebook.prove import prove_rules
from gateway.commands.rulebook.publish import publish
from gateway.commands.rulebook.replay import replay
from gateway.commands.rulebook.rollback import rollback
from gateway.commands.rulebook.schema import schema
from gateway.commands.rulebook.show import list_, show
from gateway.commands.rulebook.status import status
from gateway.commands.rulebook.whocan import who_can
from gateway.commands.rulefolder import read_folder
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock, day
from gateway.engine.finding import FIRST_CONTACT, SIMILAR_NAME
from gateway.errors import Failure
from gateway.facts import Outcome, Truth
from gateway.judge import expect, words
from gateway.judge.case import Case
from gateway.judge.decide import Verdict, decide
from gateway.judge.explain import explain, sentence
from gateway.judge.problems import Problem
from gateway.judge.prooftext import kept
from gateway.judge.rulebook import Rulebook
from gateway.transfer import Recipient, Way

INVALID = 3
EXITS = {Outcome.SEND: 0, Outcome.BLOCK: 1, Outcome.HOLD: 4}


class Office(Protocol):
    """What the top-level command hands down."""

    folder: Path


@click.group()
def rules() -> None:
    """Check, test, explain and publish who may send what to whom."""


for _verb in (diff, who_can, edit, proposals, sign, withdraw, rollback, status, replay, list_, show, schema):
    rules.add_command(_verb)
rules.add_command(prove_rules)
rules.add_command(publish)


@rules.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Warn as of this day (default: today).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def check(context: click.Context, folder: Path | None, on: datetime | None, as_json: bool) -> None:
    """Every mistake in the rules, with file, line and column; a never that is not kept is one."""
    found = kept(read_folder(folder or _rules_of(context), on=on.date() if on else _today(None)))
    is_valid = isinstance(found, Rulebook)
    problems = found.warnings if isinstance(found, Rulebook) else found
    if as_json:
        digest = found.digest if isinstance(found, Rulebook) else None
        _json({"valid": is_valid, "digest": digest, "problems": [_as_json(problem) for problem in problems]})
    else:
        for problem in problems:
            click.echo(f"{problem}{' (warning)' if problem.is_warning else ''}")
        if isinstance(found, Rulebook):
            click.echo(f"{len(found.rules)} rules are in order. Digest {found.digest}")
        else:
            click.echo(f"{len(problems)} to mend. These rules do not load; the last good ones stay in force.")
    context.exit(0 if is_valid else INVALID)


@rules.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def test(context: click.Context, folder: Path | None, as_json: bool) -> None:
    """Run the expectations in *.test.toml."""
    rulebook = _load(context, folder)
    misses = expect.run(rulebook)
    if as_json:
        rows = [{"that": m.that, "file": m.file, "line": m.line, "what": m.what, "wanted": m.wanted, "got": m.got}
                for m in misses]  # fmt: skip
        _json({"expectations": len(rulebook.expects), "misses": rows})
    else:
        for miss in misses:
            click.echo(str(miss))
        missed = len({(miss.file, miss.line) for miss in misses})
        click.echo(f"{len(rulebook.expects)} expectations, {missed} missed.")
    context.exit(1 if misses else 0)


@rules.command("explain")
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
    rulebook, to = _load(context, None), _recipient(recipient)
    given = dict(_fact(text) for text in facts)
    for name in (FIRST_CONTACT, SIMILAR_NAME):
        if rulebook.asks(name) and name not in given:
            given[name] = _from_records(_rules_of(context).parent, name, rulebook, sender, to)
    case = Case(
        sender_person=expect.sender_in(rulebook, sender),
        recipient=to,
        by=Way(by) if by else None,
        label=_known(label, rulebook.labels.order, "--label"),
        purpose=_known(purpose, rulebook.labels.purposes, "--for"),
        on=on.date() if on else _today(rulebook),
        facts={**expect.harmless(), **given},
        outside_recipients=1,
    )
    verdict = decide(rulebook, case)
    if as_json:
        _json(_verdict_as_json(rulebook, case, verdict))
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


def _today(rulebook: Rulebook | None) -> date:
    """Today where the office is; in UTC while its rules, or the machine, cannot say where that is."""
    now_ms = SystemClock().now_ms()
    try:
        return day(now_ms, ZoneInfo(rulebook.gateway.office.zone) if rulebook else UTC)
    except (ZoneInfoNotFoundError, ValueError):
        return day(now_ms)


def _rules_of(context: click.Context) -> Path:
    office: Office | None = context.obj
    return (office.folder if office else Path()) / "rules"


def _load(context: click.Context, folder: Path | None) -> Rulebook:
    found = read_folder(folder or _rules_of(context))
    if isinstance(found, Rulebook):
        return found
    for problem in found:
        click.echo(str(problem), err=True)
    context.exit(INVALID)


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


def _as_json(problem: Problem) -> dict[str, object]:
    return {"file": problem.file, "line": problem.line, "column": problem.column, "text": problem.text,
            "warning": problem.is_warning}  # fmt: skip


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
        "facts": {known.name: known.value for known in verdict.known},
        "digest": rulebook.digest,
    }


def _json(value: dict[str, object]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
