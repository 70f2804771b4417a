"""Dot-stuffing as a stream."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Unreadable
from gateway.ship.dots import THE_END, Stuffer


def stuffed(pieces: list[bytes]) -> bytes:
    stuffer = Stuffer()
    return b"".join(stuffer.feed(piece) for piece in pieces) + stuffer.close() + THE_END


def unstuffed(wire: bytes) -> bytes:
    """What an honest receiver reads, line by line (RFC 5321 §4.5.2)."""
    lines = wire.split(b"\r\n")
    end = lines.index(b".")
    assert lines[end:] == [b".", b""]
    return b"".join(line.removeprefix(b".") + b"\r\n" for line in lines[:end])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.sampled_from([b"\r\n", b".", b"a", b".."]), max_size=6).map(b"".join), max_size=8))
def test_receiver_reads_what_was_sent(pieces):
    """However a message is cut into pieces, the receiver reads its bytes and one end."""
    message = b"".join(pieces) + b"x\r\n"

    assert message == unstuffed(stuffed([*pieces, b"x\r\n"]))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"a"]), max_size=8).map(b"".join), st.integers(0, 8))
def test_no_written_piece_holds_a_bare_line_end(message, cut):
    """What is written is canonical piece by piece, or nothing more is written."""
    stuffer, written = Stuffer(), []
    try:
        written += [stuffer.feed(message[:cut]), stuffer.feed(message[cut:]), stuffer.close()]
    except Unreadable:
        written += [b""]

    whole = b"".join(written).replace(b"\r\n", b"")

    assert b"\r" not in whole
    assert b"\n" not in whole


@pytest.mark.parametrize("message", [b"", b"a", b"a\n", b"a\r", b"\n", b".\r", b"a\r\n."])
def test_a_message_without_its_end_is_not_completed(message):
    """Only CRLF ends a message."""
    with pytest.raises(Unreadable):
        stuffed([message])
