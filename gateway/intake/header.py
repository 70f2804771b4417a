"""A header block becomes fields, and the fields a heading: RFC 5322 §2.2, §3.6.

Refused: a line that is neither a field nor a continuation, control characters that end lines for somebody, and what
passes the limits. Named as odd: what readers disagree about. Nothing is decoded beyond Subject and the addresses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.intake.fault import Fault
from gateway.intake.mailboxes import Mailboxes, mailboxes
from gateway.intake.words import decoded
from gateway.skeleton import Field, Heading, Limits

_NAME = re.compile(rb"([!-9;-~]+)([ \t]*):")
_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")
_CONTROL = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MESSAGE_ID = re.compile(rb"[ \t]*(<[!-;=?-~]{1,250}>)[ \t]*")
_ADDRESSES = frozenset(("from", "sender", "to", "cc", "reply-to", "bcc"))
_ONCE = frozenset(  # RFC 5322 §3.6, RFC 2045
    (
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "content-disposition",
        "content-id",
    )
)


class Refused(Exception):
    """Carries a `Fault` out of nested parsing, inside `intake` only; the public functions return the fault."""

    def __init__(self, code: str, text: str = "", **about: str) -> None:
        self.fault = Fault.of(code, text, **about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One entity's header: where its fields are, what they say, and what is odd."""

    fields: tuple[Field, ...]
    bodies: tuple[bytes, ...]
    """Beside `fields`: what follows the colon, unfolded (RFC 5322 §2.2.3)."""
    odd: frozenset[str]

    def all(self, name: str) -> tuple[bytes, ...]:
        """The bodies of every field of that name."""
        return tuple(body for field, body in zip(self.fields, self.bodies, strict=True) if field.name == name)

    def first(self, name: str) -> bytes | None:
        """The body of the first field of that name."""
        return next((b for field, b in zip(self.fields, self.bodies, strict=True) if field.name == name), None)


def read_heading(untrusted_header: bytes, limits: Limits) -> Heading | Fault:
    """The heading of a message whose header these bytes are; what a door asks while the message still comes in."""
    try:
        return heading_of(header_of(untrusted_header, 0, limits), limits)[0]
    except Refused as refused:
        return refused.fault


def header_of(untrusted: bytes, base: int, limits: Limits) -> Header:
    """The fields of a header block that stands at offset `base`, without its blank line. Raises `Refused`."""
    if len(untrusted) > limits.header_bytes:
        raise Refused("header-too-big", bytes=f"{limits.header_bytes:,}")
    if _LINE_END.search(untrusted):
        raise Refused("bare-line-end", "bare-line-end.header")
    odd = set()
    if not untrusted.isascii():
        odd.add("header-eight-bit")
    if _CONTROL.search(untrusted):
        odd.add("header-control")
    fields, bodies = _fields(untrusted, base, limits, odd)
    once = [field.name for field in fields if field.name in _ONCE]
    odd.update(f"{name}-doubled" for name in once if once.count(name) > 1)
    return Header(fields=tuple(fields), bodies=tuple(bodies), odd=frozenset(odd))


def _fields(untrusted: bytes, base: int, limits: Limits, odd: set[str]) -> tuple[list[Field], list[bytes]]:
    fields: list[Field] = []
    bodies: list[bytes] = []
    at = 0
    while at < len(untrusted):
        end = _field_end(untrusted, at, odd)
        found = _NAME.match(untrusted, at)
        if not found:
            line = untrusted.count(b"\r\n", 0, at) + 1
            raise Refused("no-colon", line=f"{line:,}")
        if found[2]:
            odd.add("space-before-colon")  # RFC 5322 §4.5.1: some see the field, some do not
        name = found[1].decode("ascii").lower()
        body = untrusted[found.end() : end].replace(b"\r\n", b"")
        if end - at > (limits.address_field_bytes if name in _ADDRESSES else limits.field_bytes):
            raise Refused("field-too-long")
        if body.count(b"=?") > limits.encoded_words:
            raise Refused("encoded-words", most=str(limits.encoded_words))
        fields.append(Field(name=name, start=base + at, value=base + found.end(), end=base + end))
        bodies.append(body)
        if len(fields) > limits.header_fields:
            raise Refused("header-fields", most=f"{limits.header_fields:,}")
        at = end
    return fields, bodies


def _field_end(untrusted: bytes, at: int, odd: set[str]) -> int:
    """Where the field that starts at `at` ends, its continuations and last CRLF included."""
    end = untrusted.find(b"\r\n", at)
    while end >= 0:
        following = untrusted[end + 2 : end + 3]
        if following not in (b" ", b"\t") or not following:
            return end + 2
        start, end = end + 2, untrusted.find(b"\r\n", end + 2)
        if not untrusted[start : end if end >= 0 else None].strip(b" \t"):
            odd.add("blank-fold")  # RFC 5322 §4.2: for some readers the header ends here
    return len(untrusted)


def heading_of(header: Header, limits: Limits) -> tuple[Heading, frozenset[str]]:
    """What the header says on top, and what is odd about that. Raises `Refused`."""
    odd: set[str] = set()
    lists = {name: _addresses(header.all(name), limits) for name in ("from", "sender", "to", "cc")}
    authors = lists["from"]
    if not authors.addresses:
        odd.add("from-missing")
    if authors.is_unreadable or len(authors.addresses) > 1:
        odd.add("from-unreadable" if authors.is_unreadable else "from-many")
    received = len(header.all("received"))
    if received >= limits.received:
        raise Refused("loop")
    found = _MESSAGE_ID.fullmatch(header.first("message-id") or b"")
    heading = Heading(
        message_id=found[1].decode("ascii") if found else "",
        subject=_subject(header.first("subject"), odd),
        authors=authors.addresses,
        sender=lists["sender"].addresses,
        to=lists["to"].addresses,
        cc=lists["cc"].addresses,
        marks=tuple((name, one.decode("utf-8", "replace")) for name in limits.mark_fields for one in header.all(name)),
        received=received,
    )
    return heading, frozenset(odd)


def _subject(body: bytes | None, odd: set[str]) -> str:
    text = decoded((body or b"").decode("utf-8", "replace").strip(" \t"))
    if text.smuggles:
        raise Refused("smuggled")
    if text.is_odd:
        odd.add("header-charset")
    return text.text


def _addresses(bodies: tuple[bytes, ...], limits: Limits) -> Mailboxes:
    if len(bodies) == 1:
        read = mailboxes(bodies[0], comment_depth=limits.comment_depth)
    else:
        each = [mailboxes(body, comment_depth=limits.comment_depth) for body in bodies]
        read = Mailboxes(
            addresses=tuple(address for one in each for address in one.addresses),
            is_unreadable=any(one.is_unreadable for one in each),
            is_too_deep=any(one.is_too_deep for one in each),
        )
    if read.is_too_deep:
        raise Refused("comment-depth", most=str(limits.comment_depth))
    return read
