"""The container of evidence: a zip any desktop opens, with exactly one spelling for its content.

Names sorted, stored without compression, dated 1980-01-01, nothing before, between or after. Reading walks the local
headers, writes the same content again and compares, so a second reading of the same bytes cannot exist.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping

from gateway.errors import Unreadable

LARGEST = 16 * 1024 * 1024
MOST_FILES = 10_000

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_NEEDS_VERSION = 20
_DATE = 0x0021  # 1980-01-01 as MS-DOS counts
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*", re.ASCII)


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """The one zip of these files."""
    if len(files) > MOST_FILES:
        raise ValueError("more files than a bundle holds")
    body, directory = bytearray(), bytearray()
    for name, content in sorted(files.items()):
        if not _NAME.fullmatch(name) or len(name) > 255:
            raise ValueError("not a plain file name")
        label = name.encode("ascii")
        size = len(content)
        about = (_NEEDS_VERSION, 0, 0, 0, _DATE, zlib.crc32(content), size, size, len(label), 0)
        directory += _CENTRAL.pack(b"PK\x01\x02", _NEEDS_VERSION, *about, 0, 0, 0, 0, len(body)) + label
        body += _LOCAL.pack(b"PK\x03\x04", *about) + label + content
    count = len(files)
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    whole = bytes(body + directory + end)
    if len(whole) > LARGEST:
        raise ValueError("more than a bundle holds")
    return whole


def read_zip(untrusted: bytes) -> dict[str, bytes]:
    """The files of a zip that `write_zip` would write. Raises `Unreadable` for any other bytes."""
    if len(untrusted) > LARGEST:
        raise Unreadable("larger than a bundle may be")
    files: dict[str, bytes] = {}
    at = 0
    try:
        while untrusted[at : at + 4] == b"PK\x03\x04":
            if len(files) == MOST_FILES:
                raise Unreadable("more files than a bundle holds")
            fields = _LOCAL.unpack_from(untrusted, at)
            start = at + _LOCAL.size
            middle = start + fields[9]
            at = middle + fields[7]  # the stored size; a compressed file cannot survive the comparison below
            name = untrusted[start:middle].decode("ascii")
            if name in files:
                raise Unreadable("a file twice")
            files[name] = untrusted[middle:at]
        if write_zip(files) != untrusted:
            raise Unreadable("not a bundle as we write them")
    except (struct.error, ValueError) as why:
        raise Unreadable("not a bundle as we write them") from why
    return files
