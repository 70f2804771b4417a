"""A PNG as raw bytes: eight by eight coloured pixels, and every place a program writes into."""

from __future__ import annotations

import struct
import zlib

from tests.corpus.canary import Dirty, filled
from tests.corpus.jpeg_file import exif

MAGIC = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, body: bytes) -> bytes:
    """One chunk."""
    return struct.pack(">L", len(body)) + name + body + struct.pack(">L", zlib.crc32(name + body))


def _parts() -> tuple[bytes, bytes, bytes]:
    rows = b"".join(b"\0" + bytes((x * 30 + y) % 256 for x in range(24)) for y in range(8))
    return (
        chunk(b"IHDR", struct.pack(">LLBBBBB", 8, 8, 8, 2, 0, 0, 0)),
        chunk(b"IDAT", zlib.compress(rows)),
        chunk(b"IEND", b""),
    )


def plain() -> bytes:
    """The picture alone."""
    return MAGIC + b"".join(_parts())


def dirty() -> Dirty:
    """A screenshot that was cropped, tagged and saved by several programs."""
    tokens: dict[str, tuple[int, str]] = {}

    def say(template: str) -> bytes:
        return filled(template, tokens).encode()

    head, data, end = _parts()
    words = filled("@1.make@ @1.model@ @1.program@ @1.taken@ @1.artist@ @1.gps@ @2.small@", tokens).split()
    content = (
        MAGIC
        + head
        + chunk(b"tEXt", b"Author\0" + say("@1.text@"))
        + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(say("@1.packed-text@")))
        + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + say("<x>@1.xmp@</x>"))
        + chunk(b"tIME", b"\x07\xe8\x01\x02\x03\x04\x05")
        + chunk(b"eXIf", exif(words, 6))
        + chunk(b"iCCP", say("@1.profile-name@") + b"\0\0" + zlib.compress(b"no profile " + say("@1.profile@")))
        + chunk(b"prVt", say("@1.private@"))
        + data
        + chunk(b"tEXt", b"Late\0" + say("@1.late-text@"))
        + end
        + say("@2.after-end@")
    )
    return Dirty(content=content, tokens=tokens)
