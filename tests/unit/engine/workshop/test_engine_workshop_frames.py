"""Frames: whole, bounded, or nonsense."""

from __future__ import annotations

import array
import os
import socket
from collections.abc import Callable, Iterator

import pytest

from gateway.engine.workshop import frames
from gateway.engine.workshop.frames import BODY_BYTES, Frame, Nonsense
from gateway.engine.workshop.memory import Memory


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = frames.pair()
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize("size", [0, 1, BODY_BYTES])
def test_a_frame_arrives_as_it_was_sent(ends: tuple[socket.socket, socket.socket], size: int) -> None:
    """Serial, kind and body, up to the largest body."""
    frame = Frame(0xFFFFFFFF, 7, bytes(size))

    frames.send(ends[0], frame)

    assert frame == frames.receive(ends[1], descriptors=0)


def test_a_descriptor_arrives_open(ends: tuple[socket.socket, socket.socket]) -> None:
    """Another descriptor for the same file."""
    with Memory(b"content") as memory:
        memory.seal()
        frames.send(ends[0], Frame(1, 1, b"", (memory.descriptor,)))

        received = frames.receive(ends[1], descriptors=1)

        assert received is not None
        with Memory.adopt(received.descriptors[0]) as other:
            assert b"content" == other.view()[:]


def test_the_end_is_none(ends: tuple[socket.socket, socket.socket]) -> None:
    """A process that hung up sends no frame."""
    ends[0].close()

    assert frames.receive(ends[1], descriptors=1) is None


@pytest.mark.parametrize("size", [1, 4, BODY_BYTES + 6])
def test_an_impossible_size_is_nonsense(ends: tuple[socket.socket, socket.socket], size: int) -> None:
    """Shorter than a header, or one byte over the largest frame."""
    ends[0].send(bytes(size))

    with pytest.raises(Nonsense):
        frames.receive(ends[1], descriptors=1)


def test_too_many_descriptors_are_nonsense_and_closed(
    ends: tuple[socket.socket, socket.socket], open_descriptors: Callable[[], int]
) -> None:
    """What was not asked for does not stay open here."""
    before = open_descriptors()
    many = array.array("i", [ends[0].fileno()] * 9)
    ends[0].sendmsg([bytes(5)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, many)])

    with pytest.raises(Nonsense):
        frames.receive(ends[1], descriptors=1)

    assert before == open_descriptors()


def test_descriptors_are_not_inherited(ends: tuple[socket.socket, socket.socket]) -> None:
    """What a confined process hands us does not leak into the next program we start."""
    with Memory() as memory:
        frames.send(ends[0], Frame(1, 1, b"x", (memory.descriptor,)))

        received = frames.receive(ends[1], descriptors=1)

        assert received is not None
        assert not os.get_inheritable(received.descriptors[0])
        received.close()


def test_words_for_the_log_are_tame() -> None:
    """Control characters and other alphabets become question marks, and there is an end."""
    said = Frame(1, 5, b"a\r\nb\x1b[31m\xff" + b"x" * 1000).said

    assert ("a??b?[31m?", 200) == (said[:10], len(said))
