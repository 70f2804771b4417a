"""Content on its way in and out of the blobs, sealed under its transfer's data key.

Light content is sealed here and made durable by the scribe, in the transaction of the facts that name it. Small content
stays in memory until it is kept, so that it costs one hop to a disk thread. Large content streams, in constant memory
whatever its size.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from gateway.engine.clock import Clock
from gateway.engine.workshop.memory import Memory
from gateway.errors import Failure, StoreAway, StoreBroken
from gateway.keep import Blobs, Content
from gateway.keep.sealed import ChunkSeal, SealedDraft, Unsealed, open_sealed
from gateway.transfer import BlobId, Digest

log = logging.getLogger(__name__)
T = TypeVar("T")

LIGHT_BYTES = 16 * 1024
"""About what a transfer's entries take: more of it would make the records a store of content."""
SMALL_BYTES = 256 * 1024
LARGE_BYTES = 1024 * 1024
"""Content above this is handled through anonymous files, one at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Content that is durable."""

    blob: BlobId
    digest: Digest
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Drafted:
    """A sealed draft and the name it will have."""

    blob: BlobId
    draft: SealedDraft

    def keep(self) -> Stored:
        """Make it durable. Blocks. Raises `StoreAway` or `StoreBroken`."""
        self.draft.keep()
        return Stored(blob=self.blob, digest=self.draft.digest, size_bytes=self.draft.size_bytes)


class Deposit:
    """Content being handed in. Satisfies `doors.Deposit`."""

    def __init__(self, vault: Vault, data_key: bytes) -> None:
        self.data_key = data_key
        self._vault = vault
        self._buffer = bytearray()
        self._drafted: Drafted | None = None
        self._is_small = True

    async def write(self, untrusted_data: bytes) -> None:
        """Add content. Raises `StoreAway`."""
        self._buffer += untrusted_data
        if len(self._buffer) > SMALL_BYTES:
            with _said():
                await self._vault.on_disk(self._spill)

    @property
    def small(self) -> bytes | None:
        """The whole content if it never left memory."""
        return bytes(self._buffer) if self._is_small else None

    @property
    def is_light(self) -> bool:
        """True if it may be kept beside its facts."""
        return self._is_small and len(self._buffer) <= LIGHT_BYTES

    def seal(self) -> tuple[Stored, Content]:
        """Light content, sealed: what it will be once the facts that carry it are durable."""
        return self._vault.seal(bytes(self._buffer), self.data_key)

    async def keep(self) -> Stored:
        """Make it durable. Raises `StoreAway` or `StoreBroken`."""
        return await self._vault.on_disk(self._keep)

    def drop(self) -> None:
        """Forget it."""
        if self._drafted is not None:
            self._drafted.draft.drop()

    async def forget(self) -> None:
        """Remove it, also when it was kept: for content that no fact will name."""
        await self._vault.on_disk(self._forget)

    def _forget(self) -> None:
        self.drop()
        if self._drafted is not None:
            self._vault.erase(self._drafted.blob)

    def _spill(self) -> None:
        self._is_small = False
        self._begun().draft.write(bytes(self._buffer))
        self._buffer.clear()

    def _begun(self) -> Drafted:
        if self._drafted is None:
            self._drafted = self._vault.draft(self.data_key)
        return self._drafted

    def _keep(self) -> Stored:
        drafted = self._begun()
        drafted.draft.write(bytes(self._buffer))
        return drafted.keep()


class Vault:
    """Puts content away and takes it out again. Disk work runs on threads of its own."""

    def __init__(self, blobs: Blobs, clock: Clock, disk: Executor, on_fatal: Callable[[Failure], None]) -> None:
        self._blobs = blobs
        self._clock = clock
        self._disk = disk
        self._on_fatal = on_fatal

    async def on_disk(self, work: Callable[[], T]) -> T:
        """Run blocking work on a disk thread. A failed fsync is everybody's business, whoever asked for it."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._disk, work)
        except StoreBroken as why:
            self._on_fatal(why)
            raise

    def seal(self, light: bytes, data_key: bytes) -> tuple[Stored, Content]:
        """Content of one chunk, sealed in memory under a fresh name."""
        blob = self.name()
        sealed = ChunkSeal(data_key, blob, self._clock.random).seal(0, light, is_last=True)
        digest = Digest(sha256=hashlib.sha256(light).hexdigest())
        return Stored(blob=blob, digest=digest, size_bytes=len(light)), Content(blob=blob, sealed=sealed)

    def deposit(self) -> Deposit:
        """Start taking content in, under a fresh data key. Raises `StoreAway` if the largest would not fit."""
        with _said():
            self._blobs.check_room()
        return Deposit(self, self._clock.random(32))

    def name(self) -> BlobId:
        """A fresh name for content."""
        return BlobId(self._clock.random(16).hex())

    def draft(self, data_key: bytes, blob: BlobId | None = None) -> Drafted:
        """A sealed draft, under a fresh name unless it has one. Blocks. Raises `StoreAway`."""
        blob = blob or self.name()
        return Drafted(blob, SealedDraft(self._blobs.begin(blob), data_key, blob, self._clock.random))

    async def put(self, data_key: bytes, pieces: Iterable[bytes], blob: BlobId | None = None) -> Stored:
        """Keep content, durably. Raises `StoreAway` or `StoreBroken`."""

        def write() -> Stored:
            drafted = self.draft(data_key, blob)
            with drafted.draft as draft:
                for piece in pieces:
                    draft.write(piece)
                return drafted.keep()

        return await self.on_disk(write)

    async def take(self, blob: BlobId, data_key: bytes, size_bytes: int) -> bytes | Memory:
        """The content: bytes if it is not large, else an anonymous file. Raises `Tampering`."""

        def read() -> bytes | Memory:
            pieces = open_sealed(self._blobs, blob, data_key)
            if size_bytes <= LARGE_BYTES:
                return b"".join(pieces)
            memory = Memory()
            for piece in pieces:
                memory.write(piece)
            return memory

        return await self.on_disk(read)

    def pieces(self, blob: BlobId, data_key: bytes, offset: int = 0) -> Unsealed:
        """The content from `offset` on, piece by piece; each step blocks. Raises `Tampering`."""
        return open_sealed(self._blobs, blob, data_key, offset)

    async def stream(self, blob: BlobId, data_key: bytes, size_bytes: int) -> AsyncIterator[bytes]:
        """The content, piece by piece, without blocking the loop; small content in one. Raises `Tampering`.

        Raises `KeyError` at the first step if there is no such blob.
        """
        pieces = await self.on_disk(lambda: open_sealed(self._blobs, blob, data_key))
        if size_bytes <= SMALL_BYTES:
            yield await self.on_disk(lambda: b"".join(pieces))
            return
        while piece := pieces.now() or await self.on_disk(lambda: next(pieces, b"")):
            yield piece
            await asyncio.sleep(0)  # where nothing had to be waited for, nobody else shall wait for us

    async def holds(self, blob: BlobId) -> bool:
        """True if the blob is there."""

        def look() -> bool:
            try:
                return self._blobs.size(blob) >= 0
            except KeyError:
                return False

        return await self.on_disk(look)

    def erase(self, blob: BlobId) -> None:
        """Remove content that no fact will name. Blocks."""
        self._blobs.erase(blob)


@contextmanager
def _said() -> Iterator[None]:
    """Content that cannot be taken is refused at the door, and said here."""
    try:
        yield
    except StoreAway as why:
        log.error("content not taken cause=%r", why.cause)
        raise
