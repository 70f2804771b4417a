"""A JPEG as raw bytes: sixteen by eight grey pixels, and every place a camera or an editor writes into."""

from __future__ import annotations

import struct

from tests.corpus.canary import Dirty, filled

PLAIN_HEAD = b"\xff\xd8"
TABLES = (
    b"\xff\xdb\x00\x43\x00"
    + b"\x08" * 64
    + b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x10\x01\x01\x11\x00"
    + b"\xff\xc4\x00\x15\x00\x01\x01" + bytes(14) + b"\x00\x04"
    + b"\xff\xc4\x00\x14\x10\x01" + bytes(15) + b"\x00"
)  # fmt: skip
SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\xa9\x2b"
END = b"\xff\xd9"


def segment(marker: int, body: bytes) -> bytes:
    """One marker segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def exif(words: list[str], orientation: int) -> bytes:
    """A TIFF block with make, model, software, date, artist, a GPS directory, and a thumbnail directory."""
    make, model, software, date, artist, gps, thumb = words
    strings = [(0x010F, make), (0x0110, model), (0x0131, software), (0x0132, date), (0x013B, artist)]
    count = len(strings) + 2
    data_at = 8 + 2 + 12 * count + 4
    rows, data = [], b""
    for tag, text in strings:
        value = text.encode() + b"\0"
        rows.append((tag, 2, len(value), data_at + len(data)))
        data += value
    gps_at = data_at + len(data)
    gps_text = gps.encode() + b"\0"
    gps_ifd = struct.pack("<HHHLLL", 1, 0x001B, 2, len(gps_text), gps_at + 18, 0) + gps_text
    next_at = gps_at + len(gps_ifd)
    thumb_text = thumb.encode() + b"\0"
    next_ifd = struct.pack("<HHHLLL", 1, 0x010E, 2, len(thumb_text), next_at + 18, 0) + thumb_text
    rows.append((0x8825, 4, 1, gps_at))
    table = b"".join(struct.pack("<HHLL", *row) for row in sorted([*rows, (0x0112, 3, 1, orientation)]))
    return (
        b"II*\0\x08\0\0\0" + struct.pack("<H", count) + table + struct.pack("<L", next_at) + data + gps_ifd + next_ifd
    )


def plain() -> bytes:
    """The picture alone."""
    return PLAIN_HEAD + TABLES + SCAN + END


def dirty(orientation: int = 6) -> Dirty:
    """A telephone's photograph after a few programs had it."""
    tokens: dict[str, tuple[int, str]] = {}

    def say(template: str) -> bytes:
        return filled(template, tokens).encode()

    names = "@1.make@ @1.model@ @1.software@ @1.taken@ @1.artist@ @1.gps@ @2.exif-thumbnail@"
    words = filled(names, tokens).split()
    content = (
        PLAIN_HEAD
        + segment(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0")
        + segment(0xE0, b"JFXX\0\x10" + say("@2.jfxx@"))
        + segment(0xE1, b"Exif\0\0" + exif(words, orientation))
        + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + say("<x:xmpmeta>@1.xmp@</x:xmpmeta>"))
        + segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + say("@1.extended-xmp@"))
        + segment(0xE2, b"MPF\0II*\0" + say("@1.mpf-index@"))
        + segment(0xE4, say("@1.maker-segment@"))
        + segment(0xEB, b"JP" + say("@1.c2pa@"))
        + segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + say("@1.iptc@"))
        + segment(0xEF, say("@1.app15@"))
        + segment(0xFE, say("@1.comment@"))
        + TABLES
        + segment(0xFE, say("@1.late-comment@"))
        + SCAN
        + END
        + PLAIN_HEAD + segment(0xFE, say("@2.mpf-picture@")) + TABLES + SCAN + END
    )  # fmt: skip
    return Dirty(content=content, tokens=tokens)
