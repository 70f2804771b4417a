"""Anonymous files: written once, then nobody's to change."""

from __future__ import annotations

import os

import pytest

from gateway.engine.workshop.memory import Memory


def test_what_was_written_is_seen() -> None:
    """Pieces are appended; the view shows them all."""
    with Memory(b"one ") as memory:
        memory.write(b"two")

        assert (7, b"one two") == (memory.size, memory.view()[:])


def test_an_empty_one_has_an_empty_view() -> None:
    """Nothing can be mapped where nothing is, so the view is empty bytes."""
    with Memory() as memory:
        assert b"" == memory.view()


def test_a_view_outlives_its_memory() -> None:
    """Closing gives the descriptor back; whoever still looks may go on, and the size is still known."""
    memory = Memory(b"content")
    view = memory.view()

    memory.close()

    assert (b"content", 7) == (view[:], memory.size)


def test_an_empty_one_is_still_one() -> None:
    """It has a length of nothing, and is not mistaken for nothing."""
    with Memory() as memory:
        assert (0, True) == (len(memory), bool(memory))


@pytest.mark.parametrize("change", [lambda fd: os.write(fd, b"x"), lambda fd: os.ftruncate(fd, 1)])
def test_nobody_changes_what_was_looked_at(change: object) -> None:
    """From the first view on neither bytes nor length can change, whoever holds a descriptor."""
    with Memory(b"content") as memory:
        memory.view()

        with pytest.raises(OSError, match="not permitted"):
            change(memory.descriptor)  # type: ignore[operator]


def test_a_file_that_can_still_change_is_not_taken_over() -> None:
    """An unsealed file from another process is refused, and its descriptor closed."""
    with Memory(b"content") as memory:
        untrusted = os.dup(memory.descriptor)

        with pytest.raises(ValueError, match="not a sealed"):
            Memory.adopt(untrusted)
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(untrusted)


def test_what_is_no_anonymous_file_is_not_taken_over() -> None:
    """A pipe has no seals."""
    reading, writing = os.pipe()
    os.close(writing)

    with pytest.raises(ValueError, match="not a sealed"):
        Memory.adopt(reading)


def test_a_sealed_file_is_taken_over() -> None:
    """What arrives sealed is as good as our own."""
    with Memory(b"content") as memory:
        memory.seal()

        with Memory.adopt(os.dup(memory.descriptor)) as other:
            assert b"content" == other.view()[:]
