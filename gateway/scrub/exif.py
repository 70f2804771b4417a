"""The one thing of an EXIF block that the eye needs, its Orientation; and what kinds of things the rest gives away.

Ruling text: TIFF 6.0 §2 and Exif 2.32 §4.6. Never raises: a block that cannot be read turns nothing and gives away
`marks`; it is dropped either way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from gateway.scrub.plan import Kind

_ORIENTATION = 0x0112
_MOST_ENTRIES = 512
_KINDS = {
    0x010F: Kind.DEVICE,
    0x0110: Kind.DEVICE,
    0x0131: Kind.DEVICE,
    0x013C: Kind.DEVICE,
    0x0132: Kind.DATES,
    0x013B: Kind.PEOPLE,
    0x8298: Kind.PEOPLE,
    0x8825: Kind.LOCATION,
    0x9003: Kind.DATES,
    0x9004: Kind.DATES,
    0x9C9D: Kind.PEOPLE,
    0xA430: Kind.PEOPLE,
    0xA431: Kind.IDS,
    0xA434: Kind.DEVICE,
}


def minimal(orientation: int) -> bytes:
    """The fixed TIFF block that says how to turn the picture and nothing else."""
    return b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + bytes([orientation]) + bytes(6)


def orientation(tiff: bytes) -> int:
    """1 to 8; 1, upright, where the block does not say."""
    for order, tag, at in _entries(tiff):
        if tag == _ORIENTATION and struct.unpack_from(order + "HL", tiff, at + 2) == (3, 1):
            (value,) = struct.unpack_from(order + "H", tiff, at + 8)
            return value if 1 <= value <= 8 else 1
    return 1


def kinds(tiff: bytes) -> frozenset[Kind]:
    """What the block gives away, as far as it can be read."""
    found = {_KINDS[tag] for _, tag, _ in _entries(tiff) if tag in _KINDS}
    if _has_second_image(tiff):
        found.add(Kind.THUMBNAILS)
    return frozenset(found) or frozenset({Kind.MARKS})


def _order(tiff: bytes) -> str:
    return {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4], "")


def _directory(tiff: bytes, order: str, offset: int) -> range:
    """The positions of a directory's entries, as many as lie inside the block."""
    if not 8 <= offset <= len(tiff) - 2:
        return range(0)
    (count,) = struct.unpack_from(order + "H", tiff, offset)
    end = min(offset + 2 + 12 * min(count, _MOST_ENTRIES), len(tiff) - 11)
    return range(offset + 2, max(end, offset + 2), 12)


def _entries(tiff: bytes) -> Iterator[tuple[str, int, int]]:
    """Byte order, tag and position of each entry of IFD0 and of the Exif directory it points to."""
    order = _order(tiff)
    if not order or len(tiff) < 8:
        return
    (offset,) = struct.unpack_from(order + "L", tiff, 4)
    deeper = 0
    for at in _directory(tiff, order, offset):
        (tag,) = struct.unpack_from(order + "H", tiff, at)
        if tag == 0x8769:
            (deeper,) = struct.unpack_from(order + "L", tiff, at + 8)
        yield order, tag, at
    for at in _directory(tiff, order, deeper):
        yield order, struct.unpack_from(order + "H", tiff, at)[0], at


def _has_second_image(tiff: bytes) -> bool:
    """True if IFD0 is followed by IFD1: the thumbnail, often of the picture before it was cropped."""
    order = _order(tiff)
    if not order or len(tiff) < 8:
        return False
    (offset,) = struct.unpack_from(order + "L", tiff, 4)
    rows = _directory(tiff, order, offset)
    return bool(rows) and rows.stop + 4 <= len(tiff) and tiff[rows.stop : rows.stop + 4] != bytes(4)
