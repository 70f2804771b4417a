"""A colour profile rebuilt to the numbers that make colours: no texts, makers, dates or ids.

Ruling text: ICC.1:2022 §7. Only tags on the allow-list stay; the two texts a profile must have are fixed ones. Colours
do not change. Rebuilding a rebuilt profile changes nothing.
"""

from __future__ import annotations

import struct

_HEADER = 128
_MOST_TAGS = 100
_CLASSES = frozenset({b"mntr", b"scnr", b"prtr", b"spac"})
_SPACES = frozenset({b"RGB ", b"GRAY", b"CMYK", b"Lab ", b"XYZ "})
_TAGS = frozenset(
    b"rXYZ gXYZ bXYZ wtpt bkpt rTRC gTRC bTRC kTRC chad A2B0 A2B1 A2B2 B2A0 B2A1 B2A2 gamt chrm cicp lumi".split()
)
_NAME = b"Colour"
_RIGHTS = b"None"


def rebuilt(profile: bytes) -> bytes | None:
    """The same colours and nothing else; None if it is not a sane profile, and is better left out."""
    header = profile[:_HEADER]
    if len(profile) < _HEADER + 4 or header[36:40] != b"acsp" or int.from_bytes(header[:4]) != len(profile):
        return None
    if header[12:16] not in _CLASSES or header[16:20] not in _SPACES or header[20:24] not in (b"XYZ ", b"Lab "):
        return None
    tags = _tags(profile)
    if tags is None:
        return None
    is_v4 = header[8] >= 4
    tags += [(b"desc", _description(is_v4)), (b"cprt", _rights(is_v4))]
    return _assembled(header, sorted(tags))


def _tags(profile: bytes) -> list[tuple[bytes, bytes]] | None:
    """The tags worth keeping; None if the table does not add up."""
    (count,) = struct.unpack_from(">L", profile, _HEADER)
    if count > _MOST_TAGS or _HEADER + 4 + 12 * count > len(profile):
        return None
    rows = [struct.unpack_from(">4sLL", profile, _HEADER + 4 + 12 * row) for row in range(count)]
    if any(offset < _HEADER or offset + size > len(profile) for _, offset, size in rows):
        return None
    names = [name for name, _, _ in rows]
    if len(set(names)) != len(names):
        return None
    return [(name, profile[offset : offset + size]) for name, offset, size in rows if name in _TAGS]


def _assembled(header: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    """Header, table, data; equal data is stored once, each on a multiple of four (ICC.1:2022 §7.3.1)."""
    at = _HEADER + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    body = bytearray()
    table = bytearray(struct.pack(">L", len(tags)))
    for name, data in tags:
        if data not in places:
            places[data] = at + len(body)
            body += data + bytes(-len(data) % 4)
        table += name + struct.pack(">LL", places[data], len(data))
    date = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    fixed = header[8:24] + date + b"acsp" + bytes(16) + header[56:80] + bytes(48)
    return struct.pack(">L", at + len(body)) + bytes(4) + fixed + bytes(table) + bytes(body)


def _localised(text: bytes) -> bytes:
    """A `mluc` value, what version 4 writes texts in (ICC.1:2022 §10.15)."""
    wide = text.decode("ascii").encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">LL2s2sLL", 1, 12, b"en", b"US", len(wide), 28) + wide


def _description(is_v4: bool) -> bytes:
    if is_v4:
        return _localised(_NAME)
    return b"desc" + bytes(4) + struct.pack(">L", len(_NAME) + 1) + _NAME + bytes(1 + 8 + 3 + 67)


def _rights(is_v4: bool) -> bytes:
    return _localised(_RIGHTS) if is_v4 else b"text" + bytes(4) + _RIGHTS + b"\x00"
