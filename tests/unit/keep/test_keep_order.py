"""What every store checks before it writes."""

from __future__ import annotations

import pytest

from gateway.keep import Append, Head
from gateway.keep.order import check_order
from tests.contracts.records import facts, head


@pytest.mark.parametrize(
    ("appends", "old", "new"),
    [
        ([facts("T-A", at=0, count=2), facts("T-B", at=2)], None, head(3)),
        ([facts("T-A", at=5, expected=9)], head(5), head(6)),
        ([Append(stream="T-A", expected=4, rows=(), leaves=())], head(5), head(5)),
        ([], None, head(0)),
    ],
)
def test_a_ledger_without_gaps_passes(appends: list[Append], old: Head | None, new: Head) -> None:
    """Entries from the old size to the new one, facts numbered on from what was expected."""
    check_order(appends, old=old, new=new)


@pytest.mark.parametrize(
    ("appends", "old", "new"),
    [
        ([facts("T-A", at=1)], None, head(1)),
        ([facts("T-A", at=0)], None, head(2)),
        ([facts("T-A", at=6)], head(5), head(7)),
        ([facts("T-B", at=1), facts("T-A", at=0)], None, head(2)),
        ([], head(5), head(4)),
        ([Append(stream="T-A", expected=1, rows=facts("T-A", at=0).rows, leaves=())], None, head(0)),
    ],
)
def test_a_gap_is_a_mistake_of_the_writer(appends: list[Append], old: Head | None, new: Head) -> None:
    """Anything else is refused before it is written."""
    with pytest.raises(ValueError, match="gap"):
        check_order(appends, old=old, new=new)
