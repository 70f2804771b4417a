"""`sealgate ledger find`: each recipient's copy that answers all that is asked.

Days are the office's own; times are UTC. Values come from the entries themselves, so whatever is shown can be proved.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from gateway.commands.asking import Asker, asked, asking, attestations_of, must_open, reason
from gateway.commands.audit import rows
from gateway.commands.audit.answers import Form, Sheet, formed, hand_out
from gateway.commands.audit.dropped import NOT_GIVEN, given_or_dragged
from gateway.commands.office import Office
from gateway.commands.setting import Setting
from gateway.engine.clock import day
from gateway.engine.questions.searching import Query, search
from gateway.ledger.leaf import FIELDS, OUTCOMES
from gateway.transfer import Digest

ENDS = sorted({outcome for outcomes in OUTCOMES.values() for outcome in outcomes if outcome})
DAY = click.DateTime(["%Y-%m-%d"])
WIDE = 160
"""Columns of a terminal on which a row of `find` is one line; on others it is two."""


def fields_given(
    _context: click.Context, _option: click.Parameter, given: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Fields and what they must say; one that no entry has is a slip."""
    known = {f"{cls}.{field}" for classes in FIELDS.values() for cls, fields in classes.items() for field in fields}
    pairs = tuple((name, value) for name, _, value in (one.partition("=") for one in given))
    for name, value in pairs:
        if name not in known or not value:
            raise click.BadParameter(f"{name!r}: give one of {', '.join(sorted(known))}, with a value")
    return pairs


@click.command()
@click.option("--person", default="", metavar="ADDRESS", help="Who sent, released or refused it.")
@click.option("--recipient", default="", metavar="ADDRESS", help="Whom it is for.")
@click.option("--partner", default="", metavar="ID", help="The partner it is for.")
@click.option("--from", "first", type=DAY, metavar="DATE", help="From this day of the office on.")
@click.option("--to", "last", type=DAY, metavar="DATE", help="Up to this day, included.")
@click.option("--on", "only", type=DAY, metavar="DATE", help="On this day.")
@click.option("--outcome", type=click.Choice(ENDS), metavar="WORD", help=f"Its last: {', '.join(ENDS)}.")
@click.option("--rule", default="", metavar="ID", help="A rule that decided.")
@click.option("--label", default="", metavar="LABEL", help="The label it was judged by.")
@click.option("--name", default="", metavar="FILENAME", help="A file's name.")
@click.option("--text", default="", metavar="WORDS", help="Words in its subject or a file's name.")
@click.option("--sha256", "digest", default="", metavar="HEX", help="Did this file come in, or leave?")
@click.option(
    "--file",
    is_flag=False,
    flag_value=NOT_GIVEN,
    callback=given_or_dragged,
    metavar="PATH",
    help="The same, of this file; it is not copied anywhere. Without PATH, drag the file onto the terminal.",
)
@click.option("--kind", type=click.Choice(list(FIELDS)), metavar="WORD", help=f"An entry it has: {', '.join(FIELDS)}.")
@click.option("--transfer", default="", metavar="ID", help="Only of this transfer.")
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="CLASS.NAME=VALUE",
    callback=fields_given,
    help="Any other field, exactly: net.msgid=<1@town.test>. May be given several times.",
)
@formed
@asking
@click.pass_obj
def find(
    setting: Setting, /, first: datetime | None, last: datetime | None, only: datetime | None, file: Path | None,
    fields: tuple[tuple[str, str], ...], form: Form, why: str, asker: Asker, **given: str | None,
) -> None:  # fmt: skip
    """Find each recipient's copy that answers all that is asked, the newest first; without a question, all of them.

    A file is known by its SHA-256: as it was handed in, and as it left. A file inside a mail message has none of its
    own in the ledger; ask for its --name.
    """
    if only and (first or last):
        raise click.UsageError("--on excludes --from and --to")
    parts = {name: value for name, value in given.items() if value}
    if "digest" in parts:
        parts["digest"] = _digest(parts["digest"])
    if file is not None:
        parts["digest"] = _digest_of(file, parts.get("digest", ""))
    days = {"from": only or first, "to": only or last}
    said = {name: f"{at:%Y-%m-%d}" for name, at in days.items() if at} | parts | dict(fields)
    question, asking = _question(said), reason(why, asker)
    with asked(setting, question, asking) as office:
        query = _query(office, parts, fields, days["from"], days["to"])
        must_open(office, query.classes)
        found = (rows.row_of(one) for one in search(office.records, attestations_of(office), query))
        is_wide = sys.stdout.isatty() and shutil.get_terminal_size().columns >= WIDE
        lines = None if is_wide and not query.digest else partial(rows.as_lines, digest=query.digest)
        sheet = Sheet(title="Found in the ledger", question=question, asking=asking, shape=rows.Row, rows=found,
                      on_screen=lines, hidden=rows.OFF_SCREEN)  # fmt: skip
        hand_out(office, sheet, form)


def _question(parts: dict[str, str]) -> str:
    return " ".join(["find", *(f"{name}={value}" for name, value in parts.items())])


def _query(
    office: Office, parts: dict[str, str], fields: tuple[tuple[str, str], ...], first: datetime | None,
    last: datetime | None,
) -> Query:  # fmt: skip
    until = last.date() if last else day(office.clock.now_ms(), office.zone) if first else None
    return Query(first=first.date() if first else None, last=until, zone=office.zone, fields=fields, **parts)


def _digest(untrusted: str) -> str:
    """A digest as it stands in the ledger: what people paste may be in capitals."""
    try:
        return Digest(sha256=untrusted.strip().lower()).sha256
    except ValueError as why:
        raise click.BadParameter(str(why), param_hint="--sha256") from why


def _digest_of(file: Path, digest: str) -> str:
    """Of the file's content, computed here and now."""
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if digest not in ("", found):
        raise click.UsageError(f"{file} has another SHA-256 than --sha256 says")
    return found
