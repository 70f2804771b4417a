"""Entries are read back strictly."""

from __future__ import annotations

import base64
import json

import pytest

from gateway.errors import Unreadable
from gateway.ledger.entry import read_entry


def test_what_was_composed_is_read_back(worked) -> None:
    """Every open part of an entry survives the way out and back."""
    said = read_entry(worked.leaf.entry)
    assert ("xfer/1", "sealed", 1767225600123, "gw1") == (said.schema, said.kind, said.time_ms, said.gateway)
    assert (bytes(range(16)), 0, None, "") == (said.x, said.leg, said.intent, said.outcome)
    assert worked.leaf.roots == said.roots


def test_each_byte_flipped_is_refused_or_reads_otherwise(worked) -> None:
    """No flipped bit reads as the same entry."""
    truth = read_entry(worked.leaf.entry)
    for i in range(len(worked.leaf.entry)):
        flipped = bytearray(worked.leaf.entry)
        flipped[i] ^= 1
        try:
            assert truth != read_entry(bytes(flipped))
        except Unreadable:
            continue


@pytest.mark.parametrize("extra", [{"l": 0}, {"x": "AAAAAAAAAAAAAAAAAAAAAA=="}])
def test_the_logs_own_entries_have_no_leg(extra) -> None:
    """A tick is about no transfer."""
    tick = {"v": 1, "s": "log/1", "k": "tick", "t": 1, "g": "gw1"}
    assert "tick" == read_entry(json.dumps(tick, separators=(",", ":"), sort_keys=True).encode()).kind
    with pytest.raises(Unreadable):
        read_entry(json.dumps({**tick, **extra}, separators=(",", ":"), sort_keys=True).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"v": "1"}, {"t": -1}, {"t": "5"}, {"l": -1}, {"p": -1}, {"o": ""}, {"c": []}, {"c": None},
        {"x": None},
        {"x": "AAAA"}, {"y": 1}, {"k": None}, {"g": None}, {"d": []}, {"c": ["AAAA"] * 6},
        {"c": [base64.b64encode(bytes(32)).decode()] * 5},
    ],
)  # fmt: skip
def test_another_shape_is_unreadable(worked, change) -> None:
    """A missing, foreign or wrong member makes it no entry; None here means left out."""
    said = {**json.loads(worked.leaf.entry), **change}
    kept = {key: value for key, value in said.items() if value is not None}
    with pytest.raises(Unreadable):
        read_entry(json.dumps(kept, separators=(",", ":"), sort_keys=True).encode())


def test_an_entry_longer_than_a_bundle_can_hold_is_unreadable() -> None:
    """The bound comes before the parser."""
    with pytest.raises(Unreadable, match="65,535"):
        read_entry(b" " * 65_536)
