"""Passwords that were right a moment ago, so that a mail program that signs in for every message costs argon2 once.

What is remembered is an HMAC of stored hash and password under a key that never leaves this process and ends with it: a
changed password, or an account taken away, is forgotten by itself. A wrong or unknown one costs the full work always,
so a guess is no cheaper; and whoever works here still signs in while a flood of guesses keeps argon2 busy.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable

REMEMBERED_S = 600.0
MOST = 1024


class Lately:
    """Any thread may call."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._secret_key = secrets.token_bytes(32)
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def was_right(self, stored: str, secret_password: bytes) -> bool:
        """True if this password was found to match this stored hash less than ten minutes ago."""
        mark = self._mark(stored, secret_password)
        with self._lock:
            return self._until.get(mark, 0.0) > self._now()

    def remember(self, stored: str, secret_password: bytes) -> None:
        """It matched just now."""
        mark = self._mark(stored, secret_password)
        with self._lock:
            self._until[mark] = self._now() + REMEMBERED_S
            self._until.move_to_end(mark)
            if len(self._until) > MOST:
                self._until.popitem(last=False)

    def _mark(self, stored: str, secret_password: bytes) -> bytes:
        return hmac.digest(self._secret_key, stored.encode() + b"\0" + secret_password, "sha256")
