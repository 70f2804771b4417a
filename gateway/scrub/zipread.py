"""A zip's directory, read so that every reader must agree with us; what can be read two ways is held.

Ruling text: APPNOTE 6.3 §4.3 and §4.4; handbook `metadata.md` §6. The central directory and the local headers must say
the same, members must lie one after another from the first byte to the directory without overlap or gap, and there is
one end record. Sizes are believed only as a bound: `inflate` counts what really comes out. No zip64, no multi-disk.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from gateway.scrub.plan import Code, Place, Stuck, Window

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_END_MAGIC = b"PK\x05\x06"
_LONGEST_COMMENT = 0xFFFF
_STORED, _DEFLATED = 0, 8
_ENCRYPTED_FLAGS = 0x2041
_STREAMED = 0x0008
_UTF8 = 0x0800
_KNOWN_FLAGS = 0x0006 | _STREAMED | _UTF8
_NO_TIME = (0, 0x21)
"""1980-01-01 00:00:00, the earliest a zip can say."""

MOST_MEMBERS = 10_000
MOST_BYTES = 1 << 30
MOST_RATIO = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of an archive, as both headers describe it."""

    name: str
    method: int
    crc: int
    size: int
    packed: int
    start: int
    """Where its packed bytes begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A zip that can be read in one way only, and what its container gives away."""

    members: tuple[Member, ...]
    dated: int
    """Members with a time of their own."""
    adorned: int
    """Comments and extra fields (Unix owners, finer times)."""
    folders: int


def _damaged() -> Stuck:
    return Stuck(Code.DAMAGED, Place.CONTAINER)


def read(src: Window) -> Archive:
    """The directory of `src`; raises `Stuck`."""
    end = _end_record(src)
    _, disk, start_disk, here, total, size, offset, comment = _END.unpack_from(src, end)
    if disk or start_disk or here != total or offset + size != end:
        raise _damaged()
    if total > MOST_MEMBERS:
        raise Stuck(Code.LIMIT, Place.CONTAINER)
    members: list[Member] = []
    dated = folders = 0
    adorned = 1 if comment else 0
    at, reach = offset, 0
    for _ in range(total):
        if at + _CENTRAL.size > end:
            raise _damaged()
        row = _CENTRAL.unpack_from(src, at)
        if row[0] != b"PK\x01\x02":
            raise _damaged()
        name, following = _name_of(src, at, row)
        member, reach = _local(src, row, name, reach, offset)
        dated += (row[5], row[6]) not in (_NO_TIME, (0, 0))
        adorned += bool(row[11]) or bool(row[12])
        at = following
        if name.endswith("/"):
            folders += 1
            continue
        members.append(member)
    if at != end or reach != offset:
        raise _damaged()
    _check_names(members)
    if sum(m.size for m in members) > min(MOST_BYTES, MOST_RATIO * len(src)):
        raise Stuck(Code.LIMIT, Place.CONTAINER)
    return Archive(members=tuple(members), dated=dated, adorned=adorned, folders=folders)


def _end_record(src: Window) -> int:
    """The one end record; a second one that could also be read as the end makes two archives of one file."""
    first = max(0, len(src) - _LONGEST_COMMENT - _END.size)
    end = src.rfind(_END_MAGIC, first)
    if end < 0 or end + _END.size > len(src) or end + _END.size + _END.unpack_from(src, end)[7] != len(src):
        raise _damaged()
    earlier = src.find(_END_MAGIC, first)
    while earlier != end:
        if earlier + _END.size + _END.unpack_from(src, earlier)[7] == len(src):
            raise Stuck(Code.POLYGLOT, Place.CONTAINER)
        earlier = src.find(_END_MAGIC, earlier + 1)
    return end


def _name_of(src: Window, at: int, row: tuple[int, ...]) -> tuple[str, int]:
    """The member's name and where the next central header begins."""
    flags, name_size, extra, comment, disk = row[3], row[10], row[11], row[12], row[13]
    if disk:
        raise _damaged()
    if flags & _ENCRYPTED_FLAGS:
        raise Stuck(Code.ENCRYPTED, Place.CONTAINER)
    if flags & ~_KNOWN_FLAGS or row[4] not in (_STORED, _DEFLATED):
        raise Stuck(Code.UNKNOWN, Place.CONTAINER)
    if (row[15] >> 28) == 0xA:  # S_IFLNK: a link may point at anything
        raise _damaged()
    raw = src[at + _CENTRAL.size : at + _CENTRAL.size + name_size]
    try:
        name = raw.decode("utf-8" if flags & _UTF8 else "ascii")
    except UnicodeDecodeError:
        raise _damaged() from None
    return name, at + _CENTRAL.size + name_size + extra + comment


def _local(src: Window, row: tuple[int, ...], name: str, reach: int, directory: int) -> tuple[Member, int]:
    """The member and where it ends, if its local header says what the directory says and lies right at `reach`."""
    flags, method, crc, packed, size, offset = row[3], row[4], row[7], row[8], row[9], row[16]
    if offset != reach or offset + _LOCAL.size > directory:
        raise _damaged()
    magic, _, l_flags, l_method, _, _, l_crc, l_packed, l_size, l_name, l_extra = _LOCAL.unpack_from(src, offset)
    start = offset + _LOCAL.size + l_name + l_extra
    if magic != b"PK\x03\x04" or l_flags != flags or l_method != method:
        raise _damaged()
    if src[offset + _LOCAL.size : start - l_extra] != name.encode("utf-8"):
        raise _damaged()
    stated = (l_crc, l_packed, l_size)
    is_streamed = bool(flags & _STREAMED)
    if stated != (crc, packed, size) and not (is_streamed and stated == (0, 0, 0)):
        raise _damaged()
    if method == _STORED and packed != size:
        raise _damaged()
    end = start + packed
    if is_streamed:  # APPNOTE 6.3 §4.3.9: the descriptor's signature is optional
        descriptor = struct.pack("<3L", crc, packed, size)
        if src[end : end + 16] == b"PK\x07\x08" + descriptor:
            end += 16
        elif src[end : end + 12] == descriptor:
            end += 12
        else:
            raise _damaged()
    if end > directory or (name.endswith("/") and size):
        raise _damaged()
    return Member(name=name, method=method, crc=crc, size=size, packed=packed, start=start), end


def _check_names(members: list[Member]) -> None:
    """No name may mean two members, or a place outside the archive."""
    if len({m.name.casefold() for m in members}) != len(members):
        raise _damaged()
    for member in members:
        steps = member.name.split("/")
        if any(step in ("", ".", "..") for step in steps) or any(c < " " or c in '\\:\x7f"' for c in member.name):
            raise _damaged()


def inflate(src: Window, member: Member, spend: Callable[[int], None]) -> bytes:
    """The member's content: exactly as long as it said, with the checksum it said, and no byte left over."""
    packed = src[member.start : member.start + member.packed]
    spend(member.size)
    if member.method == _STORED:
        content = packed
    else:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = stream.decompress(packed, member.size + 1)
        except zlib.error:
            raise _damaged() from None
        if not stream.eof or stream.unused_data or stream.unconsumed_tail:
            raise _damaged()
    if len(content) != member.size or zlib.crc32(content) != member.crc:
        raise _damaged()
    return content
