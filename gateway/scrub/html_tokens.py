"""HTML cut into tokens, strictly: where two readers could see different tags, `Stuck`.

Ruling text: WHATWG HTML §13.2.5, of which only what all readers agree about is accepted. The tokens of a page put
together are the page; nothing is decoded, corrected or nested here. Linear time: no pattern backtracks, and what does
not match ends the reading.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from gateway.scrub.plan import Code, Place, Stuck


def words(text: str) -> frozenset[str]:
    """A table of names."""
    return frozenset(text.split())


BLANKS = " \t\r\n\f"
VOID = words(
    """
    area base basefont bgsound br col embed frame hr image img input isindex keygen link meta param source track wbr
    """
)
RAW = frozenset(("script", "style", "title", "iframe"))
"""Elements whose content is not markup, §13.2.6.4.7."""

_S = rf"[{BLANKS}]"
_TAG_FORM = rf"""<(/?)([A-Za-z][^{BLANKS}/>"'<=`]*+)((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>"""
_TAG = re.compile(_TAG_FORM)
# A "<" that opens nothing is text, with the character that says so; two in a row could meet in the clean copy.
_TEXT_OR_TAG = re.compile(rf"((?:[^<]++|<[^A-Za-z/!?<])++)|{_TAG_FORM}")
_DECLARATION = re.compile(r"""<[!?](?:[^<>"']++|"[^"<>]*+"|'[^'<>]*+')*+>""")
_ATTRIBUTE = re.compile(
    rf"""[{BLANKS}/]*+([^{BLANKS}"'<>/=]++)"""
    rf"""(?:{_S}*+={_S}*+(?:"([^"]*+)"|'([^']*+)'|([^{BLANKS}"'=<>`][^{BLANKS}"'<>`]*+)))?"""
)
_RAW_END = {name: re.compile(rf"</{name}(?=[{BLANKS}/>])", re.I) for name in RAW}
_MOST_TOKENS = 2_000_000


class Sort(Enum):
    """What a token is."""

    TEXT = auto()
    OPEN = auto()
    CLOSE = auto()
    COMMENT = auto()
    DECLARATION = auto()
    """`<!DOCTYPE …>`, `<![if …]>`, `<?xml …>`."""
    CONTENT = auto()
    """Of a raw element: between its tags."""


class Token(NamedTuple):
    """A slice of the page; `name` of a tag in lower case."""

    sort: Sort
    name: str
    source: str


class Attribute(NamedTuple):
    """An attribute: its name in lower case, its value as it is written, and the slice of the tag it is."""

    name: str
    value: str
    start: int
    end: int


def tokens(page: str) -> list[Token]:
    """The page, cut."""
    found: list[Token] = []
    known: dict[str, Token] = {}
    at = 0
    while at < len(page):
        if one := _TEXT_OR_TAG.match(page, at):
            source = one[0]
            token = known.get(source)
            if token is None:
                sort = Sort.TEXT if one[1] else Sort.CLOSE if one[2] else Sort.OPEN
                token = known[source] = Token(sort, (one[3] or "").lower(), source)
        else:
            token = _aside(page, at)
        found.append(token)
        at += len(token.source)
        if token.name in RAW and token.sort is Sort.OPEN:
            content = _content(page, at, token.name)
            found.append(content)
            at += len(content.source)
        if len(found) > _MOST_TOKENS:
            raise Stuck(Code.LIMIT)
    return found


def odd(place: Place = Place.BODY) -> Stuck:
    """Two readers may see this differently, or none can read it."""
    return Stuck(Code.DAMAGED, place)


def attributes(tag: str) -> list[Attribute]:
    """What an opening tag says."""
    parts = _TAG.fullmatch(tag)
    if not parts:
        raise odd()
    found: list[Attribute] = []
    at, end = parts.start(3), parts.end(3)
    while at < end and (one := _ATTRIBUTE.match(tag, at, end)):
        value = next((text for text in one.group(2, 3, 4) if text is not None), "")
        found.append(Attribute(one[1].lower(), value, one.start(), one.end()))
        at = one.end()
    if tag[at:end].strip(BLANKS + "/"):
        raise odd()
    return found


def region_end(found: list[Token], start: int) -> int:
    """The token that closes the element opened at `start`; -1 if readers would have to guess."""
    if found[start].name in VOID:
        return start
    open_names: list[str] = []
    for at in range(start, len(found)):
        token = found[at]
        if token.sort is Sort.OPEN and token.name not in VOID:
            if token.name in _CLOSED_BY_THE_NEXT and token.name in open_names:
                return -1
            if "p" in open_names and token.name not in _PHRASES:
                return -1
            open_names.append(token.name)
        elif token.sort is Sort.CLOSE:
            if open_names.pop() != token.name:
                return -1
            if not open_names:
                return at
        if len(open_names) > _DEEPEST:
            return -1
    return -1


_DEEPEST = 64
_CLOSED_BY_THE_NEXT = frozenset(("p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option", "a"))
_PHRASES = words(
    """
    a abbr acronym b big cite code del dfn em font i ins kbd label mark o:p q s samp small span strike strong sub
    sup tt u var
    """
)


def _aside(page: str, at: int) -> Token:
    """A comment or a declaration. Nothing else can stand here."""
    if not page.startswith(("<!", "<?"), at):
        raise odd()
    if page.startswith("<!--", at):
        end = page.find("-->", at + 4)
        # §13.2.5.43: some readers end a comment at once here, or at "--!>", and others do not.
        if end < 0 or page.startswith((">", "->"), at + 4) or page.find("--!>", at + 4, end) >= 0:
            raise odd()
        return Token(Sort.COMMENT, "", page[at : end + 3])
    whole = _DECLARATION.match(page, at)
    if not whole or page.startswith("<![CDATA[", at):
        raise odd()
    return Token(Sort.DECLARATION, "", whole.group())


def _content(page: str, at: int, name: str) -> Token:
    end = _RAW_END[name].search(page, at)
    if not end:
        raise odd()
    content = page[at : end.start()]
    if name == "script" and "<!--" in content and "<script" in content.lower():  # §13.2.5.27: ends later for some
        raise odd()
    return Token(Sort.CONTENT, name, content)
