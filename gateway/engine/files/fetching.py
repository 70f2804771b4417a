"""Content on its way out to a client: what is large is opened by a porter, where one can be lent.

Whatever a porter does not open, for whatever reason, is opened here: who asks sees no difference.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass

from gateway.engine.vault import Vault
from gateway.keep import Lends
from gateway.keep.hands import Hand, Hands
from gateway.keep.sealed import CHUNK, STRIDE
from gateway.transfer import BlobId

RUN = 8
"""Chunks asked for together."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """For the whole office."""

    vault: Vault
    lends: Lends | None = None
    hands: Hands | None = None

    def pieces(self, blob: BlobId, data_key: bytes, offset: int = 0) -> Generator[bytes, None, None]:
        """The content from `offset` on, in pieces of at most 64 KiB; each step blocks. Close it when done.

        Raises `KeyError` if it is gone, and `Tampering`, at a step.
        """
        given = yield from self._by_hand(blob, data_key, offset)
        yield from self.vault.pieces(blob, data_key, offset + given)

    def _by_hand(self, blob: BlobId, data_key: bytes, offset: int) -> Generator[bytes, None, int]:
        """As far as a porter opens it; how far that is."""
        if self.lends is None or self.hands is None:
            return 0
        try:
            file = self.lends.lend(blob)
        except KeyError:  # light, or gone: the vault knows
            return 0
        try:
            size = os.fstat(file).st_size
            hand = self.hands.lend(file, data_key, blob) if size > RUN * STRIDE else None
            if hand is None:
                return 0
            try:
                return (yield from _fetched(hand, offset, -(-size // STRIDE)))
            finally:
                hand.end()
        finally:
            os.close(file)


def _fetched(hand: Hand, offset: int, total: int) -> Generator[bytes, None, int]:
    first, skip = divmod(offset, CHUNK)
    given = 0
    for index in range(first, total, RUN):
        chunks = hand.fetch(index, min(RUN, total - index), total)
        if chunks is None:
            break
        for chunk in chunks:
            piece, skip = chunk[skip:], 0
            given += len(piece)
            if piece:
                yield piece
    return given
