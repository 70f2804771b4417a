"""A leg protected by the next hop's verified TLS alone: the cleaned bytes leave as they are.

Only where `floor.choose` said so. The bytes must be canonical (CRLF, ending in one), because `ship` only dot-stuffs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.errors import Unreadable


def as_they_are(clean: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in the same pieces. Raises `Unreadable` at the end if they do not end in CRLF."""
    tail = b""
    for piece in clean:
        tail = (tail + piece)[-2:]
        yield piece
    if tail != b"\r\n":
        raise Unreadable("a message ends in CRLF")
