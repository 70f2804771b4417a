"""What one union of boxes has and another lacks, within a budget: for comparing hundreds of rules with hundreds.

A change of rules moves few boxes among many that stay or only shift a little, so each box is cut only by those that
meet it, the largest first: nearly all are gone after the first cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.judge.boxes import Region, Space, TooHard, joined
from gateway.judge.permitted import bits

STEPS = 4_000_000
"""How many boxes one comparison may look at: some seconds."""


class Shears:
    """Cuts boxes of one space. Every method raises `TooHard` once the budget is spent."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._regions: dict[tuple[int, ...], Region] = {}
        self._steps = STEPS

    def more(
        self, old: Sequence[int], old_stops: Sequence[int], new: Sequence[int], new_stops: Sequence[int]
    ) -> tuple[int, ...]:
        """(new − new stops) − (old − old stops)."""
        newly_allowed = self.without(new, old)
        freed = self.shared(self.without(old_stops, new_stops), new)
        return self.without((*newly_allowed, *freed), new_stops)

    def without(self, boxes: Iterable[int], cutters: Sequence[int]) -> tuple[int, ...]:
        """What is left of the boxes where none of the cutters is."""
        same = set(cutters)
        boxes = tuple(box for box in boxes if box not in same)
        return tuple(piece for box in boxes for piece in self._cut(box, self._meeting(box, cutters)))

    def shared(self, boxes: Iterable[int], others: Sequence[int]) -> tuple[int, ...]:
        """What each of the boxes has in common with each of the others."""
        return tuple(dict.fromkeys(box & other for box in boxes for other in self._meeting(box, others)))

    def fewest(self, boxes: Sequence[int]) -> tuple[int, ...]:
        """The same situations in few boxes, which may overlap: larger boxes are shorter to tell."""
        found = joined(self._space, boxes)
        while len(fewer := joined(self._space, _largest(found))) < len(found):
            found = fewer
        return found

    def _cut(self, box: int, cutters: Sequence[int]) -> list[int]:
        if any(box & cutter == box for cutter in cutters):
            return []
        pieces = [box]
        for cutter in sorted(cutters, key=lambda one: self._space.size(box & one), reverse=True):
            pieces = [piece for one in pieces for piece in self._space.minus(one, cutter)]
            self._spend(1 + len(pieces))
        return pieces

    def _meeting(self, box: int, others: Sequence[int]) -> list[int]:
        """Those that share something with a box."""
        key = tuple(others)
        if key not in self._regions:
            self._regions[key] = Region(self._space, key)
        region = self._regions[key]
        found = [region.boxes[number] for number in bits(region.meeting(box))]
        self._spend(len(found))
        return found

    def _spend(self, steps: int) -> None:
        self._steps -= steps
        if self._steps < 0:
            raise TooHard


def _largest(boxes: Sequence[int]) -> tuple[int, ...]:
    """Without those that lie in another."""
    found: list[int] = []
    for box in sorted(dict.fromkeys(boxes), key=int.bit_count, reverse=True):
        if not any(box & larger == box for larger in found):
            found.append(box)
    return tuple(found)
