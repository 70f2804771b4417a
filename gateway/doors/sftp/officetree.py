"""The office as a tree: staff hand in under `/to`, partners under `/outbox`; both collect what is for them.

One `OfficeTree` a session; what it shows is `officeview`'s, what it takes `officeuploads`', what it alters
`officechanges`'. All sessions of all people share one `Offices`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.doors.sftp.office import Office
from gateway.doors.sftp.officechanges import Changes
from gateway.doors.sftp.officeuploads import Uploads
from gateway.doors.sftp.officeview import View
from gateway.doors.sftp.paths import TreePath
from gateway.doors.sftp.status import Client, Denied
from gateway.doors.sftp.tree import Change, Draft, Entry, Opening, Source, Space
from gateway.engine.files.shelf import Stub
from gateway.transfer import Party


@dataclass(slots=True, kw_only=True)
class Offices(Office):
    """Makes trees of the one office."""

    def tree_for(self, person: str, source: str, client: Client, *, signed_in_by: str = "ssh") -> OfficeTree:
        """The tree of a signed-in person, or of `partner:ID`. Satisfies `server.TreeFor`."""
        return OfficeTree(self, self.party(person, source, signed_in_by))


class OfficeTree:
    """Satisfies `tree.Tree`: one session's view."""

    def __init__(self, office: Office, party: Party) -> None:
        self._office = office
        self._party = party
        self._closed: dict[str, Stub] = {}
        self._view = View(office=office, party=party)
        self._uploads = Uploads(office=office, party=party, view=self._view, closed=self._closed)
        self._changes = Changes(office=office, party=party, view=self._view, uploads=self._uploads)

    async def look(self, path: TreePath) -> Entry | Denied:
        """See `Tree.look`."""
        return await self._view.look(path)

    async def listing(self, path: TreePath) -> Sequence[Entry] | Denied:
        """See `Tree.listing`."""
        return await self._view.listing(path)

    async def read(self, path: TreePath) -> Source | Denied:
        """See `Tree.read`."""
        return await self._view.read(path)

    async def write(self, path: TreePath, opening: Opening) -> Draft | Denied:
        """See `Tree.write`."""
        async with self._office.locks[self._party.person]:
            return await self._uploads.write(path, opening)

    async def change(self, change: Change) -> Denied | None:
        """See `Tree.change`."""
        async with self._office.locks[self._party.person]:
            return await self._changes.change(change)

    async def space(self, path: TreePath) -> Space | Denied:
        """See `Tree.space`."""
        total = self._office.quota_bytes
        used = self._office.depositing.staging.used[self._party.person]
        return Space(total_bytes=total, free_bytes=max(0, total - used))

    async def leave(self, *, was_clean: bool) -> None:
        """See `Tree.leave`."""
        if was_clean:
            await self._office.depositing.hasten(tuple(self._closed.values()))
        await self._office.depositing.staging.sweep()
        self._office.shelf.prune()
