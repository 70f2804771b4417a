"""What every `Blobs` must do: one function a promise, each handed a fresh, empty store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.keep import Blobs
from gateway.transfer import BlobId

ONE, TWO = BlobId("1a" * 16), BlobId("2b" * 32)


def keep(blobs: Blobs, blob: BlobId, *pieces: bytes) -> None:
    """Keep a blob of these pieces."""
    draft = blobs.begin(blob)
    for piece in pieces:
        draft.write(piece)
    draft.keep()


def gives_back_what_was_kept(blobs: Blobs) -> None:
    """What was written in pieces comes back whole, in pieces of at most 256 KiB, and its size is known."""
    content = bytes(range(256)) * 4_000
    keep(blobs, ONE, content[:10], b"", content[10:])

    pieces = list(blobs.open(ONE))

    assert content == b"".join(pieces)
    assert max(map(len, pieces)) <= 256 * 1024
    assert len(content) == blobs.size(ONE)


def reads_from_an_offset(blobs: Blobs) -> None:
    """Reading may start anywhere; at or past the end there is nothing."""
    keep(blobs, ONE, b"0123456789")

    assert b"789" == b"".join(blobs.open(ONE, 7))
    assert b"" == b"".join(blobs.open(ONE, 10))
    assert b"" == b"".join(blobs.open(ONE, 11))


def keeps_an_empty_blob(blobs: Blobs) -> None:
    """A blob of no bytes is a blob."""
    keep(blobs, ONE)

    assert (0, [ONE], b"") == (blobs.size(ONE), list(blobs.names()), b"".join(blobs.open(ONE)))


def shows_nothing_before_it_is_kept(blobs: Blobs) -> None:
    """A draft is no blob: not by name, size or content."""
    draft = blobs.begin(ONE)
    draft.write(b"half")

    assert [] == list(blobs.names())
    with pytest.raises(KeyError):
        blobs.size(ONE)
    with pytest.raises(KeyError):
        blobs.open(ONE)
    draft.drop()


def writes_once(blobs: Blobs) -> None:
    """A blob that exists, or is being written, cannot be begun again; its content stays."""
    draft = blobs.begin(ONE)
    with pytest.raises(ValueError, match="written"):
        blobs.begin(ONE)
    draft.write(b"first")
    draft.keep()
    with pytest.raises(ValueError, match="written"):
        blobs.begin(ONE)

    assert b"first" == b"".join(blobs.open(ONE))


def drops_a_draft(blobs: Blobs) -> None:
    """A dropped draft leaves nothing, twice is harmless, and the blob may be begun again."""
    draft = blobs.begin(ONE)
    draft.write(b"no")
    draft.drop()
    draft.drop()
    keep(blobs, ONE, b"yes")

    assert b"yes" == b"".join(blobs.open(ONE))


def keeps_what_is_dropped_too_late(blobs: Blobs) -> None:
    """Dropping after keeping is harmless."""
    draft = blobs.begin(ONE)
    draft.write(b"kept")
    draft.keep()
    draft.drop()

    assert b"kept" == b"".join(blobs.open(ONE))


def refuses_to_write_an_ended_draft(blobs: Blobs) -> None:
    """Once kept, a draft takes no more bytes."""
    draft = blobs.begin(ONE)
    draft.keep()

    with pytest.raises(ValueError, match="ended"):
        draft.write(b"more")
    with pytest.raises(ValueError, match="ended"):
        draft.keep()


def erases(blobs: Blobs) -> None:
    """An erased blob is gone; erasing what is not there is harmless, and other blobs stay."""
    keep(blobs, ONE, b"one")
    keep(blobs, TWO, b"two")

    blobs.erase(ONE)
    blobs.erase(ONE)

    assert [TWO] == list(blobs.names())
    with pytest.raises(KeyError):
        blobs.open(ONE)


def reads_on_while_it_is_erased(blobs: Blobs) -> None:
    """Whoever opened a blob before it was erased may read it to its end."""
    keep(blobs, ONE, b"x" * 600_000)
    pieces = blobs.open(ONE)
    first = next(pieces)

    blobs.erase(ONE)

    assert 600_000 == len(first) + sum(map(len, pieces))


def fills_room_or_takes_nothing(blobs: Blobs) -> None:
    """Asked not to wait, it gives all that was asked for or leaves it to whoever waits: every byte comes once."""
    content = bytes(range(251)) * 3_000
    keep(blobs, ONE, content)
    pieces = blobs.open(ONE, 5)
    back, room = bytearray(), bytearray(70_000)
    while True:
        if pieces.fill(memoryview(room)):
            back += room
        elif piece := next(pieces, b""):
            back += piece
        else:
            break

    assert content[5:] == back
    assert not pieces.fill(memoryview(room))


def names_every_blob(blobs: Blobs) -> None:
    """The names are those of the kept blobs, each once."""
    keep(blobs, ONE, b"one")
    keep(blobs, TWO, b"two")

    assert [ONE, TWO] == sorted(blobs.names())


PROMISES: tuple[Callable[[Blobs], None], ...] = (
    gives_back_what_was_kept,
    reads_from_an_offset,
    keeps_an_empty_blob,
    shows_nothing_before_it_is_kept,
    writes_once,
    drops_a_draft,
    keeps_what_is_dropped_too_late,
    refuses_to_write_an_ended_draft,
    erases,
    reads_on_while_it_is_erased,
    fills_room_or_takes_nothing,
    names_every_blob,
)
