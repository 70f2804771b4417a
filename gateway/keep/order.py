"""What every store checks before it writes: the ledger is numbered without a gap, and so is each stream.

A batch that breaks this is a mistake of the writer, never of the store or a peer; so it is a `ValueError`.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.keep import Append, Head


def check_order(appends: Sequence[Append], *, old: Head | None, new: Head) -> None:
    """Raise `ValueError` unless entries run from the old size to the new one, and each stream's facts go on by one."""
    start = old.size if old else 0
    entries = [leaf.index for append in appends for leaf in append.leaves]
    if new.size < start or entries != list(range(start, new.size)):
        raise ValueError("ledger entries are numbered from the old size to the new one, without a gap")
    for append in appends:
        versions = [row.version for row in append.rows]
        if versions != list(range(append.expected + 1, append.expected + 1 + len(versions))):
            raise ValueError("a stream's facts are numbered on from what was expected, without a gap")
