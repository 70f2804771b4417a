"""JPEG: the segments that make the picture, byte for byte, and no other.

Ruling text: ITU-T T.81 annex B. Lossless: entropy-coded data is copied. Orientation stays in a fixed EXIF block, the
colour profile is rebuilt, Adobe's APP14 stays because it says how colours are coded. Every other application segment,
comment and whatever follows the end (previews, motion video) is dropped, between the scans of a progressive file too.

GAP: entropy-coded data is not decoded, so bytes after the last coded block and before the end marker would be copied.
Consequence: a covert channel for someone who wants one; no camera or program writes there.
"""

from __future__ import annotations

import struct

from gateway.scrub import Child, exif, icc
from gateway.scrub.plan import Cleaned, Code, Held, Inspection, Kind, Place, Plan, Sink, Stuck, Window
from gateway.scrub.tally import Tally

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PICTURE = _FRAMES | {0xC4, 0xCC, 0xDB, 0xDC, 0xDD}
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_ICC = b"ICC_PROFILE\x00"
_EXIF = b"Exif\x00\x00"
_JFIF = b"JFIF\x00"
_MOST_IN_SEGMENT = 0xFFFF - 2


class Jpeg:
    """The scrubber of JPEG pictures."""

    def inspect(self, src: Window, child: Child) -> Inspection:
        """What the segments give away."""
        tally = Tally(child.plan, child)
        _filtered(src, tally)
        return tally.inspection()

    def clean(self, src: Window, plan: Plan, child: Child, out: Sink) -> Cleaned | Held:
        """The same picture without them."""
        tally = Tally(plan, child)
        out.write(_filtered(src, tally))
        return tally.verdict()


def _damaged() -> Stuck:
    return Stuck(Code.DAMAGED, Place.SEGMENT)


def _filtered(src: Window, tally: Tally) -> bytes:
    """The picture in one pass."""
    if src[:2] != b"\xff\xd8":
        raise _damaged()
    pieces: list[bytes] = []
    heads: dict[str, bytes] = {}
    profile: dict[int, bytes] = {}
    has_frame = has_scan = False
    at = 2
    while True:
        marker, at = _marker(src, at)
        if marker == _EOI:
            break
        if marker in _BARE or marker in (0x00, _SOI):
            raise _damaged()  # a restart outside a scan, or a second picture inside this one
        if at + 2 > len(src):
            raise _damaged()
        size = int.from_bytes(src[at : at + 2])
        body = src[at + 2 : at + size]
        if size < 2 or len(body) != size - 2:
            raise _damaged()
        at += size
        if marker == _SOS:
            end = _scan_end(src, at)
            pieces += [_segment(marker, body), src[at:end]]
            at, has_scan = end, True
        elif marker in _PICTURE:
            has_frame |= marker in _FRAMES
            pieces.append(_segment(marker, body))
        else:
            pieces.append(_application(marker, body, heads, profile, tally))
    if not (has_frame and has_scan):
        raise _damaged()
    _tail(src, at, tally)
    return b"".join([b"\xff\xd8", _heads(heads, profile, tally), *pieces, b"\xff\xd9"])


def _marker(src: Window, at: int) -> tuple[int, int]:
    """The next marker and what follows it; any number of fill bytes may stand before it (T.81 B.1.1.2)."""
    if src[at : at + 1] != b"\xff":
        raise _damaged()
    while src[at : at + 1] == b"\xff":
        at += 1
    if at >= len(src):
        raise _damaged()
    return src[at], at + 1


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _scan_end(src: Window, at: int) -> int:
    """Where entropy-coded data ends: at the first marker that is neither stuffing nor a restart (T.81 B.1.1.5)."""
    while (at := src.find(b"\xff", at)) >= 0 and at + 1 < len(src):
        if src[at + 1] != 0x00 and not 0xD0 <= src[at + 1] <= 0xD7:
            return at
        at += 2
    raise _damaged()  # cut short


def _application(marker: int, body: bytes, heads: dict[str, bytes], profile: dict[int, bytes], tally: Tally) -> bytes:
    """Note what an application segment or a comment gives away; returns what of it stays in its place."""
    if marker == _APP0 and body.startswith(_JFIF) and len(body) >= 14:
        if len(body) > 14 or body[12:14] != b"\x00\x00":
            tally.strips(Kind.THUMBNAILS, Place.SEGMENT)
        heads.setdefault("jfif", body[:12] + b"\x00\x00")
    elif marker == _APP0 and body.startswith(b"JFXX\x00"):
        tally.strips(Kind.THUMBNAILS, Place.SEGMENT)
    elif marker == _APP1 and body.startswith(_EXIF):
        _exif(body[len(_EXIF) :], heads, tally)
    elif marker == _APP2 and body.startswith(_ICC) and len(body) > len(_ICC) + 2:
        if body[len(_ICC)] in profile:
            raise _damaged()
        profile[body[len(_ICC)]] = body[len(_ICC) + 2 :]
    elif _is_adobe(marker, body) or not tally.strips(Kind.MARKS, Place.SEGMENT):
        return _segment(marker, body)
    return b""


def _is_adobe(marker: int, body: bytes) -> bool:
    """How the colours are coded; without it CMYK pictures turn inside out."""
    return marker == _APP14 and body.startswith(b"Adobe") and len(body) == 12


def _exif(tiff: bytes, heads: dict[str, bytes], tally: Tally) -> None:
    turn = exif.orientation(tiff)
    fixed = exif.minimal(turn)
    if tiff != fixed:
        stripped = [tally.strips(kind, Place.SEGMENT) for kind in sorted(exif.kinds(tiff))]
        if not any(stripped):
            fixed, turn = tiff, 0
    if turn != 1:
        heads.setdefault("exif", _EXIF + fixed)


def _heads(heads: dict[str, bytes], profile: dict[int, bytes], tally: Tally) -> bytes:
    """What stands first in a clean file: JFIF, the fixed EXIF block, the rebuilt profile."""
    head = b""
    if "jfif" in heads:
        head += _segment(_APP0, heads["jfif"])
    if "exif" in heads:
        head += _segment(_APP1, heads["exif"])
    whole = b"".join(profile[number] for number in sorted(profile))
    if not whole:
        return head
    plain = icc.rebuilt(whole) or b""
    if plain != whole and not tally.strips(Kind.DEVICE, Place.PROFILE):
        plain = whole
    room = _MOST_IN_SEGMENT - len(_ICC) - 2
    parts = [plain[start : start + room] for start in range(0, len(plain), room)]
    for number, part in enumerate(parts, 1):
        head += _segment(_APP2, _ICC + bytes([number, len(parts)]) + part)
    return head


def _tail(src: Window, at: int, tally: Tally) -> None:
    """What follows the end: further pictures (MPF), motion video, makers' notes. Never copied, whatever the plan."""
    if at < len(src):
        is_picture = src.find(b"\xff\xd8\xff", at, at + 64) >= 0
        tally.strips(Kind.THUMBNAILS if is_picture else Kind.MARKS, Place.TAIL)
