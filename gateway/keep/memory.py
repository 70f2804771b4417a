"""Records and blobs that forget everything when the process ends: for tests and for trying rules out.

They keep every promise of the Protocols but durability, and pass the same contracts. `is_away` makes them refuse, as a
full disk would.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from gateway.errors import Conflict, StoreAway, Tampering
from gateway.keep import Append, Draft, Head, History, LeafRow, Page, Redaction, Row
from gateway.keep.order import check_order
from gateway.keep.pieces import MemoryPieces
from gateway.transfer import BlobId

NO_BOXES = (b"",) * 6
CLASSES = ("op", "snd", "rcp", "obj", "net", "sec")
PIECE = 256 * 1024


@dataclass(slots=True)
class _Stream:
    rows: tuple[Row, ...] = ()
    key: bytes | None = None
    due_ms: int | None = None
    terms: set[bytes] = field(default_factory=set)


class MemoryRecords:
    """`Records`, `Tidies` and `Erases` in memory."""

    def __init__(self) -> None:
        self.is_away = False
        self._lock = threading.Lock()
        self._streams: dict[str, _Stream] = {}
        self._leaves: list[LeafRow] = []
        self._head: Head | None = None
        self._registers: dict[str, bytes] = {}
        self._contents: dict[BlobId, tuple[str, bytes]] = {}

    def append(self, appends: Sequence[Append], *, old: Head | None, new: Head) -> None:
        """See `Records.append`."""
        check_order(appends, old=old, new=new)
        with self._lock:
            self._check_reachable()
            if (self._head and (self._head.size, self._head.root)) != (old and (old.size, old.root)):
                raise Tampering("the stored head is not the one that was last signed")
            self._check_versions(appends)
            for append in appends:
                stream = self._streams.setdefault(append.stream, _Stream())
                stream.rows += append.rows
                stream.key = append.key if append.key is not None else stream.key
                stream.due_ms = append.due_ms
                stream.terms.update(append.terms)
                self._contents.update((one.blob, (append.stream, one.sealed)) for one in append.contents)
                self._leaves += (replace(leaf, boxes=leaf.boxes or NO_BOXES) for leaf in append.leaves)
            self._head = new

    def history(self, stream: str) -> History:
        """See `Records.history`."""
        with self._lock:
            self._check_reachable()
            kept = self._streams.get(stream, _Stream())
            return History(rows=kept.rows, key=kept.key)

    def since(self, index: int, limit: int) -> Page:
        """See `Records.since`."""
        with self._lock:
            self._check_reachable()
            return Page(head=self._head, leaves=tuple(self._leaves[index : index + limit]))

    def claim(self, *, now_ms: int, until_ms: int, limit: int) -> tuple[str, ...]:
        """See `Records.claim`."""
        with self._lock:
            self._check_reachable()
            due = [(kept.due_ms, name) for name, kept in self._streams.items() if kept.due_ms is not None]
            # Sorting is stable, so streams due at the same time come in the order they were made.
            ready = sorted((pair for pair in due if pair[0] <= now_ms), key=lambda pair: pair[0])[:limit]
            for _, name in ready:
                self._streams[name].due_ms = until_ms
            return tuple(name for _, name in ready)

    def swap(self, register: str, *, old: bytes | None, new: bytes | None) -> bytes | None:
        """See `Records.swap`."""
        with self._lock:
            self._check_reachable()
            if self._registers.get(register) == old:
                if new is None:
                    self._registers.pop(register, None)
                else:
                    self._registers[register] = new
            return self._registers.get(register)

    def entries(self, stream: str) -> tuple[LeafRow, ...]:
        """See `Records.entries`."""
        with self._lock:
            self._check_reachable()
            return tuple(leaf for leaf in self._leaves if leaf.stream == stream)

    def leading(self, terms: Sequence[bytes], stream: str) -> frozenset[bytes]:
        """See `Records.leading`."""
        with self._lock:
            self._check_reachable()
            kept = self._streams.get(stream)
            return frozenset(terms) & kept.terms if kept else frozenset()

    def find(self, groups: Sequence[Sequence[bytes]], *, limit: int) -> tuple[str, ...]:
        """See `Records.find`."""
        with self._lock:
            self._check_reachable()
            found = (
                name
                for name, kept in reversed(self._streams.items())
                if kept.rows and all(kept.terms.intersection(group) for group in groups)
            )
            return tuple(found)[:limit]

    def content(self, blob: BlobId) -> bytes | None:
        """See `Records.content`."""
        with self._lock:
            self._check_reachable()
            found = self._contents.get(blob)
            return found[1] if found else None

    def forget(self, stream: str) -> None:
        """See `Records.forget`."""
        with self._lock:
            self._check_reachable()
            kept = self._streams.get(stream)
            if kept is None:
                return
            rows = tuple(replace(row, body=b"") for row in kept.rows)
            if rows:
                self._streams[stream] = _Stream(rows=rows)
            else:
                del self._streams[stream]
            self._contents = {blob: kept for blob, kept in self._contents.items() if kept[0] != stream}
            self._leaves = [replace(leaf, boxes=NO_BOXES) if leaf.stream == stream else leaf for leaf in self._leaves]

    def redact(self, redactions: Sequence[Redaction]) -> None:
        """See `Erases.redact`."""
        with self._lock:
            self._check_reachable()
            kept = [self._streams[one.stream] for one in redactions]
            for one, stream in zip(redactions, kept, strict=True):
                self._redact(one, stream)

    def _redact(self, redaction: Redaction, kept: _Stream) -> None:
        bodies, boxes = dict(redaction.bodies), dict(redaction.boxes)
        kept.rows = tuple(replace(row, body=bodies.get(row.version, row.body)) for row in kept.rows)
        kept.terms.difference_update(redaction.terms)
        if redaction.drops_content:
            gone = redaction.stream
            self._contents = {blob: kept for blob, kept in self._contents.items() if kept[0] != gone}
        for index, classes in boxes.items():
            leaf = self._leaves[index]
            if leaf.stream == redaction.stream:
                left = tuple(
                    b"" if cls in classes else box for cls, box in zip(CLASSES, leaf.boxes or NO_BOXES, strict=True)
                )
                self._leaves[index] = replace(leaf, boxes=left)

    def compact(self) -> None:
        """See `Erases.compact`."""

    def shrink(self) -> bool:
        """See `Tidies.shrink`."""
        return True

    def _check_reachable(self) -> None:
        if self.is_away:
            raise StoreAway("the records in memory were told to be away")

    def _check_versions(self, appends: Sequence[Append]) -> None:
        versions: dict[str, int] = {}
        keyed = {name for name, kept in self._streams.items() if kept.key is not None}
        conflicts: dict[str, None] = {}
        for append in appends:
            kept = self._streams.get(append.stream, _Stream())
            if versions.get(append.stream, len(kept.rows)) != append.expected:
                conflicts[append.stream] = None
                continue
            versions[append.stream] = append.expected + len(append.rows)
            if append.key is not None:
                if append.stream in keyed:
                    conflicts[append.stream] = None
                keyed.add(append.stream)
        if conflicts:
            raise Conflict(tuple(conflicts))


class MemoryBlobs:
    """`Blobs` in memory."""

    def __init__(self) -> None:
        self.is_away = False
        self.kept: dict[BlobId, bytes] = {}
        """What is kept, open to tests that tamper."""
        self._drafts: set[BlobId] = set()
        self._lock = threading.Lock()

    def check_room(self) -> None:
        """See `Blobs.check_room`."""
        if self.is_away:
            raise StoreAway("the blobs in memory were told to be away")

    def begin(self, blob: BlobId) -> Draft:
        """See `Blobs.begin`."""
        with self._lock:
            if self.is_away:
                raise StoreAway("the blobs in memory were told to be away")
            if blob in self.kept or blob in self._drafts:
                raise ValueError("a blob is written once")
            self._drafts.add(blob)
        return _MemoryDraft(self, blob)

    def open(self, blob: BlobId, offset: int = 0) -> MemoryPieces:
        """See `Blobs.open`."""
        return MemoryPieces(self.kept[blob], offset, piece_bytes=PIECE)

    def size(self, blob: BlobId) -> int:
        """See `Blobs.size`."""
        return len(self.kept[blob])

    def erase(self, blob: BlobId) -> None:
        """See `Blobs.erase`."""
        self.kept.pop(blob, None)

    def names(self) -> Iterator[BlobId]:
        """See `Blobs.names`."""
        return iter(tuple(self.kept))

    def settle(self, blob: BlobId, content: bytes | None) -> None:
        """End the draft of `blob`: keep `content`, or nothing."""
        with self._lock:
            if self.is_away and content is not None:
                raise StoreAway("the blobs in memory were told to be away")
            self._drafts.discard(blob)
            if content is not None:
                self.kept[blob] = content


class _MemoryDraft:
    def __init__(self, blobs: MemoryBlobs, blob: BlobId) -> None:
        self._blobs = blobs
        self._blob = blob
        self._content = bytearray()
        self._is_open = True

    def write(self, data: bytes) -> None:
        if not self._is_open:
            raise ValueError("the draft has ended")
        self._content += data

    def keep(self) -> None:
        if not self._is_open:
            raise ValueError("the draft has ended")
        self._blobs.settle(self._blob, bytes(self._content))
        self._is_open = False

    def drop(self) -> None:
        if self._is_open:
            self._is_open = False
            self._blobs.settle(self._blob, None)
