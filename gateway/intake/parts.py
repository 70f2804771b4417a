"""Where one part ends and the next begins: RFC 2046 §5.1.1, and every way in which readers see that differently."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.intake.header import Refused
from gateway.skeleton import Octets


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an entity stands, and what surrounds it."""

    start: int
    end: int
    path: str = ""
    parent: int = -1
    depth: int = 0
    default_media: str = "text/plain"  # RFC 2045 §5.2
    boundaries: tuple[bytes, ...] = ()
    is_frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """One part of a multipart, from its first header byte to before the CRLF of the next delimiter."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seams:
    """The parts of a multipart, and what is odd about how they are divided."""

    seams: tuple[Seam, ...]
    odd: frozenset[str]
    has_text_outside: bool
    """Something but blank lines stands before the first part or after the last."""


@dataclass(slots=True)
class _Cut:
    """What one walk over the delimiters collects."""

    seams: list[Seam] = field(default_factory=list)
    odd: set[str] = field(default_factory=set)
    opened: int = -1
    first: int = -1
    closed: int = -1


def seams_of(content: Octets, start: int, end: int, boundary: bytes, *, limit: int) -> Seams:
    """The parts of the multipart body [start, end). Raises `Refused` past `limit` delimiters, false ones counted."""
    dash = b"--" + boundary
    cut = _Cut()
    # The first delimiter may stand at the very start; its CRLF is then the blank line's.
    at = start if content[start : start + len(dash)] == dash else _next(content, dash, start, end)
    seen = 0
    while at >= 0 and cut.closed < 0:
        seen += 1
        if seen > limit + 1:
            raise Refused("mime-parts", most=f"{limit:,}")
        line_end = content.find(b"\r\n", at + len(dash), end)
        line_end = end if line_end < 0 else line_end
        _delimiter(cut, content[at + len(dash) : line_end].rstrip(b" \t"), start, at, line_end, end)
        at = _next(content, dash, line_end, end)
    if cut.closed < 0:
        cut.odd.add("boundary-unclosed")
        if cut.opened >= 0:
            cut.seams.append(Seam(start=min(cut.opened, end), end=end))
    if not cut.seams:
        cut.odd.add("multipart-empty")
    return _with_outside(cut, content, start, end)


def _next(content: Octets, dash: bytes, start: int, end: int) -> int:
    found = content.find(b"\r\n" + dash, start, end)
    return found + 2 if found >= 0 else -1


def _delimiter(cut: _Cut, tail: bytes, start: int, at: int, line_end: int, end: int) -> None:
    if tail not in (b"", b"--"):
        # RFC 2046 §5.1.1 compares the beginning of the line, many readers the whole line.
        cut.odd.add("boundary-prefix")
        return
    if cut.first < 0:
        cut.first = at
    if cut.opened >= 0:
        cut.seams.append(Seam(start=cut.opened, end=max(at - 2, cut.opened)))
    if tail:
        cut.closed = line_end
    elif line_end == end:
        cut.odd.add("boundary-unclosed")
    cut.opened = min(line_end + 2, end)


def _with_outside(cut: _Cut, content: Octets, start: int, end: int) -> Seams:
    before = content[start : cut.first if cut.first >= 0 else end]
    after = content[cut.closed : end] if cut.closed >= 0 else b""
    # A delimiter of any kind outside: a reader that starts or ends elsewhere sees parts there (B42).
    if before.startswith(b"--") or b"\r\n--" in before:
        cut.odd.add("preamble-part")
    if b"\r\n--" in after:
        cut.odd.add("epilogue-part")
    return Seams(
        seams=tuple(cut.seams),
        odd=frozenset(cut.odd),
        has_text_outside=bool(before.strip() or after.strip()),
    )
