"""The one place where a `Parcel` is made: from bytes counted and hashed while they were written, not from a claim."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from gateway.transfer import BlobId, Digest, Parcel, Seal, TransferId


class Packing:
    """Passes pieces on to whoever writes the blob, and knows afterwards what went by."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._hash = hashlib.sha256()
        self._size = 0
        self._is_whole = False

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._hash.update(piece)
            self._size += len(piece)
            yield piece
        self._is_whole = True

    def parcel(self, *, transfer: TransferId, leg: int, blob: BlobId, seal: Seal, key_fingerprint: str = "") -> Parcel:
        """The parcel of what went by. Raises `ValueError` before the last piece has."""
        if not self._is_whole:
            raise ValueError("a parcel is made of all its bytes")
        return Parcel(
            transfer=transfer,
            leg=leg,
            blob=blob,
            size_bytes=self._size,
            digest=Digest(sha256=self._hash.hexdigest()),
            seal=seal,
            key_fingerprint=key_fingerprint,
        )
