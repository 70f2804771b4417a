"""An answer as one HTML page: nothing to load, nothing that runs, black on white, for a printer and a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from gateway.commands.telling import printable

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
body {{ font: 11pt/1.4 "Liberation Sans", Arial, sans-serif; margin: 2em; color: #000; background: #fff }}
h1 {{ font-size: 1.3em }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .1em 1em }}
dt {{ font-weight: bold }} dd {{ margin: 0 }}
table {{ border-collapse: collapse; width: 100%; font-size: .8em }}
th, td {{ text-align: left; vertical-align: top; padding: .25em .5em .25em 0; overflow-wrap: anywhere }}
th {{ border-bottom: 2px solid }} td {{ border-bottom: 1px solid #999 }} thead {{ display: table-header-group }}
tr {{ break-inside: avoid }} pre {{ font-size: .7em; white-space: pre-wrap; overflow-wrap: anywhere }}
@page {{ size: A4 landscape; margin: 15mm }} @media print {{ body {{ margin: 0 }} }}
</style></head><body>
<h1>{title}</h1>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What stands above and below the rows."""

    title: str
    said: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    seal: str
    """The ledger's signed head: the state the page speaks of."""


def page(heading: Heading, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The page, piece by piece."""
    yield _HEAD.format(title=_safe(heading.title))
    yield "<dl>" + "".join(f"<dt>{_safe(word)}</dt><dd>{_safe(value)}</dd>" for word, value in heading.said) + "</dl>\n"
    yield from (f"<p>{_safe(note)}</p>\n" for note in heading.notes)
    yield "<table><thead><tr>" + "".join(f"<th>{_safe(one.replace('_', ' '))}</th>" for one in columns)
    yield "</tr></thead><tbody>\n"
    count = 0
    for row in rows:
        count += 1
        yield "<tr>" + "".join(f"<td>{_safe(cell)}</td>" for cell in row) + "</tr>\n"
    yield f"</tbody></table>\n<p>{count:,} {'row' if count == 1 else 'rows'}.</p>\n"
    yield f"<h2>The ledger's head when this was asked</h2>\n<pre>{escape(heading.seal)}</pre>\n"
    yield "</body></html>\n"


def _safe(untrusted: str) -> str:
    return escape(printable(untrusted))
