"""Who sees what of a transfer that waits: as in the ledger, and whoever may decide on it sees what they decide on.

Anybody at the machine sees that something waits, since when and by which code; whose it is, and for whom, they do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click

from gateway.commands.asking import DENIED, Asking, asked
from gateway.commands.office import Office, opened
from gateway.commands.setting import Setting
from gateway.engine.clock import day
from gateway.engine.glass import POWER
from gateway.engine.orders import REVIEWERS
from gateway.engine.viewing import view_for
from gateway.journey import Journey, LegJourney
from gateway.judge import words
from gateway.judge.case import Case
from gateway.judge.fulfilment import may_approve
from gateway.judge.rulebook import Person, Rulebook
from gateway.ledger.views import Role

DECIDE_IN_DOUBT = ("vouch", POWER)


@contextmanager
def looked_at(setting: Setting, question: str, asking: Asking) -> Iterator[Office]:
    """The office as whoever asks may see it. Who signs in leaves an entry, as with every question to the ledger."""
    if asking.asker.by:
        with asked(setting, question, asking) as office:
            yield office
        return
    with opened(setting) as office:
        on = day(office.clock.now_ms(), office.zone)
        yield replace(office, view=view_for(office.in_force or office.folder_rules, "", on))


def must_review(office: Office, asking: Asking) -> None:
    """End with 1 unless they may look the office over: who audits it, or answers for its rules."""
    person = (office.in_force or office.folder_rules).person(asking.asker.by) if asking.asker.by else None
    if office.view.role is Role.AUDITOR or (person and not {*REVIEWERS}.isdisjoint(person.powers)):
        return
    click.echo(f"sealgate: this is for who may {' or '.join(REVIEWERS)}. Sign in: --as ADDRESS", err=True)
    raise click.exceptions.Exit(DENIED)


def sees(office: Office, asking: Asking, journey: Journey, leg: LegJourney) -> bool:
    """Whether they see whose it is and for whom."""
    people = (journey.transfer.sender.person, leg.leg.recipient.key)
    if "rcp" in office.view.of(people):
        return True
    rulebook = office.in_force or office.folder_rules
    person = rulebook.person(asking.asker.by) if asking.asker.by else None
    return person is not None and _decides(office, rulebook, person, journey, leg)


def _decides(office: Office, rulebook: Rulebook, person: Person, journey: Journey, leg: LegJourney) -> bool:
    """Whether somebody may ask them for a release: of this leg, or of whatever cannot be known."""
    if not {*DECIDE_IN_DOUBT}.isdisjoint(person.powers):
        return True
    transfer = journey.transfer
    case = Case(
        sender_person=transfer.sender.person, recipient=leg.leg.recipient, by=transfer.way, label=transfer.label,
        purpose=transfer.purpose, on=day(office.clock.now_ms(), office.zone),
    )  # fmt: skip
    demands = [reason.get("demand") for reason in leg.judged.reasons] if leg.judged else []
    roles = [one.removeprefix(words.APPROVAL) for one in demands if one.startswith(words.APPROVAL)]
    return any(may_approve(rulebook, case, person, role) for role in roles)
