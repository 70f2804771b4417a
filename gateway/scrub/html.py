"""HTML, as mail programs write it: what its reader sees stays to the character, what its writer's program wrote goes.

Ruling text: handbook `metadata.md` §1, "Text, CSV, HTML (bodies too)"; `reliability.md` B55. The page is never parsed
into a tree and written again: tokens are kept, edited in place or left out. Elements and attributes are on allow-lists.

1. Read the bytes as characters, true to the charset; cut them into tokens. What reads two ways waits.
2. Read the style sheets. Find text they or the elements hide: by default it waits, a rule may strip it.
3. Leave out comments, scripts, frames, client marks; take from each tag what it must not say.
4. Rename what is left of classes and anchors: their names are the program's too.

What would run or load is cut out rather than held, unless a rule says otherwise: the page survives it.

GAP: zero-width and bidirectional characters are not reported. Consequence: text can hide text.
GAP: a picture by relative address (RFC 2557) loses its address, for Content-Location goes too. It is still attached.
"""

from __future__ import annotations

import re
from collections import Counter
from html import unescape

from gateway.scrub import Child, html_charset, html_style
from gateway.scrub.html_hidden import hidden
from gateway.scrub.html_rules import KEPT, UNREADABLE, UNWRAPPED, WITH_CONTENT
from gateway.scrub.html_tag import Count, Tags, fragment
from gateway.scrub.html_tokens import Sort, Token, attributes, odd, region_end, tokens
from gateway.scrub.plan import Cleaned, Code, Held, Inspection, Kind, Place, Plan, Sink, Stuck, Window
from gateway.scrub.tally import Tally

MOST_BYTES = 16 << 20
_CUT = frozenset((Kind.CODE,))
_DOCTYPE = re.compile(r"<!doctype\s+html(?:\s+public\s+[\"']-//(?:W3C|IETF)//DTD [^\"'<>]+[\"'][^<>]*)?\s*>", re.I)
_REFERENCE = re.compile(r"&#?[A-Za-z0-9]{0,31}\Z")
_GOES_ON = re.compile(r"[A-Za-z0-9;#]")
_USUAL = KEPT - {"style"}
_LINKED = frozenset(("a", "area", "img"))
_LEADS_OUT = re.compile(r"https?:|file:|//|\\\\", re.I)
_FOR_SOME = re.compile(r"<!(?:--)?(?:<!)?\[(?:if|endif)", re.I)
"""What is shown, or not, by Microsoft's programs only."""


class Html:
    """The scrubber of pages and bodies."""

    def inspect(self, src: Window, child: Child) -> Inspection:
        """What the page gives away."""
        tally = Tally(child.plan, child)
        _cleaned(src, child, tally)
        return tally.inspection()

    def clean(self, src: Window, plan: Plan, child: Child, out: Sink) -> Cleaned | Held:
        """The page without it."""
        tally = Tally(plan, child, cut=_CUT)
        out.write(_cleaned(src, child, tally))
        return tally.verdict()


def _cleaned(src: Window, child: Child, tally: Tally) -> bytes:
    if len(src) > MOST_BYTES:
        raise Stuck(Code.LIMIT)
    content = src[:]
    codec = html_charset.codec(content, child.charset)
    made = _Page(tokens(content.decode(codec)), child, tally).cleaned().encode(codec)
    return made if made or not content else b"\r\n"  # an empty part would read as "unchanged"


class _Page:
    """One page on its way through steps 2 to 4."""

    def __init__(self, found: list[Token], child: Child, tally: Tally) -> None:
        self._child = child
        self._tally = tally
        self._found = found
        self._unusual = [at for at, token in enumerate(found) if token.name and token.name not in _USUAL]
        self._sheets = {
            at: html_style.sheet(found[at].source)
            for at in self._unusual
            if found[at].sort is Sort.CONTENT and found[at].name == "style"
        }
        self._gone: set[int] = set()
        self._kept: set[int] = set()
        asides = (at for at, token in enumerate(found) if token.sort is Sort.DECLARATION)
        self._doctype = next((at for at in asides if _DOCTYPE.fullmatch(found[at].source)), -1)

    def cleaned(self) -> str:
        """The page again."""
        self._leave_out_hidden()
        self._leave_out_whole_elements()
        self._clean_sheets()
        tags = Tags(self._child, self._tally, *self._renamed())
        pieces = self._pieces(tags)
        self._remember(tags)
        return self._joined(pieces)

    # ── 2. ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _leave_out_hidden(self) -> None:
        for start, end in hidden(self._found, list(self._sheets.values())).items():
            if start in self._gone:
                continue  # inside another
            if end < 0:
                self._tally.cannot_strip(Kind.HIDDEN, Place.BODY)
            elif self._tally.strips(Kind.HIDDEN, Place.BODY):
                self._gone.update(range(start, end + 1))

    def _leave_out_whole_elements(self) -> None:
        for at in self._unusual:
            token = self._found[at]
            if token.sort is not Sort.OPEN or at in self._gone:
                continue
            if token.name in UNREADABLE:
                raise Stuck(Code.UNKNOWN, Place.BODY)
            kind = WITH_CONTENT.get(token.name)
            if kind is None and token.name != "xml":
                continue
            end = region_end(self._found, at)
            if end < 0:
                raise odd()
            is_gone = self._tally.strips(kind or Kind.MARKS, Place.BODY if kind else Place.PROPERTIES)
            (self._gone if is_gone else self._kept).update(range(at, end + 1))

    def _clean_sheets(self) -> None:
        for at, sheet in self._sheets.items():
            if at in self._gone:
                continue
            html_style.thin_out(sheet, lambda kind: self._tally.strips(kind, Place.STYLES, 0))
            if sheet.dropped and not sheet.rules:
                self._gone.update((at - 1, at, at + 1))  # its tags too
                for kind in sheet.dropped:
                    self._tally.strips(kind, Place.STYLES)

    # ── 4. ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _renamed(self) -> tuple[dict[str, str], dict[str, str]]:
        """New names for classes a style sheet speaks of, and for places it or a link of this page speaks of.

        Numbered by first appearance in what stays, so that twice changes nothing.
        """
        sheets = [sheet for at, sheet in self._sheets.items() if at not in self._gone]
        linked = (
            fragment(one.value)
            for at, token in enumerate(self._found)
            if token.name in _LINKED and "#" in token.source and token.sort is Sort.OPEN and at not in self._gone
            for one in attributes(token.source)
            if one.name in ("href", "usemap")
        )
        styled = [[name for sheet in sheets for name in html_style.names(sheet, sign)] for sign in ".#"]
        classes = _numbered("c", styled[0])
        anchors = _numbered("a", [*filter(None, linked), *styled[1]])
        if self._tally.strips(Kind.MARKS, Place.STYLES, 0):
            new = {f".{old}": f".{name}" for old, name in classes.items()}
            new |= {f"#{old}": f"#{name}" for old, name in anchors.items()}
            for sheet in sheets:
                html_style.rename(sheet, new)
        return classes, anchors

    # ── 3. ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _pieces(self, tags: Tags) -> list[str]:
        """What of each token stays. Pages repeat their tags, so each spelling is looked at once and counted often."""
        made: dict[str, str] = {}
        counts: dict[str, Count] = {}
        left: list[str] = []
        pieces: list[str] = []
        for at, token in enumerate(self._found):
            source = token.source
            if token.sort is Sort.TEXT or at in self._kept or at == self._doctype:
                pieces.append("" if at in self._gone else source)
                continue
            if at in self._gone:
                pieces.append("")
                continue
            if source not in made:
                counts[source] = Counter()
                made[source] = self._piece(at, token, tags, counts[source])
            left.append(source)
            pieces.append(made[source])
        for source, times in Counter(left).items():
            for (kind, place), count in counts[source].items():
                self._tally.strips(kind, place, count * times)
        return pieces

    def _piece(self, at: int, token: Token, tags: Tags, counts: Count) -> str:
        match token.sort:
            case Sort.OPEN if token.name in KEPT:
                return tags.cleaned(token, counts)
            case Sort.CLOSE if token.name in KEPT:
                return token.source if len(token.source) == len(token.name) + 3 else f"</{token.name}>"
            case Sort.OPEN | Sort.CLOSE:
                kind = UNWRAPPED.get(token.name, Kind.MARKS)
                if token.name == "link" and _LEADS_OUT.search(token.source):
                    kind = Kind.LINKS
                return self._without(token, kind, counts)
            case Sort.COMMENT:
                return self._without(token, Kind.MARKS if _FOR_SOME.match(token.source) else Kind.COMMENTS, counts)
            case Sort.CONTENT:
                sheet = self._sheets[at]
                counts.update((kind, Place.STYLES) for kind in sheet.dropped)
                return html_style.written(sheet) if sheet.dropped else token.source
            case _:
                return self._without(token, Kind.MARKS, counts)

    def _without(self, token: Token, kind: Kind, counts: Count) -> str:
        if token.sort is not Sort.CLOSE:
            counts[kind, Place.BODY] += 1
        return "" if self._tally.strips(kind, Place.BODY, 0) else token.source

    def _remember(self, tags: Tags) -> None:
        """Tell the verifier what must be nowhere: addresses and paths, but for those the reader was meant to see."""
        seen = unescape("".join(token.source for token in self._found if token.sort is Sort.TEXT))
        seen = "\n".join((seen, *tags.shown))
        for kind, value in tags.addresses:
            if value not in seen:
                self._tally.remember(kind, value)

    def _joined(self, pieces: list[str]) -> str:
        """The pieces as one page. What was left out between two texts must not let them become an entity."""
        before = ""
        for at, piece in enumerate(pieces):
            is_text = piece != "" and self._found[at].sort is Sort.TEXT
            if is_text and "&" in before[-33:] and _REFERENCE.search(before[-33:]) and _GOES_ON.match(piece):
                raise odd()
            before = piece if is_text else before if not piece else ""
        return "".join(pieces)


def _numbered(letter: str, names: list[str]) -> dict[str, str]:
    return {name: f"{letter}{number}" for number, name in enumerate(dict.fromkeys(names), 1)}
