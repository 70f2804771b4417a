"""Boxes: what is shared, what is left, and whether something is covered, against sets of situations written out."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.judge.boxes import Axis, Region, Space, TooHard, joined

WHO, LABEL, PAID = Axis("who", ("ann", "bob", "cy")), Axis("label", ("public", "sealed")), Axis("paid", (True, False))
SPACE = Space(WHO, LABEL, PAID)
AXES: tuple[Axis[object], ...] = (WHO, LABEL, PAID)
NOTHING = 0

filled = st.builds(
    lambda *clauses: SPACE.box(*(SPACE.only(axis, chosen) for axis, chosen in zip(AXES, clauses, strict=True))),
    *(st.sets(st.sampled_from(axis.values), min_size=1) for axis in AXES),
)
boxes = st.one_of(filled, filled, filled, st.just(NOTHING))


def situations(*given: int) -> set[tuple[object, ...]]:
    """Every combination that some box holds."""
    return {
        situation
        for box in given
        if box
        for situation in itertools.product(*(SPACE.values(box, axis) for axis in AXES))
    }


def test_a_box_is_read_as_it_was_made() -> None:
    """What an axis was limited to is what it holds, in the order of the axis; the others stay whole."""
    box = SPACE.box(SPACE.only(WHO, ["cy", "ann"]), SPACE.only(PAID, [False]))

    assert (("ann", "cy"), ("public", "sealed"), (False,)) == tuple(SPACE.values(box, axis) for axis in AXES)
    assert SPACE.field(LABEL) == box & SPACE.field(LABEL)
    assert 2 * 2 * 1 == SPACE.size(box)


def test_without_clauses_a_box_is_everything() -> None:
    """Nothing limits it: every value of every axis."""
    assert 12 == SPACE.size(SPACE.box()) == len(situations(SPACE.box()))


@pytest.mark.parametrize("values", [[], ["dora"]])
def test_an_axis_without_values_left_empties_the_box(values: list[str]) -> None:
    """None chosen, or none the axis has: there is only one empty box, and it is 0."""
    assert NOTHING == SPACE.box(SPACE.only(WHO, values), SPACE.only(PAID, [True]))
    assert 0 == SPACE.size(NOTHING)


@pytest.mark.parametrize("values", [(), ("ann", "ann")])
def test_an_axis_has_values_and_each_once(values: tuple[str, ...]) -> None:
    """Anything else would make bits that mean nothing, or two things."""
    with pytest.raises(ValueError, match="who"):
        Axis("who", values)


@given(one=boxes, other=boxes)
def test_what_two_boxes_share_is_the_intersection(one: int, other: int) -> None:
    """Exactly the situations in both."""
    assert situations(one) & situations(other) == situations(SPACE.box(one, other))


@given(box=boxes, cutter=boxes)
def test_what_is_left_is_the_difference_in_disjoint_boxes(box: int, cutter: int) -> None:
    """Exactly the situations of one that are not in the other, none of them twice, and no empty box."""
    left = SPACE.minus(box, cutter)

    assert situations(box) - situations(cutter) == situations(*left)
    assert sum(SPACE.size(piece) for piece in left) == len(situations(*left))
    assert NOTHING not in left


def test_what_is_left_keeps_within_the_box() -> None:
    """Axis by axis: what the first piece takes, no later one goes beyond."""
    box = SPACE.only(WHO, ["ann", "bob"])
    cutter = SPACE.box(SPACE.only(WHO, ["ann"]), SPACE.only(LABEL, ["public"]))

    left = [tuple(SPACE.values(piece, axis) for axis in (WHO, LABEL)) for piece in SPACE.minus(box, cutter)]

    assert [(("bob",), ("public", "sealed")), (("ann",), ("sealed",))] == left


@given(box=filled)
def test_the_cell_of_a_box_is_its_first_situation(box: int) -> None:
    """One value on each axis, all of them the first."""
    assert {tuple(SPACE.values(box, axis)[0] for axis in AXES)} == situations(SPACE.cell(box))


@given(box=boxes, cutters=st.lists(boxes, max_size=6))
def test_a_gap_is_found_exactly_where_something_is_left(box: int, cutters: list[int]) -> None:
    """A situation none of the boxes holds if there is one, 0 if they cover it; and those needed really cover it."""
    left = situations(box) - situations(*cutters)
    region = Region(SPACE, cutters)

    gap, used = region.search(box)

    assert bool(left) == bool(gap)
    assert situations(gap) <= left
    assert gap == region.gap(box)
    if not gap:
        assert situations(box) <= situations(*(cutter for n, cutter in enumerate(cutters) if used >> n & 1))


@given(box=boxes, cutters=st.lists(boxes, max_size=6), among=st.integers(0, 63))
def test_boxes_that_do_not_count_cover_nothing(box: int, cutters: list[int], among: int) -> None:
    """`among` chooses by number."""
    counting = [cutter for n, cutter in enumerate(cutters) if among >> n & 1]

    assert bool(situations(box) - situations(*counting)) == bool(Region(SPACE, cutters).gap(box, among=among))


@given(given_boxes=st.lists(boxes, max_size=4), cutters=st.lists(boxes, max_size=4))
def test_a_region_is_cut_out_of_others_exactly(given_boxes: list[int], cutters: list[int]) -> None:
    """All that is left, and joining what is left changes nothing but the number of boxes."""
    left = Region(SPACE, cutters).without(given_boxes)

    assert situations(*given_boxes) - situations(*cutters) == situations(*left)
    assert situations(*left) == situations(*joined(SPACE, left))
    assert len(joined(SPACE, left)) <= len(left)


@given(box=boxes, others=st.lists(boxes, max_size=6))
def test_the_boxes_that_meet_one_share_something_with_it(box: int, others: list[int]) -> None:
    """By number, and no other."""
    meeting = Region(SPACE, others).meeting(box)

    assert [bool(situations(box) & situations(other)) for other in others] == [
        bool(meeting >> number & 1) for number in range(len(others))
    ]


def test_two_boxes_that_differ_on_one_axis_are_joined() -> None:
    """For whoever reads them: Ann and Bob rather than Ann, and Bob."""
    ann, bob = SPACE.only(WHO, ["ann"]), SPACE.only(WHO, ["bob"])

    assert (SPACE.only(WHO, ["ann", "bob"]),) == joined(SPACE, [ann, bob])


def test_the_box_that_covers_all_is_the_one_that_is_named() -> None:
    """Of several that hold the first situation, the whole one is enough."""
    small, whole = SPACE.only(WHO, ["ann"]), SPACE.everything

    assert (0, 0b0100) == Region(SPACE, [small, small, whole, small]).search(SPACE.everything)
    assert (0, 0b0111) == Region(SPACE, [SPACE.only(WHO, [who]) for who in WHO.values]).search(SPACE.everything)


def test_a_question_over_its_steps_is_not_answered() -> None:
    """Nothing is known then, so nothing may be called covered: neither by searching nor by cutting."""
    region = Region(SPACE, [SPACE.only(WHO, ["ann"]), SPACE.only(WHO, ["bob"]), SPACE.only(WHO, ["cy"])])

    assert 0 == region.gap(SPACE.everything, steps=3)
    with pytest.raises(TooHard):
        region.gap(SPACE.everything, steps=2)
    with pytest.raises(TooHard):
        region.without([SPACE.everything], steps=1)


def test_an_axis_says_what_it_is() -> None:
    """Its name and how many values, not a thousand of them."""
    assert "Axis('who', 3 values)" == repr(WHO)
