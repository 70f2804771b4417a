"""PNG: the chunks that make the picture, byte for byte, and no other.

Ruling text: PNG third edition (W3C) §5 and §11. Lossless: image data is copied. Texts, times, private chunks and
whatever follows IEND (a cropped picture's remains) are dropped; the profile is rebuilt under a fixed name, Orientation
stays in a fixed block. A critical chunk nobody knows holds the picture.

GAP: image data is not inflated, so bytes after the end of its zlib stream would be copied. Consequence: remains of an
older, larger picture could survive there; the one known program that left them put them after IEND.
"""

from __future__ import annotations

import struct
import zlib

from gateway.scrub import Child, exif, icc
from gateway.scrub.plan import Cleaned, Code, Held, Inspection, Kind, Place, Plan, Sink, Stuck, Window
from gateway.scrub.tally import Tally

MAGIC = b"\x89PNG\r\n\x1a\n"
_PROFILE_NAME = b"Colour\x00\x00"
_MOST_PROFILE = 4 << 20
_REPEATED = frozenset({b"IDAT", b"fdAT", b"fcTL"})
_SIZES = {  # the allow-list, and between which sizes a chunk of that name is what it says
    b"IHDR": (13, 13),
    b"PLTE": (3, 768),
    b"IDAT": (0, 0x7FFFFFFF),
    b"IEND": (0, 0),
    b"tRNS": (1, 256),
    b"gAMA": (4, 4),
    b"cHRM": (32, 32),
    b"sRGB": (1, 1),
    b"sBIT": (1, 4),
    b"bKGD": (1, 6),
    b"pHYs": (9, 9),
    b"cICP": (4, 4),
    b"mDCV": (24, 24),
    b"cLLI": (8, 8),
    b"acTL": (8, 8),
    b"fcTL": (26, 26),
    b"fdAT": (4, 0x7FFFFFFF),
}
_GIVES_AWAY = {b"tIME": Kind.DATES, b"sPLT": Kind.MARKS}


class Png:
    """The scrubber of PNG pictures, animated ones too."""

    def inspect(self, src: Window, child: Child) -> Inspection:
        """What the chunks give away."""
        tally = Tally(child.plan, child)
        _filtered(src, tally)
        return tally.inspection()

    def clean(self, src: Window, plan: Plan, child: Child, out: Sink) -> Cleaned | Held:
        """The same picture without them."""
        tally = Tally(plan, child)
        out.write(_filtered(src, tally))
        return tally.verdict()


def _damaged() -> Stuck:
    return Stuck(Code.DAMAGED, Place.CHUNK)


def _filtered(src: Window, tally: Tally) -> bytes:
    """The picture in one pass."""
    if src[:8] != MAGIC:
        raise _damaged()
    pieces = [MAGIC]
    seen: set[bytes] = set()
    at, previous = 8, b""
    while previous != b"IEND":
        if at + 12 > len(src):
            raise _damaged()
        size, name = struct.unpack_from(">L4s", src, at)
        end = at + 12 + size
        if end > len(src):
            raise _damaged()
        whole = src[at:end]
        if zlib.crc32(whole[4:-4]) != int.from_bytes(whole[-4:]):
            raise _damaged()
        if (name == b"IHDR") != (at == 8) or (name == b"IDAT" and name in seen and previous != name):
            raise _damaged()
        pieces.append(_kept(name, whole, name in seen, tally))
        seen.add(name)
        at, previous = end, name
    if b"IDAT" not in seen:
        raise _damaged()
    if at < len(src):
        tally.strips(Kind.HISTORY, Place.TAIL)
    return b"".join(pieces)


def _kept(name: bytes, whole: bytes, is_second: bool, tally: Tally) -> bytes:
    """What of a chunk stays."""
    low, high = _SIZES.get(name, (1, 0))
    if low <= len(whole) - 12 <= high and not (is_second and name not in _REPEATED):
        return whole
    if not name[0] & 0x20:  # §5.4: upper case is critical: without it the picture cannot be shown
        raise _damaged() if name in _SIZES else Stuck(Code.UNKNOWN, Place.CHUNK)
    body = whole[8:-4]
    if name == b"iCCP" and not is_second:
        return _profile(whole, body, tally)
    if name == b"eXIf" and not is_second:
        return _exif(whole, body, tally)
    return b"" if tally.strips(_GIVES_AWAY.get(name, Kind.MARKS), Place.CHUNK) else whole


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">L", len(body)) + name + body + zlib.crc32(name + body).to_bytes(4)


def _profile(whole: bytes, body: bytes, tally: Tally) -> bytes:
    """The profile rebuilt under a fixed name; left out if it cannot be read."""
    _, _, packed = body.partition(b"\x00")
    stream = zlib.decompressobj()
    try:
        plain = icc.rebuilt(stream.decompress(packed[1:], _MOST_PROFILE))
    except zlib.error:
        plain = None
    fixed = _chunk(b"iCCP", _PROFILE_NAME + zlib.compress(plain, 9)) if plain else b""
    if fixed == whole:
        return whole
    return fixed if tally.strips(Kind.DEVICE, Place.PROFILE) else whole


def _exif(whole: bytes, body: bytes, tally: Tally) -> bytes:
    turn = exif.orientation(body)
    fixed = exif.minimal(turn)
    if body == fixed and turn != 1:
        return whole
    stripped = [tally.strips(kind, Place.CHUNK) for kind in sorted(exif.kinds(body))]
    if not any(stripped):
        return whole
    return _chunk(b"eXIf", fixed) if turn != 1 else b""
