"""The legs that were found, as `ledger find` shows them.

Names and subjects stand in JSON and CSV, not on the screen, where anybody may look over the auditor's shoulder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from gateway.commands.telling import instant, printable
from gateway.engine.questions.searching import Found


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


OFF_SCREEN = ("names", "subject", "sha256_in", "sha256_out", "entries")


def as_lines(rows: Iterable[msgspec.Struct], *, digest: str = "") -> Iterator[str]:
    """Two lines a row, and how many there were; of a digest that was asked for, on which side it stands."""
    count = 0
    for row in rows:
        assert isinstance(row, Row)
        count += 1
        leg = "" if row.leg is None else f"/{row.leg}"
        yield f"{row.transfer}{leg}  {row.received}  {row.outcome or 'open'} {row.outcome_at}".rstrip() + "\n"
        to = f" to {row.recipient}" if row.recipient else ""
        about = "  ".join(word for word in (row.label, row.partner, ";".join(row.rules)) if word)
        if known := f"{row.sender}{to}  {about}".strip():
            yield printable(f"    {known}") + "\n"
        if digest:
            sides = (("was handed in", row.sha256_in), ("is what was made to leave", row.sha256_out))
            yield f"    it {' and '.join(words for words, known in sides if digest in known)}\n"
    yield "1 found.\n" if count == 1 else f"{count or 'Nothing'} found.\n"
