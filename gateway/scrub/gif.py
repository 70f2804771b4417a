"""GIF: the blocks that make the picture, byte for byte, and no other.

Ruling text: GIF89a specification §18 to §27. Lossless: image data is copied. Comments, application blocks and whatever
follows the trailer are dropped; of an animation's application block the loop count stays. A block nobody knows is
dropped, anything else between blocks holds the picture.

GAP: image data is not unpacked, so sub-blocks after the end of its codes would be copied. Consequence: bytes no reader
shows could survive there.
"""

from __future__ import annotations

from gateway.scrub import Child
from gateway.scrub.plan import Cleaned, Code, Held, Inspection, Kind, Place, Plan, Sink, Stuck, Window
from gateway.scrub.tally import Tally

MAGICS = (b"GIF87a", b"GIF89a")
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_PLAIN_TEXT, _CONTROL, _APPLICATION = 0x01, 0xF9, 0xFF
_LOOPS = (b"\x0bNETSCAPE2.0\x03\x01", b"\x0bANIMEXTS1.0\x03\x01")
_CONTROL_BYTES, _LOOP_BYTES = 6, 17


class Gif:
    """The scrubber of GIF pictures, animated ones too."""

    def inspect(self, src: Window, child: Child) -> Inspection:
        """What the blocks give away."""
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
    if src[:6] not in MAGICS:
        raise _damaged()
    at = _after_colours(src, 13, _byte(src, 10))
    pieces = [src[:at]]
    has_image = False
    while (introducer := _byte(src, at)) != _TRAILER:
        if introducer == _IMAGE:
            data = _after_colours(src, at + 10, _byte(src, at + 9)) + 1  # the least code size
            end = _after_blocks(src, data)
            pieces.append(src[at:end])
            has_image = True
        elif introducer == _EXTENSION:
            end = _after_blocks(src, at + 2)
            pieces.append(_kept(src[at:end], tally))
        else:
            raise _damaged()
        at = end
    if not has_image:
        raise _damaged()
    if at + 1 < len(src):
        tally.strips(Kind.HISTORY, Place.TAIL)
    return b"".join([*pieces, b";"])


def _byte(src: Window, at: int) -> int:
    if at >= len(src):
        raise _damaged()
    return src[at]


def _after_colours(src: Window, at: int, flags: int) -> int:
    """Past a colour table, if there is one (§18, §20)."""
    end = at + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    if end > len(src):
        raise _damaged()
    return end


def _after_blocks(src: Window, at: int) -> int:
    """Past a row of sub-blocks and its terminator (§15, §16)."""
    while size := _byte(src, at):
        at += size + 1
    return at + 1


def _kept(whole: bytes, tally: Tally) -> bytes:
    """What of an extension stays."""
    label, body = whole[1], whole[2:]
    if label == _CONTROL and len(body) == _CONTROL_BYTES:
        return whole
    if label == _APPLICATION and body.startswith(_LOOPS) and len(body) >= _LOOP_BYTES - 1:
        fixed = whole[:2] + body[: _LOOP_BYTES - 1] + b"\x00"
        return fixed if fixed == whole or tally.strips(Kind.MARKS, Place.CHUNK) else whole
    # §25: text that old readers drew and today's do not
    kind = Kind.HIDDEN if label == _PLAIN_TEXT else Kind.MARKS
    return b"" if tally.strips(kind, Place.CHUNK) else whole
