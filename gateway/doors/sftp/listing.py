"""A folder as a client sees it: attributes, the long line of `ls -l`, and pages that stay small.

Pages of at most 32 KiB are what every client takes; sshfs drops answers of more than 128 KiB.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from gateway.doors.sftp import answers
from gateway.doors.sftp.attributes import FILE_MODE, FOLDER_MODE, READ_ONLY_MODE, Attributes
from gateway.doors.sftp.tree import Entry

PAGE_BYTES = 32_000
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def attributes_of(entry: Entry) -> Attributes:
    """The entry as attributes."""
    if entry.is_folder:
        return Attributes(size=0, mode=FOLDER_MODE, mtime=entry.mtime)
    mode = READ_ONLY_MODE if entry.is_read_only else FILE_MODE
    return Attributes(size=entry.size, mode=mode, mtime=entry.mtime)


def long_line(entry: Entry) -> str:
    """The entry as `ls -l` shows it, in UTC and with the year, so that it needs no clock."""
    rights = "drwxr-x---" if entry.is_folder else "-r--r-----" if entry.is_read_only else "-rw-r-----"
    at = datetime.fromtimestamp(max(0, min(entry.mtime, 0xFFFF_FFFF)), tz=UTC)
    date = f"{MONTHS[at.month - 1]} {at.day:2}  {at.year}"
    return f"{rights}   1 -        -        {0 if entry.is_folder else entry.size:>10} {date} {entry.name}"


def pages_of(entries: Iterable[Entry]) -> list[list[bytes]]:
    """The names in pages, last page first: the next one is popped."""
    pages: list[list[bytes]] = []
    room = 0
    for entry in entries:
        name = answers.name(entry.name, long_line(entry), attributes_of(entry))
        if len(name) > room:
            pages.append([])
            room = PAGE_BYTES
        pages[-1].append(name)
        room -= len(name)
    pages.reverse()
    return pages
