"""What one backup holds, signed by the ledger's own key: a C2SP signed note whose text nobody can take for a head.

    sealgate-backup/v1
    {"at_ms":…,"blobs":…,"head":"…","origin":"…","parts":[{"name":…,"sha256":…,"size":…}…],…}

    — town.test/ledger base64(id ‖ signature)

The first line of a head is an origin; an origin of that name is refused here. Whoever has the ledger's public key, and
nothing else, can tell whether every byte of a backup is the one that was written.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.engine.safekeeping.sealing import Part, part_of
from gateway.errors import Tampering, Unreadable
from gateway.ledger.checkpoint import LARGEST_NOTE, Signer, parse_note, parse_vkey

FIRST_LINE = "sealgate-backup/v1"
MANIFEST, RECORDS, BELONGINGS, LISTED = "manifest", "records", "office", "blobs"
PARTS = (RECORDS, BELONGINGS, LISTED)


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One backup."""

    origin: str
    at_ms: int
    size: int
    """Entries of the ledger."""
    head: str
    """The signed checkpoint as of then."""
    rules: str
    """The digest of the rules in force."""
    records_at: str
    blobs_at: str
    """Where they lie in the office's folder."""
    parts: tuple[Part, ...]
    blobs: int
    blob_bytes: int
    missing: int = 0
    """Blobs that facts name and that were not there: content that was let go, parcels that never had to wait."""


class Listed(msgspec.Struct, frozen=True, array_like=True):
    """One blob, sealed as it lies in the office."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One backup in its folder, its manifest verified."""

    folder: Path
    manifest: Manifest

    def part(self, name: str) -> Part:
        """One of its files. Raises `Tampering` if it has none of that name."""
        for one in self.manifest.parts:
            if one.name == name:
                return one
        raise Tampering(f"{self.folder}: the manifest names no {name}")

    def check(self, name: str) -> None:
        """Raises `Tampering` unless the file is, byte for byte, the one that was written."""
        try:
            found = part_of(self.folder / name)
        except OSError as why:
            raise Tampering(f"{self.folder / name} is not there, or cannot be read: {why.strerror}") from why
        if found != self.part(name):
            raise Tampering(f"{self.folder / name} is not what was written: this backup was changed or is damaged")

    def blobs(self) -> tuple[Listed, ...]:
        """The blobs it needs. Call `check` first. Raises `Tampering`."""
        try:
            lines = (self.folder / LISTED).read_bytes().splitlines()
            return tuple(msgspec.json.decode(line, type=Listed) for line in lines)
        except (OSError, msgspec.MsgspecError) as why:
            raise Tampering(f"{self.folder / LISTED} cannot be read") from why


def listing(blobs: tuple[Listed, ...]) -> bytes:
    """The list of blobs, a line each."""
    return b"".join(msgspec.json.encode(one) + b"\n" for one in sorted(blobs, key=lambda one: one.name))


def signed(manifest: Manifest, signer: Signer) -> bytes:
    """The manifest as it is kept."""
    if signer.name == FIRST_LINE:
        raise ValueError("no ledger may be called that")
    said = msgspec.json.encode(manifest, order="sorted").decode()
    return signer.sign(f"{FIRST_LINE}\n{said}\n").encode()


def opened_backup(folder: Path, *vkeys: str) -> Backup:
    """The backup in a folder, if its manifest is signed by one of these keys: the ledger's, and those before it.

    Raises `Tampering`.
    """
    path = folder / MANIFEST
    try:
        note = parse_note(path.read_bytes()[: LARGEST_NOTE + 1].decode())
    except (OSError, UnicodeDecodeError, Unreadable) as why:
        raise Tampering(f"{path} is no manifest that can be read") from why
    keys, first = {(key.name, key.id): key for key in map(parse_vkey, vkeys)}, note.text.partition("\n")
    for name, line in note.signatures:
        key = keys.get((name, line[:4]))
        if key is not None:
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(line[4:], note.text.encode())
            except InvalidSignature as why:
                raise Tampering(f"the signature of {path} is false") from why
            break
    else:
        raise Tampering(f"{path} is not signed by {' or '.join(vkeys)}")
    try:
        if first[0] != FIRST_LINE:
            raise Tampering(f"{path} is signed, and no manifest")
        return Backup(folder=folder, manifest=msgspec.json.decode(first[2], type=Manifest))
    except msgspec.MsgspecError as why:
        raise Tampering(f"{path} is of another version, or damaged: {why}") from why
