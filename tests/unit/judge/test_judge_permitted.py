"""What live rules permit, as regions: against the boxes of each rule put together by hand."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest

from gateway.judge.boxes import Region, TooHard
from gateway.judge.permitted import Lot, Permitted, bits, has_ended
from gateway.judge.rulebook import Rulebook, read
from gateway.judge.rules import Verb
from tests.rulesets import SMALL, texts


def book(seed: int, **changed: str) -> Rulebook:
    """A small folder made up at random, with some words replaced."""
    files = texts(seed, SMALL)
    for old, new in changed.items():
        files["transfers.toml"] = files["transfers.toml"].replace(old, new)
    found = read(files)
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


def some_box(permitted: Permitted, dice: random.Random) -> int:
    """A box at random, never an empty one."""
    universe = permitted.universe
    return universe.space.box(
        *(
            universe.space.only(axis, dice.sample(axis.values, dice.randint(1, len(axis.values))))
            for axis in (universe.who, universe.to, universe.label, universe.by, universe.purpose)
        )
    )


@pytest.mark.parametrize("seed", range(8))
def test_something_is_permitted_exactly_where_an_allow_is_left_after_all_that_blocks(seed: int) -> None:
    """The situation that is found lies within what was asked about, is allowed, and is not blocked."""
    permitted, dice = Permitted.of(book(seed)), random.Random(seed)
    space, allows, blocks = permitted.universe.space, permitted.allows.region, permitted.blocks.region
    for _ in range(60):
        box = some_box(permitted, dice)
        left = blocks.without(space.box(box, allow) for allow in allows.boxes)

        cell = permitted.within(box)

        assert bool(left) == bool(cell)
        if cell:
            assert (1, 0) == (space.size(cell), cell & ~box)
            assert any(not cell & ~piece for piece in left)


def test_rules_on_trial_and_rules_that_ended_permit_nothing() -> None:
    """Nor do they block. The last day still counts, and without a day nothing has ended."""
    rulebook = book(3)
    first = next(rule.id for rule in rulebook.rules if rule.verb is Verb.ALLOW)
    live = [rule.id for rule in Permitted.of(rulebook).allows.rules]
    tried = book(3, **{f'"{first}"\n': f'"{first}"\nmode = "watch"\n'})

    assert [rule_id for rule_id in live if rule_id != first] == [rule.id for rule in Permitted.of(tried).allows.rules]
    assert live == [rule.id for rule in Permitted.of(rulebook, on=date(2029, 1, 1)).allows.rules]
    assert () == Permitted.of(rulebook, on=date(2029, 1, 2)).allows.rules
    assert has_ended(rulebook.rules[0], date(2029, 1, 2))
    assert not has_ended(rulebook.rules[0], date(2029, 1, 1))
    assert not has_ended(rulebook.rules[0], None)


def test_a_lot_knows_whose_boxes_are_whose() -> None:
    """By id, whatever the order they came in; each box belongs to one rule."""
    rulebook = book(5)
    permitted = Permitted.of(rulebook)
    lot = Lot.of(permitted.universe, reversed(rulebook.rules))

    assert sorted(rule.id for rule in rulebook.rules) == [rule.id for rule in lot.rules]
    assert list(range(len(lot.region.boxes))) == [number for own in lot.numbers for number in bits(own)]
    for place, rule in enumerate(lot.rules):
        assert permitted.universe.boxes(rule) == tuple(lot.boxes(place))
        assert lot.numbers[place] == lot.of_rules([rule])
        assert sum(permitted.universe.space.size(box) for box in lot.boxes(place)) == lot.size(place)
        assert ((rule,) if lot.numbers[place] else ()) == lot.owning(lot.numbers[place])
    assert Region(permitted.universe.space, ()).boxes == ()


def test_a_set_of_bits_is_read_smallest_first() -> None:
    """And an empty one is empty."""
    assert [0, 3, 64] == list(bits(1 << 64 | 0b1001))
    assert [] == list(bits(0))


def test_what_is_too_hard_to_say_counts_as_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is called closed because nobody could tell: each allow then has a situation of its own."""
    monkeypatch.setattr("gateway.judge.permitted.STEPS", 0)

    permitted = Permitted.of(book(3))

    cells = zip(permitted.open_cells, permitted.allows.region.boxes, strict=True)
    assert all(cell == permitted.universe.space.cell(box) for cell, box in cells)
    with pytest.raises(TooHard):
        permitted.within(permitted.universe.space.only(permitted.universe.by, ["pickup"]) & ~permitted.open_cells[0])


def test_what_is_found_lies_inside_what_was_asked_about() -> None:
    """The one that is known of an allow may lie elsewhere in it, with nothing in common."""
    rulebook = book(2)
    roles = {name: replace(role, may_handle=rulebook.labels.order[-1]) for name, role in rulebook.people.roles.items()}
    some = next(rule for rule in rulebook.rules if rule.verb is Verb.ALLOW)
    wide = replace(some, who=frozenset(roles), to=frozenset({"staff", "strangers"}), labels=frozenset(), by=frozenset(),
                   for_=frozenset(), when=())  # fmt: skip
    permitted = Permitted.of(replace(rulebook, people=replace(rulebook.people, roles=roles), rules=(wide,)))
    elsewhere = permitted.universe.space.box(permitted.allows.region.boxes[0] & ~permitted.open_cells[0])

    found = permitted.within(elsewhere)

    assert elsewhere
    assert found
    assert not found & ~elsewhere
