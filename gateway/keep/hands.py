"""Who hashes and seals large uploads for us, and opens large downloads, so that our own threads need not.

Whoever lends a hand has the data key and the open file. It blocks; one thread at a time.
"""

from __future__ import annotations

from typing import Protocol

from gateway.transfer import BlobId, Digest


class Hand(Protocol):
    """Another process's, for one file: an upload, as long as it comes in order, or a blob to be read.

    It may stop helping at any time.
    """

    def put(self, index: int, content: memoryview, first: int, count: int) -> bytes | None:
        """Hash the content; seal and write `count` whole chunks of it, from `first` on, to be chunk `index` and so on.

        The tags of what was written, one behind the other. None: nothing more will be written, nor hashed.
        """
        ...

    def digest(self) -> Digest | None:
        """Of all that was put; None if it is lost."""
        ...

    def fetch(self, index: int, count: int, total: int) -> list[bytes] | None:
        """So many chunks from `index` on, each verified, of a file that has `total`; None if it cannot."""
        ...

    def end(self) -> None:
        """It is no longer needed."""
        ...


class Hands(Protocol):
    """Who lends them."""

    def lend(self, file: int, key: bytes, blob: BlobId) -> Hand | None:
        """One for the content of `blob`, in the open `file`, if there is one."""
        ...

    def close(self) -> None:
        """Let all go, for good."""
        ...
