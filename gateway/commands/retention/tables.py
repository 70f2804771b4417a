"""One way to print rows: as JSON, as CSV for a spreadsheet, or in columns for whoever sits at the machine."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import msgspec

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins like this, a spreadsheet would compute."""


def as_csv(rows: Sequence[msgspec.Struct], shape: type[msgspec.Struct]) -> str:
    """With a line of names first."""
    page = io.StringIO()
    table = csv.writer(page, lineterminator="\r\n")
    table.writerow(shape.__struct_fields__)
    for row in rows:
        table.writerow([_cell(getattr(row, name)) for name in shape.__struct_fields__])
    return page.getvalue()


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Each line with its cells below those of the line before."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case tuple():
            return " ".join(map(str, value))
        case str() if value.startswith(FORMULA):
            return f"'{value}"
        case _:
            return str(value)
