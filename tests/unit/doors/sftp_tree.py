"""A whole tree in memory: what the engine's must do, without an engine."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field

from gateway.doors.sftp.paths import TreePath
from gateway.doors.sftp.status import Denied, Hint
from gateway.doors.sftp.tree import (
    Change,
    Entry,
    MakeFolder,
    Opening,
    Remove,
    RemoveFolder,
    Rename,
    SetTime,
    Space,
)
from gateway.errors import Failure

ABSENT = Denied(hint=Hint.ABSENT, text="There is no such file or folder.")
TAKEN = Denied(hint=Hint.IMPOSSIBLE, text="There is something of that name already.")
NOT_YOURS = Denied(
    hint=Hint.REFUSED,
    text="No rule lets you send to Globex: their agreement lapsed on 1 June (rule globex-out). "
    "The town clerk can renew it. Ref 4711.",
)
RECALLED = Denied(hint=Hint.REFUSED, text="This has been handed over; look in /receipts.")
TO, ACME, GLOBEX, FROM, RECEIPTS = (
    TreePath(names=names) for names in (("to",), ("to", "Acme"), ("to", "Globex"), ("from",), ("receipts",))
)
LABEL = ACME / "confidential"


@dataclass
class MemoryFile:
    """One file: its bytes and whether it was ever complete."""

    content: bytearray = field(default_factory=bytearray)
    mtime: int = 1_700_000_000
    is_whole: bool = False
    versions: list[bytes] = field(default_factory=list)
    """What was completed under this name, in order."""


@dataclass
class Office:
    """The truth that all sessions share; changed by assignment."""

    folders: set[TreePath] = field(
        default_factory=lambda: {TreePath(names=()), TO, ACME, GLOBEX, LABEL, FROM, RECEIPTS}
    )
    files: dict[TreePath, MemoryFile] = field(default_factory=dict)
    quota: int = 1 << 34
    fault: Failure | None = None
    """Raised by the next thing that touches the store."""
    departures: list[bool] = field(default_factory=list)
    """For each session that ended: was it clean."""
    abandoned: list[TreePath] = field(default_factory=list)
    keeps: bool = True
    """Whether content is remembered; off for measuring."""
    buffer: int = 1 << 40
    """After how many bytes a draft asks for a pause."""

    def complete(self, path: TreePath) -> bytes:
        """The last version somebody completed."""
        return self.files[path].versions[-1]

    def completed(self) -> list[TreePath]:
        """Every name under which something was completed."""
        return [path for path, file in self.files.items() if file.versions]

    def touch(self) -> None:
        """The store is needed."""
        if self.fault:
            fault, self.fault = self.fault, None
            raise fault


@dataclass
class MemorySource:
    """A file open for reading."""

    entry: Entry
    content: bytes
    is_slow: bool = False

    def read(self, offset: int, size: int) -> bytes | Denied | Awaitable[bytes | Denied]:
        if self.is_slow:
            return self._later(offset, size)
        return self.content[offset : offset + size]

    async def _later(self, offset: int, size: int) -> bytes | Denied:
        return self.content[offset : offset + size]

    async def close(self, *, was_asked: bool) -> None:
        pass


@dataclass
class MemoryDraft:
    """A file being handed in."""

    office: Office
    path: TreePath
    file: MemoryFile
    pending: int = 0

    @property
    def size(self) -> int:
        return len(self.file.content)

    @property
    def is_full(self) -> bool:
        return self.pending >= self.office.buffer

    def write(self, offset: int, untrusted: memoryview) -> Denied | None:
        self.office.touch()
        end = offset + len(untrusted)
        if end > self.office.quota:
            return Denied(hint=Hint.FULL, text="Your quota is used up.")
        self.pending += len(untrusted)
        if not self.office.keeps:
            return None
        content = self.file.content
        if len(content) < end:
            content.extend(bytes(end - len(content)))
        content[offset:end] = untrusted
        return None

    async def room(self) -> None:
        self.pending = 0

    async def read(self, offset: int, size: int) -> bytes | Denied:
        return bytes(self.file.content[offset : offset + size])

    async def restart(self) -> Denied | None:
        self.file.content.clear()
        return None

    async def sync(self) -> Denied | None:
        self.office.touch()
        return None

    async def complete(self, *, mtime: int | None, is_sized: bool = False) -> Denied | None:
        self.office.touch()
        self.file.is_whole = True
        self.file.mtime = self.file.mtime if mtime is None else mtime
        self.file.versions.append(bytes(self.file.content))
        return None

    async def abandon(self) -> None:
        self.office.abandoned.append(self.path)


@dataclass
class MemoryTree:
    """One person's view of the office."""

    office: Office
    reads_are_slow: bool = False

    async def look(self, path: TreePath) -> Entry | Denied:
        self.office.touch()
        if path in self.office.folders:
            return Entry(name=path.name, is_folder=True, mtime=1_700_000_000)
        if file := self.office.files.get(path):
            return Entry(name=path.name, is_folder=False, size=len(file.content), mtime=file.mtime)
        return ABSENT

    async def listing(self, path: TreePath) -> Sequence[Entry] | Denied:
        if path not in self.office.folders:
            return ABSENT
        inside = sorted(p for p in (*self.office.folders, *self.office.files) if p.names and p.parent == path)
        found = [await self.look(p) for p in inside]
        return [entry for entry in found if isinstance(entry, Entry)]

    async def read(self, path: TreePath) -> MemorySource | Denied:
        entry = await self.look(path)
        if isinstance(entry, Denied):
            return entry
        if entry.is_folder:
            return Denied(hint=Hint.IMPOSSIBLE, text="This is a folder.")
        return MemorySource(entry, bytes(self.office.files[path].content), self.reads_are_slow)

    async def write(self, path: TreePath, opening: Opening) -> MemoryDraft | Denied:
        if path.parent == GLOBEX:
            return NOT_YOURS
        if path in self.office.folders or path.parent not in self.office.folders or not path.is_under(TO):
            return Denied(hint=Hint.REFUSED, text="Files go into a folder of /to.")
        file = self.office.files.get(path)
        if file and opening.must_be_new:
            return TAKEN
        if file is None:
            if not opening.may_create:
                return ABSENT
            file = self.office.files[path] = MemoryFile()
        if opening.is_truncated:
            file.content.clear()
        file.is_whole = False
        return MemoryDraft(self.office, path, file)

    async def change(self, change: Change) -> Denied | None:
        files = self.office.files
        match change:
            case Rename(old=old, new=new, may_replace=may_replace):
                if old not in files:
                    return ABSENT
                if new in files and not may_replace:
                    return TAKEN
                if new.parent not in self.office.folders or new.parent == GLOBEX:
                    return NOT_YOURS
                files[new] = files.pop(old)
            case Remove(path=path):
                if path not in files:
                    return ABSENT
                del files[path]
            case SetTime(path=path, mtime=mtime):
                if path not in files:
                    return ABSENT
                files[path].mtime = mtime
            case MakeFolder(path=path):
                if path in self.office.folders:
                    return TAKEN
                return Denied(hint=Hint.REFUSED, text="Folders are labels; the rules name them.")
            case RemoveFolder():
                return Denied(hint=Hint.REFUSED, text="Folders are labels; the rules name them.")
        return None

    async def space(self, path: TreePath) -> Space | Denied:
        return Space(total_bytes=self.office.quota, free_bytes=self.office.quota // 2)

    async def leave(self, *, was_clean: bool) -> None:
        self.office.departures.append(was_clean)
