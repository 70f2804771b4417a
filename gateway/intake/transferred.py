"""Content-Transfer-Encodings, read strictly: what two decoders may read differently is not decoded at all.

base64: only its alphabet and CRLF, padding at the end and nowhere else, no stray bits (B40). quoted-printable: every
`=` is followed by two hex digits or a line's end, no raw 8-bit, no control characters (B41).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from gateway.intake.fault import Fault
from gateway.skeleton import Octets, Part

IDENTITY = ("7bit", "8bit", "binary")
ENCODINGS = (*IDENTITY, "quoted-printable", "base64")

_CHUNK = 1024 * 1024
_QP_ODD = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r\n)|[^\t\r\n -~]")


class _Flaw(ValueError):
    """Two decoders may read this differently; `args[0]` is the code."""


def decode_part(content: Octets, part: Part) -> bytes | Fault:
    """The part's body, decoded. A fault is certain and its code is also an ambiguity of the skeleton."""
    try:
        return b"".join(_pieces(content, part.body, part.end, part.encoding))
    except _Flaw as flaw:
        return Fault.of(str(flaw.args[0]), "encoding")


def pieces_of(content: Octets, part: Part) -> Iterator[bytes]:
    """The same, piece by piece, for a part that `flaw_of` found nothing wrong with. Raises `ValueError` if there is."""
    return _pieces(content, part.body, part.end, part.encoding)


def flaw_of(content: Octets, start: int, end: int, encoding: str) -> str:
    """The code of what is wrong with an encoded body, or empty; keeps nothing of it."""
    try:
        for _ in _pieces(content, start, end, encoding):
            pass
    except _Flaw as flaw:
        return str(flaw.args[0])
    return ""


def _pieces(content: Octets, start: int, end: int, encoding: str) -> Iterator[bytes]:
    if encoding == "base64":
        return _base64(content, start, end)
    if encoding == "quoted-printable":
        return _quoted_printable(content, start, end)
    if encoding in IDENTITY:
        return (content[at : min(at + _CHUNK, end)] for at in range(start, end, _CHUNK))
    raise _Flaw("encoding-unknown")


def _base64(content: Octets, start: int, end: int) -> Iterator[bytes]:
    end = _without_last_blank_lines(content, start, end)
    carry = b""
    for at in range(start, end, _CHUNK):
        is_last = at + _CHUNK >= end
        text = carry + content[at : min(at + _CHUNK, end)]
        # A CRLF cut in two by the chunk: its CR waits for the LF.
        waits = b"\r" if text.endswith(b"\r") and not is_last else b""
        text = text[: len(text) - len(waits)].replace(b"\r\n", b"")
        whole = len(text) if is_last else len(text) - len(text) % 4
        if not is_last and b"=" in text[:whole]:
            raise _Flaw("base64-junk")  # what follows the padding is read by some and not by others
        carry = text[whole:] + waits
        yield _quads(text[:whole])


def _without_last_blank_lines(content: Octets, start: int, end: int) -> int:
    while start < end:
        tail = content[max(start, end - 4096) : end]
        kept = tail.rstrip(b"\r\n")
        if kept:
            return end - len(tail) + len(kept)
        end -= len(tail)
    return end


def _quads(text: bytes) -> bytes:
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        raise _Flaw("base64-junk") from None
    if text.endswith(b"=") and binascii.b2a_base64(raw[-(len(raw) % 3) :], newline=False) != text[-4:]:
        raise _Flaw("base64-junk")  # RFC 4648 §3.5: bits nobody reads must be zero
    return raw


def _quoted_printable(content: Octets, start: int, end: int) -> Iterator[bytes]:
    at = start
    while at < end:
        stop = end if at + _CHUNK >= end else content.find(b"\r\n", at + _CHUNK, end) + 2
        text = content[at : stop if stop > 1 else end]
        if _QP_ODD.search(text):
            raise _Flaw("quoted-printable-broken")
        yield binascii.a2b_qp(text)
        at += len(text)
