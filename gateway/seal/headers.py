"""What of a mail's header stands outside the seal and what goes inside (RFC 3156 §4, RFC 9788 header protection).

Takes the cleaned header as it will leave and returns two headers. Fields are moved as the bytes they are, never
parsed and written again. Outside: what routing and threading need, the subject as `[...]`. Inside: the structural
fields, every field's true value, and `HP-Outer` for what stands outside, so that a reader can tell what was hidden.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.errors import Unreadable

_HP = re.compile(rb';\s*hp\s*=\s*("[^"]*"|[^;\s]*)', re.IGNORECASE)
HIDDEN_SUBJECT = b"Subject: [...]\r\n"
_ONLY_INSIDE = frozenset({b"keywords", b"comments"})
# They describe the way, not the message, and change on it: only outside.
_ONLY_OUTSIDE = frozenset({b"received", b"return-path", b"dkim-signature", b"mime-version", b"auto-submitted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """`outer` waits for the fields of the encrypted multipart; `inner` ends with its empty line."""

    outer: bytes
    inner: bytes


def part(header: bytes) -> Parted:
    """Part a header (with or without its empty line). Raises `Unreadable` if a line is not a field."""
    outer: list[bytes] = []
    inner: list[bytes] = []
    structure: list[bytes] = []
    for field in _fields(header):
        name = field.partition(b":")[0].strip().lower()
        if name.startswith(b"content-"):
            structure.append(_with_hp(field) if name == b"content-type" else field)
        elif name == b"hp-outer":
            continue  # only we say what stands outside
        elif name in _ONLY_OUTSIDE or name.startswith(b"x-"):
            outer.append(field)
        elif name in _ONLY_INSIDE:
            inner.append(field)
        else:
            shown = HIDDEN_SUBJECT if name == b"subject" else field
            outer.append(shown)
            inner += [field, b"HP-Outer: " + shown]
    if not any(field.lower().startswith(b"content-type") for field in structure):
        structure.append(b'Content-Type: text/plain; charset="us-ascii"; hp="cipher"\r\n')  # RFC 2045 §5.2
    return Parted(outer=b"".join(outer), inner=b"".join((*inner, *structure)) + b"\r\n")


def _with_hp(field: bytes) -> bytes:
    """RFC 9788 §2.1.1: the payload's Content-Type says that its header is protected, by encryption."""
    bare = _HP.sub(b"", field.removesuffix(b"\r\n")).rstrip(b"; \t\r\n")  # a second `hp` would read two ways
    return bare + b';\r\n hp="cipher"\r\n'


def _fields(header: bytes) -> list[bytes]:
    fields: list[bytes] = []
    for line in header.removesuffix(b"\r\n\r\n").removesuffix(b"\r\n").split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] += line + b"\r\n"
        elif b":" in line and b"\n" not in line and b"\r" not in line:
            fields.append(line + b"\r\n")
        elif line:
            raise Unreadable("a header line that is no field")
    return fields
