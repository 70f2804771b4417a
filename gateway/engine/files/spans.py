"""Bytes of a draft that follow each other and wait for the disk.

A large span lies in a buffer that its draft uses again: a fresh one of that size costs more to find room for than what
is written into it. Most files are small: they have a buffer no larger than themselves.
"""

from __future__ import annotations

from gateway.engine.files.share import Share

LEAST_BYTES, MOST_BYTES = 512 * 1024, 2 * 1024 * 1024
"""So much of a draft is written at once while as much again comes in. Four drafts at once took a third longer with the
least than with the most (measured): each time the loop and a thread of the disk wait for each other."""
SHARED_BYTES = 24 * 1024 * 1024
"""In the buffers of all drafts together, as long as the least leaves it at that."""
BUFFERS = 3
"""Of a draft: one that fills, one on its way to the disk, one that has landed."""
SLACK_BYTES = 256 * 1024
"""What the last write may add to a span that was nearly due."""
FEW_BYTES = 64 * 1024


def shared() -> Share:
    """How much of each draft waits for the disk before it is written."""
    return Share(SHARED_BYTES // BUFFERS, least_bytes=LEAST_BYTES, most_bytes=MOST_BYTES)


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

    def add(self, data: memoryview, free: list[bytearray], full_bytes: int) -> bool:
        """Take what follows, into a buffer of `full_bytes` if need be. False: it would be too large."""
        size = self.size + len(data)
        if size > max(full_bytes, len(self.buffer)):
            return False
        if size > len(self.buffer):
            if size <= FEW_BYTES:
                self.buffer.extend(data)
            else:
                larger = free.pop() if free and len(free[-1]) >= size else bytearray(full_bytes)
                memoryview(larger)[: self.size] = self.content
                self.buffer = larger
        memoryview(self.buffer)[self.size : size] = data
        self.size = size
        return True
