"""What a session asks of the office behind it: folders and files that exist only by meaning.

A `Tree` is one person's view for one SFTP session. What the person may not see is absent, not forbidden. Refusing is a
value (`Denied`), and its text is for the person. A method may raise an `errors.Failure`: the client is told "later", in
its public words, and an upload it happened to can no longer become a file.

Durability: `Draft.complete` returns None only when the file is kept and known (P5: the engine's receipt); everything
before may be lost. Concurrency: a session asks one thing at a time and in the client's order; a person has several
sessions, each with a tree of its own, over one truth. An attacker who holds a tree can do what its person can do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.doors.sftp.paths import TreePath
from gateway.doors.sftp.status import Denied


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing in a folder, or the folder itself, as the client shall see it."""

    name: str
    """A name `paths.read_path` would take; the top's is empty."""
    is_folder: bool
    size: int = 0
    """Of a file: as uploaded, also after what is delivered has become something else."""
    mtime: int = 0
    """Seconds since 1970."""
    is_read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What the person may still hand in."""

    total_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How a file is opened for writing."""

    is_truncated: bool
    """Start empty; otherwise go on with what is there, if it is still being handed in."""
    must_be_new: bool
    """Refuse if the name is taken."""
    may_create: bool
    is_appended: bool = False
    """What is written is meant to follow what is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """Another name or folder."""

    old: TreePath
    new: TreePath
    may_replace: bool
    """`posix-rename`; a plain RENAME never replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """A file goes: withdrawn, or recalled."""

    path: TreePath


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeFolder:
    """A folder is wanted; only labels are folders one can make."""

    path: TreePath


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFolder:
    """A folder is to go."""

    path: TreePath


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTime:
    """The modification time, which is kept; owner and mode never reach the tree."""

    path: TreePath
    mtime: int


Change = Rename | Remove | MakeFolder | RemoveFolder | SetTime


Content = bytes | list[memoryview]
"""What was read: in one, or in pieces that follow each other."""


class Source(Protocol):
    """A file open for reading."""

    @property
    def entry(self) -> Entry:
        """As it was when opened."""
        ...

    def read(self, offset: int, size: int) -> Content | Denied | Awaitable[Content | Denied]:
        """Up to `size` bytes (at most `wire.MAX_DATA`) from `offset`; none at or past the end. At once if it can."""
        ...

    async def close(self, *, was_asked: bool) -> None:
        """No more reading. `was_asked`: by a CLOSE packet, not because the connection went."""
        ...


class Draft(Protocol):
    """A file being handed in, of which nothing counts until `complete`. There is at most one per path."""

    @property
    def size(self) -> int:
        """Bytes from the start to the furthest written; when opened: what can be gone on from."""
        ...

    def write(self, offset: int, untrusted: memoryview) -> Denied | None:
        """Take the bytes; the view is gone when this returns. May answer for an earlier write that failed since."""
        ...

    async def room(self) -> None:
        """Return once more may be written. Asked after each write that left `is_full`."""
        ...

    @property
    def is_full(self) -> bool:
        """Whether as much waits for the disk as may."""
        ...

    async def read(self, offset: int, size: int) -> bytes | Denied:
        """What this draft holds there: sshfs reads what it writes."""
        ...

    async def restart(self) -> Denied | None:
        """Empty it."""
        ...

    async def sync(self) -> Denied | None:
        """Everything written so far survives a power cut, as a draft."""
        ...

    async def complete(self, *, mtime: int | None, is_sized: bool = False) -> Denied | None:
        """The CLOSE packet came, all is contiguous and of the promised size: keep it. None: P5 holds from now on.

        `is_sized`: the client did promise one, so it is no part of what lay there before.
        """
        ...

    async def abandon(self) -> None:
        """Anything else happened. It stays as incomplete, to be resumed or swept."""
        ...


class Tree(Protocol):
    """One person's view, for one session."""

    async def look(self, path: TreePath) -> Entry | Denied:
        """What is there."""
        ...

    async def listing(self, path: TreePath) -> Sequence[Entry] | Denied:
        """A snapshot of a folder."""
        ...

    async def read(self, path: TreePath) -> Source | Denied:
        """Open for reading."""
        ...

    async def write(self, path: TreePath, opening: Opening) -> Draft | Denied:
        """Open for writing: the place to refuse, with the rule and who can grant it."""
        ...

    async def change(self, change: Change) -> Denied | None:
        """Do it, or say why not."""
        ...

    async def space(self, path: TreePath) -> Space | Denied:
        """What may still be handed in there."""
        ...

    async def leave(self, *, was_clean: bool) -> None:
        """The session is over, every draft and source closed. `was_clean`: the client ended it, so names may settle."""
        ...
