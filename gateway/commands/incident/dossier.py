"""`sealgate contain draft`: what could be affected, as files for a person: a list, and drafts of the letters.

The question is an entry in the ledger before anything of the answer is read, and the answer shows what the powers of
whoever asks open, and no more. The files hold personal data in clear, for this user alone; nothing sends them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import click
import msgspec

from gateway.commands.ask import FINDING, secret_of, signed
from gateway.commands.asking import Asker, Asking, asked, attestations_of
from gateway.commands.audit.answers import as_json as json_of
from gateway.commands.audit.answers import cells_of
from gateway.commands.incident.listing import containments_of
from gateway.commands.office import Office, rules_of_office
from gateway.commands.private import write_private
from gateway.commands.setting import Setting
from gateway.commands.sheet import sheet
from gateway.commands.telling import printable
from gateway.engine.clock import day, moment
from gateway.engine.containment.contained import Contained
from gateway.engine.questions.blast import Exposed
from gateway.engine.questions.period import Period
from gateway.engine.response.affected import affected
from gateway.engine.response.letters import Incident, drafts
from gateway.errors import Misconfigured
from gateway.judge.explain import texts_of
from gateway.keep.accounts import Accounts

USUAL_DAYS = 30
NEEDED = ("snd", "rcp")
MOST_SHOWN = 20
_INSTANT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"])

since_option = click.option(
    "--since", type=_INSTANT, metavar="WHEN",
    help=f"From when on it may have been in other hands, by the office's clock. Default: {USUAL_DAYS} days before.",
)  # fmt: skip


class Dossier(msgspec.Struct, frozen=True, kw_only=True):
    """What could be affected, and where it was written."""

    since: str
    until: str
    affected: tuple[Exposed, ...]
    folder: str = ""
    files: tuple[str, ...] = ()
    closed: str = ""
    """Why this person may not see what could be affected; empty: they may."""

    def lines(self) -> Iterator[str]:
        """For a person at a screen: the newest, and where all are."""
        if self.closed:
            yield self.closed
            return
        count = len(self.affected)
        yield f"{count} {'entry' if count == 1 else 'entries'} could be affected, {self.since} to {self.until}:"
        for one in self.affected[-MOST_SHOWN:]:
            who = printable(f"{one.sender or 'the gateway'} to {one.recipient}  {one.label}")
            yield f"  {one.at[:16].replace('T', ' ')}  {one.kind:<10} {who}"
            yield f"      {one.how}; {one.protection or 'not encrypted to the recipient'}  {one.transfer}"
        if count > MOST_SHOWN:
            yield f"  and {count - MOST_SHOWN} before them"
        yield f"All of them, and drafts of the letters, in {self.folder}:"
        yield from (f"  {name}" for name in self.files)


@click.command()
@click.argument("containment", metavar="ID")
@since_option
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Where the files go. Default: incidents/ID in the office.")  # fmt: skip
@click.option("--csv", "as_csv", is_flag=True, help="Print the list as CSV, and write no files.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@signed
@click.pass_obj
def draft(
    setting: Setting, containment: str, since: datetime | None, into: Path | None, as_csv: bool, as_json: bool, by: str,
    password_file: Path | None,
) -> None:  # fmt: skip
    """List what could be affected by what the containment ID stopped, and draft the letters about it.

    Writes affected.csv, affected.json, and a draft each to the authority (GDPR Art. 33), to the people concerned
    (Art. 34) and to every partner concerned. Sends nothing. What only a person knows stands in [[ ]].
    """
    asker = Asker(by=by, secret_password=secret_of(by, password_file))
    found = compiled(setting, containment, since, into, asker, is_written=not as_csv)
    if as_json:
        click.echo(msgspec.json.encode(found))
    elif as_csv and not found.closed:
        click.echo(_csv(found.affected), nl=False)
    else:
        click.echo("\n".join(found.lines()), err=bool(found.closed))
    if found.closed:
        raise click.exceptions.Exit(FINDING)


def compiled(
    setting: Setting, wanted: str, since: datetime | None, into: Path | None, asker: Asker, *, is_written: bool = True
) -> Dossier:
    """Ask the ledger what could be affected, and write the files. Raises `Misconfigured`."""
    question = f"contain draft {wanted} since={since or ''}"
    with asked(setting, question, Asking(asker=asker, why=f"incident {wanted}")) as office:
        contained = containments_of(office).find(wanted)
        if contained is None:
            raise Misconfigured(f"there is no containment {wanted}: sealgate contain list")
        period = _period(office, contained, since)
        shown = tuple(f"{moment(at_ms, office.zone):%Y-%m-%d %H:%M}" for at_ms in (period.first_ms, period.until_ms))
        if office.view.people is not None or office.view.closed(NEEDED):
            return Dossier(since=shown[0], until=shown[1], affected=(), closed=_closed(office, contained))
        owners = Accounts(setting.accounts).owners(contained.order.who)
        rows = tuple(affected(office.records, attestations_of(office), contained.order, period, owners))
        found = Dossier(since=shown[0], until=shown[1], affected=rows)
        if not is_written:
            return found
        folder = into or setting.folder / "incidents" / wanted
        names = _written(folder, _files(office, contained, period, rows))
        return msgspec.structs.replace(found, folder=str(folder), files=names)


def _period(office: Office, contained: Contained, since: datetime | None) -> Period:
    """From when it may have been in other hands until it was contained, or now if it is not quite over."""
    until_ms = office.clock.now_ms() + 1
    if since is None:
        first = moment(contained.order.at_ms, office.zone) - timedelta(days=USUAL_DAYS)
    else:
        first = since.replace(tzinfo=office.zone)
    first_ms = int(first.timestamp() * 1000)
    if first_ms >= until_ms:
        raise click.UsageError("--since lies in the future")
    return Period(first_ms=first_ms, until_ms=until_ms)


def _closed(office: Office, contained: Contained) -> str:
    """To whom the ledger opens what whoever contained it may not see."""
    rulebook = rules_of_office(office).rulebook
    on = day(office.clock.now_ms(), office.zone)
    names = " or ".join(person.address for person in rulebook.people.with_power("audit", on)) or "who may audit"
    return (
        f"As {office.view.role} you may not see what could be affected. {names} may: "
        f"sealgate contain draft {contained.order.id} --as ADDRESS"
    )


def _files(office: Office, contained: Contained, period: Period, rows: tuple[Exposed, ...]) -> dict[str, str]:
    rulebook = rules_of_office(office).rulebook
    incident = Incident(
        contained=contained,
        period=period,
        rows=rows,
        rulebook=rulebook,
        zone=office.zone,
        texts=texts_of(rulebook),
        today=day(office.clock.now_ms(), office.zone),
    )
    return {"affected.csv": _csv(rows), "affected.json": "".join(json_of(rows)), **drafts(incident)}


def _csv(rows: tuple[Exposed, ...]) -> str:
    return "".join(sheet(Exposed.__struct_fields__, (cells_of(row) for row in rows)))


def _written(folder: Path, files: dict[str, str]) -> tuple[str, ...]:
    """What somebody has finished already is not written over: the new draft goes beside it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.chmod(folder, 0o700)
    except OSError as why:
        raise Misconfigured(f"{folder} cannot be made: {why.strerror}") from why
    names: list[str] = []
    for name, text in files.items():
        content, path = text.encode(), folder / name
        number = 2
        while name.startswith("letter-") and path.exists() and path.read_bytes() != content:
            path, number = folder / f"{path.stem.partition('.')[0]}.{number}.txt", number + 1
        write_private(path, content)
        names.append(path.name)
    return tuple(names)
