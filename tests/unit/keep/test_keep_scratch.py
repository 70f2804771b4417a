"""A file still being written, in any order."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gateway.errors import Tampering
from gateway.keep.files import FileBlobs
from gateway.keep.scratch import Scratch
from gateway.keep.sealed import CHUNK, STRIDE, open_sealed
from gateway.transfer import BlobId

BLOB = BlobId("ab" * 16)
KEY = b"k" * 32
LARGEST = 8 * CHUNK


class Entropy:
    """Never repeats."""

    def __init__(self) -> None:
        self.drawn = 0

    def __call__(self, size: int) -> bytes:
        """The next bytes."""
        self.drawn += 1
        return self.drawn.to_bytes(size, "big")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the upload lies."""
    return tmp_path / "upload"


@pytest.fixture
def scratch(path: Path) -> Scratch:
    """A new upload."""
    return Scratch.begin(path, BLOB, KEY, Entropy(), largest_bytes=LARGEST)


def resumed(path: Path) -> Scratch:
    """The upload after a crash; other nonces than before."""
    entropy = Entropy()
    entropy.drawn = 1_000_000
    return Scratch.resume(path, BLOB, KEY, entropy, largest_bytes=LARGEST)


def content(size: int) -> bytes:
    """Bytes that differ from chunk to chunk."""
    return hashlib.shake_128(b"content").digest(size)


def test_out_of_order_writes_become_one_file(scratch: Scratch) -> None:
    """Stretches written in any order are one file with the digest of the whole."""
    data = content(3 * CHUNK + 5)
    for start, end in ((2 * CHUNK - 3, len(data)), (0, 100), (100, 2 * CHUNK)):
        scratch.write(start, data[start:end])

    assert scratch.is_whole
    assert data == scratch.read(0, len(data))
    assert hashlib.sha256(data).hexdigest() == scratch.finish().sha256


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_a_finished_upload_is_a_blob(scratch: Scratch, path: Path, tmp_path: Path, size: int) -> None:
    """What was finished is adopted by a rename and read as any sealed blob."""
    blobs = FileBlobs(tmp_path / "blobs", largest_bytes=1)
    scratch.write(0, content(size))
    digest = scratch.finish()

    blobs.adopt(BLOB, path)

    assert content(size) == b"".join(open_sealed(blobs, BLOB, KEY))
    assert (hashlib.sha256(content(size)).hexdigest(), False) == (digest.sha256, path.exists())
    blobs.close()


def test_a_hole_is_not_a_file(scratch: Scratch) -> None:
    """An upload with a byte missing cannot be finished, and reads as zeros there."""
    scratch.write(0, b"ab")
    scratch.write(3, b"d")

    assert not scratch.is_whole
    assert b"ab\x00d" == scratch.read(0, 10)
    with pytest.raises(ValueError, match="holes"):
        scratch.finish()
    scratch.leave()


def test_offsets_a_peer_chose_size_nothing(scratch: Scratch) -> None:
    """A write past the largest size is refused before memory or disk is taken for it."""
    for offset in (LARGEST, 2**63 - 1, -1):
        with pytest.raises(ValueError, match="outside"):
            scratch.write(offset, b"x")

    assert 0 == scratch.size_bytes
    scratch.leave()


def test_countless_gaps_are_refused(scratch: Scratch) -> None:
    """A peer that writes every other byte is stopped before the list of stretches grows without end."""
    for gap in range(4_096):
        scratch.write(2 * gap, b"x")

    with pytest.raises(ValueError, match="gaps"):
        scratch.write(9_000, b"x")
    scratch.leave()


def test_a_torn_chunk_ends_what_is_offered(scratch: Scratch, path: Path) -> None:
    """After a power cut, resuming offers the chunks before the torn one, and goes on from there."""
    data = content(3 * CHUNK)
    scratch.write(0, data)
    scratch.leave()
    with path.open("r+b") as file:
        file.seek(2 * STRIDE + 100)
        file.write(b"torn")

    again = resumed(path)

    assert (2 * CHUNK, True) == (again.size_bytes, again.is_whole)
    again.write(2 * CHUNK, data[2 * CHUNK :])
    assert hashlib.sha256(data).hexdigest() == again.finish().sha256


def test_a_finished_upload_may_go_on(scratch: Scratch, path: Path) -> None:
    """An upload opened again after it was finished is appended to like any other."""
    scratch.write(0, content(10))
    scratch.finish()

    again = resumed(path)
    again.write(10, content(2 * CHUNK)[10:])

    assert hashlib.sha256(content(2 * CHUNK)).hexdigest() == again.finish().sha256


def test_a_chunk_put_back_to_an_older_state_is_tampering(scratch: Scratch, path: Path) -> None:
    """Whoever holds the disk cannot slip an earlier version of a chunk under an open upload."""
    scratch.write(0, content(CHUNK))
    older = path.read_bytes()
    scratch.write(0, b"changed")
    scratch.sync()
    path.write_bytes(older)

    with pytest.raises(Tampering):
        scratch.read(0, 10)
    scratch.erase()


def test_cutting_is_only_shorter(scratch: Scratch) -> None:
    """An upload can be cut anywhere and written on; it cannot be cut longer."""
    data = content(2 * CHUNK)
    scratch.write(0, data)
    scratch.truncate(CHUNK + 3)
    with pytest.raises(ValueError, match="shorter"):
        scratch.truncate(CHUNK + 4)
    scratch.write(CHUNK + 3, b"end")

    assert data[: CHUNK + 3] + b"end" == scratch.read(0, 3 * CHUNK)
    assert hashlib.sha256(data[: CHUNK + 3] + b"end").hexdigest() == scratch.finish().sha256


def test_an_upload_is_made_once_and_erased(scratch: Scratch, path: Path) -> None:
    """A second upload in the same place is refused; an erased one is gone."""
    with pytest.raises(ValueError, match="exists"):
        Scratch.begin(path, BLOB, KEY, Entropy(), largest_bytes=LARGEST)
    scratch.erase()

    assert not path.exists()


def test_what_reaches_the_disk_is_sealed_and_private(scratch: Scratch, path: Path) -> None:
    """No stretch of the content is on the disk, and nobody else may read the file."""
    scratch.write(0, content(CHUNK))
    scratch.sync()

    assert content(16) not in path.read_bytes()
    assert 0o600 == path.stat().st_mode & 0o777
    scratch.leave()
