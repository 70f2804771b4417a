"""`sealgate ledger report`: the questions an auditor asks again and again, a verb each.

Every one is an entry before a row of its answer leaves, and shows what the powers of whoever asks open, and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import click

from gateway.commands.asking import Asker, asked, asking, attestations_of, must_open, reason
from gateway.commands.audit.answers import Form, Sheet, formed, hand_out
from gateway.commands.office import Office
from gateway.commands.setting import Setting
from gateway.commands.telling import headline
from gateway.engine.clock import day
from gateway.engine.questions.accounting import Disclosed, disclosures_about, disclosures_to
from gateway.engine.questions.custody import Link, chain
from gateway.engine.questions.exceptions import Exceptional, exceptions
from gateway.engine.questions.looks import Looked, looks
from gateway.engine.questions.period import Period
from gateway.engine.questions.searching import Query, search
from gateway.transfer import Digest

DAY = click.DateTime(["%Y-%m-%d"])
YEARS_OF_DISCLOSURES = 6
"""45 CFR 164.528: an accounting goes back six years."""
USUAL_DAYS = 31

Since = Callable[[date], date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days of the office, both included; either end may be left to the report."""

    first: date | None
    last: date | None

    def __str__(self) -> str:
        return f"{self.first or ''}..{self.last or ''}"

    def of(self, office: Office, usual: Since) -> Period:
        """As instants; without an end up to now, without a beginning from the usual day on."""
        last = self.last or day(office.clock.now_ms(), office.zone)
        first = self.first or usual(last)
        if first > last:
            raise click.UsageError("--from lies behind --to")
        midnights = (datetime.combine(one, time.min, office.zone) for one in (first, last + timedelta(days=1)))
        first_ms, until_ms = (int(one.timestamp() * 1000) for one in midnights)
        return Period(first_ms=first_ms, until_ms=until_ms)


def spanning(verb: Callable[..., None]) -> Callable[..., None]:
    """The options for a stretch of days."""
    for option in (
        click.option("--to", "last", type=DAY, metavar="DATE", help="Up to this day, included. Default: today."),
        click.option("--from", "first", type=DAY, metavar="DATE", help="From this day of the office on."),
    ):
        verb = option(verb)
    return verb


def span_of(first: datetime | None, last: datetime | None) -> Span:
    """The days as they were given."""
    return Span(first=first.date() if first else None, last=last.date() if last else None)


def years_before(last: date) -> date:
    """The first day of an accounting that ends on `last`."""
    try:
        return last.replace(year=last.year - YEARS_OF_DISCLOSURES)
    except ValueError:  # 29 February
        return last.replace(year=last.year - YEARS_OF_DISCLOSURES, day=28)


def days_before(last: date) -> date:
    """The first day of a report over the usual time."""
    return last - timedelta(days=USUAL_DAYS - 1)


def limits_of(office: Office) -> tuple[str, ...]:
    """What a reader must know of the view it was asked with."""
    if office.view.people is None:
        return ()
    return (f"As {office.view.role}: only what these had a part in: {', '.join(sorted(office.view.people))}.",)


# ── disclosures, custody ─────────────────────────────────────────────────────────────────────────────────────────────


@click.command()
@click.argument("person", metavar="PERSON")
@click.option("--about", multiple=True, metavar="WORDS",
              help="Also what was sent to others with these words in its subject or a file's name.")  # fmt: skip
@spanning
@formed
@asking
@click.pass_obj
def accounting(
    setting: Setting, person: str, about: tuple[str, ...], first: datetime | None, last: datetime | None, form: Form,
    why: str, asker: Asker,
) -> None:  # fmt: skip
    """List every disclosure to PERSON (an address, or a partner's ID) in six years: when, what, for what purpose.

    What is in doubt is listed too. Disclosures *about* somebody are found by the words in a subject or a file's name.
    """
    span, ask = span_of(first, last), reason(why, asker)
    question = " ".join(["report accounting", person, *(f"about={words}" for words in about), str(span)])
    with asked(setting, question, ask) as office:
        must_open(office, ("rcp", "obj") if about else ("rcp",))
        period = span.of(office, years_before)
        found = _disclosed(office, person, about, period)
        notes = (
            *limits_of(office),
            *(() if about else ("To them. For what was sent about them, give --about WORDS.",)),
        )
        sheet = Sheet(title=f"Disclosures to {person}", question=question, asking=ask, shape=Disclosed,
                      rows=found, notes=notes, hidden=("sha256_out",))  # fmt: skip
        hand_out(office, sheet, form)


def _disclosed(office: Office, person: str, about: tuple[str, ...], period: Period) -> Iterable[Disclosed]:
    """Each disclosure once, though it may be both to and about somebody."""
    seen: set[int] = set()
    for one in disclosures_to(office.records, attestations_of(office), person, period):
        seen.add(one.entry)
        yield one
    if about:
        for one in disclosures_about(office.records, attestations_of(office), about, period):
            if one.entry not in seen:
                yield one


@click.command()
@click.argument("matter", metavar="MATTER")
@formed
@asking
@click.pass_obj
def custody(setting: Setting, matter: str, form: Form, why: str, asker: Asker) -> None:
    """Show whose hands everything of MATTER went through, link by link, and where the chain is broken.

    MATTER is a transfer's ID, a file's SHA-256, or words in a subject or a file's name.
    """
    question, ask = f"report custody {matter}", reason(why, asker)
    with asked(setting, question, ask) as office:
        query = _matter(matter)
        must_open(office, query.classes)
        legs = search(office.records, attestations_of(office), query)
        links = (link for found in legs for link in _links(office, found.transfer, found.leg))
        notes = (*limits_of(office), "A link is broken where the ledger names another digest than before.")
        hand_out(office, Sheet(title=f"Chain of custody: {matter}", question=question, asking=ask, shape=Link,
                               rows=links, notes=notes, hidden=("sha256_in", "sha256_out")), form)  # fmt: skip


def _matter(matter: str) -> Query:
    if matter.upper().startswith("T-") and len(matter) == 28:
        return Query(transfer=matter.upper())
    try:
        return Query(digest=Digest(sha256=matter.lower()).sha256)
    except ValueError:
        return Query(text=matter)


def _links(office: Office, transfer: str, leg: int | None) -> Iterable[Link]:
    attestations = attestations_of(office)
    story = attestations.story(transfer)
    entries = tuple(one for one in attestations.of(story) if one.entry.leg == leg) if story else ()
    return chain(entries, headline)


# ── exceptions, access ───────────────────────────────────────────────────────────────────────────────────────────────


@click.command("exceptions")
@spanning
@formed
@asking
@click.pass_obj
def list_exceptions(
    setting: Setting, first: datetime | None, last: datetime | None, form: Form, why: str, asker: Asker
) -> None:
    """List what did not simply go in the last 31 days: refusals, holds, releases and by whom, failures, doubts."""
    span, ask = span_of(first, last), reason(why, asker)
    question = f"report exceptions {span}"
    with asked(setting, question, ask) as office:
        found = exceptions(office.records, attestations_of(office), span.of(office, days_before), headline)
        hand_out(office, Sheet(title="Exceptions", question=question, asking=ask, shape=Exceptional, rows=found,
                               notes=limits_of(office)), form)  # fmt: skip


@click.command()
@spanning
@formed
@asking
@click.pass_obj
def access(setting: Setting, first: datetime | None, last: datetime | None, form: Form, why: str, asker: Asker) -> None:
    """List who looked at the ledger in the last 31 days, as what, for what, and why."""
    span, ask = span_of(first, last), reason(why, asker)
    question = f"report access {span}"
    with asked(setting, question, ask) as office:
        found = looks(office.records, attestations_of(office), span.of(office, days_before))
        hand_out(office, Sheet(title="Who looked at the ledger", question=question, asking=ask, shape=Looked,
                               rows=found, notes=limits_of(office)), form)  # fmt: skip
