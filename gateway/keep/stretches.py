"""Which bytes of a file have been written, in whatever order they came."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

LARGEST_GAPS = 4096


class Stretches:
    """Disjoint, in order, never touching."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []

    def add(self, start: int, end: int) -> None:
        """One more. Raises `ValueError` when that leaves too many gaps."""
        if start == end:
            return
        low = bisect_left(self._spans, start, key=lambda span: span[1])
        high = bisect_right(self._spans, end, key=lambda span: span[0])
        if low < high:
            start, end = min(start, self._spans[low][0]), max(end, self._spans[high - 1][1])
        self._spans[low:high] = [(start, end)]
        if len(self._spans) > LARGEST_GAPS:
            raise ValueError("an upload has too many gaps")

    def cut(self, end: int) -> None:
        """Forget what lies behind."""
        self._spans = [(start, min(stop, end)) for start, stop in self._spans if start < end]

    def cover(self, start: int, end: int) -> bool:
        """Whether all of it has been written."""
        at = bisect_right(self._spans, start, key=lambda span: span[0]) - 1
        return start == end or (at >= 0 and self._spans[at][1] >= end)

    @property
    def prefix(self) -> int:
        """How far it goes without a gap."""
        return self._spans[0][1] if self._spans and self._spans[0][0] == 0 else 0

    def is_one_from_zero(self, end: int) -> bool:
        """Whether all has been written up to there, and nothing behind."""
        return self._spans == ([(0, end)] if end else [])
