"""A photograph for the play: a small grey JPEG made from nothing, and the GPS position its camera wrote into it.

Ruling texts: ITU-T T.81 annex B and F.1 for the picture, Exif 2.32 §4.6.6 for the position. `position` reads the
bytes by itself and knows nothing of our scrubber: it stands for whoever looks at a photo to see where it was taken.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise

WIDE, HIGH = 12, 6
"""In blocks of eight by eight pixels, each of one grey."""

_SOI, _EOI, _EXIF = b"\xff\xd8", b"\xff\xd9", b"Exif\x00\x00"
_GPS = 0x8825
_SHORTEST_BITS = 4
_CATEGORIES = 12


def photo(latitude: float, longitude: float) -> bytes:
    """The picture of a dusk over the town, taken at this position."""
    greys = [255 - 28 * row - 3 * column for row in range(HIGH) for column in range(WIDE)]
    return _SOI + _segment(0xE1, _EXIF + _tiff(latitude, longitude)) + _tables() + _scan(greys) + _EOI


def position(untrusted_jpeg: bytes) -> tuple[float, float] | None:
    """Where it says it was taken: degrees north and east. None: it does not say."""
    for body in _applications(untrusted_jpeg):
        if body.startswith(_EXIF):
            return _position(body[len(_EXIF) :])
    return None


def pixels(jpeg: bytes) -> bytes:
    """The coded picture itself: its tables and its scan, without anything said about it."""
    return jpeg[jpeg.index(b"\xff\xdb") :]


# ── the picture ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _tables() -> bytes:
    """One quantisation table, one grey frame, one Huffman table each for the greys and for the (empty) detail."""
    quantisation = _segment(0xDB, b"\x00" + b"\x08" * 64)
    frame = _segment(0xC0, struct.pack(">BHHBBBB", 8, 8 * HIGH, 8 * WIDE, 1, 1, 0x11, 0))
    greys = _segment(0xC4, b"\x00" + bytes([0, 0, 0, _CATEGORIES]) + bytes(12) + bytes(range(_CATEGORIES)))
    detail = _segment(0xC4, b"\x10" + b"\x01" + bytes(15) + b"\x00")
    return quantisation + frame + greys + detail


def _scan(greys: list[int]) -> bytes:
    """Each block's grey as the difference to the one before (T.81 F.1.2.1), and at once the end of the block."""
    bits = "".join(_difference(after - before) + "0" for before, after in pairwise([128, *greys]))
    bits += "1" * (-len(bits) % 8)
    coded = int(bits, 2).to_bytes(len(bits) // 8).replace(b"\xff", b"\xff\x00")  # T.81 B.1.1.5: stuffing
    return _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + coded


def _difference(step: int) -> str:
    category = abs(step).bit_length()
    value = step if step >= 0 else step + (1 << category) - 1
    return f"{category:0{_SHORTEST_BITS}b}" + (f"{value:0{category}b}" if category else "")


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


# ── the position ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _tiff(latitude: float, longitude: float) -> bytes:
    """IFD0 with the camera's name and a pointer to the GPS directory."""
    camera = b"Field camera 7\x00"
    camera_at = 8 + 2 + 2 * 12 + 4
    gps_at = camera_at + len(camera) + len(camera) % 2
    rows = struct.pack(">HHLL", 0x0110, 2, len(camera), camera_at) + struct.pack(">HHLL", _GPS, 4, 1, gps_at)
    head = b"MM\x00*\x00\x00\x00\x08" + struct.pack(">H", 2) + rows + bytes(4)
    return (head + camera).ljust(gps_at, b"\x00") + _gps_directory(latitude, longitude, gps_at)


def _gps_directory(latitude: float, longitude: float, at: int) -> bytes:
    data_at = at + 2 + 4 * 12 + 4
    rows = b"".join(
        struct.pack(">HHL4s", tag, 2, 2, letter + bytes(3)) + struct.pack(">HHLL", tag + 1, 5, 3, where)
        for tag, letter, where in (
            (1, b"N" if latitude >= 0 else b"S", data_at),
            (3, b"E" if longitude >= 0 else b"W", data_at + 24),
        )
    )
    return struct.pack(">H", 4) + rows + bytes(4) + _sexagesimal(abs(latitude)) + _sexagesimal(abs(longitude))


def _sexagesimal(degrees: float) -> bytes:
    """Degrees, minutes and hundredths of seconds as three fractions."""
    minutes, hundredths = divmod(round(degrees * 360_000), 6000)
    return struct.pack(">6L", minutes // 60, 1, minutes % 60, 1, hundredths, 100)


def _applications(jpeg: bytes) -> Iterator[bytes]:
    """The APP1 segments before the picture."""
    at = 2
    while jpeg[at : at + 1] == b"\xff" and jpeg[at + 1 : at + 2] not in (b"\xda", b""):
        size = int.from_bytes(jpeg[at + 2 : at + 4])
        if jpeg[at + 1] == 0xE1:
            yield jpeg[at + 4 : at + 2 + size]
        at += 2 + size


def _position(tiff: bytes) -> tuple[float, float] | None:
    directory = dict(_entries(tiff, int.from_bytes(tiff[4:8])))
    if _GPS not in directory:
        return None
    gps = dict(_entries(tiff, int.from_bytes(directory[_GPS])))
    return _degrees(tiff, gps[1], gps[2], b"S"), _degrees(tiff, gps[3], gps[4], b"W")


def _entries(tiff: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Tag and value field of each entry of a big-endian directory, which is the order ours is written in."""
    (count,) = struct.unpack_from(">H", tiff, at)
    for row in range(at + 2, at + 2 + 12 * count, 12):
        yield int.from_bytes(tiff[row : row + 2]), tiff[row + 8 : row + 12]


def _degrees(tiff: bytes, letter: bytes, where: bytes, minus: bytes) -> float:
    parts: tuple[int, ...] = struct.unpack_from(">6L", tiff, int.from_bytes(where))
    degrees, minutes, seconds = (over / under for over, under in zip(parts[::2], parts[1::2], strict=True))
    size = degrees + minutes / 60 + seconds / 3600
    return -size if letter.startswith(minus) else size
