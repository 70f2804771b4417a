"""Which bytes of a file have been written, so that a hole is never taken for content.

Promises: adding in order costs nothing that grows; the number of pieces is bounded, and a client that scatters its
writes further is refused rather than remembered.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

MAX_PIECES = 4096


class Coverage:
    """A set of bytes, kept as pieces `[start, end)` that do not touch."""

    def __init__(self, size: int = 0) -> None:
        self._starts: list[int] = [0] if size else []
        self._ends: list[int] = [size] if size else []

    def add(self, start: int, end: int) -> bool:
        """Count the bytes in. False: they are too scattered to be counted, and nothing was changed."""
        if start >= end:
            return True
        if self._ends and self._ends[-1] == start:
            self._ends[-1] = end
            return True
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first == last and len(self._starts) >= MAX_PIECES:
            return False
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last], self._ends[first:last] = [start], [end]
        return True

    @property
    def extent(self) -> int:
        """Where the furthest piece ends."""
        return self._ends[-1] if self._ends else 0

    @property
    def is_whole(self) -> bool:
        """Whether there is no hole before the furthest byte."""
        return not self._starts or (len(self._starts) == 1 and self._starts[0] == 0)
