"""New Content-IDs for one leg's copy, in headers and in the bodies that refer to them (RFC 2392).

The ids clients make tell the second, the host or the program: Outlook's `image001.png@01D5…` is a FILETIME. Ours come
from the leg's seed and the part's place, so the same plan makes the same bytes and twice changes nothing. A reference
that leads to no part of this mail, left over from an earlier one, is given an id that tells nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from html import unescape
from urllib.parse import unquote

from gateway.skeleton import Octets, Part

_SCHEME = re.compile(rb"cid:", re.I)
_BRACKETS = re.compile(r"<([^<>]*)>")
_REFERENCE = re.compile(rb"""(["'=(][ \t\r\n]*|)\bcid:([^\x00-\x20"'<>()\[\]]+)""", re.I)
_TIMED = re.compile(r"[^@]+@[0-9A-F]{8}\.[0-9A-F]{8}")
"""Outlook's; in plain text it writes them for all to see."""


def refers(content: bytes) -> bool:
    """Whether a decoded body may refer to a part."""
    return _SCHEME.search(content) is not None


class ContentIds:
    """The ids of one leg's copy. Parts under a signature keep theirs."""

    def __init__(self, original: Octets, parts: Iterable[Part], seed: bytes) -> None:
        self._seed = seed
        self._nowhere = self._made("nowhere")
        self._new: dict[str, str] = {}
        for part in parts:
            if not part.is_frozen and (old := _old(original, part)):
                self._new.setdefault(old, self._made(part.path))

    def of(self, original: Octets, part: Part) -> str:
        """The new id of a part; empty if it has none."""
        old = _old(original, part)
        return self._new.get(old, self._nowhere) if old else ""

    def start(self, value: str) -> str:
        """The `start` parameter of multipart/related, RFC 2387 §3.2."""
        return f"<{self._new.get(_bare(value), self._nowhere)}>"

    def rewritten(self, content: bytes) -> bytes:
        """A decoded text with its references led to the new ids."""
        return _REFERENCE.sub(self._led, content) if refers(content) else content

    def _led(self, found: re.Match[bytes]) -> bytes:
        old = unquote(unescape(found[2].decode("latin-1")), encoding="latin-1")
        new = self._new.get(old)
        if new is None:
            if not found[1] and not _TIMED.fullmatch(old):
                return found[0]  # words that a person wrote
            new = self._nowhere
        return found[1] + b"cid:" + new.encode("ascii")

    def _made(self, path: str) -> str:
        digest = hashlib.sha256(self._seed + b" content-id " + path.encode("ascii")).hexdigest()
        return f"{digest[:16]}@{digest[16:32]}"


def _old(original: Octets, part: Part) -> str:
    field = next((field for field in part.fields if field.name == "content-id"), None)
    return _bare(original[field.value : field.end].decode("latin-1")) if field else ""


def _bare(text: str) -> str:
    """An id without its brackets and folds."""
    found = _BRACKETS.search(text)
    return "".join((found[1] if found else text).split())
