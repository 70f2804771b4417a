"""The signed head: C2SP tlog-checkpoint in a C2SP signed-note, Ed25519.

`origin LF size LF base64(root) LF`, an empty line, then one `— name base64(id ‖ signature) LF` per signature. Three
lines, no extension lines, no time. Unknown keys are ignored; a known key's bad signature refuses the whole note. A
signature is no identifier: two valid notes of one head may differ.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.errors import Misconfigured, Tampering, Unreadable
from gateway.ledger.merkle import HASH_BYTES
from gateway.ledger.strict import base64_text, number, unbase64

MOST_SIGNATURES = 16
LARGEST_NOTE = 65_536
"""Room for sixteen lines of any kind known today."""

_ED25519 = b"\x01"  # C2SP signed-note, signature types
_DASH = "\u2014 "
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,255}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a head says: this log, this many entries, this root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Vkey:
    """A public key and the name it signs under. One key, one name."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.public) != 32:
            raise ValueError("a key has a name without space or plus, and 32 bytes")

    @property
    def id(self) -> bytes:
        """The four bytes a signature line starts with."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64_text(_ED25519 + self.public)}"


@dataclass(frozen=True, slots=True)
class Note:
    """A note as read: its text and the signature lines, none of them checked."""

    text: str
    signatures: tuple[tuple[str, bytes], ...]
    """Name, and id ‖ signature."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint and which of the reader's keys signed it; none is possible and proves nothing."""

    checkpoint: Checkpoint
    signers: tuple[str, ...]
    """Their vkeys: during a rotation two keys sign under one name."""


class Signer:
    """Signs texts under one name. Holds the seed's key; shows only the public half.

    While one key follows another, both sign: the one that counts first, then its `successor`.
    """

    def __init__(self, name: str, secret_seed: bytes, *, successor: Signer | None = None) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret_seed)
        self.successor = successor
        self._vkey = Vkey(name, self._key.public_key().public_bytes_raw())
        self._prefix = f"{_DASH}{name} "
        self._id = self._vkey.id

    @property
    def name(self) -> str:
        """The name, which is the log's origin."""
        return self._vkey.name

    @property
    def vkey(self) -> str:
        """The public key as others are given it."""
        return str(self._vkey)

    def line(self, text: str) -> str:
        """The signature line for `text`, and the successor's."""
        line = f"{self._prefix}{base64_text(self._id + self._key.sign(text.encode()))}\n"
        return line + (self.successor.line(text) if self.successor else "")

    def sign(self, text: str) -> str:
        """The whole note: `text` and this signature."""
        return f"{text}\n{self.line(text)}"


class PublicHalf(Signer):
    """A signer as it is known where its seed is not: it says whose signature to expect, and gives none."""

    def __init__(self, name: str, public: bytes) -> None:
        self._vkey = Vkey(name, public)
        self.successor = None

    def line(self, text: str) -> str:
        """Raises `Misconfigured`."""
        raise Misconfigured("the key that signs the ledger is for the scribe alone; this process cannot read it")


def format_checkpoint(origin: str, size: int, root: bytes) -> str:
    """The text to be signed."""
    if not _NAME.fullmatch(origin) or size < 0 or len(root) != HASH_BYTES:
        raise ValueError("not a checkpoint")
    return f"{origin}\n{size}\n{base64_text(root)}\n"


def parse_checkpoint(untrusted: str) -> Checkpoint:
    """The checkpoint of a text. Raises `Unreadable`."""
    lines = untrusted.split("\n")
    if len(lines) != 4 or lines[3] or not _NAME.fullmatch(lines[0]):
        raise Unreadable("a checkpoint is origin, size and root, a line each")
    return Checkpoint(lines[0], number(lines[1]), unbase64(lines[2], HASH_BYTES))


@lru_cache(maxsize=64)
def parse_vkey(untrusted: str) -> Vkey:
    """The key of its text form `name+id+key`. Raises `Unreadable`."""
    parts = untrusted.split("+", 2)
    if len(parts) != 3:
        raise Unreadable("a key is name+id+key")
    key = unbase64(parts[2], 33)
    if key[:1] != _ED25519:
        raise Unreadable("not an Ed25519 key")
    try:
        vkey = Vkey(parts[0], key[1:])
    except ValueError as why:
        raise Unreadable("not a key name") from why
    if vkey.id.hex() != parts[1]:
        raise Unreadable("the id is not this key's")
    return vkey


def parse_note(untrusted: str) -> Note:
    """The text and signature lines of a note. Raises `Unreadable`."""
    if len(untrusted) > LARGEST_NOTE or _CONTROL.search(untrusted):
        raise Unreadable("a note is short and has no control characters")
    text, blank, block = untrusted.rpartition("\n\n")
    lines = block.split("\n")
    if not blank or lines.pop() or not 1 <= len(lines) <= MOST_SIGNATURES:
        raise Unreadable("a note ends with 1 to 16 signature lines")
    return Note(text + "\n", tuple(_parse_line(line) for line in lines))


def verify(untrusted: str, vkeys: Sequence[str]) -> Signed:
    """Read a signed checkpoint and check every line made by one of `vkeys`.

    Raises `Unreadable`, and `Tampering` when a line names one of the keys and its signature is not that key's.
    """
    note = parse_note(untrusted)
    checkpoint = parse_checkpoint(note.text)
    known = {(key.name, key.id): key for key in map(parse_vkey, vkeys)}
    signers: list[str] = []
    for name, line in note.signatures:
        key = known.get((name, line[:4]))
        if key is None:
            continue
        if str(key) in signers:
            raise Unreadable("one key signed twice")
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(line[4:], note.text.encode())
        except InvalidSignature as why:
            raise Tampering(f"the signature of {name} is false") from why
        signers.append(str(key))
    return Signed(checkpoint, tuple(signers))


def own_note(untrusted: str, vkey: str) -> str:
    """The note with the lines under the name of `vkey` alone: the log's own, also of a successor. Raises `Unreadable`.

    Which of them are true is for `verify` to say.
    """
    key, note = parse_vkey(vkey), parse_note(untrusted)
    lines = [f"{_DASH}{name} {base64_text(line)}\n" for name, line in note.signatures if name == key.name]
    return f"{note.text}\n{''.join(lines)}"


def _parse_line(untrusted: str) -> tuple[str, bytes]:
    dash, name, rest = untrusted[:2], *untrusted[2:].partition(" ")[::2]
    if dash != _DASH or not _NAME.fullmatch(name):
        raise Unreadable("not a signature line")
    line = unbase64(rest)
    if len(line) < 5:
        raise Unreadable("a signature line holds an id and a signature")
    return name, line
