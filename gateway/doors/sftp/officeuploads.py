"""Handing in: whether a file may be opened for writing, and as what.

Promises: a file the rules surely forbid is refused at OPEN, with the rule, and that stands in the ledger. Over what was
handed over a new version is begun, which is a new transfer; it never becomes a part of the old one.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.doors.sftp.office import Office
from gateway.doors.sftp.officefiles import OfficeDraft
from gateway.doors.sftp.officeview import View
from gateway.doors.sftp.officewords import ABSENT, BUSY, HANDED_OVER, IS_FOLDER, NOT_HERE, TAKEN
from gateway.doors.sftp.paths import TreePath
from gateway.doors.sftp.status import Denied, Hint
from gateway.doors.sftp.tree import Draft, Opening
from gateway.engine.files.pigeonholes import Drop, Place
from gateway.engine.files.shelf import Stub
from gateway.intake.file import objection
from gateway.transfer import Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """One session's. Whoever calls holds the person's lock."""

    office: Office
    party: Party
    view: View
    closed: dict[str, Stub]
    """By stream, what this session handed in or renamed."""

    async def write(self, path: TreePath, opening: Opening) -> Draft | Denied:
        """See `Tree.write`."""
        drop = await self.drop(path)
        if isinstance(drop, Denied):
            return drop
        entry = await self.view.own(path.names)
        if entry and opening.must_be_new:
            return TAKEN
        if not entry and not opening.may_create:
            return ABSENT
        if (self.party.person, path.names) in self.office.depositing.drafts:
            return BUSY
        if refusal := await self.office.depositing.refusal(self.party, drop, path.name):
            return Denied(hint=Hint.REFUSED, text=refusal.sentence)
        return await self._draft(path.names, opening)

    async def drop(self, path: TreePath) -> Drop | Denied:
        """What a file there would be, if one may be there at all."""
        pigeonholes = self.office.pigeonholes
        if drop := pigeonholes.drop(self.party, path.parent.names, path.name):
            if pigeonholes.is_for_files(self.party, path.names):
                return IS_FOLDER
            why = objection(path.name)
            return Denied(hint=Hint.REFUSED, text=why) if why else drop
        if await pigeonholes.is_there(self.party, path.names):
            return IS_FOLDER
        return NOT_HERE if await pigeonholes.is_there(self.party, path.parent.names) else ABSENT

    async def _draft(self, place: Place, opening: Opening) -> Draft | Denied:
        """Go on with what is there, or start anew."""
        depositing, is_truncated = self.office.depositing, opening.is_truncated
        stub, replaced_bytes = await self.view.stub(place), 0
        left = depositing.staging.left.get((self.party.person, place))
        if left and not is_truncated:
            staged = await depositing.resume(self.party, place)
        elif stub and not stub.is_handed_over and not left and not is_truncated:
            staged = await depositing.reopen(stub)
        else:
            if left:
                await depositing.staging.erase(left)
            if stub and not stub.is_handed_over:
                await depositing.take_back(stub)
            elif stub and opening.is_appended and not is_truncated:
                return HANDED_OVER  # what it is to follow has left: the rest alone would pass for the whole
            elif stub and not is_truncated:  # scp overwrites in place; what it means to leave as it was is not here
                replaced_bytes = stub.item.size_bytes
            staged = depositing.begin(self.party, place)
        return OfficeDraft(
            office=self.office, party=self.party, staged=staged, closed=self.closed, replaced_bytes=replaced_bytes
        )
