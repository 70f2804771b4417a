"""A witness's line under a checkpoint: C2SP tlog-cosignature, type 04, Ed25519.

`— name b64(id[4] ‖ u64 seconds ‖ signature[64])`, signed over `cosignature/v1 LF time <seconds> LF` and the
checkpoint's text: somebody else saw this head at that time, and no other of its log that it does not begin with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.errors import Tampering, Unreadable
from gateway.ledger.checkpoint import Vkey, parse_note
from gateway.ledger.strict import base64_text, unbase64

_COSIGNATURE = b"\x04"  # C2SP signed-note, signature types
_LINE_BYTES = 4 + 8 + 64
LATEST_S = 2**63 - 1


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's public key and the name it signs under."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        Vkey(self.name, self.public)  # the same names, the same length

    @property
    def id(self) -> bytes:
        """The four bytes a cosignature line starts with."""
        return hashlib.sha256(self.name.encode() + b"\n" + _COSIGNATURE + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64_text(_COSIGNATURE + self.public)}"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """Who vouches for a head, as of when by their clock."""

    vkey: str
    at_s: int


class Cosigner:
    """Signs other logs' checkpoints under one name. Holds the seed's key; shows only the public half."""

    def __init__(self, name: str, secret_seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret_seed)
        self._witness = WitnessKey(name, self._key.public_key().public_bytes_raw())

    @property
    def vkey(self) -> str:
        """The public key as others are given it."""
        return str(self._witness)

    def line(self, text: str, at_s: int) -> str:
        """The line that says: seen at that time."""
        signature = self._key.sign(_signed(text, at_s))
        return f"\u2014 {self._witness.name} {base64_text(self._witness.id + at_s.to_bytes(8, 'big') + signature)}\n"


def parse_witness_key(untrusted: str) -> WitnessKey:
    """The key of its text form `name+id+key`. Raises `Unreadable`."""
    parts = untrusted.split("+", 2)
    if len(parts) != 3:
        raise Unreadable("a witness's key is name+id+key")
    key = unbase64(parts[2], 33)
    if key[:1] != _COSIGNATURE:
        raise Unreadable("not a witness's key")
    try:
        witness = WitnessKey(parts[0], key[1:])
    except ValueError as why:
        raise Unreadable("not a key name") from why
    if witness.id.hex() != parts[1]:
        raise Unreadable("the id is not this key's")
    return witness


def cosignatures(untrusted: str, vkeys: Sequence[str]) -> tuple[Cosignature, ...]:
    """Who of `vkeys` cosigned a note. Raises `Unreadable`, and `Tampering` for a false line under a known key."""
    note = parse_note(untrusted)
    known = {(key.name, key.id): key for key in map(parse_witness_key, vkeys)}
    found: dict[str, Cosignature] = {}
    for name, line in note.signatures:
        key = known.get((name, line[:4]))
        if key is None:
            continue
        if str(key) in found:
            raise Unreadable("one witness signed twice")
        if len(line) != _LINE_BYTES:
            raise Tampering(f"the cosignature of {name} has another length")
        at_s = int.from_bytes(line[4:12], "big")
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(line[12:], _signed(note.text, at_s))
        except (InvalidSignature, ValueError) as why:
            raise Tampering(f"the cosignature of {name} is false") from why
        found[str(key)] = Cosignature(str(key), at_s)
    return tuple(found.values())


def _signed(text: str, at_s: int) -> bytes:
    if not 0 <= at_s <= LATEST_S:
        raise ValueError("not a time")
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()
