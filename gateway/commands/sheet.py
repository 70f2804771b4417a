"""Tables for spreadsheets, which run what looks like a formula (handbook `ledger.md` §8).

Every cell is quoted; one that a spreadsheet would take for a formula begins with an apostrophe.
The true values of such cells stand in the signed manifest beside the file (`ledger.manifest`), and in `--json`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters that begin a formula, or hide one; the last four are their full-width kin."""


def sheet(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a CSV file (RFC 4180), one by one."""
    yield from map(line_of, chain((head,), rows))


def line_of(row: Sequence[str]) -> str:
    """One line of it."""
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow([guarded(cell) for cell in row])
    return line.getvalue()


def guarded(cell: str) -> str:
    """The cell, harmless to open."""
    return "'" + cell if cell.startswith(_DANGEROUS) else cell
