"""The frame: bounded on its length word, whatever the pieces it comes in."""

from __future__ import annotations

import random
import struct

import pytest

from gateway.doors.sftp.wire import MAX_MESSAGE, SMALL, Breach, Inbox


def framed(*messages: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(message)) + message for message in messages)


def drain(inbox: Inbox) -> list[bytes]:
    found = []
    while (message := inbox.next()) is not None:
        found.append(bytes(message))
    return found


def test_messages_come_out_whole_whatever_pieces_they_came_in() -> None:
    """Cut anywhere, messages leave in order and nothing stays behind."""
    dice = random.Random(5)
    messages = [dice.randbytes(dice.choice([1, 9, 300, SMALL, 40_000])) for _ in range(60)]
    raw, inbox, found = framed(*messages), Inbox(), []
    while raw:
        cut = dice.choice([1, 2, 5, 100, SMALL - 1, SMALL, 33_000])
        inbox.feed(raw[:cut])
        raw = raw[cut:]
        if dice.random() < 0.7:
            found += drain(inbox)

    assert messages == found + drain(inbox)
    assert 0 == inbox.size


def test_a_message_in_one_piece_is_not_copied() -> None:
    """The payload of a WRITE is a view into what arrived."""
    raw = framed(bytes(range(250)) * 100)
    inbox = Inbox()
    inbox.feed(raw)

    message = inbox.next()

    assert message is not None
    assert message.obj is raw


def test_a_byte_a_piece_does_not_cost_an_object_a_byte() -> None:
    """A drip of single bytes is put together."""
    inbox = Inbox()
    inbox.feed(struct.pack(">I", MAX_MESSAGE))
    for _ in range(50_000):
        inbox.feed(b"x")

    assert len(inbox._pieces) < 5
    assert 50_004 == inbox.size


@pytest.mark.parametrize("length", [0, MAX_MESSAGE + 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_bad_length_is_refused_at_once(length: int) -> None:
    """Nothing of the message has to be here."""
    inbox = Inbox()
    for byte in struct.pack(">I", length):
        inbox.feed(bytes([byte]))

    with pytest.raises(Breach):
        inbox.next()
