"""Dot-stuffing (RFC 5321 §4.5.2) of a stream, and nothing else: every other byte leaves as it came.

Bytes must be canonical. A bare CR or LF is refused before it is written, because some servers end a message at
`LF . LF` and would take what follows for commands (CVE-2023-51764 and kin).
"""

from __future__ import annotations

from gateway.errors import Unreadable

THE_END = b"\r\n.\r\n"
NOTHING = b".\r\n"
"""The end of a message of which nothing was sent."""


class Stuffer:
    """Holds back the last line end, so that the end of the message can be a write of its own."""

    def __init__(self) -> None:
        self._held = b""
        self._is_at_start = True

    def feed(self, piece: bytes) -> bytes:
        """What may be written now. Raises `Unreadable` at a bare CR or LF."""
        if self._is_at_start and piece:
            self._is_at_start = False
            if piece.startswith(b"."):
                piece = b"." + piece
        stuffed = (self._held + piece).replace(b"\r\n.", b"\r\n..")
        # Three bytes where two would cut a CRLF in half: then each written piece is canonical by itself.
        kept = 3 if stuffed[-3:-1] == b"\r\n" else 2
        ready, self._held = stuffed[:-kept], stuffed[-kept:]
        _check(ready)
        return ready

    def close(self) -> bytes:
        """What is left before `THE_END`. Raises `Unreadable` if the message does not end in CRLF."""
        if not self._held.endswith(b"\r\n"):
            raise Unreadable("a message ends in CRLF")
        rest = self._held[:-2]
        _check(rest)
        return rest


def _check(ready: bytes) -> None:
    pairs = ready.count(b"\r\n")
    if ready.count(b"\n") != pairs or ready.count(b"\r") != pairs:
        raise Unreadable("a bare CR or LF")
