"""What a file's name and its two ends tell before anybody opens it.

Promises: a name under which clients write what is not finished is known as such; a name nobody meant to send is
refused; a file whose format says where it ends, and which does not end there, is called cut. Says nothing about what a
file is: extensions and first bytes are hints for a person, the workshop looks for itself.

GAP: a format without an end mark (plain text, RTF, the old Office formats) can be cut and nobody can tell.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from enum import StrEnum

READ_ME = "_READ ME.txt"
"""The page every folder explains itself with; made here, so it is nobody's to hand in."""

TEMPORARY_ENDS = (".filepart", ".part", ".partial", ".tmp", ".crdownload", ".swp")
TEMPORARY_STARTS = (".in.", "~$", ".~lock.", ".nfs", ".fuse_hidden")
"""WinSCP, lftp, rclone and browsers; HiddenStores; Office and LibreOffice locks; what removing an open file leaves."""

_DROPPINGS = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".directory"})
_APPLE_DOUBLE = "._"

HEAD_BYTES = 1024
TAIL_BYTES = 65_557
"""The furthest from its end that a ZIP's end record may start: 22 bytes and a comment of 65,535."""

_OCTETS = "application/octet-stream"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_MEDIA = {
    "bmp": "image/bmp", "csv": "text/csv", "doc": "application/msword", "eml": "message/rfc822", "gif": "image/gif",
    "docx": f"{_OFFICE}.wordprocessingml.document", "htm": "text/html", "html": "text/html", "jpeg": "image/jpeg",
    "ics": "text/calendar", "jpg": "image/jpeg", "json": "application/json", "md": "text/markdown",
    "mp3": "audio/mpeg", "mp4": "video/mp4", "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet", "pdf": "application/pdf", "png": "image/png",
    "ppt": "application/vnd.ms-powerpoint", "pptx": f"{_OFFICE}.presentationml.presentation",
    "rtf": "application/rtf", "svg": "image/svg+xml", "tif": "image/tiff", "tiff": "image/tiff", "txt": "text/plain",
    "webp": "image/webp", "xls": "application/vnd.ms-excel", "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "xml": "application/xml", "zip": "application/zip",
}  # fmt: skip


class Ending(StrEnum):
    """Whether a file has its end."""

    WHOLE = "whole"
    CUT = "cut"
    UNTOLD = "untold"
    """Its format has no mark for it, or is none we know."""


def is_temporary(name: str, more: Iterable[str] = ()) -> bool:
    """Whether clients give such a name to what is not finished. `more`: the office's own, `*.end` or `start*`."""
    lowered = name.casefold()
    if lowered.endswith(TEMPORARY_ENDS) or lowered.startswith(TEMPORARY_STARTS):
        return True
    return any(
        lowered.endswith(one[1:].casefold()) if one.startswith("*") else lowered.startswith(one[:-1].casefold())
        for one in more
    )


def objection(name: str) -> str:
    """Why nobody should hand in a file of this name, as a sentence; empty if they may."""
    lowered = name.casefold()
    if lowered == READ_ME.casefold():
        return "This page is written by the gateway. Choose another name."
    if lowered in _DROPPINGS or lowered.startswith(_APPLE_DOUBLE):
        return "This is your computer's own file, not a paper. It was left out."
    # A zero-width character makes two names look alike to the person who has to choose between them.
    if any(unicodedata.category(c) in {"Cf", "Zl", "Zp", "Co", "Cn"} for c in name):
        return "The name holds characters nobody can see. Rename it and send it again."
    return ""


def media_of(name: str) -> str:
    """The media type a name claims."""
    return _MEDIA.get(name.rpartition(".")[2].casefold(), _OCTETS)


def ending(untrusted_head: bytes | memoryview, untrusted_tail: bytes | memoryview) -> Ending:
    """Whether the file ends where its format says: from its first `HEAD_BYTES` and its last `TAIL_BYTES`."""
    return _ending(bytes(untrusted_head), bytes(untrusted_tail))


def _ending(untrusted_head: bytes, untrusted_tail: bytes) -> Ending:
    if untrusted_head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _either(_zip_ends(untrusted_tail))
    if b"%PDF-" in untrusted_head[:HEAD_BYTES]:
        return _either(b"%%EOF" in untrusted_tail[-1024:])
    if untrusted_head.startswith(b"\xff\xd8\xff"):
        return _either(untrusted_tail.rstrip(b"\x00\r\n").endswith(b"\xff\xd9"))
    if untrusted_head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _either(b"\x00\x00\x00\x00IEND\xaeB`\x82" in untrusted_tail)
    return Ending.UNTOLD


def _either(is_whole: bool) -> Ending:
    return Ending.WHOLE if is_whole else Ending.CUT


def _zip_ends(untrusted_tail: bytes) -> bool:
    """An end record whose comment reaches exactly to the end: one inside a stored archive does not."""
    at = untrusted_tail.rfind(b"PK\x05\x06")
    while at >= 0:
        comment = int.from_bytes(untrusted_tail[at + 20 : at + 22], "little")
        if at + 22 + comment == len(untrusted_tail):
            return True
        at = untrusted_tail.rfind(b"PK\x05\x06", 0, at)
    return False
