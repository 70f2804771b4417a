"""A parcel under the next hop's TLS alone: nothing is changed on the way."""

from __future__ import annotations

import pytest

from gateway.errors import Unreadable
from gateway.seal.plain import as_they_are


@pytest.mark.parametrize(
    "pieces",
    [
        [b"Subject: x\r\n\r\nhello\r\n"],
        [b"hello\r", b"\n"],
        [b"hello", b"", b"\r\n", b""],
        [b"\r\n"],
        [b"h", b"\r", b"", b"\n"],
    ],
)
def test_the_pieces_pass_as_they_are(pieces):
    """The same bytes, in the same pieces."""
    assert pieces == list(as_they_are(pieces))


@pytest.mark.parametrize("pieces", [[], [b""], [b"hello"], [b"hello\n"], [b"hello\r"], [b"hello\r\n", b" "], [b"\n\r"]])
def test_a_message_without_its_last_line_end_is_refused(pieces):
    """What does not end in CRLF is no message: `ship` would have to add to it."""
    with pytest.raises(Unreadable, match="CRLF"):
        list(as_they_are(pieces))


def test_nothing_is_held_back():
    """Each piece leaves before the next is asked for: a message of any size takes one piece of memory."""
    taken: list[int] = []

    def pieces():
        for number in range(3):
            taken.append(number)
            yield b"x\r\n"

    stream = as_they_are(pieces())

    next(stream)

    assert [0] == taken
