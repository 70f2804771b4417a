"""Passwords a person can read off a screen and type."""

from __future__ import annotations

import base64

RANDOM_BYTES = 10


def readable_password(random10: bytes) -> str:
    """80 random bits as four groups of four letters and digits; no 0, 1, 8 or 9 to confuse with o, l, b or g."""
    if len(random10) != RANDOM_BYTES:
        raise ValueError("a readable password takes ten random bytes")
    letters = base64.b32encode(random10).decode("ascii").lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
