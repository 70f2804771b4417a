"""A class's secret and values, sealed beside the entry. Destroy the box or its class key and both are gone at once.

`r[16] ‖ AES-256-GCM(secret ‖ JCS{name: value})`, key = HKDF-SHA256(class key, salt r, info names entry and class),
nonce zero: the key is used once because r is always fresh. A box moved to another entry, leg or class does not open.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import Tampering, Unreadable
from gateway.ledger import jcs
from gateway.ledger.keyed import keyed, pads

R_BYTES = 16
_SECRET_BYTES = 32
_NONCE = bytes(12)
_BOX = b"sealgate-ledger/box/v1\x00"
_NO_LEG = 0xFFFFFFFF


class Opened(msgspec.Struct, frozen=True):
    """What a box held."""

    secret: bytes
    values: tuple[tuple[str, str], ...]


def seal_box(
    class_key: bytes,
    *,
    x: bytes,
    leg: int | None,
    kind: str,
    cls: str,
    secret: bytes,
    values: tuple[tuple[str, str], ...],
    r: bytes,
) -> bytes:
    """Seal one class of one entry. `r` must be 16 fresh random bytes: a repeated one breaks the cipher."""
    if len(r) != R_BYTES or len(secret) != _SECRET_BYTES:
        raise ValueError("r is 16 bytes and a class secret 32")
    key = _key(class_key, r, x, leg, kind, cls)
    return r + AESGCM(key).encrypt(_NONCE, secret + jcs.encode_texts(dict(values)), None)


def open_box(class_key: bytes, *, x: bytes, leg: int | None, kind: str, cls: str, box: bytes) -> Opened:
    """The secret and values. Raises `Tampering` when it is not the box of this entry and class under this key."""
    key = _key(class_key, box[:R_BYTES], x, leg, kind, cls)
    try:
        content = AESGCM(key).decrypt(_NONCE, box[R_BYTES:], None)
        values = jcs.parse_texts(content[_SECRET_BYTES:])
    except (InvalidTag, Unreadable, ValueError) as why:
        raise Tampering(f"the {cls} box of a {kind} entry does not open") from why
    return Opened(content[:_SECRET_BYTES], tuple(values.items()))


def _key(class_key: bytes, r: bytes, x: bytes, leg: int | None, kind: str, cls: str) -> bytes:
    """HKDF-SHA256 (RFC 5869) for one block; `cryptography`'s object costs more than the rest of a box together."""
    if len(class_key) != 32 or len(x) != 16:
        raise ValueError("a class key is 32 bytes and x 16")
    return keyed(pads(keyed(pads(r), class_key)), _BOX + x + _which(leg, kind, cls))


@lru_cache(maxsize=1024)
def _which(leg: int | None, kind: str, cls: str) -> bytes:
    """The end of HKDF's info, and its counter."""
    number = (_NO_LEG if leg is None else leg).to_bytes(4, "big")
    return number + kind.encode("ascii") + b"\x00" + cls.encode("ascii") + b"\x01"
