"""Text of a page that its reader does not see: taken out of sight, too small, or in the colour of its ground.

The cascade is followed as far as mail needs it: rules by element, class and id, then the element's own words, inherited
down the open elements. Where the sheet asks for more (an element inside another) its last part decides: rather too much
is found than too little.

GAP: what lies behind other boxes, or is shown on narrow screens only, is not seen. Consequence: it leaves.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections import Counter
from typing import NamedTuple

from gateway.scrub.html_style import Declaration, Sheet, declarations, verdict
from gateway.scrub.html_tokens import VOID, Attribute, Sort, Token, attributes, region_end

Colour = tuple[int, int, int]

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
_NAMES = {"white": WHITE, "black": BLACK, "snow": (255, 250, 250), "ivory": (255, 255, 240), "inherit": None}
_ZERO = re.compile(r"[-+]?0*\.?0*(?:px|pt|em|ex|rem|cm|mm|in|%)?")
_TINY = re.compile(r"0*[01](?:\.\d+)?(?:px|pt)|0*\.[0-9]+(?:px|pt)|0*\.[01]\d*r?em|0*\d(?:\.\d+)?%")
_FAR = re.compile(r"-\d{3,}(?:\.\d+)?(?:px|pt|em)?|-\d{2,}(?:\.\d+)?em")
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*(?:[,/]\s*([\d.]+%?)\s*)?\)")
_NEVER_HERE = re.compile(r":(?:hover|active|focus|visited|before|after|link)|\[data-og", re.I)
_ELSEWHERE = re.compile(r"width|height|print|prefers|orientation|resolution|speech|tty|tv", re.I)
_IGNORED = re.compile(r":[a-z-]+(?:\([^)]*\))?|\[[^\]]*\]", re.I)
_COMPOUND = re.compile(r"[ >+~\t\r\n]+")
_SIMPLE = re.compile(r"([.#]?)(-?[A-Za-z_][A-Za-z0-9_-]*)")
_UNSEEN = "".join(map(chr, (0xA0, 0xAD, 0x34F, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2007, 0x2060, 0xFEFF))) + (
    " \t\r\n\f"
)
_ENCLOSED = re.compile(r"src[\s\"'=]*(?:cid|data):", re.I)
"""A picture that comes with the mail."""
_CLEAR: Colour = (-1, -1, -1)
_UNKNOWN: Colour = (-2, -2, -2)


class Look(NamedTuple):
    """What an element says of itself; None where it says nothing."""

    is_gone: bool = False
    is_unseen: bool | None = None
    is_tiny: bool | None = None
    ink: Colour | None = None
    ground: Colour | None = None


class _State(NamedTuple):
    """What holds inside an element: the token that made it so, or -1."""

    gone: int = -1
    unseen: int = -1
    tiny: int = -1
    coloured: int = -1
    ink: Colour = BLACK
    ground: Colour = WHITE

    @property
    def culprit(self) -> int:
        """The token that hides what stands here."""
        alike = self.coloured if _is_alike(self.ink, self.ground) else -1
        return next((at for at in (self.gone, self.unseen, self.tiny, alike) if at >= 0), -1)


def hidden(found: list[Token], sheets: list[Sheet]) -> dict[int, int]:
    """The elements that hide text, by the token that opens them: the token that ends them, -1 if that is a guess."""
    rules = _rules(sheets)
    looks: dict[str, Look] = {}
    for token in found:
        if token.sort is Sort.OPEN and token.source not in looks:
            looks[token.source] = _look(token, attributes(token.source), rules)
    if not _is_anything_hidden(set(looks.values())):
        return {}
    return _walk(found, looks)


class _Asking(NamedTuple):
    """A rule: its number, what it asks of one element, and what it says of it."""

    order: int
    asked: frozenset[str]
    says: tuple[Declaration, ...]


_Rules = dict[str, list[_Asking]]


def _rules(sheets: list[Sheet]) -> _Rules:
    """The rules by one thing the last part of their selector asks for."""
    rules: _Rules = {}
    every = (rule for sheet in sheets for rule in sheet.rules if not _ELSEWHERE.search(rule.media))
    for order, rule in enumerate(every):
        for selector in rule.selectors:
            if _NEVER_HERE.search(selector):
                continue
            last = _COMPOUND.split(_IGNORED.sub("", selector).strip())[-1]
            asked = frozenset(sign + (name if sign else name.lower()) for sign, name in _SIMPLE.findall(last))
            key = max(asked, default="*", key=lambda one: one[0] in ".#")
            rules.setdefault(key, []).append(_Asking(order, asked, tuple(filter(_stays, rule.declarations))))
    return rules


def _look(token: Token, said: list[Attribute], rules: _Rules) -> Look:
    if token.name in ("style", "head", "meta", "title", "script", "html"):
        return Look()  # their own text is never shown; OWA hides its style sheet
    values = {one.name: html.unescape(one.value) for one in reversed(said)}
    own = {token.name} | {"." + name for name in values.get("class", "").split()}
    own |= {"#" + values["id"]} if values.get("id") else set()
    meant = {one.order: one.says for key in ("*", *own) for one in rules.get(key, ()) if one.asked <= own}
    lines = [one for order in sorted(meant) for one in meant[order]]
    lines += filter(_stays, declarations(values["style"]) if "style" in values else ())
    for old, new in (("bgcolor", "background"), ("color", "color"), ("text", "color")):
        if old in values:
            lines.insert(0, Declaration(new, values[old], ""))
    return _seen({one.name: one.value.lower().replace("!important", "").strip() for one in lines}, "hidden" in values)


def _stays(one: Declaration) -> bool:
    """What is taken from the page, a ground from elsewhere say, makes nothing readable in the copy."""
    return one.name == "mso-hide" or verdict(one) is None


def _seen(style: dict[str, str], is_gone: bool) -> Look:
    """What the declarations that win do."""
    if not style:
        return Look(is_gone=is_gone)

    def zero(*names: str) -> bool:
        return any(name in style and bool(_ZERO.fullmatch(style[name])) for name in names)

    is_cut = style.get("overflow", "visible") in ("hidden", "clip")
    is_far = any(_FAR.fullmatch(style.get(name, "")) for name in ("text-indent", "left", "top", "margin-left", "right"))
    size = style.get("font-size", "")
    ink = style.get("color")
    ground = style.get("background-color", style.get("background"))
    return Look(
        is_gone=is_gone
        or style.get("display") == "none"
        or style.get("mso-hide") == "all"
        or zero("opacity")
        or (is_cut and zero("height", "max-height", "width", "max-width"))
        or style.get("clip", "").replace(" ", "").startswith(("rect(0", "rect(1px"))
        or (is_far and style.get("position") != "relative"),
        is_unseen=style["visibility"] in ("hidden", "collapse") if "visibility" in style else None,
        is_tiny=bool(_ZERO.fullmatch(size) or _TINY.fullmatch(size)) if size else None,
        ink=None if ink is None else _colour(ink),
        ground=None if ground is None else _ground(ground),
    )


def _colour(text: str) -> Colour | None:
    """Red, green and blue; `_CLEAR` for none at all."""
    text = text.strip()
    if text in _NAMES:
        return _NAMES[text]
    digits = text.removeprefix("#")
    if len(digits) in (3, 6) and re.fullmatch("[0-9a-f]+", digits) and (text[0] == "#" or len(digits) == 6):
        wide = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
        return int(wide[:2], 16), int(wide[2:4], 16), int(wide[4:], 16)
    if found := _RGB.fullmatch(text):
        if found[4] and re.fullmatch(r"0*\.?0*%?", found[4]):
            return _CLEAR
        return int(found[1]), int(found[2]), int(found[3])
    return _CLEAR if text == "transparent" else _UNKNOWN


def _ground(text: str) -> Colour | None:
    """The colour in `background`, which may say more; a picture is unknown."""
    if "(" in text and not text.startswith("rgb"):
        return _UNKNOWN
    words = [text] if text.startswith("rgb") else text.split()
    colours = [colour for word in words if (colour := _colour(word)) not in (_UNKNOWN, None)]
    if not colours:
        return None if text in ("none", "inherit", "initial", "unset", "") else _UNKNOWN
    return None if colours[0] == _CLEAR else colours[0]


def _is_alike(ink: Colour, ground: Colour) -> bool:
    if ink == _CLEAR:
        return True
    return _UNKNOWN not in (ink, ground) and all(abs(a - b) <= 12 for a, b in zip(ink, ground, strict=True))


def _is_anything_hidden(looks: set[Look]) -> bool:
    if any(look.is_gone or look.is_unseen or look.is_tiny for look in looks):
        return True
    inks = {BLACK} | {look.ink for look in looks if look.ink}
    grounds = {WHITE} | {look.ground for look in looks if look.ground}
    return any(_is_alike(ink, ground) for ink in inks for ground in grounds)


def _walk(found: list[Token], looks: dict[str, Look]) -> dict[int, int]:
    """Down the open elements, as far as tag soup has any."""
    stack: list[tuple[str, _State]] = [("", _State())]
    opened: Counter[str] = Counter()
    culprits: set[int] = set()
    shown: list[int] = []
    for at, token in enumerate(found):
        state = stack[-1][1]
        if token.sort is Sort.OPEN:
            inside = _inside(state, looks[token.source], at)
            if token.name in VOID:
                if inside.gone >= 0 and token.name == "img" and _ENCLOSED.search(token.source):
                    culprits.add(inside.gone)
            else:
                stack.append((token.name, inside))
                opened[token.name] += 1
        elif token.sort is Sort.CLOSE and opened[token.name]:
            while True:
                name = stack.pop()[0]
                opened[name] -= 1
                if name == token.name:
                    break
        elif token.sort is Sort.TEXT:
            culprit = state.culprit
            if html.unescape(token.source).strip(_UNSEEN):
                culprits.add(culprit) if culprit >= 0 else shown.append(at)
    ends = {at: region_end(found, at) for at in sorted(culprits)}
    return {at: -1 if _shows(shown, at, end) else end for at, end in ends.items()}


def _shows(shown: list[int], start: int, end: int) -> bool:
    """Whether something in the element is to be seen all the same."""
    first = bisect_left(shown, start)
    return first < len(shown) and shown[first] <= end


def _inside(state: _State, look: Look, at: int) -> _State:
    if look == _NOTHING:
        return state
    return _State(
        gone=at if look.is_gone and state.gone < 0 else state.gone,
        unseen=state.unseen if look.is_unseen is None else (at if look.is_unseen else -1),
        tiny=state.tiny if look.is_tiny is None else (at if look.is_tiny else -1),
        coloured=state.coloured if look.ink is None and look.ground is None else at,
        ink=state.ink if look.ink is None else look.ink,
        ground=state.ground if look.ground is None else look.ground,
    )


_NOTHING = Look()
