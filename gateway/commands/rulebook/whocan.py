"""`sealgate rules who-can`: people, partners and ways, under the rules that were in force on a day.

Exit codes (DESIGN §8): 0 somebody can, 1 nobody can, 2 a word the rules do not know.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime

import click

from gateway.commands.office import Office, opened
from gateway.commands.rulebook.sets import in_force
from gateway.commands.setting import Setting
from gateway.engine import rulesets
from gateway.engine.clock import day
from gateway.judge import words
from gateway.judge.expect import recipient_of
from gateway.judge.phrases import WAYS, both, capital, day_in_words, either
from gateway.judge.problems import did_you_mean
from gateway.judge.reach import Reach, Wanted, reach
from gateway.judge.rulebook import Rulebook
from gateway.transfer import Recipient, Way

NOBODY = 1


@click.command("who-can")
@click.option("--label", default="", help="Only papers of this label.")
@click.option("--to", default="", help="Only to this partner, group, address, or staff or strangers.")
@click.option("--by", type=click.Choice([way.value for way in Way]), help="Only by this way.")
@click.option("--for", "purpose", default="", help="Only for this purpose.")
@click.option("--who", default="", help="Only this person, by address; or outsider.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day (default: today): under the rules that were, "
              "or are, in force on it.")  # fmt: skip
@click.option("--json", "is_json", is_flag=True, help="One JSON object.")
@click.pass_obj
@click.pass_context
def who_can(
    context: click.Context,
    setting: Setting,
    *,
    label: str,
    to: str,
    by: str | None,
    purpose: str,
    who: str,
    on: datetime | None,
    is_json: bool,
) -> None:
    """Who may send what to whom, and by which way, on any day.

    For a day to come, the rules of today are taken to stay. What depends on one paper (hidden content, a missing key)
    is taken as harmless.
    """
    with opened(setting) as office:
        today = day(office.clock.now_ms(), office.zone)
        asked = on.date() if on else today
        rulebook = _on(office, min(asked, today))
    wanted = Wanted(
        who=_known(who.lower(), [*(one.address for one in rulebook.people.everyone), words.OUTSIDER], "--who"),
        to=_to(rulebook, to),
        label=_known(label, rulebook.labels.order, "--label"),
        by=Way(by) if by else None,
        purpose=_known(purpose, rulebook.labels.purposes, "--for"),
    )
    found = reach(rulebook, wanted, on=asked)
    if is_json:
        rows = [_row(one) for one in found]
        click.echo(json.dumps({"on": str(asked), "rules": rulebook.digest, "who": rows}, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(rulebook, found, asked)))
    context.exit(0 if found else NOBODY)


def _on(office: Office, asked: date) -> Rulebook:
    in_force(office)
    return rulesets.on_day(office.rule_sets, asked, office.zone).rulebook()


def _to(rulebook: Rulebook, text: str) -> Recipient | str:
    if "@" in text or text.startswith(words.PARTNER):
        try:
            return recipient_of(text)
        except ValueError as wrong:
            raise click.BadParameter(f"{wrong}", param_hint="--to") from wrong
    if text in rulebook.partners:
        return words.PARTNER + text
    groups = {group for partner in rulebook.partners.values() for group in partner.groups}
    return _known(text, [*groups, *rulebook.partners, words.STAFF, words.STRANGERS], "--to")


def _known(word: str, known: Iterable[str], option: str) -> str:
    known = list(known)
    if word and word not in known:
        raise click.BadParameter(f"{word!r} is not in these rules{did_you_mean(word, known)}", param_hint=option)
    return word


def _lines(rulebook: Rulebook, found: Iterable[Reach], on: date) -> Iterator[str]:
    yield f"On {day_in_words(on)}, under the rules {rulebook.digest[:12]}:"
    ways: dict[tuple[str, str, str], list[Way]] = {}
    for one in found:
        name = f"{capital(one.name)} ({one.who})" if "@" in one.who else capital(one.name)
        ways.setdefault((one.who, name, _said(rulebook, one)), []).append(one.by)
    last = ""
    for (who, name, said), by in ways.items():
        if who != last:
            last = who
            yield name
        yield "  " + said.format(ways=either([WAYS[way] for way in by]))
    if not last:
        yield "Nobody."


def _said(rulebook: Rulebook, one: Reach) -> str:
    """What of it may go, with a place for the ways: braces in a name are doubled."""
    papers = "any paper" if len(one.labels) == len(rulebook.labels.order) else _papers(one.labels)
    purposes = "" if len(one.purposes) == len(rulebook.labels.purposes) else f" for {either(one.purposes)}"
    waits = f"; it waits: {both(one.waits_for)}" if one.waits_for else ""
    called = one.called.replace("{", "{{").replace("}", "}}")
    return f"{papers} to {called} by {{ways}}{purposes}{waits}"


def _papers(labels: tuple[str, ...]) -> str:
    return f"{both([capital(label) for label in labels])} papers"


def _row(one: Reach) -> dict[str, object]:
    return {
        "who": one.who,
        "name": one.name,
        "to": one.to,
        "called": one.called,
        "by": one.by.value,
        "labels": list(one.labels),
        "for": list(one.purposes),
        "rules": list(one.rules),
        "waits_for": list(one.waits_for),
    }
