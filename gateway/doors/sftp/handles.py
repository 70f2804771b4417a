"""What a session has open: files being handed in, files being read, folders being listed.

Promises: a name is never used twice; a session and a person have only so many; an upload that went wrong once stays
wrong, so that a CLOSE after a failed WRITE (OpenSSH sends one) can not make a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.doors.sftp.coverage import Coverage
from gateway.doors.sftp.paths import TreePath
from gateway.doors.sftp.status import Denied, Hint
from gateway.doors.sftp.tree import Draft, Source
from gateway.errors import Failure, StoreBroken, Tampering


@dataclass(slots=True, kw_only=True)
class Upload:
    """A file being handed in."""

    path: TreePath
    draft: Draft
    appends: bool
    """Opened to append: offsets mean nothing, as with O_APPEND."""
    is_readable: bool
    coverage: Coverage
    promised_size: int | None = None
    """What FSETSTAT said it would be; lftp does, right before CLOSE."""
    mtime: int | None = None
    poison: Denied | None = None
    """Why this can no longer become a file."""

    def write(self, offset: int, untrusted: memoryview, *, most: int) -> Denied | None:
        """Take the bytes, or be poisoned."""
        if self.poison is None:
            try:
                self.poison = self._write(self.coverage.extent if self.appends else offset, untrusted, most)
            except Failure as failure:
                self.poison = excuse(failure)
        return self.poison

    def _write(self, offset: int, untrusted: memoryview, most: int) -> Denied | None:
        end = offset + len(untrusted)
        if end > most:
            return Denied.of(Hint.FULL, "too-large", most=str(most))
        if not untrusted:
            return None  # no bytes are no content, however far out: a draft must not grow by them
        if denied := self.draft.write(offset, untrusted):
            return denied
        if not self.coverage.add(offset, end):
            return Denied.of(Hint.FULL, "scattered")
        return None

    async def promise(self, size: int) -> Denied | None:
        """FSETSTAT with a size: 0 empties, anything else is compared at CLOSE, and never cuts what was written."""
        if size:
            self.promised_size = size
            return None
        if denied := await self.draft.restart():
            self.poison = self.poison or denied
            return denied
        self.coverage, self.promised_size = Coverage(), None
        return None

    def flaw(self) -> Denied | None:
        """Why what was written is not a whole file; None if it may be one."""
        if self.poison:
            return self.poison
        if not self.coverage.is_whole:
            return Denied.of(Hint.REFUSED, "missing-parts")
        extent = self.coverage.extent
        if self.promised_size not in {None, extent}:
            return Denied.of(Hint.REFUSED, "other-size", promised=str(self.promised_size), extent=str(extent))
        return None


@dataclass(slots=True, kw_only=True)
class Download:
    """A file being read."""

    path: TreePath
    source: Source


@dataclass(slots=True, kw_only=True)
class Listing:
    """A folder being listed: the snapshot, page by page."""

    path: TreePath
    pages: list[list[bytes]]
    """What is still to be told, last page first."""


Open = Upload | Download | Listing


def excuse(failure: Failure) -> Denied:
    """What a client is told of a failure. Raises it again where the process has to stop."""
    if isinstance(failure, StoreBroken | Tampering):
        raise failure
    return Denied(hint=Hint.AWAY, text=failure.public)


@dataclass(slots=True)
class Ration:
    """How many handles one person's sessions may still open, all together."""

    left: int


@dataclass(slots=True)
class Handles:
    """The table of one session."""

    most: int
    ration: Ration
    _open: dict[bytes, Open] = field(default_factory=dict)
    _given: int = 0

    @property
    def are_out(self) -> bool:
        """Whether no more can be opened."""
        return len(self._open) >= self.most or self.ration.left <= 0

    def add(self, opened: Open) -> bytes:
        """The name for it."""
        self._given += 1
        name = self._given.to_bytes(8, "big")
        self._open[name] = opened
        self.ration.left -= 1
        return name

    def get(self, name: bytes) -> Open | None:
        """What the name stands for, if it still does."""
        return self._open.get(name)

    def pop(self, name: bytes) -> Open | None:
        """The same, and it no longer does."""
        found = self._open.pop(name, None)
        if found is not None:
            self.ration.left += 1
        return found

    def poison(self, why: Denied) -> None:
        """A piece of one of the uploads was lost: none that is open can become a file."""
        for opened in self._open.values():
            if isinstance(opened, Upload):
                opened.poison = opened.poison or why

    def names(self) -> tuple[bytes, ...]:
        """All that are open."""
        return tuple(self._open)
