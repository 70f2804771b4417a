"""`sealgate ledger report weekly | blast | integrity`: reviewing a week and signing it off, a stolen credential, and
whether the ledger itself is as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path

import click

from gateway.commands.asking import Asker, asked, asking, attestations_of, must_open, reason, written
from gateway.commands.audit.answers import Form, Sheet, digest_of, formed, hand_out
from gateway.commands.audit.fsck import progress
from gateway.commands.audit.headpage import HeadPage
from gateway.commands.audit.report import limits_of
from gateway.commands.audit.spreading import spread_over
from gateway.commands.office import Office
from gateway.commands.private import write_private
from gateway.commands.setting import Setting
from gateway.commands.telling import headline, instant
from gateway.engine.clock import day
from gateway.engine.fsck import Kept, Report
from gateway.engine.fsck import fsck as check_everything
from gateway.engine.outsiders.testimony import OK, WRONG, Outside, Word
from gateway.engine.questions.blast import Exposed, exposed_by_account, exposed_by_key
from gateway.engine.questions.looks import looks
from gateway.engine.questions.period import Period
from gateway.engine.questions.weekly import SIGNED_OFF, Line, review
from gateway.errors import StoreAway
from gateway.keep.accounts import Accounts
from gateway.keep.beside import BlobsBeside
from gateway.ledger.audit import Severity
from gateway.ledger.checkpoint import own_note
from gateway.ledger.views import Role

FINDING = 1
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_FINGERPRINT = re.compile(r"[0-9A-Fa-f ]{40,79}", re.ASCII)
_INSTANT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"])


# ── weekly ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@click.command()
@click.option("--week", metavar="YYYY-Www", help="The week, by ISO 8601. Default: the last whole one.")
@click.option("--sign-off", metavar="WORDS", help="Record that you reviewed it, and what you found.")
@click.option(
    "--page",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write the ledger's head there, with a QR code: to print, sign in ink and file.",
)
@formed
@asking
@click.pass_obj
def weekly(
    setting: Setting, week: str | None, sign_off: str | None, page: Path | None, form: Form, why: str, asker: Asker
) -> None:  # fmt: skip
    """Review a week: what happened, what did not go and who decided, who looked, whether the ledger lived.

    A sign-off is an entry of its own, under your name, and names the digest of what you saw.
    """
    monday = _monday(week) if week else None
    if sign_off is not None and not asker.by:
        raise click.UsageError("a sign-off is a person's: give --as ADDRESS")
    question, ask = f"report weekly {week or ''}".strip(), reason(why or "review", asker)
    with asked(setting, question, ask) as office:
        monday = monday or _last_monday(day(office.clock.now_ms(), office.zone))
        year, number, _ = monday.isocalendar()
        named, period = f"{year}-W{number:02}", _week_of(office, monday)
        if sign_off is not None and office.view.role is not Role.AUDITOR:
            click.echo("sealgate: signing a week off takes the power audit", err=True)
            raise click.exceptions.Exit(FINDING)
        lines = tuple(review(office.records, attestations_of(office), period, headline))
        digest = digest_of(lines)
        notes = (*limits_of(office), *_signed_off(office, named, period, digest))
        hand_out(office, Sheet(title=f"Review of week {named}", question=question, asking=ask, shape=Line, rows=lines,
                               notes=notes), form)  # fmt: skip
        if page is not None:
            _write_page(office, page, named, digest)
    if sign_off is not None:
        written(setting, f"{SIGNED_OFF}{named} sha256={digest}", reason(f"review: {sign_off}", asker))
        click.echo(f"Signed off: week {named}, by {asker.by}.", err=True)


def _write_page(office: Office, page: Path, week: str, digest: str) -> None:
    """The published head, which is what everybody else sees too. Raises `StoreAway`, `Misconfigured`."""
    note = office.publication.checkpoint()
    if note is None:
        raise StoreAway("nothing is published yet; try again in a few seconds")
    printed = HeadPage(office=office.folder_rules.gateway.office.name, week=week, at=instant(office.clock.now_ms()),
                       note=own_note(note, office.signer.vkey), vkey=office.signer.vkey, review=digest)  # fmt: skip
    write_private(page, printed.html.encode())
    click.echo(f"{page}: print it, sign it in ink, and file it.", err=True)


def _monday(week: str) -> date:
    found = _WEEK.fullmatch(week)
    try:
        return date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else _no_week(week)
    except ValueError:
        return _no_week(week)


def _no_week(week: str) -> date:
    raise click.BadParameter(f"{week!r} is no week such as 2026-W07", param_hint="--week")


def _last_monday(today: date) -> date:
    return today - timedelta(days=today.weekday() + 7)


def _week_of(office: Office, monday: date) -> Period:
    ends = (datetime.combine(one, time.min, office.zone) for one in (monday, monday + timedelta(days=7)))
    first_ms, until_ms = (int(one.timestamp() * 1000) for one in ends)
    return Period(first_ms=first_ms, until_ms=until_ms)


def _signed_off(office: Office, week: str, period: Period, digest: str) -> Iterator[str]:
    """Who signed this week off, and whether it was what is seen now."""
    since = Period(first_ms=period.first_ms, until_ms=office.clock.now_ms() + 1)
    found = [
        one
        for one in looks(office.records, attestations_of(office), since)
        if one.question.startswith(f"{SIGNED_OFF}{week} ")
    ]
    for one in found:
        same = "what is shown here" if one.question.endswith(digest) else "other lines than are shown here"
        yield f"Signed off by {one.who} at {one.at}, {same}: {one.why.removeprefix('review: ')}"
    if not found:
        yield "Nobody has signed it off."


# ── blast ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@click.command()
@click.argument("credential", metavar="KEY|PERSON")
@click.argument("since", metavar="T1", type=_INSTANT)
@click.argument("until", metavar="T2", type=_INSTANT)
@formed
@asking
@click.pass_obj
def blast(
    setting: Setting, credential: str, since: datetime, until: datetime, form: Form, why: str, asker: Asker
) -> None:
    """List what could have leaked if KEY or PERSON's account was in a thief's hands between T1 and T2.

    KEY is a recipient's OpenPGP fingerprint, or SHA256:... of an SSH key that somebody signs in with. PERSON is an
    address, or partner:ID. Times are the office's; a day alone means its midnight.
    """
    question = f"report blast {credential} {since:%Y-%m-%dT%H:%M:%S} {until:%Y-%m-%dT%H:%M:%S}"
    if since >= until:
        raise click.UsageError("T1 lies before T2")
    ask = reason(why, asker)
    with asked(setting, question, ask) as office:
        must_open(office, ("snd", "rcp"))
        first_ms, until_ms = (int(at.replace(tzinfo=office.zone).timestamp() * 1000) for at in (since, until))
        period = Period(first_ms=first_ms, until_ms=until_ms)
        owners = _owners(setting, credential)
        rows = _exposed(office, credential, owners, period)
        as_what = "a key" if owners is None else f"the account of {', '.join(owners)}"
        notes = (*limits_of(office), f"Looked at as {as_what}. What was copied elsewhere no ledger knows.")
        sheet = Sheet(title=f"Exposed by {credential}", question=question, asking=ask, shape=Exposed, rows=rows,
                      notes=notes, hidden=("sha256_out",))  # fmt: skip
        hand_out(office, sheet, form)


def _owners(setting: Setting, credential: str) -> tuple[str, ...] | None:
    """Whose accounts it opens; None for a key that opens content."""
    if _FINGERPRINT.fullmatch(credential):
        return None
    if not credential.startswith("SHA256:"):
        return (credential,)
    owners = Accounts(setting.accounts).owners(credential)
    if not owners:
        raise click.UsageError(f"nobody signs in with {credential} today; if the key was taken away, name the person")
    return owners


def _exposed(office: Office, credential: str, owners: tuple[str, ...] | None, period: Period) -> Iterable[Exposed]:
    records, attestations = office.records, attestations_of(office)
    if owners is None:
        yield from exposed_by_key(records, attestations, credential, period)
        return
    for person in owners:
        yield from exposed_by_account(records, attestations, person, period)


# ── integrity ────────────────────────────────────────────────────────────────────────────────────────────────────────


@click.command()
@formed
@asking
@click.pass_obj
def integrity(setting: Setting, form: Form, why: str, asker: Asker) -> None:
    """Recompute the whole ledger, and say since when outsiders vouch for it.

    Exit 0 when it is whole, 1 when anything is not as it must be.
    """
    question, ask = "report integrity", reason(why, asker)
    with asked(setting, question, ask) as office:
        with closing(office.blobs()) as blobs:
            report = check_everything(
                Kept(records=office.records, archive=office.archive, keyring=office.keyring,
                     blobs=BlobsBeside(blobs, office.records), published=setting.var / "ledger",
                     vkey=office.signer.vkey, earlier=office.earlier_keys, now_ms=office.clock.now_ms(),
                     spread=spread_over(setting.folder)),
                progress,
            )  # fmt: skip
        checks = (*_own(report), *_outside(office))
        hand_out(office, Sheet(title="Is the ledger what it was?", question=question, asking=ask, shape=Word,
                               rows=checks), form)  # fmt: skip
    if any(one.verdict == WRONG for one in checks):
        raise click.exceptions.Exit(FINDING)


def _own(report: Report) -> Iterator[Word]:
    whole = f"{report.size:,} entries, {report.streams:,} streams recomputed; {report.published:,} published"
    yield Word(about="recomputed", verdict=OK if report.is_whole else WRONG, says=whole)
    for one in report.findings:
        verdict = WRONG if one.severity is Severity.FAILED else "look"
        yield Word(about=one.where, verdict=verdict, says=one.words)


def _outside(office: Office) -> tuple[Word, ...]:
    head = office.records.since(0, 0).head
    if head is None:
        return ()
    said, folder = (office.in_force or office.folder_rules).gateway.ledger, office.setting.folder
    return Outside(
        publication=office.publication,
        head=head,
        vkey=office.signer.vkey,
        witnesses={one.key: one.at for one in said.witnesses},
        stamps=office.setting.var / "ledger" / "stamps",
        roots=folder / said.stamps.roots if said.stamps else None,
    ).testimonies()
