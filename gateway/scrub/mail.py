"""The message that leaves for one leg, composed from the original and its skeleton.

Promises: canonical CRLF; bodies that nobody replaced are slices of the original, replaced ones are base64 in lines of
76; header fields are on the allow-list; multipart boundaries and Content-IDs are new for each leg, made from the plan's
seed, and replaced texts refer to the new ones; signed and sender-encrypted parts leave byte for byte. Preamble and
epilogue, which no reader shows, stay behind. Does not decide what is cleaned and never parses a body.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.facts import Removed
from gateway.scrub.contentid import ContentIds
from gateway.scrub.header import Shape, Tally, content_fields, kept_fields
from gateway.scrub.messageid import MessageIds
from gateway.skeleton import Octets, Part, Skeleton

_SLICE = 256 * 1024
_BASE64_INPUT = 57 * 1024  # whole lines of 57 bytes: 76 characters each
_ASCII_LINE = re.compile(r"[ -~]*(?:\r\n[ \t][ -~]+)*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A cleaned body for the part at `path`, decoded; or a text as it was, for it refers to other parts. What is empty
    stays as it was."""

    path: str
    content: bytes
    media: str = ""
    charset: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPlan:
    """What this leg's copy gets. All texts are ASCII and already folded where they are long."""

    received: str
    """Our Received body, without `for`; empty writes none."""
    seed: bytes
    """At least 16 unpredictable bytes of this leg: its boundaries are made from them."""
    date: str = ""
    """Stands in for a Date that is missing or cannot be read."""
    message_id: str = ""
    """Replaces Message-ID; empty keeps it."""
    subject: str | None = None
    """Replaces Subject; None keeps it, empty drops it."""
    ids: MessageIds | None = None
    """What becomes of ids that name an inner host; None keeps them."""
    keep: tuple[str, ...] = ()
    """Further header fields a rule lets out, lower case."""
    replaced: tuple[Replacement, ...] = ()

    def __post_init__(self) -> None:
        if len(self.seed) < 16:
            raise ValueError("a leg's seed is at least 16 bytes")
        if not all(_ASCII_LINE.fullmatch(t) for t in (self.received, self.date, self.message_id, self.subject or "")):
            raise ValueError("a header body is folded ASCII")


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A leg's copy: `outer` are the message's own fields, `entity` its Content-* fields, blank line and body.

    PGP/MIME and S/MIME protect the entity; `outer`, MIME-Version and their own Content-Type stand around it.
    """

    outer: bytes
    entity_header: bytes
    removed: tuple[Removed, ...]
    _pieces: Callable[[], Iterator[bytes]]

    def entity(self) -> Iterator[bytes]:
        """What a seal protects."""
        yield self.entity_header + b"\r\n"
        yield from self._pieces()

    def whole(self) -> Iterator[bytes]:
        """The complete message, for a leg that no seal wraps."""
        yield self.outer + b"MIME-Version: 1.0\r\n" + self.entity_header + b"\r\n"
        yield from self._pieces()


def compose(original: Octets, skeleton: Skeleton, plan: MailPlan) -> Composed:
    """The copy that leaves. Raises `ValueError` for a replacement that has no part to replace."""
    body = _Body(original, skeleton, plan)
    rewritten = {"message-id": plan.message_id} if plan.message_id else {}
    if plan.subject is not None:
        rewritten["subject"] = plan.subject
    outer = kept_fields(original, skeleton.fields, rewritten, plan.keep, plan.ids, body.tally)
    names = {field.name for field in skeleton.fields}
    ours = (
        ("Received", plan.received),
        ("Date", plan.date if b"\r\nDate: " not in b"\r\n" + outer else ""),
        ("Message-ID", plan.message_id if "message-id" not in names else ""),
    )
    first = "".join(f"{name}: {text}\r\n" for name, text in ours if text).encode("ascii")
    return Composed(
        outer=first + outer, entity_header=body.headers[0], removed=body.tally.removed(), _pieces=body.pieces
    )


class _Body:
    """Every part's new header, made first so that the tally is complete, and the body on demand."""

    def __init__(self, original: Octets, skeleton: Skeleton, plan: MailPlan) -> None:
        self._original = original
        self._parts = skeleton.parts
        self._plan = plan
        self._replaced = {one.path: one for one in plan.replaced}
        self._children: list[list[int]] = [[] for _ in skeleton.parts]
        for index, part in enumerate(skeleton.parts[1:], 1):
            self._children[part.parent].append(index)
        leaves = {p.path for i, p in enumerate(self._parts) if not p.is_frozen and not self._children[i]}
        if not self._replaced.keys() <= leaves:
            raise ValueError("only a part without parts, not under a signature, can be replaced")
        self.tally = Tally()
        self._ids = ContentIds(original, skeleton.parts, plan.seed)
        self.headers = [self._header(index, part) for index, part in enumerate(self._parts)]

    def pieces(self) -> Iterator[bytes]:
        """The message's body."""
        return self._body(0)

    def _boundary(self, part: Part) -> str:
        # RFC 2045 §6.7: "=_" occurs in no quoted-printable or base64 body; the rest is 128 bits nobody can foresee.
        return "=_" + hashlib.sha256(self._plan.seed + part.path.encode("ascii")).hexdigest()[:32]

    def _header(self, index: int, part: Part) -> bytes:
        if part.is_frozen:
            return b""
        head = b""
        if part.parent >= 0 and self._parts[part.parent].media.startswith("message/"):
            head = (
                kept_fields(self._original, part.fields, {}, (), self._plan.ids, self.tally) + b"MIME-Version: 1.0\r\n"
            )
        one = self._replaced.get(part.path)
        is_divided = part.is_multipart and bool(self._children[index])
        shape = Shape(
            media=(one.media if one else "") or part.media,
            charset=(one.charset if one else "") or part.charset,
            boundary=self._boundary(part) if is_divided else part.parameter("boundary"),
            encoding="base64" if one else part.encoding,
            name=(one.name if one else "") or (part.names[0] if part.names else ""),
            content_id=self._ids.of(self._original, part),
            start=self._ids.start(start) if (start := part.parameter("start")) else "",
        )
        return head + content_fields(self._original, part, shape, self.tally)

    def _body(self, index: int) -> Iterator[bytes]:
        part = self._parts[index]
        one = self._replaced.get(part.path)
        if one:
            is_text = part.media in ("text/html", "text/plain")
            yield from _base64(self._ids.rewritten(one.content) if is_text else one.content)
        elif not self._children[index]:
            yield from self._slices(part.body, part.end)
        elif part.is_multipart:
            dash = b"--" + self._boundary(part).encode("ascii")
            for child in self._children[index]:
                yield dash + b"\r\n"
                yield from self._entity(child)
                yield b"\r\n"
            yield dash + b"--\r\n"
        else:
            yield from self._entity(self._children[index][0])

    def _entity(self, index: int) -> Iterator[bytes]:
        part = self._parts[index]
        if part.is_frozen:
            yield from self._slices(part.start, part.end)
        else:
            yield self.headers[index] + b"\r\n"
            yield from self._body(index)

    def _slices(self, start: int, end: int) -> Iterator[bytes]:
        for at in range(start, end, _SLICE):
            yield self._original[at : min(at + _SLICE, end)]


def _base64(content: bytes) -> Iterator[bytes]:
    for at in range(0, len(content), _BASE64_INPUT):
        text = binascii.b2a_base64(content[at : at + _BASE64_INPUT], newline=False)
        yield b"".join(text[i : i + 76] + b"\r\n" for i in range(0, len(text), 76))
