"""The office's own keys: what seals every data key, finds by index term, and signs the ledger.

They lie in a folder of their own, apart from the records and blobs, so that whoever takes the store has ciphertext.
All three are made together, once; none is ever replaced here, because losing one loses what it opened. Whoever holds
them can read every transfer that has not been forgotten; whoever holds `ledger.seed` can sign as this office.

Each may be given otherwise than as a file: systemd puts what `LoadCredential=` names into a folder of the unit's. And
`ledger.seed` may be out of reach altogether, as it is for a gateway whose scribe is a unit of its own: then
`ledger.pub` says whose signature to expect, and there is none to be made.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import Misconfigured, Tampering
from gateway.keep import private

KEY_BYTES = 32
NONCE_BYTES = 12
SEED, PUBLIC = "ledger.seed", "ledger.pub"
FILES = ("office.key", "index.key", SEED)


class Keyring:
    """The office's keys in memory. Any thread may use it."""

    __slots__ = ("_entropy", "_secret_office", "_secret_seed", "index_key", "ledger_public")

    def __init__(
        self,
        *,
        office_key: bytes,
        index_key: bytes,
        ledger_seed: bytes | None,
        ledger_public: bytes = b"",
        entropy: Callable[[int], bytes],
    ) -> None:
        """With no `ledger_seed`, `ledger_public` must be given. Raises `Misconfigured`."""
        if ledger_seed is not None:
            ledger_public = _public(ledger_seed)
        keys = (office_key, index_key, ledger_seed or ledger_public)
        if any(len(key) != KEY_BYTES for key in keys) or len(set(keys)) != len(keys):
            raise Misconfigured(f"the office's keys must be {KEY_BYTES} bytes each and all different")
        self._secret_office = AESGCM(office_key)
        self._entropy = entropy
        self.index_key = index_key
        """What index terms are made with: who holds it can test whether an address occurs."""
        self._secret_seed = ledger_seed
        self.ledger_public = ledger_public
        """Whose signature the ledger bears: the public half of the seed."""

    @property
    def can_sign(self) -> bool:
        """True if the ledger's seed is here."""
        return self._secret_seed is not None

    @property
    def ledger_seed(self) -> bytes:
        """The Ed25519 seed of the ledger; for the scribe alone. Raises `Misconfigured` where it is out of reach."""
        if self._secret_seed is None:
            raise Misconfigured("the key that signs the ledger is for the scribe alone; this process cannot read it")
        return self._secret_seed

    @classmethod
    def open(cls, folder: Path, *, entropy: Callable[[int], bytes], given: Path | None = None) -> Keyring:
        """The keys in `folder`, but for those in `given`, where systemd puts credentials.

        Raises `Misconfigured` if one is missing, or others than this user can reach it.
        """
        os.close(private.open_folder(folder))
        office, index = (_read(folder, given, name) for name in FILES[:2])
        if _is_out_of_reach(folder / SEED) and not (given and (given / SEED).is_file()):
            public = private.read_file(folder / PUBLIC)
            return cls(office_key=office, index_key=index, ledger_seed=None, ledger_public=public, entropy=entropy)
        seed = _read(folder, given, SEED)
        return cls(office_key=office, index_key=index, ledger_seed=seed, entropy=entropy)

    def show_public(self, folder: Path) -> None:
        """Leave `ledger.pub` for those who cannot read the seed, where an older release did not. Raises `Failure`."""
        place = folder / PUBLIC
        if not place.exists() or private.read_file(place) != self.ledger_public:
            private.replace_file(place, self.ledger_public)

    @classmethod
    def create(cls, folder: Path, *, entropy: Callable[[int], bytes]) -> Keyring:
        """Make the keys of a new office, all three or none, then open them. Raises `Misconfigured` if there are any."""
        fresh = folder.with_name(folder.name + ".new")
        try:
            if fresh.exists():  # left by a crash before its rename: nothing was ever sealed with these
                shutil.rmtree(fresh)
            descriptor = private.open_folder(fresh, create=True)
            try:
                for name in FILES[:2]:
                    private.create_file(descriptor, name, entropy(KEY_BYTES))
                seed = entropy(KEY_BYTES)
                private.create_file(descriptor, SEED, seed)
                private.create_file(descriptor, PUBLIC, _public(seed))
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


def _read(folder: Path, given: Path | None, name: str) -> bytes:
    """One key: as systemd gave it to this unit alone, or as the office keeps it. Raises `Misconfigured`."""
    try:
        if given is not None and (given / name).is_file():
            return (given / name).read_bytes()
    except OSError as why:
        raise Misconfigured(f"the credential {name} cannot be read: {why.strerror}") from why
    return private.read_file(folder / name)


def _is_out_of_reach(seed: Path) -> bool:
    """True if the seed is kept elsewhere, or this process may not read it (`InaccessiblePaths=`)."""
    if not seed.exists():
        return (seed.parent / PUBLIC).exists()
    return not os.access(seed, os.R_OK)


def _public(seed: bytes) -> bytes:
    if len(seed) != KEY_BYTES:
        raise Misconfigured(f"the office's keys must be {KEY_BYTES} bytes each and all different")
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _place(stream: str) -> bytes:
    return b"sealgate-keep/wrap/v1\x00" + stream.encode()
