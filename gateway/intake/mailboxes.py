"""The addresses in From, Sender, To and Cc: RFC 5322 §3.4 address lists, read in one pass.

Display names, comments and groups are stepped over, never interpreted: an address is what stands in angle brackets, or
alone between commas, and `intake.address` decides what is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.intake.address import mailbox
from gateway.transfer import Address

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|<[^<>"]*>|[,;:()]|[^\s",;:()<>]+|\s+|.', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailboxes:
    """What an address list holds."""

    addresses: tuple[Address, ...] = ()
    is_unreadable: bool = False
    """At least one entry is no address we would take."""
    is_too_deep: bool = False
    """Comments nest deeper than allowed; nothing behind that was read."""


def mailboxes(untrusted: bytes, *, comment_depth: int, utf8: bool = False) -> Mailboxes:
    """Every address of an unfolded field body."""
    reader = _Reader(utf8)
    depth = 0
    for found in _TOKEN.finditer(untrusted):
        token = found.group()
        if token == b"(":
            depth += 1
            if depth > comment_depth:
                return Mailboxes(addresses=tuple(reader.addresses), is_unreadable=True, is_too_deep=True)
        elif depth:
            depth -= token == b")"
        else:
            reader.take(token)
    reader.close()
    return Mailboxes(addresses=tuple(reader.addresses), is_unreadable=reader.is_unreadable or depth > 0)


class _Reader:
    """One entry at a time: words, or a name and what stands in its angle brackets."""

    def __init__(self, utf8: bool) -> None:
        self.addresses: list[Address] = []
        self.is_unreadable = False
        self._utf8 = utf8
        self._words: list[bytes] = []
        self._angle: bytes | None = None

    def take(self, token: bytes) -> None:
        """The next token outside comments."""
        if token in (b",", b";"):
            self.close()
        elif token == b":" and self._angle is None:
            self._words = []  # RFC 5322 §3.4: a group's name; its members follow
        elif token.startswith(b"<") and token.endswith(b">") and self._angle is None:
            self._angle = token[1:-1].strip(b" \t")
        elif not token.isspace():
            self.is_unreadable = self.is_unreadable or self._angle is not None or token in (b"<", b">", b")", b'"')
            self._words.append(token)

    def close(self) -> None:
        """The entry ends."""
        untrusted = b"".join(self._words) if self._angle is None else self._angle
        is_empty = self._angle is None and not self._words
        is_many_words = self._angle is None and len(self._words) > 1
        self._words, self._angle = [], None
        if is_empty:
            return
        address = mailbox(untrusted, utf8=self._utf8)
        if isinstance(address, Address) and not is_many_words:
            self.addresses.append(address)
        else:
            self.is_unreadable = True
