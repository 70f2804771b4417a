"""What AUTH carries: RFC 4954 §4 responses, PLAIN (RFC 4616) and the two answers of LOGIN. Bytes in, values out."""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field

MAX_RESPONSE = 12_288  # RFC 4954 §4.5
_MAX_NAME = 254
_MAX_SECRET = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A name and a password as typed."""

    login: str
    secret_password: str = field(repr=False)


def challenge(text: bytes) -> str:
    """What follows 334."""
    return binascii.b2a_base64(text, newline=False).decode("ascii")


def response(untrusted: bytes) -> bytes | None:
    """A base64 response; `=` is the empty one. None if it cannot be read."""
    if untrusted == b"=":
        return b""
    try:
        return binascii.a2b_base64(untrusted, strict_mode=True)
    except binascii.Error:
        return None


def plain(untrusted: bytes) -> Credentials | None:
    """RFC 4616 §2: acting for somebody else is not offered."""
    fields = untrusted.split(b"\0")
    if len(fields) != 3 or fields[0] not in (b"", fields[1]):
        return None
    return login(fields[1], fields[2])


def login(untrusted_name: bytes, untrusted_password: bytes) -> Credentials | None:
    """The two answers of LOGIN, or of PLAIN."""
    if not 0 < len(untrusted_name) <= _MAX_NAME or not 0 < len(untrusted_password) <= _MAX_SECRET:
        return None
    try:
        name, secret_password = untrusted_name.decode("utf-8"), untrusted_password.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not name.isprintable() or "\0" in secret_password:
        return None
    return Credentials(login=name, secret_password=secret_password)
