"""The styles of a page: which declarations stay, and what they do to the text they style.

Ruling text: CSS Syntax Level 3, of which only the plain part is read; escapes, unknown functions and all at-rules but
@media are left out, a sheet that does not parse holds the page. Declarations are kept or dropped whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from gateway.scrub.html_tokens import odd
from gateway.scrub.plan import Kind, Place

_DECLARATION = re.compile(
    r"""(?:[^;"'()]++|"[^"\r\n]*+"|'[^'\r\n]*+'|\((?:[^()"']++|"[^"]*+"|'[^']*+'|\((?:[^()"']++)*+\))*+\))++"""
)
_COMMENT = re.compile(r"/\*(?:[^*]++|\*(?!/))*+\*/")
_KEPT = re.compile(
    r"(?:align|background|border|box|break|caption|clear|color|column|cursor|direction|display|empty|flex|float|font|gap"
    r"|grid|height|hyphens|justify|left|letter|line|list|margin|max|min|object|opacity|order|orphans|outline|overflow"
    r"|padding|page-break|position|quotes|right|tab-size|table|text|top|unicode-bidi|vertical|visibility|white-space"
    r"|widows|width|word|z-index)(?:-[a-z-]+)?"
)
_RUNS = re.compile(r"expression|script:|behaviou?r|-moz-binding", re.I)
_FUNCTION = re.compile(r"([a-z-]*)\(", re.I)
_HARMLESS = frozenset(("rgb", "rgba", "hsl", "hsla", "calc", "rect", "min", "max", "clamp", "linear-gradient", ""))
_URL = re.compile(r"url\(\s*[\"']?\s*([^)]*)", re.I)
_STATEMENT = re.compile(r"\s*(?:@([a-z-]+)([^{};]*+)([;{])|([^{}@;]++)\{([^{}]*+)\}|(\}))", re.I)
_BLOCK = re.compile(r"[^{}]*+(?:\{[^{}]*+\}[^{}]*+)*+\}")
_SELECTOR = re.compile(r"[A-Za-z0-9_.#:>+~* \t\r\n-]+")
_NAME = re.compile(r"([.#])(-?[A-Za-z_][A-Za-z0-9_-]*)")


class Declaration(NamedTuple):
    """`name: value`; the value as it is written."""

    name: str
    value: str
    source: str


@dataclass(slots=True)
class Rule:
    """What elements a rule is for, under which `@media`, and what it says of them."""

    media: str
    selectors: tuple[str, ...]
    declarations: list[Declaration]


@dataclass(slots=True)
class Sheet:
    """A style sheet, and what was left out of it; nothing: it is what is written."""

    rules: list[Rule]
    dropped: list[Kind]


def declarations(text: str) -> list[Declaration]:
    """What a `style` attribute or the inside of a rule says."""
    text = _COMMENT.sub(" ", text)
    found: list[Declaration] = []
    at = 0
    while at < len(text):
        if text[at] == ";":
            at += 1
            continue
        one = _DECLARATION.match(text, at)
        if not one or (one.end() < len(text) and text[one.end()] != ";"):
            raise odd(Place.STYLES)
        name, _, value = one.group().partition(":")
        if one.group().strip():
            found.append(Declaration(name.strip().lower(), value.strip(), one.group().strip()))
        at = one.end() + 1
    return found


def verdict(one: Declaration) -> Kind | None:
    """Why a declaration goes; None if it stays."""
    if _RUNS.search(one.source):
        return Kind.CODE
    for function in _FUNCTION.findall(one.value):
        if function.lower() == "url":
            if not all(target.lower().startswith("cid:") for target in _URL.findall(one.value)):
                return Kind.LINKS
        elif function.lower() not in _HARMLESS:
            return Kind.MARKS
    if "\\" in one.source or not _KEPT.fullmatch(one.name):
        return Kind.MARKS
    return None


def sheet(text: str) -> Sheet:
    """The rules of a `<style>`."""
    bare = _COMMENT.sub(" ", text)
    found = Sheet(rules=[], dropped=[Kind.COMMENTS] * (bare != text))
    if "/*" in bare:
        raise odd(Place.STYLES)
    text = bare.replace("<!--", " ").replace("-->", " ")
    if text != bare:
        found.dropped.append(Kind.MARKS)
    media, at = "", 0
    end = len(text.rstrip())
    while at < end:
        part = _STATEMENT.match(text, at, end)
        if not part:
            raise odd(Place.STYLES)
        at = part.end()
        word, prelude, mark, selectors, inside, close = part.groups()
        if close or (word and word.lower() == "media" and mark == "{"):
            if bool(close) != bool(media):
                raise odd(Place.STYLES)
            media = "" if close else "@media" + prelude.rstrip()
        elif word:
            found.dropped.append(_at_rule(word.lower(), prelude))
            at = _after(text, at) if mark == "{" else at
        else:
            chosen = tuple(one.strip() for one in selectors.split(","))
            found.rules.append(Rule(media, chosen, declarations(inside)))
    if media:
        raise odd(Place.STYLES)
    return found


def _at_rule(word: str, prelude: str) -> Kind:
    return Kind.LINKS if word == "import" or "url(" in prelude.lower() else Kind.MARKS


def _after(text: str, at: int) -> int:
    block = _BLOCK.match(text, at)
    if not block:
        raise odd(Place.STYLES)
    return block.end()


def thin_out(found: Sheet, goes: Callable[[Kind], bool]) -> None:
    """Leave out what must go: declarations, then selectors that name attributes, then rules that say nothing."""
    for rule in found.rules:
        gone = [(one, kind) for one in rule.declarations if (kind := verdict(one)) and goes(kind)]
        found.dropped += [kind for _, kind in gone]
        rule.declarations = [one for one in rule.declarations if one not in [row for row, _ in gone]]
        plain = tuple(one for one in rule.selectors if _SELECTOR.fullmatch(one))
        if plain != rule.selectors and goes(Kind.MARKS):
            found.dropped.append(Kind.MARKS)
            rule.selectors = plain
    full = [rule for rule in found.rules if rule.declarations and rule.selectors]
    if len(full) < len(found.rules):
        found.dropped.append(Kind.MARKS)
        found.rules = full


def names(found: Sheet, sign: str) -> list[str]:
    """The classes (`.`) or ids (`#`) a sheet styles, in order."""
    every = (pair for rule in found.rules for one in rule.selectors for pair in _NAME.findall(one))
    return [name for mark, name in every if mark == sign]


def rename(found: Sheet, new: dict[str, str]) -> None:
    """Give every class and id its new name; `new` has them with their signs."""
    for rule in found.rules:
        renamed = tuple(_NAME.sub(lambda match: new.get(match[0], match[0]), one) for one in rule.selectors)
        if renamed != rule.selectors:
            found.dropped.append(Kind.MARKS)
            rule.selectors = renamed


def written(found: Sheet) -> str:
    """The sheet anew."""
    lines: list[str] = []
    media = ""
    for rule in found.rules:
        if rule.media != media:
            lines += ["}"] * bool(media) + [rule.media + "{"] * bool(rule.media)
            media = rule.media
        lines.append(f"{','.join(rule.selectors)}{{{joined(rule.declarations)}}}")
    lines += ["}"] * bool(media)
    return "\n".join(["", *lines, ""]) if lines else ""


def joined(kept: list[Declaration]) -> str:
    """Declarations as text."""
    return ";".join(one.source for one in kept)
