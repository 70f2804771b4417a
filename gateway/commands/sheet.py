"""Tables for spreadsheets, which run what looks like a formula (handbook `ledger.md` §8).

Every cell is quoted; one that a spreadsheet would take for a formula begins with an apostrophe.
GAP: the true values of guarded cells belong in a signed manifest beside the file; `--json` has them until then.
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
    line = io.StringIO()
    writer = csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in chain((head,), rows):
        writer.writerow([guarded(cell) for cell in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def guarded(cell: str) -> str:
    """The cell, harmless to open."""
    return "'" + cell if cell.startswith(_DANGEROUS) else cell
