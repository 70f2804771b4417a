"""Which bytes of a file have been written."""

from __future__ import annotations

import pytest

from gateway.keep.stretches import LARGEST_GAPS, Stretches


def of(*stretches: tuple[int, int]) -> Stretches:
    """Written in this order."""
    found = Stretches()
    for start, end in stretches:
        found.add(start, end)
    return found


@pytest.mark.parametrize("order", [((0, 3), (3, 9), (9, 10)), ((9, 10), (0, 3), (3, 9)), ((2, 10), (0, 5))])
def test_what_touches_is_one(order: tuple[tuple[int, int], ...]) -> None:
    """In whatever order neighbours come, they are one stretch from the first byte on."""
    found = of(*order)

    assert (10, True, False) == (found.prefix, found.is_one_from_zero(10), found.is_one_from_zero(11))


def test_a_gap_is_seen() -> None:
    """What lies across a gap is not covered, and what follows one is no prefix."""
    found = of((0, 3), (4, 9))

    assert (3, True, False) == (found.prefix, found.cover(5, 8), found.cover(2, 5))


def test_the_end_is_cut_off() -> None:
    """After a cut nothing behind it counts as written."""
    found = of((0, 3), (4, 9))
    found.cut(5)

    assert (True, False) == (found.cover(4, 5), found.cover(4, 6))


def test_gaps_are_bounded() -> None:
    """Who writes every other byte is refused, before the gaps cost much."""
    with pytest.raises(ValueError, match="gaps"):
        of(*((at, at + 1) for at in range(0, 2 * LARGEST_GAPS + 2, 2)))
