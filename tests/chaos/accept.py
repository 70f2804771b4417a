"""The path of an acceptance at its barest, as a program to be killed: keep a sealed blob, append its facts, tell."""

from __future__ import annotations

from pathlib import Path

from gateway.keep.files import FileBlobs
from gateway.keep.sealed import SealedDraft
from gateway.keep.sqlite import SqliteRecords
from gateway.transfer import BlobId
from tests.chaos.faults import tell
from tests.contracts.records import facts, head

MESSAGES = 2
KEY = b"k" * 32
CONTENT = b"content of a message " * 100


def blob_of(number: int) -> BlobId:
    """The blob of the n-th message; each in a folder of its own."""
    return BlobId(f"{number:02x}" * 16)


def main(folder: str) -> None:
    """Accept a few messages; tell each when it may be acknowledged."""
    records, blobs = SqliteRecords(Path(folder) / "records.sqlite"), FileBlobs(Path(folder) / "blobs", largest_bytes=1)
    for number in range(MESSAGES):
        with SealedDraft(blobs.begin(blob_of(number)), KEY, blob_of(number), entropy_of(number)) as draft:
            draft.write(CONTENT)
            draft.keep()
        old = head(number) if number else None
        records.append([facts(f"T-{number}", at=number)], old=old, new=head(number + 1))
        tell(f"{number}")
    records.close()
    blobs.close()


class entropy_of:
    """Entropy that is the same in every run."""

    def __init__(self, number: int) -> None:
        self._next = number << 32

    def __call__(self, size: int) -> bytes:
        """The next bytes."""
        self._next += 1
        return self._next.to_bytes(size, "big")
