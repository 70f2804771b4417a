"""The texts of a document, for what is looked for in words. Not for showing: order and layout are lost.

Runs where documents open, in a throw-away process, on what the scrubbers let through. A PDF's text is drawn and a
picture's painted: those cannot be had here, and whoever asks must take that for unknown.

GAP: a picture inside an office document is not a text of it; what is scanned in there is not seen.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

from gateway.scrub import zipread
from gateway.scrub.personal import NOTHING, UNREAD, Personal, personal
from gateway.scrub.plan import Window
from gateway.scrub.sniff import Type

MOST_TEXT = 8 << 20
"""Characters of one document that are read."""

_OFFICE = frozenset({Type.DOCX, Type.XLSX, Type.PPTX})
_PLAIN = frozenset({Type.TEXT, Type.ICALENDAR, Type.VCARD})
_UNSHOWN = re.compile(r"<(?:!--|(style|script)\b)", re.IGNORECASE)
# Runs of one word are tags side by side, so most tags part nothing; these end a paragraph, a cell, a line.
_PARTING = re.compile(r"</(?:\w+:)?(?:p|tr|tc|si|c|row|li|td|th|div|h[1-6])\s*>|<(?:\w+:)?(?:br|tab|cr)\b[^<>]*>", re.I)
_TAG = re.compile(r"<[^<>]*>")


def personal_in(content: Window, kind: Type, spend: Callable[[int], None]) -> Personal:
    """The identifiers in a document's texts. Raises `Stuck` where the document is not what it seems."""
    if kind in _OFFICE:
        return _sum(_markup(page) for page in _members(content, spend))
    if len(content) > MOST_TEXT:
        return UNREAD
    if kind is Type.HTML:
        return personal(_markup(_shown(decoded(content[:]))))
    return personal(decoded(content[:])) if kind in _PLAIN else UNREAD


def decoded(content: bytes) -> str:
    """Text by its byte order mark, else UTF-8, else the code page that reads every byte: digits are digits in all."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _shown(page: str) -> str:
    """The page without comments, styles and scripts. Linear: what has no end takes the rest with it."""
    pieces: list[str] = []
    at = 0
    while found := _UNSHOWN.search(page, at):
        pieces += (page[at : found.start()], " ")
        end = re.compile(f"</{found[1]}" if found[1] else "-->", re.IGNORECASE).search(page, found.end())
        if end is None:
            return "".join(pieces)
        at = page.find(">", end.start()) + 1 or len(page)
    return "".join((*pieces, page[at:]))


def _markup(page: str) -> str:
    return html.unescape(_TAG.sub("", _PARTING.sub("\n", page)))


def _members(content: Window, spend: Callable[[int], None]) -> Iterator[str]:
    """Every part of an office document that is XML, relationships and settings included: cheap, and nothing missed."""
    for member in zipread.read(content).members:
        if member.name.endswith(".xml"):
            yield decoded(zipread.inflate(content, member, spend))


def _sum(pages: Iterator[str]) -> Personal:
    total, read = NOTHING, 0
    for page in pages:
        read += len(page)
        if read > MOST_TEXT:
            return total + UNREAD
        total = total + personal(page)
    return total
