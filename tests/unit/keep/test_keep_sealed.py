"""Content sealed before it touches a disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from gateway.errors import Tampering
from gateway.keep.memory import MemoryBlobs
from gateway.keep.sealed import CHUNK, STRIDE, SealedDraft, open_sealed
from gateway.transfer import BlobId

BLOB, OTHER = BlobId("ab" * 16), BlobId("cd" * 16)
KEY = b"k" * 32
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7)


def counting() -> Callable[[int], bytes]:
    """Entropy that never repeats."""
    state = 0

    def draw(size: int) -> bytes:
        nonlocal state
        state += 1
        return state.to_bytes(size, "big")

    return draw


def content(size: int) -> bytes:
    """Bytes that differ from chunk to chunk."""
    return hashlib.shake_128(b"content").digest(size)


def kept(size: int, blob: BlobId = BLOB) -> MemoryBlobs:
    """A store that holds one sealed blob."""
    blobs = MemoryBlobs()
    keep(blobs, size, blob)
    return blobs


def keep(blobs: MemoryBlobs, size: int, blob: BlobId) -> SealedDraft:
    """Keep a sealed blob, written in uneven pieces."""
    with SealedDraft(blobs.begin(blob), KEY, blob, counting()) as draft:
        data = content(size)
        for at in range(0, size, 50_001):
            draft.write(data[at : at + 50_001])
        draft.keep()
    return draft


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_is_read_again(size: int) -> None:
    """Content of any size comes back, and the draft knew its size and digest."""
    blobs = MemoryBlobs()

    draft = keep(blobs, size, BLOB)

    assert content(size) == b"".join(open_sealed(blobs, BLOB, KEY))
    assert (size, hashlib.sha256(content(size)).hexdigest()) == (draft.size_bytes, draft.digest.sha256)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("offset", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7, 9 * CHUNK])
def test_reading_starts_anywhere(size: int, offset: int) -> None:
    """Reading from an offset gives what follows it, and nothing past the end."""
    assert content(size)[offset:] == b"".join(open_sealed(kept(size), BLOB, KEY, offset))


def test_the_plain_content_never_reaches_the_store() -> None:
    """What the store holds contains no stretch of the content, and a fresh nonce each chunk."""
    stored = kept(3 * CHUNK).kept[BLOB]

    assert content(3 * CHUNK)[:16] not in stored
    assert 3 == len({stored[at : at + 12] for at in range(0, len(stored), STRIDE)})


def _swapped(stored: bytes) -> bytes:
    return stored[STRIDE : 2 * STRIDE] + stored[:STRIDE] + stored[2 * STRIDE :]


def _flipped(stored: bytes) -> bytes:
    return stored[:-1] + bytes([stored[-1] ^ 1])


@pytest.mark.parametrize(
    "tamper",
    [
        _swapped,
        _flipped,
        lambda stored: stored[: 2 * STRIDE],
        lambda stored: stored[:-1],
        lambda stored: b"",
        lambda stored: stored + stored[-STRIDE:],
        lambda stored: stored + b"\x00",
        lambda stored: stored[STRIDE:],
    ],
    ids=["swapped", "flipped", "cut at a chunk", "cut in a chunk", "emptied", "repeated", "longer", "beheaded"],
)
def test_a_changed_blob_is_tampering(tamper: Callable[[bytes], bytes]) -> None:
    """A blob whose records were changed, moved, cut or added to is never read to its end."""
    blobs = kept(3 * CHUNK)
    blobs.kept[BLOB] = tamper(blobs.kept[BLOB])

    with pytest.raises(Tampering):
        b"".join(open_sealed(blobs, BLOB, KEY))


def test_a_blob_put_in_anothers_place_is_tampering() -> None:
    """A blob opens only under its own id and key."""
    blobs = kept(10)
    blobs.kept[OTHER] = blobs.kept[BLOB]

    with pytest.raises(Tampering):
        list(open_sealed(blobs, OTHER, KEY))
    with pytest.raises(Tampering):
        list(open_sealed(blobs, BLOB, b"x" * 32))


@pytest.mark.parametrize("offset", [0, 1, CHUNK, 2 * CHUNK + 3])
def test_what_need_not_be_waited_for_is_the_same_content(offset: int) -> None:
    """Asked for at once, or waited for first and then asked for: every byte comes once, and the end is the end."""
    size = 3 * CHUNK + 7
    for waited in (0, 1, 2):
        pieces, back = open_sealed(kept(size), BLOB, KEY, offset), bytearray()
        for _ in range(waited):
            back += next(pieces, b"")
        while piece := pieces.now() or next(pieces, b""):
            back += piece
        assert content(size)[offset:] == back
        assert b"" == pieces.now()


def test_a_changed_chunk_is_not_given_without_waiting_either() -> None:
    """It is left to who waits, whom it meets."""
    blobs = kept(CHUNK)
    blobs.kept[BLOB] = _flipped(blobs.kept[BLOB])
    pieces = open_sealed(blobs, BLOB, KEY)

    assert b"" == pieces.now()
    with pytest.raises(Tampering):
        next(pieces)


def test_a_missing_blob_is_known_at_once() -> None:
    """Opening what is not there fails before the first piece is asked for."""
    with pytest.raises(KeyError):
        open_sealed(MemoryBlobs(), BLOB, KEY)


def test_leaving_unkept_drops() -> None:
    """A draft left without keeping, as after an error, leaves nothing behind."""
    blobs = MemoryBlobs()
    with SealedDraft(blobs.begin(BLOB), KEY, BLOB, counting()) as draft:
        draft.write(b"half")

    assert {} == blobs.kept
    blobs.begin(BLOB)
