"""Two small promises to remember: `Records` and `Blobs`. One contract suite runs against every implementation.

What an attacker who holds a store can do: delete it, roll it back (the ledger's anchors show that), count and time
entries, and see blob sizes to within one chunk. They cannot read a body, a name or an address: what they hold is
sealed under keys kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from gateway.transfer import BlobId


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One fact as kept: its kind in clear, its body sealed under the stream's data key."""

    version: int
    kind: str
    at_ms: int
    body: bytes
    first_index: int
    """The ledger index of the fact's first leaf; a fact about n legs has n consecutive leaves."""


class LeafRow(msgspec.Struct, frozen=True, kw_only=True):
    """One ledger entry as kept: the canonical bytes, their RFC 6962 leaf hash, and the sealed class boxes beside it."""

    index: int
    stream: str
    version: int
    leg: int | None
    entry: bytes
    hash: bytes
    boxes: tuple[bytes, ...]
    """Six, in class order `op snd rcp obj net sec`; empty bytes where erased or never there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Light content, sealed, that becomes durable together with the facts that name it."""

    blob: BlobId
    sealed: bytes


class Append(msgspec.Struct, frozen=True, kw_only=True):
    """What one writer adds to one stream."""

    stream: str
    expected: int
    """The stream's version before: the number of its facts; 0 for a new stream."""
    rows: tuple[Row, ...]
    leaves: tuple[LeafRow, ...]
    terms: tuple[bytes, ...] = ()
    """Opaque index terms by which `find` will find the stream."""
    due_ms: int | None = None
    """When work on the stream is due next; None: nothing is."""
    key: bytes | None = None
    """The stream's wrapped data key; given once, with its first facts."""
    contents: tuple[Content, ...] = ()
    """Under names that are fresh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The signed head: size, root and the signed note in C2SP checkpoint form."""

    size: int
    root: bytes
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A stream's facts in order and its wrapped data key; None once forgotten."""

    rows: tuple[Row, ...]
    key: bytes | None

    @property
    def version(self) -> int:
        """The number of facts."""
        return len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Ledger entries from a position on, and the head as of the same instant."""

    head: Head | None
    leaves: tuple[LeafRow, ...]


class Reading(Protocol):
    """The reading half of `Records`. Any number of readers, in any process, beside the one writer."""

    def history(self, stream: str) -> History:
        """Everything kept of one stream; empty if there is none."""
        ...

    def since(self, index: int, limit: int) -> Page:
        """At most `limit` ledger entries from `index` on, in order."""
        ...

    def entries(self, stream: str) -> tuple[LeafRow, ...]:
        """Every ledger entry of one stream, in order."""
        ...

    def leading(self, terms: Sequence[bytes], stream: str) -> frozenset[bytes]:
        """Those of the terms by which `find` finds this stream."""
        ...

    def find(self, groups: Sequence[Sequence[bytes]], *, limit: int) -> tuple[str, ...]:
        """Streams, newest first, that have at least one term of every group; all with facts if there is no group."""
        ...

    def content(self, blob: BlobId) -> bytes | None:
        """Light content as it was appended; None if none has that name."""
        ...


class Records(Reading, Protocol):
    """Facts, their ledger leaves, due work and a few registers.

    Durability: `append` and `swap` return when what they wrote survives a power cut. Atomicity: all of a call or
    nothing. Concurrency: any number of readers beside one writer; two writers on one store never both succeed, because
    `append` moves the head from `old` to `new` by compare-and-swap. Reads see only what is durable.
    Raises `StoreAway` where a retry may help and `StoreBroken` where the process must stop.
    """

    def append(self, appends: Sequence[Append], *, old: Head | None, new: Head) -> None:
        """Append all, and move the head, in one transaction.

        Raises `Conflict` naming the streams whose version is not `expected`, or that are given a key and have one;
        `Tampering` if the head is not `old`; `ValueError` if entries or versions leave a gap.
        """
        ...

    def claim(self, *, now_ms: int, until_ms: int, limit: int) -> tuple[str, ...]:
        """Streams whose work is due, longest due first, leased to the caller until `until_ms`."""
        ...

    def swap(self, register: str, *, old: bytes | None, new: bytes | None) -> bytes | None:
        """Set `register` to `new` if it holds `old`; return what it holds afterwards. `old == new` just reads."""
        ...

    def forget(self, stream: str) -> None:
        """Destroy the stream's data key, bodies, boxes, terms and light content. Harmless if there is none.

        Nothing is due any more. Rows and leaves stay, so every proof still verifies; a stream without facts, which is
        a key alone, goes with its name. Copies may outlive it in the store until `Tidies.shrink`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What is destroyed of one stream that otherwise stays."""

    stream: str
    bodies: tuple[tuple[int, bytes], ...] = ()
    """By version, the sealed body that takes the place of a fact's."""
    boxes: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """By ledger index, the classes whose boxes go."""
    terms: tuple[bytes, ...] = ()
    """By what it is no longer found."""
    drops_content: bool = False
    """Whether its light content goes too."""


class Erases(Protocol):
    """Destroying a part of a stream, where `Records.forget` destroys all of it. Old copies go with `Tidies.shrink`."""

    def redact(self, redactions: Sequence[Redaction]) -> None:
        """Carry all out, in one transaction. Doing it again changes nothing. Raises `KeyError` for no stream."""
        ...

    def compact(self) -> None:
        """Write the whole store anew, so that no page of it holds what is gone."""
        ...


class Tidies(Protocol):
    """A store that keeps copies of what was forgotten for a while, and can be told to let go of them."""

    def shrink(self) -> bool:
        """Let go of copies; True when none is left. A reader in the middle of something may make it False."""
        ...


class Copying(Protocol):
    """A copy of a store that is being made, by and for the one who writes it."""

    def step(self) -> bool:
        """Copy some more; True when the copy is whole, of one instant, and durable. Raises as writing does."""
        ...

    def drop(self) -> None:
        """Give it up and remove it. Harmless when it is whole."""
        ...

    @property
    def done(self) -> tuple[int, int]:
        """How much is copied, of how much."""
        ...


class Copies(Protocol):
    """A store that can be copied while it is written."""

    def begin_copy(self, path: Path) -> Copying:
        """Start a copy at `path`, over what lies there. Only between steps may the store be written."""
        ...


class Draft(Protocol):
    """A blob being written. Nothing of it is visible until `keep` returns."""

    def write(self, data: bytes) -> None:
        """Add bytes."""
        ...

    def keep(self) -> None:
        """Make it durable under its name: write, fsync, rename, fsync the directory."""
        ...

    def drop(self) -> None:
        """Erase what was written. Harmless after `keep`, and when called twice."""
        ...


class Pieces(Protocol):
    """A blob's bytes in order, in pieces of at most 256 KiB. Of one reader; of one thread at a time."""

    def __iter__(self) -> Iterator[bytes | bytearray]:
        """Itself."""
        ...

    def __next__(self) -> bytes | bytearray:
        """What comes next; blocks. Raises `StoreAway`."""
        ...

    def fill(self, room: memoryview) -> bool:
        """Put what comes next into `room`, and all of it, if nothing has to be waited for. False: nothing was taken."""
        ...


class Blobs(Protocol):
    """Content, write-once, named by opaque ids. Callers hand in sealed bytes; see `gateway.keep.sealed`.

    Durability: when `Draft.keep` returns, the blob survives a power cut. Concurrency: any number of readers; one
    writer a blob. Raises `StoreAway`, and `StoreBroken` when an fsync failed (it is never retried on the same file).
    """

    def check_room(self) -> None:
        """Raises `StoreAway` unless the largest content would fit."""
        ...

    def begin(self, blob: BlobId) -> Draft:
        """Start writing. Raises `StoreAway` if there is no room, and `ValueError` if the blob exists."""
        ...

    def open(self, blob: BlobId, offset: int = 0) -> Pieces:
        """The bytes from `offset` on. Raises `KeyError` if there is no such blob."""
        ...

    def size(self, blob: BlobId) -> int:
        """Its size in bytes. Raises `KeyError` if there is no such blob."""
        ...

    def erase(self, blob: BlobId) -> None:
        """Remove it, durably. Harmless if there is none."""
        ...

    def names(self) -> Iterator[BlobId]:
        """Every blob kept: what the caretaker compares with the facts."""
        ...


class Adopts(Protocol):
    """A blob store that can take over a finished, sealed file on its own file system without copying it."""

    def adopt(self, blob: BlobId, path: Path) -> None:
        """Make the file at `path` the blob, durably; it is gone from `path`. Raises `ValueError` if the blob exists."""
        ...
