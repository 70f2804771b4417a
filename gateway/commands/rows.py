"""The legs that were found, as `ledger find` prints them: lines for a person, JSON for a program, CSV for a sheet.

Rows stream: no number of them is too many. Names and subjects stand in JSON and CSV, not on the screen, where anybody
may look over the auditor's shoulder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from gateway.commands.sheet import sheet
from gateway.commands.telling import instant, printable
from gateway.engine.searching import Found


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One leg that was found; of an office's fact, that entry alone."""

    transfer: str
    leg: int | None
    received: str
    sender: str
    recipient: str
    partner: str
    label: str
    outcome: str
    outcome_at: str
    rules: tuple[str, ...]
    names: str
    subject: str
    sha256_in: tuple[str, ...]
    sha256_out: tuple[str, ...]
    entries: tuple[int, ...]


def row_of(found: Found) -> Row:
    """The leg as it is handed out."""
    return Row(
        transfer=found.transfer,
        leg=found.leg,
        received=instant(found.received_ms),
        sender=found.sender,
        recipient=found.recipient,
        partner=found.partner,
        label=found.label,
        outcome=found.outcome,
        outcome_at=instant(found.outcome_ms) if found.outcome else "",
        rules=found.rules,
        names=found.names,
        subject=found.subject,
        sha256_in=found.sha256_in,
        sha256_out=found.sha256_out,
        entries=found.entries,
    )


def as_json(rows: Iterable[Row]) -> Iterator[str]:
    """One JSON array, a row a line."""
    before = "[\n"
    for row in rows:
        yield before + msgspec.json.encode(row).decode()
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def as_csv(rows: Iterable[Row]) -> Iterator[str]:
    """A table with a head; lists are `;`-joined."""
    return sheet(Row.__struct_fields__, (tuple(_cell(value) for value in msgspec.structs.astuple(row)) for row in rows))


def as_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Two lines a row, and how many there were."""
    count = 0
    for row in rows:
        count += 1
        leg = "" if row.leg is None else f"/{row.leg}"
        yield f"{row.transfer}{leg}  {row.received}  {row.outcome or 'open'} {row.outcome_at}".rstrip() + "\n"
        to = f" to {row.recipient}" if row.recipient else ""
        about = "  ".join(word for word in (row.label, row.partner, ";".join(row.rules)) if word)
        yield printable(f"    {row.sender}{to}  {about}".rstrip()) + "\n"
    yield "1 found.\n" if count == 1 else f"{count or 'Nothing'} found.\n"


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        return ";".join(str(member) for member in value)
    return "" if value is None else str(value)
