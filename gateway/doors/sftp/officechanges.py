"""Renaming, removing and dating what one handed in.

Promises: a file that goes to another partner, or for another purpose, is asked about again; what was handed over keeps
its name. Removing withdraws what has not been handed over, and recalls what has, as long as it has not left.

GAP: after the hand-over, removing what has already left only hides its stub, until the next start shows it again.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.doors.sftp.office import Office
from gateway.doors.sftp.officeuploads import Uploads
from gateway.doors.sftp.officeview import View
from gateway.doors.sftp.officewords import BUSY, FIXED, HANDED_OVER, MADE_HERE, TAKEN, UNFINISHED
from gateway.doors.sftp.paths import TreePath
from gateway.doors.sftp.status import Denied, Hint
from gateway.doors.sftp.tree import Change, MakeFolder, Remove, RemoveFolder, Rename, SetTime
from gateway.engine.files.shelf import Stub
from gateway.transfer import Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """One session's. Whoever calls holds the person's lock."""

    office: Office
    party: Party
    view: View
    uploads: Uploads

    async def change(self, change: Change) -> Denied | None:
        """See `Tree.change`."""
        match change:
            case Rename():
                return await self._rename(change)
            case Remove(path=path):
                return await self._remove(path)
            case SetTime(path=path, mtime=mtime):
                return await self._set_time(path, mtime)
            case MakeFolder(path=path):
                return TAKEN if not isinstance(await self.view.look(path), Denied) else FIXED
            case RemoveFolder():
                return FIXED

    async def _rename(self, change: Rename) -> Denied | None:
        stub = await self._stub(change.old)
        if isinstance(stub, Denied):
            return stub
        drop = await self.uploads.drop(change.new)
        if isinstance(drop, Denied):
            return drop
        if change.old == change.new:
            return None
        if stub.is_handed_over:
            return HANDED_OVER
        taken = await self.view.own(change.new.names)
        there = await self.view.stub(change.new.names)
        depositing = self.office.depositing
        if (self.party.person, change.new.names) in depositing.drafts:
            return BUSY
        if taken and (there is None or not change.may_replace):
            return TAKEN
        is_other = drop != self.office.pigeonholes.drop(self.party, change.old.parent.names, change.old.name)
        if is_other and (refusal := await depositing.refusal(self.party, drop, change.new.name)):
            return Denied(hint=Hint.REFUSED, text=refusal.sentence)
        if there and not there.is_handed_over:
            await depositing.take_back(there)
        if not await depositing.move(stub, change.new.names):
            return HANDED_OVER
        self.uploads.closed[stub.stream] = stub
        return None

    async def _remove(self, path: TreePath) -> Denied | None:
        """Withdraw, recall, or only take the stub away where it has left: WinSCP removes before it replaces."""
        depositing, key = self.office.depositing, (self.party.person, path.names)
        if key in depositing.drafts:
            return BUSY
        if left := depositing.staging.left.get(key):
            await depositing.staging.erase(left)
            return None
        stub = await self._stub(path)
        if isinstance(stub, Denied):
            return stub
        await depositing.take_back(stub)
        return None

    async def _set_time(self, path: TreePath, mtime: int) -> Denied | None:
        key = (self.party.person, path.names)
        if key in self.office.depositing.drafts:
            self.office.times[key] = mtime
            return None
        stub = await self._stub(path)
        if isinstance(stub, Denied):
            return stub
        if stub.mtime != mtime:
            await self.office.depositing.touch(stub, mtime)
        return None

    async def _stub(self, path: TreePath) -> Stub | Denied:
        """One's own upload, whole."""
        stub = await self.view.stub(path.names)
        if stub is not None:
            return stub
        entry = await self.view.look(path)
        if isinstance(entry, Denied):
            return entry
        if entry.is_folder:
            return FIXED
        return MADE_HERE if entry.is_read_only else UNFINISHED
