"""The ledger's head as a page to sign in ink and to hang up or file: what no later copy of the ledger can deny.

It names nobody and nothing that was sent. The QR code holds the signed note itself, byte for byte, so that whoever
scans the page years later can hold the ledger of that day against it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import segno

from gateway.commands.telling import printable
from gateway.ledger.checkpoint import parse_checkpoint, parse_note

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
body {{ font: 12pt/1.5 "Liberation Sans", Arial, sans-serif; max-width: 40em; margin: 2em auto; color: #000;
  background: #fff }}
h1 {{ font-size: 1.4em }} dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .2em 1.2em }}
dt {{ font-weight: bold }} dd {{ margin: 0; overflow-wrap: anywhere }}
svg {{ display: block; width: 75mm; height: 75mm; margin: 1em auto }}
pre {{ font-size: .75em; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid; padding: .5em }}
.ink td {{ border-bottom: 1px solid; height: 3em; width: 33% }} .ink {{ width: 100%; border-spacing: 1em 0 }}
.ink th {{ font-weight: normal; font-size: .8em; text-align: left }}
@page {{ size: A4; margin: 20mm }} @media print {{ body {{ margin: 0 }} }}
</style></head><body>
<h1>{title}</h1>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadPage:
    """What stands on it."""

    office: str
    week: str
    at: str
    note: str
    """The head as the ledger's own key signed it."""
    vkey: str
    review: str
    """The digest of the week's review."""

    @property
    def html(self) -> str:
        """The page; the same content gives the same bytes."""
        return "".join(self._pieces())

    def _pieces(self) -> Iterator[str]:
        head = parse_checkpoint(parse_note(self.note).text)
        yield _HEAD.format(title=_safe(f"The ledger of {self.office}, week {self.week}"))
        said = (
            ("Ledger", head.origin),
            ("Entries", f"{head.size:,}"),
            ("Root", head.root.hex()),
            ("Printed", self.at),
            ("Its key", self.vkey),
            ("Review of the week, SHA-256", self.review),
        )
        yield "<dl>" + "".join(f"<dt>{_safe(word)}</dt><dd>{_safe(value)}</dd>" for word, value in said) + "</dl>\n"
        yield f"{code_of(self.note)}\n<pre>{escape(self.note)}</pre>\n"
        yield (
            "<p>On the day this was signed the ledger had these entries and no others. Any later copy must begin with "
            "them: scan the code, put what it says into a file in <code>var/anchors</code>, and "
            "<code>sealgate ledger recover</code> says whether it does.</p>\n"
        )
        row = "<tr><td></td><td></td><td></td></tr><tr><th>Name</th><th>Signature</th><th>Date</th></tr>"
        yield f'<table class="ink">{row}{row}</table>\n</body></html>\n'


def code_of(note: str) -> str:
    """The note as a QR code, drawn in the page itself; a quarter of it may be smudged."""
    drawn = io.BytesIO()
    code = segno.make(note.encode(), error="q", micro=False, boost_error=False)
    code.save(drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4)
    return drawn.getvalue().decode()


def _safe(untrusted: str) -> str:
    return escape(printable(untrusted))
