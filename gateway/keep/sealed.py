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
from gateway.keep import Blobs, Draft, Pieces
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

    def open(self, index: int, record: bytes | bytearray | memoryview, *, is_last: bool) -> bytes:
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


class Unsealed:
    """The content of a blob from somewhere on, in pieces of at most 64 KiB, each verified before it is given."""

    def __init__(self, pieces: Pieces, seal: ChunkSeal, *, offset: int, size_bytes: int) -> None:
        self._pieces = pieces
        self._seal = seal
        self._index, self._skip = divmod(offset, CHUNK)
        self._left_bytes = size_bytes - self._index * STRIDE
        """Of the records that are not yet opened."""
        self._rest = bytearray()
        """The beginning of the next, from a store whose pieces are no records; or all of it, if it was changed."""
        self._room = memoryview(b"")

    def __iter__(self) -> Iterator[bytes]:
        """Itself."""
        return self

    def __next__(self) -> bytes:
        """What comes next; blocks. Raises `StoreAway` and `Tampering`."""
        while self._left_bytes > 0:
            if chunk := self._opened(self._record(min(STRIDE, self._left_bytes))):
                return chunk
        raise StopIteration

    def now(self) -> bytes:
        """What comes next, if nothing has to be waited for; else, and at the end, empty. Never raises.

        A record that was changed is not told here either: who then waits for it meets it.
        """
        size = min(STRIDE, self._left_bytes)
        if size <= 0 or self._rest:
            return b""
        if not self._room:
            self._room = memoryview(bytearray(STRIDE))
        record = self._room[:size]
        if not self._pieces.fill(record):
            return b""
        try:
            return self._opened(record)
        except Tampering:
            self._rest += record
            return b""

    def _opened(self, record: bytes | bytearray | memoryview) -> bytes:
        chunk = self._seal.open(self._index, record, is_last=self._left_bytes <= STRIDE)
        self._index += 1
        self._left_bytes -= len(record)
        if self._skip:
            chunk, self._skip = chunk[self._skip :], 0
        return chunk

    def _record(self, size: int) -> bytes | bytearray:
        """The next one; a shorter one if the store has no more."""
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            if not self._rest and len(piece) == size:  # as stores of ours read them
                return piece
            self._rest += piece
        record, self._rest = self._rest[:size], self._rest[size:]
        return record


def open_sealed(blobs: Blobs, blob: BlobId, data_key: bytes, offset: int = 0) -> Unsealed:
    """The content from `offset` on.

    Raises `KeyError` if there is no such blob, and `Tampering`. Compare the whole with the digest in the facts.
    """
    if offset < 0:
        raise ValueError("an offset is not negative")
    size_bytes = blobs.size(blob)
    if size_bytes == 0:
        raise Tampering("a blob was cut to nothing")
    pieces = blobs.open(blob, offset // CHUNK * STRIDE)
    return Unsealed(pieces, ChunkSeal(data_key, blob, _no_entropy), offset=offset, size_bytes=size_bytes)


def _no_entropy(size: int) -> bytes:
    raise AssertionError("reading draws no randomness")
