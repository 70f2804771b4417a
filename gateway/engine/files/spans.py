"""Bytes of a draft that follow each other and wait for the disk.

A large span lies in a buffer that its draft uses again: a fresh one of that size costs more to find room for than what
is written into it. Most files are small: they have a buffer no larger than themselves.
"""

from __future__ import annotations

SPAN_BYTES = 512 * 1024
"""So much is written at once while as much again comes in."""
FULL_BYTES = SPAN_BYTES + 256 * 1024
"""Of a buffer: what is there when a span is due, and the last write."""
FEW_BYTES = 64 * 1024


class Span:
    """One stretch."""

    __slots__ = ("buffer", "offset", "size")

    def __init__(self, offset: int, buffer: bytearray) -> None:
        self.offset = offset
        self.buffer = buffer
        self.size = len(buffer)

    @property
    def end(self) -> int:
        """Where the next one would begin."""
        return self.offset + self.size

    @property
    def content(self) -> memoryview:
        """The bytes."""
        return memoryview(self.buffer)[: self.size]

    def add(self, data: memoryview, free: list[bytearray]) -> bool:
        """Take what follows, into a larger buffer if need be. False: it would be too large."""
        size = self.size + len(data)
        if size > FULL_BYTES:
            return False
        if size > len(self.buffer):
            if size <= FEW_BYTES:
                self.buffer.extend(data)
            else:
                larger = free.pop() if free else bytearray(FULL_BYTES)
                memoryview(larger)[: self.size] = self.content
                self.buffer = larger
        memoryview(self.buffer)[self.size : size] = data
        self.size = size
        return True
