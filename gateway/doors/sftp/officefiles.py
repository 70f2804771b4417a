"""What is open in the office's tree: a file being handed in, a page to read, a parcel to collect.

Promises: a draft takes no more than its person's quota; a parcel is collected when all of it has been read and the
client closed it, in however many sessions, and never by opening it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field

from gateway.doors.sftp.coverage import Coverage
from gateway.doors.sftp.status import Denied, Hint
from gateway.doors.sftp.tree import Entry
from gateway.engine.depositing import Depositing
from gateway.engine.shelf import Offer, Stub
from gateway.engine.staging import Staged
from gateway.engine.vault import Vault
from gateway.transfer import Party

FULL = Denied(hint=Hint.FULL, text="Your unfinished files have used up their room. Remove one, or finish one.")


@dataclass(slots=True, kw_only=True)
class OfficeDraft:
    """Satisfies `tree.Draft`."""

    depositing: Depositing
    party: Party
    staged: Staged
    quota_bytes: int
    closed: dict[str, Stub]
    """By stream, what this session has handed in: told here."""

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
        if more > 0 and self.depositing.staging.used[self.party.person] + more > self.quota_bytes:
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
        return None

    async def sync(self) -> Denied | None:
        """See `Draft.sync`."""
        await self.staged.sync()
        return None

    async def complete(self, *, mtime: int | None) -> Denied | None:
        """See `Draft.complete`."""
        stub = await self.depositing.complete(self.party, self.staged, mtime or 0)
        self.closed[stub.stream] = stub
        return None

    async def abandon(self) -> None:
        """See `Draft.abandon`."""
        await self.depositing.abandon(self.staged)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSource:
    """Satisfies `tree.Source` for a generated page: as it was when it was opened."""

    entry: Entry
    content: bytes

    def read(self, offset: int, size: int) -> bytes | Denied | Awaitable[bytes | Denied]:
        """See `Source.read`."""
        return self.content[offset : offset + size]

    async def close(self, *, was_asked: bool) -> None:
        """See `Source.close`."""


@dataclass(slots=True, kw_only=True)
class OfferSource:
    """Satisfies `tree.Source` for a parcel that waits for its recipient."""

    entry: Entry
    offer: Offer
    party: Party
    vault: Vault
    depositing: Depositing
    coverage: Coverage
    """Of the parcel, by this recipient: shared by all sessions, so that a resumed download counts as one."""
    _pieces: Iterator[bytes] | None = None
    _rest: bytearray = field(default_factory=bytearray)
    _at: int = 0

    def read(self, offset: int, size: int) -> bytes | Denied | Awaitable[bytes | Denied]:
        """See `Source.read`."""
        return self._read(offset, size)

    async def close(self, *, was_asked: bool) -> None:
        """See `Source.close`: a CLOSE after the last byte says that it arrived."""
        is_all = self.coverage.is_whole and self.coverage.extent == self.entry.size
        if was_asked and is_all:
            await self.depositing.collected(self.offer.transfer, self.offer.leg.leg.ordinal, self.party)

    async def _read(self, offset: int, size: int) -> bytes | Denied:
        if offset >= self.entry.size:
            return b""
        try:
            content = await self.vault.on_disk(lambda: self._pull(offset, size))
        except KeyError:  # recalled, expired or tidied away since it was opened
            return Denied(hint=Hint.ABSENT, text="This is no longer here.")
        if not self.coverage.add(offset, offset + len(content)):
            return Denied(hint=Hint.FULL, text="It is read in too many pieces. Read it in order.")
        return content

    def _pull(self, offset: int, size: int) -> bytes:
        """Blocks. In order, each chunk is opened once."""
        if self._pieces is None or offset != self._at:
            sealed = self.offer.leg.sealed
            assert sealed is not None
            self._pieces = self.vault.pieces(sealed.parcel.blob, self.offer.story.key, offset)
            self._rest.clear()
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
        content = bytes(self._rest[:size])
        del self._rest[:size]
        self._at = offset + len(content)
        return content
