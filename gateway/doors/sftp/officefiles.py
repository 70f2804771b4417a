"""What is open in the office's tree: a file being handed in, a page to read, a parcel to collect.

Promises: a draft takes no more than its person's quota; a parcel is collected when all of it has been read and the
client closed it, in however many sessions, and never by opening it.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field

from gateway.doors.sftp.ahead import Ahead
from gateway.doors.sftp.coverage import Coverage
from gateway.doors.sftp.office import Office
from gateway.doors.sftp.officewords import FULL, IN_PART
from gateway.doors.sftp.status import Denied, Hint
from gateway.doors.sftp.tree import Content, Entry
from gateway.engine.files.depositing import Depositing
from gateway.engine.files.offers import Offer
from gateway.engine.files.pigeonholes import Place
from gateway.engine.files.share import Share
from gateway.engine.files.shelf import Stub
from gateway.engine.files.staging import Staged
from gateway.engine.vault import Vault
from gateway.transfer import Party


@dataclass(slots=True, kw_only=True)
class OfficeDraft:
    """Satisfies `tree.Draft`."""

    office: Office
    party: Party
    staged: Staged
    closed: dict[str, Stub]
    """By stream, what this session has handed in: told here."""
    replaced_bytes: int = 0
    """How long the version was that this one is written over in place: what is shorter may be a part of it."""

    @property
    def size(self) -> int:
        """See `Draft.size`."""
        return self.staged.size_bytes

    @property
    def is_full(self) -> bool:
        """See `Draft.is_full`."""
        return self.staged.is_full

    def write(self, offset: int, untrusted: memoryview) -> Denied | None:
        """See `Draft.write`."""
        more = offset + len(untrusted) - self.staged.size_bytes
        if more > 0 and self.office.depositing.staging.used[self.party.person] + more > self.office.quota_bytes:
            return FULL
        self.staged.write(offset, untrusted)
        return None

    async def room(self) -> None:
        """See `Draft.room`."""
        await self.staged.room()

    async def read(self, offset: int, size: int) -> bytes | Denied:
        """See `Draft.read`."""
        return await self.staged.read(offset, size)

    async def restart(self) -> Denied | None:
        """See `Draft.restart`."""
        await self.staged.restart()
        self.replaced_bytes = 0
        return None

    async def sync(self) -> Denied | None:
        """See `Draft.sync`."""
        await self.staged.sync()
        return None

    async def complete(self, *, mtime: int | None, is_sized: bool = False) -> Denied | None:
        """See `Draft.complete`."""
        if self.size < self.replaced_bytes and not is_sized:
            await self.abandon()
            return IN_PART
        said = self.office.times.pop(self._key, 0)
        stub = await self.office.depositing.complete(self.party, self.staged, mtime or said)
        self.closed[stub.stream] = stub
        return None

    async def abandon(self) -> None:
        """See `Draft.abandon`."""
        self.office.times.pop(self._key, None)
        await self.office.depositing.abandon(self.staged)

    @property
    def _key(self) -> tuple[str, Place]:
        return self.party.person, self.staged.about.place


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSource:
    """Satisfies `tree.Source` for a generated page: as it was when it was opened."""

    entry: Entry
    content: bytes

    def read(self, offset: int, size: int) -> Content | Denied | Awaitable[Content | Denied]:
        """See `Source.read`."""
        return self.content[offset : offset + size]

    async def close(self, *, was_asked: bool) -> None:
        """See `Source.close`."""


@dataclass(slots=True, kw_only=True)
class OfferSource:
    """Satisfies `tree.Source` for a parcel that waits for its recipient."""

    entry: Entry
    offer: Offer
    key: bytes
    """What it is kept under."""
    party: Party
    vault: Vault
    depositing: Depositing
    share: Share
    """Among all who collect."""
    coverage: Coverage
    """Of the parcel, by this recipient: shared by all sessions, so that a resumed download counts as one."""
    _ahead: Ahead = field(init=False)

    def __post_init__(self) -> None:
        self._ahead = Ahead(
            lambda offset: self.vault.pieces(self.offer.parcel.blob, self.key, offset),
            self.entry.size,
            vault=self.vault,
            tasks=self.depositing.staging.tasks,
            share=self.share,
        )

    def read(self, offset: int, size: int) -> Content | Denied | Awaitable[Content | Denied]:
        """See `Source.read`."""
        if offset >= self.entry.size:
            return b""
        found = self._ahead.at_once(offset, size)
        return self._read(offset, size) if found is None else self._counted(offset, found)

    async def close(self, *, was_asked: bool) -> None:
        """See `Source.close`: a CLOSE after the last byte says that it arrived."""
        await self._ahead.close()
        is_all = self.coverage.is_whole and self.coverage.extent == self.entry.size
        if was_asked and is_all:
            await self.depositing.collected(self.offer.transfer, self.offer.ordinal, self.party)

    async def _read(self, offset: int, size: int) -> Content | Denied:
        try:
            found = await self._ahead.read(offset, size)
        except KeyError:  # recalled, expired or tidied away since it was opened
            return Denied.of(Hint.ABSENT, "gone")
        return self._counted(offset, found)

    def _counted(self, offset: int, found: list[memoryview]) -> Content | Denied:
        if not self.coverage.add(offset, offset + sum(map(len, found))):
            return Denied.of(Hint.FULL, "scattered-reading")
        return found
