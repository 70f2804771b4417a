"""Blobs in two places: light content beside its facts, all other content in a store of its own.

Light content is written by `Records.append` in the transaction of the facts that name it: one sync, and never content
without facts or facts without content. Whoever reads need not know where it lies.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.keep import Blobs, Draft, Pieces, Reading
from gateway.keep.pieces import MemoryPieces
from gateway.keep.sealed import STRIDE
from gateway.transfer import BlobId


class BlobsBeside:
    """`Blobs` over a store of them and the records. What is begun here goes into the store."""

    def __init__(self, blobs: Blobs, records: Reading) -> None:
        self._blobs = blobs
        self._records = records

    def check_room(self) -> None:
        """See `Blobs.check_room`."""
        self._blobs.check_room()

    def begin(self, blob: BlobId) -> Draft:
        """See `Blobs.begin`."""
        return self._blobs.begin(blob)

    def open(self, blob: BlobId, offset: int = 0) -> Pieces:
        """See `Blobs.open`."""
        sealed = self._records.content(blob)
        return self._blobs.open(blob, offset) if sealed is None else MemoryPieces(sealed, offset, piece_bytes=STRIDE)

    def size(self, blob: BlobId) -> int:
        """See `Blobs.size`."""
        sealed = self._records.content(blob)
        return self._blobs.size(blob) if sealed is None else len(sealed)

    def erase(self, blob: BlobId) -> None:
        """See `Blobs.erase`. Light content goes with its stream: see `Records.forget`."""
        self._blobs.erase(blob)

    def names(self) -> Iterator[BlobId]:
        """See `Blobs.names`: those of the store, for none other can be without facts."""
        return self._blobs.names()
