"""Which bytes were written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.doors.sftp.coverage import MAX_PIECES, Coverage


@given(st.integers(0, 30), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=40))
def test_it_says_what_a_set_of_numbers_would(size: int, spans: list[tuple[int, int]]) -> None:
    """Against the obvious model: extent and holes are those of the set of all written positions."""
    coverage, model = Coverage(size), set(range(size))
    for start, length in spans:
        assert coverage.add(start, start + length)
        model |= set(range(start, start + length))

    assert max(model, default=-1) + 1 == coverage.extent
    assert (model == set(range(len(model)))) == coverage.is_whole


def test_scattering_is_bounded() -> None:
    """So many pieces and no more; filling a gap is still possible."""
    coverage = Coverage()
    for piece in range(MAX_PIECES):
        assert coverage.add(piece * 4, piece * 4 + 2)

    assert not coverage.add(MAX_PIECES * 4 + 2, MAX_PIECES * 4 + 3)
    assert coverage.add(2, 4)
