"""Products of sets, and what is left of them: intersecting and subtracting are exact, so no solver is needed.

A **box** is one value set on each axis; a rule is a few boxes. It is kept as one integer, a bit a value, a field an
axis: what two boxes share is their `&`. `0` is the empty box, and the only empty one the functions here ever return.

    who, label = Axis("who", ("ann", "bob")), Axis("label", ("public", "sealed"))
    space = Space(who, label)
    anns = space.box(space.only(who, ["ann"]))
    space.values(anns, label)  # ("public", "sealed")

A **cell** is a box of one value on each axis: one situation. Whether boxes cover another is a hard question in the
worst case, so whoever asks it says how many steps they wait (`TooHard`); the rules of an office take a handful.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

STEPS = 50_000
"""How long one question may take: about half a second."""

Value = TypeVar("Value")
Value_co = TypeVar("Value_co", covariant=True)


class TooHard(Exception):
    """The question took more steps than were granted. Nothing is known then: whoever asked must not say "covered"."""


class Axis(Generic[Value_co]):
    """One clause of a rule, and every value it can take. Values are different from each other, and hashable."""

    __slots__ = ("bits", "name", "values")

    def __init__(self, name: str, values: Iterable[Value_co]) -> None:
        self.name = name
        self.values: tuple[Value_co, ...] = tuple(values)
        self.bits: dict[object, int] = {value: 1 << place for place, value in enumerate(self.values)}
        if not self.values or len(self.bits) != len(self.values):
            raise ValueError(f"the axis {name} needs values, each of them once")

    def __repr__(self) -> str:
        return f"Axis({self.name!r}, {len(self.values)} values)"


class Space:
    """All axes together: makes boxes and reads them."""

    __slots__ = ("_guards", "_shift", "axes", "everything", "fields")

    def __init__(self, *axes: Axis[object]) -> None:
        self.axes = axes
        self._shift: dict[Axis[object], int] = {}
        fields: list[int] = []
        self._guards = 0
        width = 0
        for axis in axes:
            self._shift[axis] = width
            fields.append(((1 << len(axis.values)) - 1) << width)
            width += len(axis.values)
            self._guards |= 1 << width
            width += 1
        self.fields = tuple(fields)
        """The bits of each axis. Between them stands an empty bit, the guard."""
        self.everything = sum(fields)

    # ── making boxes ─────────────────────────────────────────────────────────────────────────────────────────────────

    def only(self, axis: Axis[Value], values: Iterable[Value]) -> int:
        """All there is, but on this axis these values alone; a value the axis lacks counts for nothing."""
        chosen = 0
        for value in values:
            chosen |= axis.bits.get(value, 0)
        return self.box((self.everything & ~self.field(axis)) | chosen << self._shift[axis])

    def box(self, *boxes: int) -> int:
        """What all of them share; everything if there are none."""
        shared = self.everything
        for one in boxes:
            shared &= one
        # A field that is not empty carries into its guard when all its ones are added.
        return shared if (shared + self.everything) & self._guards == self._guards else 0

    def minus(self, box: int, cutter: int) -> list[int]:
        """What is left of `box` without `cutter`: disjoint boxes, at most one an axis."""
        shared = box & cutter
        if (shared + self.everything) & self._guards != self._guards:
            return [box] if box else []
        left = []
        if shared != box:
            for field in self.fields:
                outside = box & field & ~cutter
                if outside:
                    left.append((box & ~field) | outside)
                    box = (box & ~field) | (shared & field)
        return left

    # ── reading them ─────────────────────────────────────────────────────────────────────────────────────────────────

    def values(self, box: int, axis: Axis[Value]) -> tuple[Value, ...]:
        """The values of a box on one axis, in the order of the axis."""
        chosen = box >> self._shift[axis]
        return tuple(value for place, value in enumerate(axis.values) if chosen >> place & 1)

    def field(self, axis: Axis[Value]) -> int:
        """The bits of one axis: `box & field` is a box's part there, and all of `field` if it leaves the axis open."""
        return ((1 << len(axis.values)) - 1) << self._shift[axis]

    def cell(self, box: int) -> int:
        """The first situation of a box that is not empty: the first value on each axis."""
        first = 0
        for field in self.fields:
            inside = box & field
            first |= inside & -inside
        return first

    def size(self, box: int) -> int:
        """How many situations it holds."""
        number = 1
        for field in self.fields:
            number *= (box & field).bit_count()
        return number


class Region:
    """Some boxes, taken together. Numbered as given; sets of them are bit sets of those numbers."""

    __slots__ = ("_holding", "boxes", "space")

    def __init__(self, space: Space, boxes: Iterable[int]) -> None:
        self.space = space
        self.boxes = tuple(boxes)
        self._holding = self._index()

    def _index(self) -> tuple[int, ...]:
        """For each bit of the space: which boxes hold it."""
        holding = [0] * (self.space.everything.bit_length() + 1)
        for field in self.space.fields:
            open_here = 0
            for number, box in enumerate(self.boxes):
                inside = box & field
                if inside == field:
                    open_here |= 1 << number
                    continue
                while inside:
                    low = inside & -inside
                    holding[low.bit_length()] |= 1 << number
                    inside ^= low
            low = field & -field
            for bit in range(low.bit_length(), field.bit_length() + 1):
                holding[bit] |= open_here
        return tuple(holding)

    def gap(self, box: int, *, among: int = -1, steps: int = STEPS) -> int:
        """A situation of `box` that none of the boxes holds; 0 if they cover it. `among`: these numbers alone."""
        return self.search(box, among=among, steps=steps)[0]

    def search(self, box: int, *, among: int = -1, steps: int = STEPS) -> tuple[int, int]:
        """`gap`, and the numbers of the boxes that were needed. Raises `TooHard`."""
        used = 0
        waiting = [box] if box else []
        while waiting:
            steps -= 1
            if steps < 0:
                raise TooHard
            piece = waiting.pop()
            holding = among
            for field in self.space.fields:  # those that hold its first cell
                inside = piece & field
                holding &= self._holding[(inside & -inside).bit_length()]
                if not holding:
                    return self.space.cell(piece), used
            number = self._widest(piece, holding)
            used |= 1 << number
            waiting.extend(self.space.minus(piece, self.boxes[number]))
        return 0, used

    def _widest(self, piece: int, numbers: int) -> int:
        """The first of these boxes that holds the whole piece; if none does, the first of them."""
        first = (numbers & -numbers).bit_length() - 1
        while numbers:
            low = numbers & -numbers
            if not piece & ~self.boxes[low.bit_length() - 1]:
                return low.bit_length() - 1
            numbers ^= low
        return first

    def without(self, boxes: Iterable[int], *, steps: int = STEPS) -> tuple[int, ...]:
        """All that is left of other boxes without these: boxes, disjoint if the given ones are. Raises `TooHard`."""
        left = [box for box in boxes if box]
        for cutter in self.boxes:
            left = [piece for box in left for piece in self.space.minus(box, cutter)]
            steps -= len(left)
            if steps < 0:
                raise TooHard
        return tuple(left)

    def meeting(self, box: int) -> int:
        """The numbers of the boxes that share something with `box`."""
        numbers = -1
        for field in self.space.fields:
            here, inside = 0, box & field
            while inside:
                low = inside & -inside
                here |= self._holding[low.bit_length()]
                inside ^= low
            numbers &= here
            if not numbers:
                break
        return numbers


def joined(space: Space, boxes: Sequence[int]) -> tuple[int, ...]:
    """The same situations in fewer boxes: two that differ on one axis alone become one. For whoever reads them."""
    found = list(dict.fromkeys(boxes))
    for field in space.fields:
        by_rest: dict[int, int] = {}
        for box in found:
            rest = box & ~field
            by_rest[rest] = by_rest.get(rest, 0) | (box & field)
        found = [rest | inside for rest, inside in by_rest.items()]
    return tuple(found)
