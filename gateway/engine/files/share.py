"""Memory that many have between them: the fewer they are, the more each may hold.

Whoever holds more at once hands it over less often, and every handing over makes the loop and a thread of the disk wait
for each other; but what all hold together must not grow with their number.
"""

from __future__ import annotations

from weakref import WeakSet


class Share:
    """A part of `total_bytes` for each who has joined, within bounds. Lives on one loop."""

    def __init__(self, total_bytes: int, *, least_bytes: int, most_bytes: int) -> None:
        self._total_bytes = total_bytes
        self.least_bytes = least_bytes
        """What each may hold, however many there are."""
        self._most_bytes = most_bytes
        self._holders: WeakSet[object] = WeakSet()
        self.part_bytes = most_bytes
        """What each may hold now."""

    def join(self, holder: object) -> None:
        """One more, until it leaves or is gone."""
        self._holders.add(holder)
        self._divide()

    def leave(self, holder: object) -> None:
        """It holds nothing any more. Harmless when it never did."""
        self._holders.discard(holder)
        self._divide()

    def _divide(self) -> None:
        part = self._total_bytes // max(1, len(self._holders))
        self.part_bytes = max(self.least_bytes, min(self._most_bytes, part))
