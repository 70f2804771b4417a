"""Did they answer yes or no? The first words of a reply, above whatever it quotes.

Bounded: only so much of the beginning is read. Anything that is neither a plain yes nor a plain no is unclear, and an
unclear answer is none.
"""

from __future__ import annotations

import html
import re
from enum import StrEnum

MOST_READ = 16 * 1024


class Said(StrEnum):
    """What a reply says."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


_YES = frozenset({"yes", "y", "ok", "okay", "confirm", "confirmed"})
_NO = frozenset({"no", "n", "stop", "cancel", "don't", "dont"})
_UNSHOWN = re.compile(r"<(?:!--|(style|script|head|title)\b)", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"[a-z']+")
_GOES_ON = frozenset({"please", "thanks", "thank", "send", "it", "go", "that", "this", "do"})
"""May follow at once: "yes please", "don't send it". Any other word may turn the first one round: "no problem"."""


def answer(text: str) -> Said:
    """Of a plain text. A quoted line before the first word means that nobody wrote anything."""
    for line in text[:MOST_READ].replace("\u2019", "'").splitlines():
        said = line.strip().strip("*_").lower()
        if not said:
            continue
        first, second = _first_words(said)
        if second and second not in _GOES_ON:
            return Said.UNCLEAR
        return Said.YES if first in _YES else Said.NO if first in _NO else Said.UNCLEAR
    return Said.UNCLEAR


def _first_words(line: str) -> tuple[str, str]:
    """The first word, and the one that follows with nothing but blanks between."""
    word = _WORD.match(line)
    if word is None:
        return "", ""
    after = _WORD.match(line[word.end() :].lstrip(" \t"))
    return word.group(), after.group() if after else ""


def answer_in_html(page: str) -> Said:
    """Of a page: its first words as a reader sees them, nearly enough for a yes or a no."""
    return answer(html.unescape(_TAG.sub("\n", _shown(page[:MOST_READ]))))


def _shown(page: str) -> str:
    """The page up to the first thing that is not shown and has no end, without those that have one. Linear."""
    pieces: list[str] = []
    at = 0
    while found := _UNSHOWN.search(page, at):
        pieces.append(page[at : found.start()])
        end = re.compile(f"</{found[1]}" if found[1] else "-->", re.IGNORECASE).search(page, found.end())
        if end is None:
            return "".join(pieces)
        at = page.find(">", end.start()) + 1 or len(page)
    return "".join((*pieces, page[at:]))
