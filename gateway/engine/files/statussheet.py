"""`_STATUS.csv`: where each of somebody's files stands, a line each, for a spreadsheet.

Pure. A spreadsheet takes a cell that begins like a formula for one, so no cell here does; names come from outside.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime, tzinfo

from gateway.catalogue.texts import Texts
from gateway.engine.archive import Story
from gateway.engine.files.receipts import in_words, name_of

NAME = "_STATUS.csv"
HEADINGS = ("received", "name", "recipient", "label", "purpose", "state", "words", "receipt", "transfer")
"""By the catalogue's word."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def sheet(lines: Iterable[tuple[str, Story]], zone: tzinfo, texts: Texts) -> bytes:
    """The sheet, from the receipts' titles and their transfers."""
    page = io.StringIO(newline="")
    page.write("\ufeff")  # or Excel shows the accents of names as something else
    writer = csv.writer(page, quoting=csv.QUOTE_ALL)
    writer.writerow(texts.say(f"page.sheet.{heading}") for heading in HEADINGS)
    for title, story in lines:
        writer.writerow(_cell(text) for text in _line(title, story, zone, texts))
    return page.getvalue().encode("utf-8")


def _line(title: str, story: Story, zone: tzinfo, texts: Texts) -> tuple[str, ...]:
    transfer, leg = story.journey.transfer, story.journey.legs[0]
    came = datetime.fromtimestamp(transfer.received_ms / 1000, tz=zone)
    return (
        f"{came:%Y-%m-%d %H:%M}",
        name_of(transfer),
        leg.leg.recipient.partner or str(leg.leg.recipient),
        transfer.label,
        transfer.purpose,
        leg.state.value,
        in_words(leg.state, texts),
        f"{title}.txt",
        transfer.id,
    )


def _cell(text: str) -> str:
    """What no spreadsheet computes: an apostrophe before it makes it text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
