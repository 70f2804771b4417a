"""What one union of boxes has and another lacks: exact, cell by cell, and within a budget."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.judge import shears
from gateway.judge.boxes import Axis, Space, TooHard
from gateway.judge.shears import Shears

A, B, C = Axis("a", "uvw"), Axis("b", (1, 2, 3)), Axis("c", (True, False))
SPACE = Space(A, B, C)
CELLS = [
    SPACE.box(SPACE.only(A, [a]), SPACE.only(B, [b]), SPACE.only(C, [c]))
    for a, b, c in itertools.product(A.values, B.values, C.values)
]


@st.composite
def boxes(draw: st.DrawFn) -> tuple[int, ...]:
    """A few boxes, none of them empty."""
    found = draw(
        st.lists(st.tuples(*(st.sets(st.sampled_from(axis.values), min_size=1) for axis in (A, B, C))), max_size=4)
    )
    return tuple(SPACE.box(SPACE.only(A, a), SPACE.only(B, b), SPACE.only(C, c)) for a, b, c in found)


def cells(*boxes: int) -> set[int]:
    return {cell for cell in CELLS if any(cell & box == cell for box in boxes)}


@given(one=boxes(), other=boxes())
def test_what_is_left_and_what_is_shared_is_exact(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    """Every cell is where it belongs, and no box is empty."""
    cut = Shears(SPACE)

    left, shared = cut.without(one, other), cut.shared(one, other)

    assert cells(*one) - cells(*other) == cells(*left)
    assert cells(*one) & cells(*other) == cells(*shared)
    assert all(cells(box) for box in (*left, *shared))


@given(old=boxes(), old_stops=boxes(), new=boxes(), new_stops=boxes())
def test_more_is_what_goes_now_and_did_not_go_then(
    old: tuple[int, ...], old_stops: tuple[int, ...], new: tuple[int, ...], new_stops: tuple[int, ...]
) -> None:
    """Newly allowed, or no longer stopped; never what is stopped now."""
    went, goes = cells(*old) - cells(*old_stops), cells(*new) - cells(*new_stops)

    assert goes - went == cells(*Shears(SPACE).more(old, old_stops, new, new_stops))


@given(some=boxes())
def test_the_fewest_boxes_hold_the_same(some: tuple[int, ...]) -> None:
    """No cell more, none less, no box in another, and never more boxes than before."""
    fewest = Shears(SPACE).fewest(some)

    assert cells(*some) == cells(*fewest)
    assert len(fewest) <= len(set(some))


def test_a_question_that_takes_too_long_has_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so; nobody may take it for "nothing more"."""
    monkeypatch.setattr(shears, "STEPS", 3)

    with pytest.raises(TooHard):
        Shears(SPACE).without([SPACE.everything], CELLS)
