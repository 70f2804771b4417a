"""A GIF as raw bytes: two frames of two by two pixels, and every place a program writes into."""

from __future__ import annotations

from tests.corpus.canary import Dirty, filled

HEAD = b"GIF89a\x02\x00\x02\x00\x80\x00\x00" + b"\x00\x00\x00\xff\xff\xff"
LOOP = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
CONTROL = b"\x21\xf9\x04\x04\x0a\x00\x00\x00"
FRAME = b"\x2c\x00\x00\x00\x00\x02\x00\x02\x00\x00" + b"\x02\x03\x44\x02\x05\x00"
END = b"\x3b"


def blocks(body: bytes) -> bytes:
    """The body in sub-blocks."""
    cut = [body[at : at + 255] for at in range(0, len(body), 255)]
    return b"".join(bytes([len(one)]) + one for one in cut) + b"\x00"


def plain() -> bytes:
    """The picture alone."""
    return HEAD + LOOP + CONTROL + FRAME + CONTROL + FRAME + END


def dirty() -> Dirty:
    """A logo that went through several programs."""
    tokens: dict[str, tuple[int, str]] = {}

    def say(template: str) -> bytes:
        return filled(template, tokens).encode()

    content = (
        HEAD
        + LOOP
        + b"\x21\xfe" + blocks(say("Created by @1.comment@"))
        + b"\x21\xff\x0bXMP DataXMP" + say("<x:xmpmeta>@1.xmp@</x:xmpmeta>") + b"\x01"
        + bytes(range(255, -1, -1)) + b"\x00"
        + b"\x21\xff\x0bPRIVATE 1.0" + blocks(say("@1.application@"))
        + CONTROL
        + FRAME
        + b"\x21\xce" + blocks(say("@1.unknown@"))
        + CONTROL
        + FRAME
        + END
        + say("@2.after-end@")
    )  # fmt: skip
    return Dirty(content=content, tokens=tokens)
