"""A file of a backup: sealed under a fresh key of its own, which the office's key wraps. `wrapped key ‖ records`.

The records are those of `keep.sealed`. Key and records are bound to the file's name, so that no file can stand in for
another; which generation it belongs to is the signed manifest's to say.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from gateway.errors import Tampering
from gateway.keep.keyring import KEY_BYTES, NONCE_BYTES, Keyring
from gateway.keep.private import READ, failure_of, opened, sync, write_all
from gateway.keep.sealed import STRIDE, ChunkSeal, SealedDraft
from gateway.transfer import BlobId

WRAPPED = NONCE_BYTES + KEY_BYTES + 16
PIECE = 1 << 20
_CREATE = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file as anybody can see it: sealed."""

    name: str
    size: int
    sha256: str


@dataclass(slots=True)
class PlainFile:
    """A file being written, hashed on the way; satisfies `keep.Draft`."""

    path: Path
    size: int = 0
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    _file: int = -1

    def __post_init__(self) -> None:
        try:
            self._file = os.open(self.path, _CREATE, 0o600)
        except OSError as why:
            raise failure_of(why, f"writing {self.path}") from why

    def write(self, data: bytes) -> None:
        """Add bytes. Raises `StoreAway`, `StoreBroken`."""
        try:
            write_all(self._file, data, self.size)
        except OSError as why:
            raise failure_of(why, f"writing {self.path}") from why
        self._digest.update(data)
        self.size += len(data)

    def keep(self) -> None:
        """Make the bytes durable; the name is for the caller to make so."""
        sync(self._file, self.path.name)
        self.drop()

    def drop(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @property
    def part(self) -> Part:
        """What was written."""
        return Part(name=self.path.name, size=self.size, sha256=self._digest.hexdigest())


def write_plain(path: Path, content: bytes) -> Part:
    """A file in clear, for what is signed or public."""
    file = PlainFile(path)
    try:
        file.write(content)
        file.keep()
    finally:
        file.drop()
    return file.part


def write_sealed(
    path: Path, pieces: Iterable[bytes], *, name: str, keyring: Keyring, entropy: Callable[[int], bytes]
) -> Part:
    """Seal a file, durably but for its name. Raises `StoreAway`, `StoreBroken`."""
    key, file = entropy(KEY_BYTES), PlainFile(path)
    with SealedDraft(file, key, BlobId(name), entropy) as draft:
        file.write(keyring.wrap(_place(name), key))
        for piece in pieces:
            draft.write(piece)
        draft.keep()
    return file.part


def read_sealed(path: Path, *, name: str, keyring: Keyring) -> Iterator[bytes]:
    """What a sealed file holds, each piece verified before it is given. Raises `Tampering`."""
    count, rest = divmod(max(0, path.stat().st_size - WRAPPED), STRIDE)
    last = count if rest else count - 1
    with opened(path, READ) as file:
        seal = ChunkSeal(keyring.unwrap(_place(name), os.read(file, WRAPPED)), BlobId(name), _no_entropy)
        if last < 0:
            raise Tampering(f"{path.name} was cut to nothing")
        for index in range(last + 1):
            record = os.pread(file, STRIDE, WRAPPED + index * STRIDE)
            yield seal.open(index, record, is_last=index == last)


def read_plain(path: Path) -> Iterator[bytes]:
    """A file's bytes, piece by piece."""
    with opened(path, READ) as file:
        offset = 0
        while piece := os.pread(file, PIECE, offset):
            offset += len(piece)
            yield piece


def part_of(path: Path) -> Part:
    """A file as it lies there. Raises `OSError`."""
    digest, size = hashlib.sha256(), 0
    for piece in read_plain(path):
        digest.update(piece)
        size += len(piece)
    return Part(name=path.name, size=size, sha256=digest.hexdigest())


def _place(name: str) -> str:
    return f"backup/{name}"


def _no_entropy(size: int) -> bytes:
    raise AssertionError("reading draws no randomness")
