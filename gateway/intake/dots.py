"""The end of DATA: RFC 5321 §4.5.2, and nothing but CRLF.CRLF ends a message.

Sans-I/O, whole chunks at a time, constant memory. A bare CR, a bare LF, a NUL, an over-long line or too much of
everything is remembered as the first fault with its line, and reading goes on to the true end: whoever answers early
lets the rest of a message be read as commands. After a fault nothing more is given out.
"""

from __future__ import annotations

import re

from gateway.intake.fault import Fault

_END = b"\r\n.\r\n"
_STUFFED = b"\r\n."
_ODD = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")
MAX_LINE = 998  # RFC 5321 §4.5.3.1.6, without its CRLF


class Dots:
    """Feed it what arrives after 354. It gives out content, un-stuffed, until `is_ended`; `rest` came behind it."""

    def __init__(self, *, size_limit: int) -> None:
        # DATA begins at the start of a line, as if a CRLF had just passed; that one is never given out.
        self._held = b"\r\n"
        self._is_before_first = True
        self._column = 0
        self._lines = 0
        self._size_limit = size_limit
        self.size_bytes = 0
        self.is_ascii = True
        self.is_ended = False
        self.fault: Fault | None = None
        self.rest = b""

    def feed(self, untrusted: bytes) -> bytes:
        """The content these bytes complete; may be empty. Not to be called after the end."""
        if self.is_ended:
            raise ValueError("the message has ended")
        data = self._held + untrusted
        end = data.find(_END)
        if end >= 0:
            self.is_ended, self.rest, self._held = True, data[end + len(_END) :], b""
            data = data[: end + 2]
        else:
            cut = len(data) - _held_back(data)
            self._held, data = data[cut:], data[:cut]
        content = data.replace(_STUFFED, b"\r\n")
        if self._is_before_first and content:
            self._is_before_first, content = False, content[2:]
        return self._checked(content)

    def _checked(self, content: bytes) -> bytes:
        """`content` never ends inside a CRLF, so that each chunk can be judged alone."""
        before = self.size_bytes
        self.size_bytes += len(content)
        if self.fault:
            return b""
        ends = content.count(b"\r\n")
        is_odd = ends != content.count(b"\n") or ends != content.count(b"\r") or b"\0" in content
        too_long = self._walk(content)
        if is_odd or too_long >= 0 or self.size_bytes > self._size_limit:
            self.fault = self._first_fault(content, too_long, self._size_limit - before)
            return b""
        self._lines += ends
        self.is_ascii = self.is_ascii and content.isascii()
        return content

    def _first_fault(self, content: bytes, too_long: int, room: int) -> Fault:
        """The fault that comes first in the message, however it was cut into chunks."""
        odd = _ODD.search(content)
        at_odd = odd.start() if odd else len(content)
        at_long = too_long if too_long >= 0 else len(content)
        if room < len(content) and room <= min(at_odd, at_long):
            return Fault.of("too-big", bytes=f"{self._size_limit:,}")
        line = self._lines + content.count(b"\r\n", 0, min(at_odd, at_long)) + 1
        if at_long <= at_odd:
            return Fault.of("line-too-long", line=f"{line:,}", most=str(MAX_LINE))
        what = {b"\r": "cr", b"\n": "lf", b"\0": "nul"}[content[at_odd : at_odd + 1]]
        return Fault.of("bare-line-end", f"bare-line-end.{what}", line=f"{line:,}")

    def _walk(self, content: bytes) -> int:
        """The offset of the first character too many in a line, or -1. Strides over many short lines at once."""
        start = -self._column  # where the current line began, before this chunk if negative
        while True:
            reach = start + MAX_LINE
            if reach >= len(content):
                last = content.rfind(b"\r\n", max(start, 0))
                self._column = len(content) - (last + 2 if last >= 0 else start)
                return -1
            found = content.rfind(b"\r\n", max(start, 0), reach + 2)
            if found < 0:
                return max(start + MAX_LINE, 0)
            start = found + 2


def _held_back(data: bytes) -> int:
    """How many bytes at the end may yet turn out to be stuffing or the end."""
    for length in (4, 3, 2, 1):
        if data.endswith(_END[:length]):
            return length
    return 0
