"""Bytes that wait for the disk, and the buffers they lie in."""

from __future__ import annotations

from gateway.engine.files.spans import FEW_BYTES, FULL_BYTES, Span


def test_what_follows_is_taken_on() -> None:
    """A span knows where it ends, and holds what was added."""
    span, free = Span(7, bytearray(b"abc")), list[bytearray]()

    assert span.add(memoryview(b"defg"), free)

    assert (14, b"abcdefg", 7) == (span.end, bytes(span.content), len(span.buffer))


def test_a_large_span_lies_in_a_buffer_that_was_used_before() -> None:
    """A free buffer is taken, whatever it held; what was in the span moves into it."""
    old = bytearray(b"\xff" * FULL_BYTES)
    span, free = Span(0, bytearray(b"a" * 10)), [old]

    assert span.add(memoryview(b"b" * FEW_BYTES), free)

    assert span.buffer is old
    assert [] == free
    assert b"a" * 10 + b"b" * FEW_BYTES == bytes(span.content)


def test_a_span_has_an_end() -> None:
    """What would be more than a buffer is another span; nothing of it was taken."""
    span = Span(0, bytearray(FULL_BYTES - 1))

    assert not span.add(memoryview(b"ab"), [])

    assert FULL_BYTES - 1 == span.size
