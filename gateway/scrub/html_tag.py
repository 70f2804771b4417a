"""The opening tags of a page: what each may still say.

A tag that says nothing it should not is left to the byte.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from html import unescape
from urllib.parse import unquote

from gateway.scrub import Child, html_style
from gateway.scrub.html_rules import ATTRIBUTES, CODE_SCHEMES, META, OTHERS, SCHEMES, WORDS
from gateway.scrub.html_tokens import Attribute, Token, attributes, odd
from gateway.scrub.plan import Kind, Place
from gateway.scrub.tally import Tally

Count = Counter[tuple[Kind, Place]]

_PATH = re.compile(r"[A-Za-z]:[\\/]|\\\\|file:|/(?:Users|home|Volumes)/", re.I)
_PICTURE = re.compile(r"data:image/[a-z+.-]+;base64,", re.I)
_CHARSET = re.compile(r"content-type text/html; ?charset=[a-z0-9_.:-]+")
_IGNORED_IN_ADDRESSES = re.compile(r"[\x00-\x20\x7f\xa0]")
_ESCAPES = {"&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;"}
_ENTITY = re.compile(r"&(?:#[xX]?[0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);?")
_CARRIED, _MOST_CARRIED = 0xF0000, 0x1000
"""Private characters stand for what is carried along; no page of ours has any."""
_TO_WRITE = re.compile(f'[&"<>{chr(_CARRIED)}-{chr(_CARRIED + _MOST_CARRIED - 1)}]')


class Tags:
    """What the page as a whole decides about its tags, and what was found in them."""

    def __init__(self, child: Child, tally: Tally, classes: dict[str, str], anchors: dict[str, str]) -> None:
        self._child = child
        self._tally = tally
        self._classes = classes
        self._anchors = anchors
        self.addresses: set[tuple[Kind, str]] = set()
        """Addresses and paths the plan decides about."""
        self.shown: set[str] = set()
        """Where the links that stay lead to, and words beside the text."""

    def goes(self, kind: Kind, place: Place = Place.BODY) -> bool:
        """Whether the plan takes this kind out."""
        return self._tally.strips(kind, place, 0)

    def cleaned(self, token: Token, counts: Count) -> str:
        """What is left of a tag; nothing if it would say nothing."""
        said = attributes(token.source)
        if not said:
            return token.source
        if token.name == "meta":
            return self._meta(token.source, said, counts)
        source, pieces, at = token.source, [], 0
        seen: set[str] = set()
        for one in said:
            value = self._value(token.name, one, one.name in seen, counts)
            seen.add(one.name)
            if value is not one.value:
                # in place: an attribute takes the blanks before it along
                pieces.append(source[at : one.start])
                pieces.append(f' {one.name}="{value}"' if value is not None else "")
                at = one.end
        made = "".join([*pieces, source[at:]])
        shows = token.name != "img" or any(one.name in ("src", "alt") and one.value for one in attributes(made))
        return made if shows or not pieces else ""

    def _value(self, tag: str, one: Attribute, is_second: bool, counts: Count) -> str | None:
        """The value that stays, the same object if it is unchanged; None if the attribute goes."""
        name = one.name
        if is_second or name not in ATTRIBUTES:
            return self._without(one, Kind.CODE if name.startswith("on") else _kind_of(name), counts)
        match name:
            case "style":
                return self._style(tag, one, counts)
            case "class":
                return self._named(one, [self._classes.get(name, "") for name in unescape(one.value).split()], counts)
            case "id":
                return self._named(one, [self._anchors.get(unescape(one.value), "")], counts)
            case "name":
                new = self._anchors.get(unescape(one.value), "") if tag in ("a", "map") else ""
                return self._named(one, [new], counts)
            case "href" | "src" | "background" | "usemap":
                return self._address(tag, one, counts)
        if name not in WORDS:
            return one.value
        if _PATH.search(words := unescape(one.value)):
            return self._without(one, Kind.PATHS, counts)
        self.shown.add(words)
        return one.value

    def _without(self, one: Attribute, kind: Kind, counts: Count) -> str | None:
        counts[kind, Place.BODY] += 1
        return None if self.goes(kind) else one.value

    def _named(self, one: Attribute, names: list[str], counts: Count) -> str | None:
        """Names of the program's choosing become ours, or go."""
        new = " ".join(name for name in names if name)
        if new == one.value:
            return one.value
        counts[Kind.MARKS, Place.BODY] += 1
        return one.value if not self.goes(Kind.MARKS) else new or None

    def _style(self, tag: str, one: Attribute, counts: Count) -> str | None:
        plain = Escaped(one.value)
        said = html_style.declarations(plain.text)
        kept, is_cut = [], "/*" in plain.text
        for line in said:
            kind = html_style.verdict(line)
            if kind is not None:
                counts[kind, Place.STYLES] += 1
            if kind is None or not self.goes(kind, Place.STYLES):
                kept.append(line)
        if tag in ("style", "head", "title", "html"):
            counts[Kind.MARKS, Place.STYLES] += 1
            return None
        if is_cut:
            counts[Kind.COMMENTS, Place.STYLES] += 1
        if len(kept) == len(said) and not is_cut:
            return one.value
        return plain.written(html_style.joined(kept)) or None

    def _address(self, tag: str, one: Attribute, counts: Count) -> str | None:
        """Where a link leads, or what the page would load."""
        address = _IGNORED_IN_ADDRESSES.sub("", unescape(one.value))
        if not address:
            return one.value
        lower = address.lower()
        if address.startswith("#") and one.name in ("href", "usemap"):
            return self._fragment(one, address, counts)
        is_link = one.name == "href" and tag in ("a", "area")
        if one.name == "src" and _PICTURE.match(lower):
            return self._picture(one, address, counts)
        if lower.startswith(CODE_SCHEMES):
            return self._without(one, Kind.CODE, counts)
        if lower.startswith("cid:") or (is_link and lower.startswith(SCHEMES)):
            self.shown.add(address)
            return one.value
        if lower.startswith("mid:"):
            return self._without(one, Kind.IDS, counts)
        is_near = ":" not in lower.partition("/")[0] and not lower.startswith(("//", "\\\\"))
        kind = Kind.PATHS if is_near else Kind.LINKS
        self.addresses.add((kind, address))
        return self._without(one, kind, counts)

    def _fragment(self, one: Attribute, address: str, counts: Count) -> str | None:
        if address.lower() in ("#", "#top"):
            return one.value
        name = self._anchors.get(unquote(address[1:], encoding="latin-1"))
        if name is None:  # nothing to be followed
            return self._without(one, Kind.MARKS, counts)
        if one.value == (new := f"#{name}"):
            return one.value
        counts[Kind.MARKS, Place.BODY] += 1
        return new if self.goes(Kind.MARKS) else one.value

    def _picture(self, one: Attribute, address: str, counts: Count) -> str | None:
        """A picture written into the page goes through the scrubber of whatever it is."""
        head, _, coded = address.partition(",")
        try:
            content = binascii.a2b_base64(unquote(coded), strict_mode=True)
        except binascii.Error:
            return self._without(one, Kind.OBJECTS, counts)
        self._child.spend(len(content))
        clean = self._tally.adopt(self._child.clean(content))
        if clean is None or clean == content:
            return one.value
        return f"{head},{base64.b64encode(clean).decode('ascii')}"

    def _meta(self, source: str, said: list[Attribute], counts: Count) -> str:
        """Only the charset stays."""
        values = {one.name: unescape(one.value).strip().lower() for one in reversed(said)}
        stated = f"{values.get('http-equiv')} {values.get('content')}"
        if values.keys() == {"charset"} or (len(values) == 2 and _CHARSET.fullmatch(stated)):
            return source
        kind = META.get(values.get("http-equiv") or values.get("name", ""), Kind.MARKS)
        counts[kind, Place.PROPERTIES] += 1
        return "" if self.goes(kind, Place.PROPERTIES) else source


def fragment(value: str) -> str:
    """The anchor a link of this page leads to; empty if it leads elsewhere."""
    address = _IGNORED_IN_ADDRESSES.sub("", unescape(value))
    is_named = address.startswith("#") and address.lower() not in ("#", "#top")
    return unquote(address[1:], encoding="latin-1") if is_named else ""


def _kind_of(name: str) -> Kind:
    return Kind.IDS if name.startswith("data-") else OTHERS.get(name, Kind.MARKS)


class Escaped:
    """An attribute's value with its ASCII entities read; others are carried along as they are written.

    A byte above 127 and an entity may mean different letters, so only the first may be looked at as a character.
    """

    def __init__(self, source: str) -> None:
        self._carried: list[str] = []
        self.text = _ENTITY.sub(self._read, source) if "&" in source else source

    def _read(self, found: re.Match[str]) -> str:
        meant = unescape(found[0])
        if meant.isascii():
            return meant
        if len(self._carried) == _MOST_CARRIED:
            raise odd(Place.STYLES)
        self._carried.append(found[0])
        return chr(_CARRIED + len(self._carried) - 1)

    def written(self, text: str) -> str:
        """As a value between double quotes."""
        return _TO_WRITE.sub(self._write, text)

    def _write(self, found: re.Match[str]) -> str:
        letter = found[0]
        return _ESCAPES.get(letter) or self._carried[ord(letter) - _CARRIED]
