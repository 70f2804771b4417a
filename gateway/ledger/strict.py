"""Strict readings of small things: exactly one spelling each, everything else is `Unreadable`.

Python's own readers are too kind for signed bytes: `int()` takes spaces, underscores and other digits, and `b64decode`
takes stray characters and unused bits.
"""

from __future__ import annotations

import binascii
import re

from gateway.errors import Unreadable

LARGEST = 2**63 - 1
"""No size or index is larger."""

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def number(untrusted: str) -> int:
    """A decimal without sign, space or leading zero."""
    if not _NUMBER.fullmatch(untrusted):
        raise Unreadable("not a plain decimal number")
    value = int(untrusted)
    if value > LARGEST:
        raise Unreadable("a number out of range")
    return value


def unbase64(untrusted: str, size: int | None = None) -> bytes:
    """Standard padded base64 of exactly `size` bytes, in its one canonical spelling."""
    try:
        value = binascii.a2b_base64(untrusted, strict_mode=True)
    except (binascii.Error, ValueError) as why:
        raise Unreadable("not base64") from why
    if base64_text(value) != untrusted:  # unused bits set: a second spelling of the same bytes
        raise Unreadable("not canonical base64")
    if size is not None and len(value) != size:
        raise Unreadable(f"not {size} bytes")
    return value


def base64_text(value: bytes) -> str:
    """Standard padded base64."""
    return binascii.b2a_base64(value, newline=False).decode("ascii")
