"""The office's own keys: what seals every data key, finds by index term, and signs the ledger.

They lie in a folder of their own, apart from the records and blobs, so that whoever takes the store has ciphertext.
All three are made together, once; none is ever replaced here, because losing one loses what it opened. Whoever holds
them can read every transfer that has not been forgotten; whoever holds `ledger.seed` can sign as this office.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import Misconfigured, Tampering
from gateway.keep import private

KEY_BYTES = 32
NONCE_BYTES = 12
FILES = ("office.key", "index.key", "ledger.seed")


class Keyring:
    """The office's keys in memory. Any thread may use it."""

    __slots__ = ("_entropy", "_secret_office", "index_key", "ledger_seed")

    def __init__(
        self, *, office_key: bytes, index_key: bytes, ledger_seed: bytes, entropy: Callable[[int], bytes]
    ) -> None:
        keys = (office_key, index_key, ledger_seed)
        if any(len(key) != KEY_BYTES for key in keys) or len(set(keys)) != len(keys):
            raise Misconfigured(f"the office's keys must be {KEY_BYTES} bytes each and all different")
        self._secret_office = AESGCM(office_key)
        self._entropy = entropy
        self.index_key = index_key
        """What index terms are made with: who holds it can test whether an address occurs."""
        self.ledger_seed = ledger_seed
        """The Ed25519 seed of the ledger; for the scribe alone."""

    @classmethod
    def open(cls, folder: Path, *, entropy: Callable[[int], bytes]) -> Keyring:
        """The keys in `folder`. Raises `Misconfigured` if one is missing, or others than this user can reach it."""
        os.close(private.open_folder(folder))
        office, index, seed = (private.read_file(folder / name) for name in FILES)
        return cls(office_key=office, index_key=index, ledger_seed=seed, entropy=entropy)

    @classmethod
    def create(cls, folder: Path, *, entropy: Callable[[int], bytes]) -> Keyring:
        """Make the keys of a new office, all three or none, then open them. Raises `Misconfigured` if there are any."""
        fresh = folder.with_name(folder.name + ".new")
        try:
            if fresh.exists():  # left by a crash before its rename: nothing was ever sealed with these
                shutil.rmtree(fresh)
            descriptor = private.open_folder(fresh, create=True)
            try:
                for name in FILES:
                    private.create_file(descriptor, name, entropy(KEY_BYTES))
                private.sync(descriptor, str(fresh))
            finally:
                os.close(descriptor)
            fresh.rename(folder)  # over nothing, or an empty folder; the system refuses any other
        except OSError as why:
            raise Misconfigured(f"keys cannot be made in {folder}: {why.strerror}") from why
        private.sync_folder(folder.parent)
        return cls.open(folder, entropy=entropy)

    def wrap(self, stream: str, key: bytes) -> bytes:
        """Seal a stream's data key, bound to the stream."""
        nonce = self._entropy(NONCE_BYTES)
        return nonce + self._secret_office.encrypt(nonce, key, _place(stream))

    def unwrap(self, stream: str, wrapped: bytes) -> bytes:
        """The data key again. Raises `Tampering` if it was changed, or is another stream's."""
        try:
            return self._secret_office.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _place(stream))
        except (InvalidTag, ValueError) as why:
            raise Tampering(f"the data key of {stream} was changed, or sealed under another office key") from why


def _place(stream: str) -> bytes:
    return b"sealgate-keep/wrap/v1\x00" + stream.encode()
