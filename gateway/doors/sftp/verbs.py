"""What each request does, but READ and WRITE, which `session` serves on its short way.

Promises: a path becomes a `TreePath` or a sentence before anything is asked of the tree; a CLOSE completes an upload
only if nothing about it went wrong, and says so if it did not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.doors.sftp import answers
from gateway.doors.sftp.attributes import NOTHING, Attributes
from gateway.doors.sftp.coverage import Coverage
from gateway.doors.sftp.handles import Download, Handles, Listing, Upload
from gateway.doors.sftp.listing import attributes_of, pages_of
from gateway.doors.sftp.paths import BadPath, TreePath, read_path
from gateway.doors.sftp.requests import Request
from gateway.doors.sftp.status import Denied, Hint
from gateway.doors.sftp.tree import Change, MakeFolder, Opening, Remove, RemoveFolder, Rename, SetTime, Tree
from gateway.doors.sftp.wire import Flags, Kind

NOT_OPEN = Denied.of(Hint.IMPOSSIBLE, "not-open")
NOT_WRITABLE = Denied.of(Hint.IMPOSSIBLE, "not-writable")
NOT_READABLE = Denied.of(Hint.IMPOSSIBLE, "not-readable")
TOO_MANY = Denied.of(Hint.FULL, "too-many-open")
UNSUPPORTED = Denied.of(Hint.UNSUPPORTED, "unsupported")
ODD_FLAGS = Denied.of(Hint.IMPOSSIBLE, "odd-flags")
FIXED_SIZE = Denied.of(Hint.REFUSED, "fixed-size")

Answer = bytes | Denied | None
"""The packet, a refusal, or plain OK."""


@dataclass(frozen=True, slots=True)
class Verbs:
    """The requests of one session, over its tree and its handles."""

    tree: Tree
    handles: Handles
    message_bytes: int
    data_bytes: int

    async def answer(self, request: Request) -> Answer:
        """Do what is asked."""
        match request.kind:
            case Kind.OPEN | Kind.OPENDIR:
                return await self._open(request)
            case Kind.CLOSE | Kind.FSTAT | Kind.FSETSTAT | Kind.READDIR:
                return await self._with_handle(request)
            case Kind.EXTENDED:
                return await self._extended(request)
            case Kind.REALPATH:
                path = read_path(request.path, may_climb=True)
                if isinstance(path, BadPath):
                    return _bad(path)
                return answers.names(request.id, [answers.name(str(path), str(path), NOTHING)])
            case Kind.STAT | Kind.LSTAT | Kind.SETSTAT | Kind.REMOVE | Kind.MKDIR | Kind.RMDIR | Kind.RENAME:
                return await self._with_path(request)
        return UNSUPPORTED  # READLINK, SYMLINK and whatever else there may be

    async def _with_path(self, request: Request) -> Answer:
        path = read_path(request.path)
        if isinstance(path, BadPath):
            return _bad(path)
        match request.kind:
            case Kind.STAT | Kind.LSTAT:
                entry = await self.tree.look(path)
                if isinstance(entry, Denied):
                    return entry
                return answers.attributes(request.id, attributes_of(entry))
            case Kind.SETSTAT:
                return await self._set(path, request.attributes)
            case Kind.REMOVE:
                return await self.tree.change(Remove(path=path))
            case Kind.MKDIR:
                return await self.tree.change(MakeFolder(path=path))
            case Kind.RMDIR:
                return await self.tree.change(RemoveFolder(path=path))
        return await self._rename(path, request.new_path, may_replace=False)

    async def _rename(self, old: TreePath, untrusted_new: bytes, *, may_replace: bool) -> Answer:
        new = read_path(untrusted_new)
        if isinstance(new, BadPath):
            return _bad(new)
        return await self.tree.change(Rename(old=old, new=new, may_replace=may_replace))

    async def _set(self, path: TreePath, wanted: Attributes) -> Answer:
        """SETSTAT: the time is kept, owner and mode are ignored, a size may only be what it is."""
        if wanted.size is not None or wanted.mtime is None:
            entry = await self.tree.look(path)
            if isinstance(entry, Denied):
                return entry
            if wanted.size not in {None, entry.size}:
                return FIXED_SIZE
        change: Change | None = None if wanted.mtime is None else SetTime(path=path, mtime=wanted.mtime)
        return None if change is None else await self.tree.change(change)

    async def _open(self, request: Request) -> Answer:
        path = read_path(request.path)
        if isinstance(path, BadPath):
            return _bad(path)
        if self.handles.are_out:
            return TOO_MANY
        if request.kind == Kind.OPENDIR:
            entries = await self.tree.listing(path)
            if isinstance(entries, Denied):
                return entries
            return answers.handle(request.id, self.handles.add(Listing(path=path, pages=pages_of(entries))))
        if request.flags & Flags.WRITE:
            return await self._open_to_write(request, path)
        if request.flags & (Flags.READ | Flags.APPEND) != Flags.READ:
            return ODD_FLAGS
        source = await self.tree.read(path)
        if isinstance(source, Denied):
            return source
        return answers.handle(request.id, self.handles.add(Download(path=path, source=source)))

    async def _open_to_write(self, request: Request, path: TreePath) -> Answer:
        flags = request.flags
        may_create = bool(flags & Flags.CREATE)
        opening = Opening(
            is_truncated=bool(flags & Flags.TRUNCATE),
            must_be_new=may_create and bool(flags & Flags.EXCLUSIVE),
            may_create=may_create,
            is_appended=bool(flags & Flags.APPEND),
        )
        draft = await self.tree.write(path, opening)
        if isinstance(draft, Denied):
            return draft
        upload = Upload(
            path=path,
            draft=draft,
            appends=bool(flags & Flags.APPEND),
            is_readable=bool(flags & Flags.READ),
            coverage=Coverage(draft.size),
        )
        return answers.handle(request.id, self.handles.add(upload))

    async def _with_handle(self, request: Request) -> Answer:
        opened = self.handles.get(request.handle)
        match request.kind, opened:
            case _, None:
                return NOT_OPEN
            case Kind.CLOSE, _:
                return await self._close(request.handle)
            case Kind.READDIR, Listing(pages=pages):
                return answers.names(request.id, pages.pop()) if pages else answers.end_of_file(request.id)
            case Kind.FSTAT, Upload(coverage=coverage, mtime=mtime):
                entry = await self.tree.look(opened.path)
                seen = NOTHING if isinstance(entry, Denied) else attributes_of(entry)
                return answers.attributes(request.id, replace(seen, size=coverage.extent, mtime=mtime or seen.mtime))
            case Kind.FSTAT, Download(source=source):
                return answers.attributes(request.id, attributes_of(source.entry))
            case Kind.FSETSTAT, Upload():
                return await self._promise(opened, request.attributes)
            case Kind.FSETSTAT, Download():
                return await self._set(opened.path, request.attributes)
        return NOT_READABLE

    async def _promise(self, upload: Upload, wanted: Attributes) -> Answer:
        if wanted.mtime is not None:
            upload.mtime = wanted.mtime
        return None if wanted.size is None else await upload.promise(wanted.size)

    async def _close(self, name: bytes) -> Answer:
        match self.handles.pop(name):
            case Upload(draft=draft, mtime=mtime) as upload:
                if flaw := upload.flaw():
                    await draft.abandon()
                    return flaw
                return await draft.complete(mtime=mtime, is_sized=upload.promised_size is not None)
            case Download(source=source):
                await source.close(was_asked=True)
            case _:
                pass
        return None

    async def _extended(self, request: Request) -> Answer:
        match request.extension:
            case b"limits@openssh.com":
                return answers.limits(request.id, self.message_bytes, self.data_bytes, self.handles.most)
            case b"fsync@openssh.com":
                opened = self.handles.get(request.handle)
                if not isinstance(opened, Upload):
                    return NOT_OPEN if opened is None else NOT_WRITABLE
                if denied := await opened.draft.sync():
                    opened.poison = opened.poison or denied
                return opened.poison
            case b"posix-rename@openssh.com" | b"statvfs@openssh.com":
                path = read_path(request.path)
                if isinstance(path, BadPath):
                    return _bad(path)
                if request.extension == b"posix-rename@openssh.com":
                    return await self._rename(path, request.new_path, may_replace=True)
                space = await self.tree.space(path)
                return space if isinstance(space, Denied) else answers.space(request.id, space)
        return UNSUPPORTED


def _bad(path: BadPath) -> Denied:
    return Denied.of(Hint.REFUSED, path.code)
