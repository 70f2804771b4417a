"""Attributes on the wire."""

from __future__ import annotations

import struct

import pytest

from gateway.doors.sftp.attributes import NOTHING, Attributes, BadAttributes, read_attributes, write_attributes


@pytest.mark.parametrize(
    "attributes", [NOTHING, Attributes(size=2**63), Attributes(mode=0o100640), Attributes(size=0, mode=1, mtime=2)]
)
def test_what_is_written_is_read(attributes: Attributes) -> None:
    """Parse of print is the same, and ends where the bytes end."""
    raw = write_attributes(attributes)

    assert (attributes, len(raw)) == read_attributes(memoryview(raw), 0)


def test_extended_pairs_are_skipped_exactly() -> None:
    """What follows them is found."""
    raw = struct.pack(">II", 0x80000000, 2) + b"".join(struct.pack(">I", n) + b"x" * n for n in (3, 0, 5, 1)) + b"next"

    assert (NOTHING, len(raw) - 4) == read_attributes(memoryview(raw), 0)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\0\0",
        struct.pack(">I", 0x10),
        struct.pack(">I", 0x1) + bytes(7),
        struct.pack(">II", 0x80000000, 17),
        struct.pack(">III", 0x80000000, 1, 0xFFFFFFFF),
    ],
)
def test_what_is_cut_or_unknown_is_refused(raw: bytes) -> None:
    """Unknown flags, missing bytes, lengths that lie."""
    with pytest.raises(BadAttributes):
        read_attributes(memoryview(raw), 0)


@pytest.mark.parametrize(("mtime", "told"), [(-5, 0), (2**40, 2**32 - 1)])
def test_a_time_outside_version_3_is_told_as_near_as_can_be(mtime: int, told: int) -> None:
    """32 bits end in 2106."""
    found, _ = read_attributes(memoryview(write_attributes(Attributes(mtime=mtime))), 0)

    assert told == found.mtime
