"""File attributes on the wire: draft-ietf-secsh-filexfer-02 §5.

Promises: reading consumes exactly the attributes; unknown flags are refused, for what follows them could not be found.
Extended pairs are bounded and forgotten: no client of ours needs one.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

SIZE, OWNER, MODE, TIMES, EXTENDED = 0x1, 0x2, 0x4, 0x8, 0x80000000
KNOWN = SIZE | OWNER | MODE | TIMES | EXTENDED
MAX_EXTENDED = 16

FOLDER_MODE = 0o040_750
FILE_MODE = 0o100_640
READ_ONLY_MODE = 0o100_440

_U32, _U64 = struct.Struct(">I"), struct.Struct(">Q")


class BadAttributes(ValueError):
    """The bytes are not attributes of version 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What a client says about a file, or we about ours; None is "not said". Owners are neither kept nor told."""

    size: int | None = None
    mode: int | None = None
    mtime: int | None = None
    """Seconds since 1970. Version 3 has 32 bits: it ends in 2106."""


NOTHING = Attributes()


def read_attributes(data: memoryview, at: int) -> tuple[Attributes, int]:
    """The attributes that start at `at`, and where they end."""
    try:
        (flags,) = _U32.unpack_from(data, at)
        at += 4
        if flags & ~KNOWN:
            raise BadAttributes("unknown flags")
        if not flags:
            return NOTHING, at
        size = mode = mtime = None
        if flags & SIZE:
            (size,) = _U64.unpack_from(data, at)
            at += 8
        if flags & OWNER:
            _U64.unpack_from(data, at)
            at += 8
        if flags & MODE:
            (mode,) = _U32.unpack_from(data, at)
            at += 4
        if flags & TIMES:
            _, mtime = struct.unpack_from(">II", data, at)
            at += 8
        if flags & EXTENDED:
            at = _skip_extended(data, at)
    except struct.error:
        raise BadAttributes("cut short") from None
    return Attributes(size=size, mode=mode, mtime=mtime), at


def _skip_extended(data: memoryview, at: int) -> int:
    (count,) = _U32.unpack_from(data, at)
    if count > MAX_EXTENDED:
        raise BadAttributes("too many extended pairs")
    at += 4
    for _ in range(2 * count):
        (length,) = _U32.unpack_from(data, at)
        at += 4 + length
        if at > len(data):
            raise BadAttributes("cut short")
    return at


def write_attributes(attributes: Attributes) -> bytes:
    """The attributes as bytes. Access time is the modification time; nobody is owner."""
    flags, body = 0, b""
    if attributes.size is not None:
        flags |= SIZE
        body += _U64.pack(attributes.size)
    if attributes.mode is not None:
        flags |= OWNER | MODE
        body += _U64.pack(0) + _U32.pack(attributes.mode)
    if attributes.mtime is not None:
        flags |= TIMES
        mtime = max(0, min(attributes.mtime, 0xFFFF_FFFF))
        body += struct.pack(">II", mtime, mtime)
    return _U32.pack(flags) + body
