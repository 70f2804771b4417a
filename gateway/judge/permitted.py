"""What the live rules of a folder permit: the boxes of its `allow`s, without those of what blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from gateway.judge.boxes import Region, TooHard
from gateway.judge.rulebook import Rulebook
from gateway.judge.rules import Rule, Verb
from gateway.judge.universe import Universe

STEPS = 2_000
"""How long a question about one rule may take: what is odd is worth less waiting than what is broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Some rules, by id, and all their boxes in one region. So nothing depends on the order of a file."""

    rules: tuple[Rule, ...]
    region: Region
    numbers: tuple[int, ...]
    """For each rule, the numbers of its boxes, as a set of bits."""

    @classmethod
    def of(cls, universe: Universe, rules: Iterable[Rule]) -> Lot:
        """The boxes of these rules."""
        ordered = tuple(sorted(rules, key=lambda rule: rule.id))
        boxes: list[int] = []
        numbers: list[int] = []
        for rule in ordered:
            before = len(boxes)
            boxes.extend(universe.boxes(rule))
            numbers.append((1 << len(boxes)) - (1 << before))
        return cls(rules=ordered, region=Region(universe.space, boxes), numbers=tuple(numbers))

    def boxes(self, place: int) -> Iterator[int]:
        """The boxes of the rule that stands there."""
        return (self.region.boxes[number] for number in bits(self.numbers[place]))

    def size(self, place: int) -> int:
        """About how many situations that rule is for: what its boxes share counts for each."""
        return sum(self.region.space.size(box) for box in self.boxes(place))

    def owning(self, numbers: int) -> tuple[Rule, ...]:
        """The rules that these boxes belong to."""
        return tuple(rule for rule, own in zip(self.rules, self.numbers, strict=True) if own & numbers)

    def of_rules(self, rules: Iterable[Rule]) -> int:
        """The numbers of all boxes of some of these rules."""
        wanted = {rule.id for rule in rules}
        return sum(own for rule, own in zip(self.rules, self.numbers, strict=True) if rule.id in wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """The live rules, verb by verb."""

    universe: Universe
    allows: Lot
    forbids: Lot
    requires: Lot
    nevers: Lot
    blocks: Lot
    """`forbid` and `never` together: what stops a leg when it is decided."""
    open_cells: tuple[int, ...]
    """For each box of an allow, one situation in it that is not blocked; 0 if there is none."""

    @classmethod
    def of(cls, rulebook: Rulebook, *, on: date | None = None) -> Permitted:
        """Rules on trial have no effect: they are left out. So is, with a day given, what has ended by then."""
        universe = Universe.of(rulebook, on=on)
        live = [rule for rule in rulebook.rules if not rule.is_watched and not has_ended(rule, on)]

        def those(*verbs: Verb) -> Lot:
            return Lot.of(universe, (rule for rule in live if rule.verb in verbs))

        allows, blocks = those(Verb.ALLOW), those(Verb.FORBID, Verb.NEVER)
        return cls(
            universe=universe,
            allows=allows,
            forbids=those(Verb.FORBID),
            requires=those(Verb.REQUIRE),
            nevers=those(Verb.NEVER),
            blocks=blocks,
            open_cells=tuple(_open_cell(blocks.region, box) for box in allows.region.boxes),
        )

    def within(self, box: int) -> int:
        """One situation in `box` that is allowed and not blocked; 0 if there is none. Raises `TooHard`."""
        allows = self.allows.region
        reaching = [number for number in bits(allows.meeting(box)) if self.open_cells[number]]
        for number in reaching:
            if not self.open_cells[number] & ~box:
                return self.open_cells[number]
        pieces = (self.universe.space.box(box, allows.boxes[number]) for number in reaching)
        return next((cell for piece in pieces if (cell := self.blocks.region.gap(piece, steps=STEPS))), 0)

    def reaches(self, box: int, *, unsure: bool) -> bool:
        """Whether something in `box` may go; `unsure` where that is too hard to say."""
        try:
            return bool(self.within(box))
        except TooHard:
            return unsure


def _open_cell(blocks: Region, box: int) -> int:
    """One situation that is not blocked. Too hard to say: any, for what may be open is not called closed."""
    try:
        return blocks.gap(box, steps=STEPS)
    except TooHard:
        return blocks.space.cell(box)


def has_ended(rule: Rule, on: date | None) -> bool:
    """Whether an `allow` is over on a day."""
    return on is not None and rule.until is not None and rule.until < on


def bits(numbers: int) -> Iterator[int]:
    """The members of a set of bits, smallest first."""
    while numbers:
        low = numbers & -numbers
        yield low.bit_length() - 1
        numbers ^= low
