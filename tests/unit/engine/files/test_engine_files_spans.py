"""Bytes that wait for the disk, and the buffers they lie in."""

from __future__ import annotations

from gateway.engine.files.spans import (
    FEW_BYTES,
    LEAST_BYTES,
    SLACK_BYTES,
    Span,
)

FULL_BYTES = LEAST_BYTES + SLACK_BYTES


def test_what_follows_is_taken_on() -> None:
    """A span knows where it ends, and holds what was added."""
    span, free = Span(7, bytearray(b"abc")), list[bytearray]()

    assert span.add(memoryview(b"defg"), free, FULL_BYTES)

    assert (14, b"abcdefg", 7) == (span.end, bytes(span.content), len(span.buffer))


def test_a_large_span_lies_in_a_buffer_that_was_used_before() -> None:
    """A free buffer is taken, whatever it held; what was in the span moves into it."""
    old = bytearray(b"\xff" * FULL_BYTES)
    span, free = Span(0, bytearray(b"a" * 10)), [old]

    assert span.add(memoryview(b"b" * FEW_BYTES), free, FULL_BYTES)

    assert span.buffer is old
    assert [] == free
    assert b"a" * 10 + b"b" * FEW_BYTES == bytes(span.content)


def test_a_span_has_an_end() -> None:
    """What would be more than a buffer is another span; nothing of it was taken."""
    span = Span(0, bytearray(FULL_BYTES - 1))

    assert not span.add(memoryview(b"ab"), [], FULL_BYTES)

    assert FULL_BYTES - 1 == span.size


def test_a_buffer_that_is_too_small_by_now_is_not_taken() -> None:
    """Buffers are larger when there are fewer drafts."""
    span, free = Span(0, bytearray(b"a" * FULL_BYTES)), [bytearray(10)]

    assert span.add(memoryview(b"b"), free, FULL_BYTES + 1)

    assert (FULL_BYTES + 1, 1) == (len(span.buffer), len(free))
