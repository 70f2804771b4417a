"""Does a body look like ciphertext? Packets decide, labels lie.

Only the first bytes are looked at: a hint for the judge to ask for proof, never the proof itself. That the *whole* body
is ciphertext, and for whom, is for `seal` to establish.
"""

from __future__ import annotations

import binascii
import re

_ARMOUR = re.compile(
    rb"\s*-----BEGIN PGP MESSAGE-----[ \t]*\r\n(?:[!-9;-~]+: [^\r\n]{0,200}\r\n)*[ \t]*\r\n([A-Za-z0-9+/=]{4,76})\r\n"
)
_ENVELOPED = bytes.fromhex("06092a864886f70d010703")  # 1.2.840.113549.1.7.3
_AUTH_ENVELOPED = bytes.fromhex("060b2a864886f70d0109100117")  # 1.2.840.113549.1.9.16.1.23


def is_openpgp(untrusted: bytes) -> bool:
    """True if these first bytes are ASCII armour over a session-key packet (RFC 4880 §5.1, §5.3)."""
    found = _ARMOUR.match(untrusted)
    if not found:
        return False
    first = _base64(found[1])[:1]
    if not first or not first[0] & 0x80:
        return False
    tag = first[0] & 0x3F if first[0] & 0x40 else (first[0] & 0x3C) >> 2
    return tag in (1, 3)  # PKESK, SKESK; tag 9 has no integrity and does not count


def is_enveloped_cms(untrusted: bytes) -> bool:
    """True if these first base64 lines are CMS enveloped data (RFC 5652 §6, RFC 5083); signed data is not."""
    raw = _base64(untrusted.replace(b"\r\n", b"")[:64])
    return raw[:1] == b"\x30" and any(oid in raw[:24] for oid in (_ENVELOPED, _AUTH_ENVELOPED))


def _base64(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text[: len(text) // 4 * 4])
    except binascii.Error:
        return b""
