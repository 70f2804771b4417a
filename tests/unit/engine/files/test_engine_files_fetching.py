"""Large content is opened by a porter; nobody who reads it can tell."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.engine.files.fetching import Fetching
from gateway.engine.files.porters import Porter, Porters
from gateway.engine.vault import Vault
from gateway.errors import Tampering
from gateway.keep.files import FileBlobs
from gateway.keep.sealed import CHUNK, STRIDE, SealedDraft
from gateway.transfer import BlobId
from tests.unit.engine.engine_world import JumpingClock

BLOB, KEY = BlobId("cd" * 16), b"k" * 32
CONTENT = hashlib.shake_128(b"content").digest(19 * CHUNK + 77)


class Shelf:
    """Blobs, a porter for them when it is needed, and what reads them."""

    def __init__(self, folder: Path, disk: ThreadPoolExecutor) -> None:
        self.folder = folder
        self.blobs = FileBlobs(folder, largest_bytes=1 << 20)
        self.porters = Porters(1, largest_bytes=1 << 20)
        self.fetching = Fetching(Vault(self.blobs, JumpingClock(), disk, print), self.blobs, self.porters)

    def keeps(self, content: bytes) -> Path:
        """Where it lies, sealed."""
        with SealedDraft(self.blobs.begin(BLOB), KEY, BLOB, os.urandom) as draft:
            draft.write(content)
            draft.keep()
        return self.folder / BLOB[:2] / BLOB

    @property
    def porter(self) -> Porter:
        (porter,) = self.porters._porters
        return porter


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """An empty one."""
    with ThreadPoolExecutor(1) as disk:
        shelf = Shelf(tmp_path / "blobs", disk)
        yield shelf
        shelf.porters.close()
        shelf.blobs.close()


@pytest.mark.parametrize("offset", [0, 1, CHUNK, 9 * CHUNK - 1, 19 * CHUNK + 76, len(CONTENT)])
def test_from_any_offset(shelf: Shelf, offset: int) -> None:
    """A porter opens it from there to the end, and is not needed afterwards."""
    shelf.keeps(CONTENT)
    pieces = shelf.fetching.pieces(BLOB, KEY, offset)

    first = next(pieces, b"")

    assert ({1} if first else set()) == shelf.porter.uploads
    assert CONTENT[offset:] == first + b"".join(pieces)
    assert set() == shelf.porter.uploads


def test_small_content_needs_no_porter(shelf: Shelf) -> None:
    """What takes one step is opened by ourselves, and no process is started for it."""
    shelf.keeps(CONTENT[: 3 * CHUNK])

    assert CONTENT[: 3 * CHUNK] == b"".join(shelf.fetching.pieces(BLOB, KEY))
    assert [] == shelf.porters._porters


def test_who_stops_early_lets_go(shelf: Shelf) -> None:
    """Closed in the middle, nothing of it stays with the porter."""
    shelf.keeps(CONTENT)
    pieces = shelf.fetching.pieces(BLOB, KEY)
    next(pieces)

    pieces.close()

    assert set() == shelf.porter.uploads


def test_what_was_changed_is_not_given(shelf: Shelf) -> None:
    """A chunk somebody altered is `Tampering` where it comes, and the porter carries on for others."""
    path = shelf.keeps(CONTENT)
    with path.open("r+b") as file:
        file.seek(12 * STRIDE + 100)
        file.write(b"altered")
    back: list[int] = []

    with pytest.raises(Tampering):
        back.extend(octet for piece in shelf.fetching.pieces(BLOB, KEY) for octet in piece)

    assert CONTENT[: 12 * CHUNK] == bytes(back)
    assert not shelf.porter.is_ended


def test_a_porter_that_dies(shelf: Shelf) -> None:
    """The rest is opened by ourselves, from where it was."""
    shelf.keeps(CONTENT)
    pieces = shelf.fetching.pieces(BLOB, KEY, 5)
    first = next(pieces)

    signal.pidfd_send_signal(shelf.porter._pidfd, signal.SIGKILL)

    assert CONTENT[5:] == first + b"".join(pieces)
    assert shelf.porter.is_ended


def test_what_is_gone_is_gone(shelf: Shelf) -> None:
    """There is no such content: `KeyError`, as from the vault."""
    with pytest.raises(KeyError):
        next(shelf.fetching.pieces(BLOB, KEY))
