"""A file still being written, in any order: a door's staging area, sealed in the blobs' own format.

Every chunk that reaches the disk is sealed under a fresh nonce; a write into the middle of one reads it, changes it
and seals it again. Chunks wait in memory up to a budget. What `resume` offers ends at the first byte that never came,
and at a chunk torn by a power cut: a hole would read as zeros, and pass for content.
`finish` makes the file a blob to the byte; `FileBlobs.adopt` then takes it by a rename.

Not thread-safe: a handle belongs to one session. Nothing is durable before `sync` or `finish`.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.errors import Tampering
from gateway.keep.private import CREATE, failure_of, sync, write_all
from gateway.keep.sealed import CHUNK, STRIDE, ChunkSeal
from gateway.keep.stretches import Stretches
from gateway.transfer import BlobId, Digest

CHUNKS_WAITING = 8
RUN = 8
"""Chunks sealed and written together."""
TAG = 16
REOPEN = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC

_SEEN = struct.Struct(f"<{TAG}sI")
"""What was last written of a chunk: its tag and its length. 20 bytes a chunk, so 640 KiB for a file of 2 GiB."""
_HOLED = 1 << 31
"""Beside a chunk's length: parts of it have not come yet."""
_ELSEWHERE = 1 << 63
"""Such a chunk is sealed for no place of any file, so that nobody who resumes can open it."""


class Scratch:
    """A sealed file that can be written anywhere."""

    def __init__(self, path: Path, file: int, seal: ChunkSeal, largest_bytes: int) -> None:
        self._path = path
        self._file = file
        self._seal = seal
        self._largest_bytes = largest_bytes
        self._waiting: OrderedDict[int, bytearray] = OrderedDict()
        """Chunks changed since they were last on disk, longest unchanged first."""
        self._seen = bytearray()
        self._room = bytearray()
        """Where whole chunks are sealed, once there are some; records made one by one cost more than their sealing."""
        self._spans = Stretches()
        self._sha256: hashlib._Hash | None = hashlib.sha256()
        """Of everything up to `size_bytes`; None once something came out of order."""
        self.size_bytes = 0
        """Up to the last byte written; there may be holes below."""

    @classmethod
    def begin(
        cls, path: Path, blob: BlobId, key: bytes, entropy: Callable[[int], bytes], *, largest_bytes: int
    ) -> Scratch:
        """A new, empty one. Raises `StoreAway`, and `ValueError` if there is one."""
        try:
            file = os.open(path, CREATE, 0o600)
        except FileExistsError:
            raise ValueError("this upload exists already") from None
        except OSError as why:
            raise failure_of(why, "starting an upload") from why
        return cls(path, file, ChunkSeal(key, blob, entropy), largest_bytes)

    @classmethod
    def resume(
        cls, path: Path, blob: BlobId, key: bytes, entropy: Callable[[int], bytes], *, largest_bytes: int
    ) -> Scratch:
        """What is left of an earlier one: as far as its chunks follow each other and verify; the rest is cut off.

        Raises `FileNotFoundError`.
        """
        file = os.open(path, REOPEN)
        scratch = cls(path, file, ChunkSeal(key, blob, entropy), largest_bytes)
        scratch._recover()
        return scratch

    # ── what a session does ──────────────────────────────────────────────────────────────────────────────────────

    def write(self, offset: int, data: bytes | memoryview) -> None:
        """Put `data` at `offset`. Raises `ValueError` beyond the largest size, or when too many gaps are left."""
        end = offset + len(data)
        if offset < 0 or end > self._largest_bytes:  # before anything is sized by an offset a peer chose
            raise ValueError("a write lies outside what a file may be")
        if not data:
            return
        self._spans.add(offset, end)
        # Whole chunks are all new: what was there needs no look.
        first = min(-(-offset // CHUNK) * CHUNK, end)
        last = max(first, end // CHUNK * CHUNK)
        content = memoryview(data)
        self._digest_on(offset, data)
        self._put_run(first // CHUNK, content[first - offset : last - offset])
        self.size_bytes = max(self.size_bytes, end)
        self._change(offset, content[: first - offset])
        self._change(last, content[last - offset :])
        while len(self._waiting) > CHUNKS_WAITING:
            self._put(next(iter(self._waiting)))

    def read(self, offset: int, size: int) -> bytes:
        """At most `size` bytes from `offset`; fewer at the end; zeros where nothing was written. Raises `Tampering`."""
        end = min(offset + size, self.size_bytes)
        return b"".join(
            self._content(index)[start:stop].ljust(stop - start, b"\x00") for index, start, stop in _parts(offset, end)
        )

    def truncate(self, size_bytes: int) -> None:
        """Cut the end off. Raises `ValueError` for a size beyond the end: that would make a hole."""
        if not 0 <= size_bytes <= self.size_bytes:
            raise ValueError("a file is only ever cut shorter")
        if size_bytes == self.size_bytes:
            return
        whole, rest = divmod(size_bytes, CHUNK)
        tail = bytearray(self._content(whole)[:rest])
        for index in [index for index in self._waiting if index >= whole]:
            del self._waiting[index]
        self._forget_from(whole)
        if rest:
            self._waiting[whole] = tail
        self._spans.cut(size_bytes)
        self.size_bytes = size_bytes
        self._sha256 = hashlib.sha256() if size_bytes == 0 else None

    @property
    def is_whole(self) -> bool:
        """True when every byte up to the last one was written."""
        return self._spans.is_one_from_zero(self.size_bytes)

    def digest(self) -> Digest:
        """Of all content; known at once when it came in order, otherwise read again."""
        if self._sha256 is None:
            self._sha256 = hashlib.sha256()
            for offset in range(0, self.size_bytes, CHUNK):
                self._sha256.update(self.read(offset, CHUNK))
        return Digest(sha256=self._sha256.hexdigest())

    def flush(self) -> None:
        """Let what reached the file get to the disk, so that less is left for the end. Any thread, while it is open."""
        sync(self._file, "an upload")

    def sync(self) -> None:
        """Make what was written survive a power cut."""
        self._put_all()
        sync(self._file, "an upload")

    # ── how it ends ──────────────────────────────────────────────────────────────────────────────────────────────

    def finish(self) -> Digest:
        """Make it a blob to the byte and durable but for its name; close it. Raises `ValueError` if it has holes."""
        if not self.is_whole:
            raise ValueError("an upload with holes is not a file")
        digest = self.digest()
        last = max(0, -(-self.size_bytes // CHUNK) - 1)
        self._to_change(last)
        for index in [index for index in self._waiting if index != last]:
            self._put(index)
        self._put(last, is_last=True)
        sync(self._file, "an upload")
        os.close(self._file)
        return digest

    def leave(self) -> None:
        """Close it, so that it can be resumed: `size_bytes` is then all that came before the first hole."""
        try:
            self.truncate(self._spans.prefix)
            self._put_all()
        finally:
            os.close(self._file)

    def erase(self) -> None:
        """Close it and remove it."""
        os.close(self._file)
        self._path.unlink(missing_ok=True)

    # ── chunks ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _content(self, index: int) -> bytes | bytearray:
        """A chunk as it is now; empty if nothing of it was ever written."""
        waiting = self._waiting.get(index)
        return waiting if waiting is not None else self._get(index)

    def _to_change(self, index: int) -> bytearray:
        chunk = self._waiting.get(index)
        if chunk is None:
            chunk = self._waiting[index] = bytearray(self._get(index))
        self._waiting.move_to_end(index)
        return chunk

    def _change(self, offset: int, data: memoryview) -> None:
        """Put `data` into a chunk of which it is a part."""
        if not data:
            return
        index, start = divmod(offset, CHUNK)
        stop = start + len(data)
        chunk = self._to_change(index)
        chunk.extend(bytes(max(0, stop - len(chunk))))
        chunk[start:stop] = data
        if stop == CHUNK:  # written up to its end: in the common, sequential case it is finished
            self._put(index)

    def _get(self, index: int) -> bytes:
        tag, length = self._last_seen(index)
        if not any(tag):
            return b""
        record = _pread(self._file, index * STRIDE, length & ~_HOLED)
        if record[-TAG:] != tag:  # an older version of this chunk would verify: it is not the one we wrote
            raise Tampering("a chunk of an upload was put back to an older state")
        return self._seal.open(index | (_ELSEWHERE if length & _HOLED else 0), record, is_last=False)

    def _put(self, index: int, *, is_last: bool = False) -> None:
        self._put_record(index, bytes(self._waiting[index]), is_last=is_last)

    def _put_record(self, index: int, chunk: bytes | memoryview, *, is_last: bool = False) -> None:
        is_holed = not self._spans.cover(index * CHUNK, index * CHUNK + len(chunk))
        record = self._seal.seal(index | (_ELSEWHERE if is_holed else 0), chunk, is_last=is_last)
        self._write(index, record)
        self._see(index, record[-TAG:], len(record), is_holed=is_holed)

    def _put_run(self, index: int, chunks: memoryview) -> None:
        """Whole chunks, so many at a time with one write."""
        for at in range(0, len(chunks), RUN * CHUNK):
            some = chunks[at : at + RUN * CHUNK]
            first = index + at // CHUNK
            self._room = self._room or bytearray(RUN * STRIDE)
            records = self._seal.seal_run(first, some, self._room)
            self._write(first, records)
            for number in range(len(some) // CHUNK):
                self._see(first + number, bytes(records[(number + 1) * STRIDE - TAG :][:TAG]), STRIDE)

    def _write(self, index: int, records: bytes | memoryview) -> None:
        try:
            write_all(self._file, records, index * STRIDE)
        except OSError as why:
            raise failure_of(why, "writing an upload") from why

    def _put_all(self) -> None:
        for index in tuple(self._waiting):
            self._put(index)

    def _last_seen(self, index: int) -> tuple[bytes, int]:
        if (index + 1) * _SEEN.size > len(self._seen):
            return b"", 0
        tag, length = _SEEN.unpack_from(self._seen, index * _SEEN.size)
        return tag, length

    def _see(self, index: int, tag: bytes, size: int, *, is_holed: bool = False) -> None:
        """Remember what was written of a chunk; nothing of it waits any more."""
        self._waiting.pop(index, None)
        self._seen.extend(bytes(max(0, (index + 1) * _SEEN.size - len(self._seen))))
        _SEEN.pack_into(self._seen, index * _SEEN.size, tag, size | (_HOLED if is_holed else 0))

    def _forget_from(self, index: int) -> None:
        del self._seen[index * _SEEN.size :]
        try:
            os.ftruncate(self._file, index * STRIDE)
        except OSError as why:
            raise failure_of(why, "cutting an upload") from why

    def _digest_on(self, offset: int, data: bytes | memoryview) -> None:
        if self._sha256 is not None and offset == self.size_bytes:
            self._sha256.update(data)
        else:
            self._sha256 = None

    def _recover(self) -> None:
        """Take on what verifies, cut off the rest."""
        end = 0
        for index, record, is_end in _records(self._file):
            chunk, is_last = self._open_either(index, record)
            if chunk is None or (is_last and not is_end):
                break
            self._digest_on(index * CHUNK, chunk)
            self.size_bytes = index * CHUNK + len(chunk)
            if is_last:  # it was finished once; when it goes on, this chunk is no longer the last
                self._waiting[index] = bytearray(chunk)
            else:
                self._see(index, record[-TAG:], len(record))
                end = index * STRIDE + len(record)
        self._spans.add(0, self.size_bytes)
        os.ftruncate(self._file, end)

    def _open_either(self, index: int, record: bytes) -> tuple[bytes | None, bool]:
        for is_last in (False, True):
            try:
                return self._seal.open(index, record, is_last=is_last), is_last
            except Tampering:
                continue
        return None, False


def _parts(start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The chunks that `start` to `end` touches: index, and where in the chunk it begins and ends."""
    while start < end:
        index, at = divmod(start, CHUNK)
        stop = min(CHUNK, at + end - start)
        yield index, at, stop
        start += stop - at


def _records(file: int) -> Iterator[tuple[int, bytes, bool]]:
    """Every record of a file, and whether it is the last."""
    size = os.fstat(file).st_size
    for index, at in enumerate(range(0, size, STRIDE)):
        yield index, _pread(file, at, STRIDE), at + STRIDE >= size


def _pread(file: int, offset: int, size: int) -> bytes:
    try:
        return os.pread(file, size, offset)
    except OSError as why:
        raise failure_of(why, "reading an upload") from why
