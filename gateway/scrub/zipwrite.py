"""A zip written so that the same members always give the same bytes, and nothing but the members is in it.

Every time is 1980-01-01, no comment, no extra field, no owner; `[Content_Types].xml` first, the rest by name. Members
nobody changed keep their packed bytes, so that cleaning a clean document copies it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.scrub.plan import Sink

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_VERSION = 20
_DATE = 0x21
_FIRST = ("[Content_Types].xml", "_rels/.rels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """One member, ready to be written."""

    name: str
    method: int
    crc: int
    size: int
    body: bytes


def pack(name: str, content: bytes) -> Packed:
    """A member made from new content."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(content) + deflate.flush()
    return Packed(name=name, method=8, crc=zlib.crc32(content), size=len(content), body=body)


def write(members: Iterable[Packed], out: Sink) -> None:
    """Append the archive to `out`."""
    directory: list[bytes] = []
    offset = 0
    for member in sorted(members, key=_order):
        name = member.name.encode("utf-8")
        flags = 0 if member.name.isascii() else 0x0800
        shared = (_VERSION, flags, member.method, 0, _DATE, member.crc, len(member.body), member.size, len(name), 0)
        local = _LOCAL.pack(b"PK\x03\x04", *shared) + name
        out.write(local)
        out.write(member.body)
        directory.append(_CENTRAL.pack(b"PK\x01\x02", _VERSION, *shared, 0, 0, 0, 0, offset) + name)
        offset += len(local) + len(member.body)
    central = b"".join(directory)
    out.write(central + _END.pack(b"PK\x05\x06", 0, 0, len(directory), len(directory), len(central), offset, 0))


def _order(member: Packed) -> tuple[int, str]:
    return (_FIRST.index(member.name) if member.name in _FIRST else len(_FIRST), member.name)
