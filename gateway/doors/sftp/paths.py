"""The one path type of the file door: made at the edge, compared by components.

Promises: a `TreePath` holds only names every desktop can keep and nothing that climbs; two spellings of a path are
one value; `dir` is not a prefix of `dir-evil`, because nothing here compares text (SFTPGo GHSA-h64p-8h4r-6gfh). There
is one reader, used for every request. Names never reach a disk: the tree maps them to opaque things.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

MAX_NAME_BYTES = 255
MAX_PATH_BYTES = 4096
MAX_DEPTH = 32

RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789¹²³"}
)
"""Devices to Windows, whatever extension follows."""

# `\` separates and `:` opens an alternate stream on a recipient's Windows; the others turn the direction of the text,
# so that `fdp.exe` reads as `exe.pdf`.
REFUSED = frozenset("\\:\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")


@dataclass(frozen=True, slots=True, kw_only=True)
class BadPath:
    """Why the bytes are no path of ours, as a code of the catalogue."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TreePath:
    """A place in the tree, from the top. Made by `read_path` or by `/` from one that was."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return "/" + "/".join(self.names)

    def __truediv__(self, name: str) -> TreePath:
        return TreePath(names=(*self.names, name))

    @property
    def name(self) -> str:
        """The last name; empty at the top."""
        return self.names[-1] if self.names else ""

    @property
    def parent(self) -> TreePath:
        """The folder this is in; the top is its own."""
        return TreePath(names=self.names[:-1])

    def is_under(self, folder: TreePath) -> bool:
        """Whether this is in `folder`, at any depth; nothing is under itself."""
        return len(self.names) > len(folder.names) and self.names[: len(folder.names)] == folder.names


TOP = TreePath(names=())


def read_path(untrusted: bytes, *, may_climb: bool = False) -> TreePath | BadPath:
    """The path the bytes spell, relative ones from the top.

    `may_climb` is for REALPATH alone, which `cd ..` is made of: there `..` takes the last name away, in words, before
    anything is looked up. Everywhere else it is refused.
    """
    if len(untrusted) > MAX_PATH_BYTES:
        return BadPath(code="path-long")
    try:
        text = unicodedata.normalize("NFC", untrusted.decode("utf-8"))
    except UnicodeDecodeError:
        return BadPath(code="path-not-utf8")
    names: list[str] = []
    for name in text.split("/"):
        if name in {"", "."}:
            continue
        if name == ".." and may_climb:
            del names[-1:]
            continue
        if code := _fault(name):
            return BadPath(code=code)
        names.append(name)
    if len(names) > MAX_DEPTH:
        return BadPath(code="path-deep")
    return TreePath(names=tuple(names))


def _fault(name: str) -> str:
    if name == "..":
        return "path-climbs"
    if len(name.encode()) > MAX_NAME_BYTES:
        return "name-long"
    if any(unicodedata.category(c) == "Cc" or c in REFUSED for c in name):
        return "name-odd"
    if name[-1] in " .":
        return "name-end"
    if name.partition(".")[0].rstrip(" ").casefold() in RESERVED:
        return "name-reserved"
    return ""
