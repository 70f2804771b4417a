"""Structured MIME fields: RFC 2045 §5.1 values with parameters, RFC 2231 continuations and charsets.

Reads what every reader agrees on and names the rest: a comment, a doubled parameter, two spellings of one name. Linear
on any input.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from gateway.intake.words import WORD, decoded, in_charset

_TOKEN = r"[!#$%&'*+.0-9A-Z^_`a-z{|}~-]+"  # RFC 2045 §5.1
_VALUE = re.compile(rf"[ \t]*({_TOKEN}(?:/{_TOKEN})?)[ \t]*")
_PARAMETER = re.compile(
    rf';[ \t]*(?:({_TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s";,()<>@\[\]\\]+(?:[^\s";()]*)))[ \t]*)?'
)
_ESCAPED = re.compile(r"\\(.)")
_EXTENDED = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Structured:
    """A value and its parameters; `odd` holds the codes of what readers may disagree about."""

    value: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    """Names in lower case without their RFC 2231 marks, values decoded."""
    extended: tuple[tuple[str, str], ...] = ()
    """Those that came in RFC 2231 form; a name may stand in both."""
    odd: tuple[str, ...] = ()

    def get(self, name: str) -> str:
        """A plain parameter's value, or an empty text."""
        return next((value for key, value in self.parameters if key == name), "")


def structured(text: str) -> Structured:
    """The meaning of an unfolded field body."""
    head = _VALUE.match(text)
    if not head:
        return Structured(odd=("malformed",))
    odd: set[str] = set()
    plain: list[tuple[str, str]] = []
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    at = head.end()
    while at < len(text):
        found = _PARAMETER.match(text, at)
        if not found:
            odd.add("comment" if "(" in text[at:] else "malformed")
            break
        at = found.end()
        if found[1]:
            value = _ESCAPED.sub(r"\1", found[2]) if found[2] is not None else found[3]
            _sort_in(found[1].lower(), value, plain, pieces, odd)
    extended = tuple((name, _joined(name, parts, odd)) for name, parts in pieces.items())
    if len({name for name, _ in plain}) != len(plain):
        odd.add("doubled")
    return Structured(value=head[1].lower(), parameters=tuple(plain), extended=extended, odd=tuple(sorted(odd)))


def _sort_in(
    name: str, value: str, plain: list[tuple[str, str]], pieces: dict[str, list[tuple[int, bool, str]]], odd: set[str]
) -> None:
    if "*" not in name:
        if WORD.search(value):
            if name not in ("name", "filename"):
                odd.add("encoded")  # RFC 2047 §5: an encoded word must not stand here; some read it all the same
            read = decoded(value)
            value = read.text
            odd.update({"charset"} if read.is_odd else (), {"smuggled"} if read.smuggles else ())
        plain.append((name, value))
        return
    form = _EXTENDED.fullmatch(name)
    if not form:
        odd.add("malformed")
        return
    pieces.setdefault(form[1], []).append((int(form[2] or 0), bool(form[3]), value))


def _joined(name: str, parts: list[tuple[int, bool, str]], odd: set[str]) -> str:
    """RFC 2231 §3, §4: numbered from 0 without a gap; the charset stands in the first."""
    parts.sort(key=lambda part: part[0])
    if [number for number, _, _ in parts] != list(range(len(parts))):
        odd.add("doubled")
    charset, raw = "us-ascii", bytearray()
    for number, is_percent, value in parts:
        if is_percent and number == 0:
            charset, _, value = value.partition("'")
            _, _, value = value.partition("'")
        raw += unquote_to_bytes(value) if is_percent else value.encode("utf-8", "replace")
    text, is_odd = in_charset(bytes(raw), charset.lower() or "us-ascii")
    if is_odd:
        odd.add("charset")
    if any(ord(c) < 0x20 or ord(c) == 0x7F for c in text):
        odd.add("smuggled")
    return text
