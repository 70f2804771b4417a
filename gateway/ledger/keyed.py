"""HMAC-SHA256 (RFC 2104) for the many short messages of a ledger entry.

An entry takes some thirty of them. The standard library's one-shot call looks the digest up, and lets other threads in,
each time; that costs more than the hashing. This is the same function, said with `hashlib`; a test holds the two
against each other.
"""

from __future__ import annotations

from hashlib import sha256

BLOCK_BYTES = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def pads(secret_key: bytes) -> tuple[bytes, bytes]:
    """A key of at most a block, made ready for `keyed`. RFC 2104 §2: `K XOR ipad` and `K XOR opad`."""
    if len(secret_key) > BLOCK_BYTES:
        raise ValueError("a longer key would have to be hashed first")
    block = secret_key.ljust(BLOCK_BYTES, b"\x00")
    return block.translate(_INNER), block.translate(_OUTER)


def keyed(secret_pads: tuple[bytes, bytes], message: bytes) -> bytes:
    """`H(K XOR opad, H(K XOR ipad, message))`."""
    inner, outer = secret_pads
    return sha256(outer + sha256(inner + message).digest()).digest()
