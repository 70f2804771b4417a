"""Content sealed before it touches a disk: chunked AES-256-GCM, so that any part can be read and checked on its own.

Format 1. Content is cut into chunks of 64 KiB; only the last may be shorter, and empty content is one empty chunk.

    record = nonce 12 ‖ ciphertext ‖ tag 16                                   at a fixed stride
    key    = HKDF-SHA256(data key, info = `sealgate-keep/blob/v1` ‖ 00 ‖ blob id)
    AAD    = `sealgate-keep/chunk/v1` ‖ 00 ‖ blob id ‖ u64 index ‖ u8 is-last

The nonce is fresh at every sealing: one derived from the position would repeat when a chunk is rewritten, which GCM
does not survive. A swapped, cut, extended or foreign record fails its tag. One replaced by an older version of itself
does not: what is kept is therefore compared with the length and SHA-256 that stand in the facts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import Tampering
from gateway.keep import Blobs, Draft
from gateway.transfer import BlobId, Digest

CHUNK = 64 * 1024
NONCE = 12
OVERHEAD = NONCE + 16
STRIDE = CHUNK + OVERHEAD


class ChunkSeal:
    """Seals and opens the chunks of one blob."""

    __slots__ = ("_aead", "_entropy", "_place")

    def __init__(self, key: bytes, blob: BlobId, entropy: Callable[[int], bytes]) -> None:
        if len(key) != 32:
            raise ValueError("a data key is 32 bytes")
        name = blob.encode("ascii")
        info = b"sealgate-keep/blob/v1\x00" + name
        self._aead = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key))
        self._entropy = entropy
        self._place = b"sealgate-keep/chunk/v1\x00" + name

    def seal(self, index: int, chunk: bytes | memoryview, *, is_last: bool) -> bytes:
        """The record of one chunk, under a fresh nonce."""
        nonce = self._entropy(NONCE)
        return nonce + self._aead.encrypt(nonce, chunk, self._aad(index, is_last))

    def seal_run(self, index: int, chunks: memoryview, room: bytearray) -> memoryview:
        """The records of whole chunks that follow each other, the file's last not among them, put into `room`."""
        count = len(chunks) // CHUNK
        nonces, records = self._entropy(count * NONCE), memoryview(room)[: count * STRIDE]
        for number in range(count):
            nonce, record = nonces[number * NONCE :][:NONCE], records[number * STRIDE :][:STRIDE]
            chunk = chunks[number * CHUNK :][:CHUNK]
            record[:NONCE] = nonce
            self._aead.encrypt_into(nonce, chunk, self._aad(index + number, is_last=False), record[NONCE:])
        return records

    def open(self, index: int, record: bytes | bytearray, *, is_last: bool) -> bytes:
        """The chunk again. Raises `Tampering`."""
        try:
            return self._aead.decrypt(bytes(record[:NONCE]), memoryview(record)[NONCE:], self._aad(index, is_last))
        except (InvalidTag, ValueError) as why:
            raise Tampering(f"chunk {index} of a blob was changed after it was written") from why

    def _aad(self, index: int, is_last: bool) -> bytes:
        return self._place + index.to_bytes(8, "big") + (b"\x01" if is_last else b"\x00")


class SealedDraft:
    """A blob being written sealed; remembers size and digest of the content. Leaving the `with` unkept drops it."""

    def __init__(self, draft: Draft, key: bytes, blob: BlobId, entropy: Callable[[int], bytes]) -> None:
        self._draft = draft
        self._seal = ChunkSeal(key, blob, entropy)
        self._sha256 = hashlib.sha256()
        self._tail = bytearray()
        self._index = 0
        self.size_bytes = 0
        """Of the content so far."""

    @property
    def digest(self) -> Digest:
        """Of the content so far."""
        return Digest(sha256=self._sha256.hexdigest())

    def write(self, data: bytes) -> None:
        """Add content."""
        self._sha256.update(data)
        self.size_bytes += len(data)
        self._tail += data
        while len(self._tail) > CHUNK:  # a full chunk waits: it may turn out to be the last
            self._put(bytes(self._tail[:CHUNK]), is_last=False)
            del self._tail[:CHUNK]

    def keep(self) -> None:
        """Make it durable under its name."""
        self._put(bytes(self._tail), is_last=True)
        self._tail.clear()
        self._draft.keep()

    def drop(self) -> None:
        """Erase what was written. Harmless after `keep`."""
        self._draft.drop()

    def __enter__(self) -> Self:
        """Drop at the end, unless it was kept."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop, unless it was kept."""
        self.drop()

    def _put(self, chunk: bytes, *, is_last: bool) -> None:
        self._draft.write(self._seal.seal(self._index, chunk, is_last=is_last))
        self._index += 1


def open_sealed(blobs: Blobs, blob: BlobId, data_key: bytes, offset: int = 0) -> Iterator[bytes]:
    """The content from `offset` on, in pieces of at most 64 KiB, each verified before it is given.

    Raises `KeyError` if there is no such blob, and `Tampering`. Compare the whole with the digest in the facts.
    """
    if offset < 0:
        raise ValueError("an offset is not negative")
    count = -(-blobs.size(blob) // STRIDE)
    return _open_from(blobs, blob, ChunkSeal(data_key, blob, _no_entropy), offset, count)


def _open_from(blobs: Blobs, blob: BlobId, seal: ChunkSeal, offset: int, count: int) -> Iterator[bytes]:
    first, skip = divmod(offset, CHUNK)
    if count == 0:
        raise Tampering("a blob was cut to nothing")
    records = _records(blobs.open(blob, first * STRIDE))
    for index, record in enumerate(records, start=first):
        chunk = seal.open(index, record, is_last=index == count - 1)
        if skip:
            chunk, skip = chunk[skip:], 0
        if chunk:
            yield chunk


def _records(pieces: Iterator[bytes | bytearray]) -> Iterator[bytes | bytearray]:
    """Cut pieces of any size into records."""
    rest = bytearray()
    for piece in pieces:
        if not rest and len(piece) == STRIDE:  # as stores of ours read them
            yield piece
            continue
        rest += piece
        at = 0
        while len(rest) - at >= STRIDE:
            yield bytes(rest[at : at + STRIDE])
            at += STRIDE
        del rest[:at]
    if rest:
        yield bytes(rest)


def _no_entropy(size: int) -> bytes:
    raise AssertionError("reading draws no randomness")
