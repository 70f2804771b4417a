"""The key that will sign the ledger after this one, and the names of those that signed it before.

    ledger.next      the seed of the successor, while both sign
    ledger.retired   the public halves of those that signed before, 32 bytes each, the oldest first

They lie with the office's other keys. A succession ends in this order, and each step may be the last before a crash:
the old public half is retired, the new seed takes the old one's place, then its public half; only then is there no
successor any more. A successor that is the seed already has taken over.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.errors import Misconfigured
from gateway.keep import private
from gateway.keep.keyring import KEY_BYTES, PUBLIC, SEED

NEXT, RETIRED = "ledger.next", "ledger.retired"


class Successor:
    """The succession of one office's ledger keys, in its folder of keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def seed(self) -> bytes | None:
        """The seed of the key that will follow; None while none will, or where it may not be read."""
        path = self._folder / NEXT
        if not path.exists() or not os.access(path, os.R_OK):
            return None
        seed = private.read_file(path)
        return None if seed == private.read_file(self._folder / SEED) else seed

    def settle(self) -> bool:
        """Go through with a take-over that a crash cut short; False if there is none."""
        path = self._folder / NEXT
        if not path.exists() or self.seed() is not None:
            return False
        self.take_over()
        return True

    def begin(self, entropy: Callable[[int], bytes]) -> bytes:
        """Make the key that will follow; the one that was begun, if one was. Raises `Misconfigured`."""
        seed = self.seed()
        if seed is not None:
            return seed
        if not (self._folder / SEED).is_file():
            raise Misconfigured(f"the ledger's seed is not in {self._folder}: rotate it where it is kept")
        seed = entropy(KEY_BYTES)
        private.replace_file(self._folder / NEXT, seed)
        return seed

    def retired(self) -> tuple[bytes, ...]:
        """The public halves of the keys that signed before, the newest first."""
        path = self._folder / RETIRED
        if not path.exists():
            return ()
        return halves(private.read_file(path))

    def take_over(self) -> None:
        """The successor becomes the key that signs, and the seed of the one before is gone. Raises `Failure`."""
        seed = self.seed()
        if seed is not None:
            old = _public(private.read_file(self._folder / SEED))
            before = tuple(reversed(self.retired()))
            if old not in before:
                private.replace_file(self._folder / RETIRED, b"".join((*before, old)))
            private.replace_file(self._folder / SEED, seed)
        private.replace_file(self._folder / PUBLIC, _public(private.read_file(self._folder / SEED)))
        (self._folder / NEXT).unlink(missing_ok=True)
        private.sync_folder(self._folder)


def halves(content: bytes) -> tuple[bytes, ...]:
    """The public halves in `ledger.retired`, the newest first. Raises `Misconfigured`."""
    if len(content) % KEY_BYTES:
        raise Misconfigured(f"{RETIRED} does not hold public keys of {KEY_BYTES} bytes")
    return tuple(reversed([content[at : at + KEY_BYTES] for at in range(0, len(content), KEY_BYTES)]))


def _public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
