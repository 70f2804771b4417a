"""Memory divided among those who are there."""

from __future__ import annotations

import gc

from gateway.engine.files.share import Share


class Holder:
    """Somebody."""


def test_the_more_there_are_the_less_each_has() -> None:
    """Never more than the most, never less than the least; in between the total, divided."""
    share, holders = Share(24, least_bytes=2, most_bytes=8), [Holder() for _ in range(20)]
    parts = [share.part_bytes]
    for one in holders:
        share.join(one)
        parts.append(share.part_bytes)

    assert [8, 8, 8, 8, 6, 4, 4, 3] == parts[:8]
    assert 2 == parts[20]


def test_who_leaves_or_is_gone_leaves_more() -> None:
    """Leaving twice is leaving once; who was forgotten without leaving counts until the next change."""
    share, stays, leaves, forgotten = Share(24, least_bytes=1, most_bytes=24), Holder(), Holder(), Holder()
    for one in (stays, leaves, forgotten):
        share.join(one)

    share.leave(leaves)
    share.leave(leaves)
    assert 12 == share.part_bytes

    del one, forgotten
    gc.collect()
    share.join(stays)
    assert 24 == share.part_bytes
