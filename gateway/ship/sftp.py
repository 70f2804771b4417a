"""The carrier for files: one SSH connection, one file in the partner's folder, whole under its name or not there.

A file grows under a temporary name that says whose it is, is compared with the parcel while it still bears that name,
and takes its own name by one rename that replaces nothing. What breaks before the rename was surely not delivered; what
breaks behind it is in doubt, and `settle` looks before anything is sent again.

GAP: a connection serves one delivery and costs one key exchange and sign-in; a folder of ten thousand small files goes
no faster than that.
GAP: between the last look and the rename somebody may take the name. OpenSSH's server then refuses; one that renames
over what is there (draft-ietf-secsh-filexfer-02 §6.5 forbids it) replaces a file we have not seen.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import asyncssh

from gateway.errors import Tampering
from gateway.facts import Hop, Reason, Receipt
from gateway.ship import FileLine, InDoubt, Never, NotNow, Outcome, Taken
from gateway.ship.sftp_dial import Patience, Proved, dial
from gateway.ship.sftp_remote import Lost, Refused, Remote, Seen
from gateway.ship.sftp_route import SftpRoute, is_speakable, part_name
from gateway.transfer import Parcel

MAX_LINES = 4
"""To one server at a time."""
READ_BACK_BYTES = 64 << 20
"""What is read back before the rename, to compare its digest; of a larger file, the size alone is compared."""

_PERMANENT = {
    asyncssh.FX_PERMISSION_DENIED: "5.7.1",
    asyncssh.FX_WRITE_PROTECT: "5.7.1",
    asyncssh.FX_NO_SUCH_FILE: "5.3.5",
    asyncssh.FX_NO_SUCH_PATH: "5.3.5",
    asyncssh.FX_NOT_A_DIRECTORY: "5.3.5",
    asyncssh.FX_INVALID_FILENAME: "5.1.3",
    asyncssh.FX_OP_UNSUPPORTED: "5.3.3",
}
"""Statuses that trying again does not mend, as RFC 3463 codes. Version 3 says a full disk as a plain failure (4)."""


@dataclass(slots=True)
class _Slots:
    """How many lines to one server are lent, and how many wait for one."""

    slots: asyncio.Semaphore
    users: int = 0


class SftpCarrier:
    """Opens lines to partners' servers. One for a process; it belongs to one event loop.

    What an attacker who is the server, or sits before it, can do: refuse, delay up to the carrier's patience, and, once
    it has proved to hold a pinned key, lie about what it keeps. Before that it sees our name and no user, file or key.
    """

    def __init__(
        self, *, name: str = "Sealgate", patience: Patience | None = None, read_back_bytes: int = READ_BACK_BYTES
    ) -> None:
        self._name = name
        self._patience = patience or Patience()
        self._read_back_bytes = read_back_bytes
        self._servers: dict[tuple[str, int], _Slots] = {}
        # asyncssh logs users and paths: never here (STYLE 24).
        logging.getLogger("asyncssh").setLevel(logging.CRITICAL + 1)

    @asynccontextmanager
    async def line(
        self, route: SftpRoute, sealed: Receipt, *, today: datetime.date
    ) -> AsyncIterator[FileLine | NotNow]:
        """A line to the route's server, once it has proved itself; or why there is none. Pins count as of `today`."""
        server = (route.target.host, route.target.port)
        lent = self._servers.setdefault(server, _Slots(asyncio.Semaphore(MAX_LINES)))
        lent.users += 1
        try:
            async with lent.slots:
                found = await dial(route, today=today, name=self._name, patience=self._patience)
                if isinstance(found, NotNow):
                    yield found
                    return
                try:
                    yield SftpLine(found, route, self._patience, self._read_back_bytes)
                finally:
                    found.connection.close()
                    await found.connection.wait_closed()
        finally:
            lent.users -= 1
            if not lent.users:
                del self._servers[server]

    async def close(self) -> None:
        """Close what is idle: nothing is kept."""


class SftpLine:
    """One session, for one delivery."""

    def __init__(self, proved: Proved, route: SftpRoute, patience: Patience, read_back_bytes: int) -> None:
        self._proved = proved
        self._route = route
        self._remote = Remote(proved.sftp, patience)
        self._read_back_bytes = read_back_bytes

    @property
    def hop(self) -> Hop:
        """What the server proved."""
        return self._proved.hop

    async def settle(self, parcel: Parcel, name: str) -> Taken | InDoubt | None:
        """Look what an earlier attempt left; see `FileLine`.

        1. Under the name lie the parcel's bytes: taken. Anything else there: in doubt, it may have been ours.
        2. Nothing under the name, but the unfinished file: it was never renamed.
        3. Neither: not delivered; unless the partner sweeps, then it may have been, and is gone.
        """
        if not is_speakable(name):
            return None
        target, part = self._route.path(name), self._route.path(part_name(parcel))
        try:
            seen = await self._remote.look(target)
            if seen is not None:
                if await self._is_same(parcel, target, seen):  # 1
                    await self._tidy(part)
                    return Taken(reply=f"lies there: {parcel.size_bytes} bytes, SHA-256 equal", is_notifying=False)
                return InDoubt(reason=self._reason("name-taken", "4.2.0"))
            if self._route.sweeps and await self._remote.look(part) is None:  # 2, 3
                return InDoubt(reason=self._reason("swept-or-never-there", "4.4.2"))
        except (Lost, Refused) as failed:
            return InDoubt(reason=self._reason("cannot-compare", "4.4.2", failed.cause))
        return None

    async def deliver(
        self, parcel: Parcel, name: str, chunks: Iterable[bytes] | AsyncIterable[bytes], attempted: Receipt
    ) -> Outcome:
        """One file; see `FileLine`. Raises `Tampering` if the bytes are not the parcel's.

        1. The name is free, or bears these very bytes already.  2. What an attempt of ours left is removed.
        3. Write under the temporary name, which must not exist; sync; close.
        4. Compare size, then digest.  5. Once more: the name is free. Rename.  6. Look.
        """
        if attempted.stream != parcel.transfer:
            raise ValueError("the receipt is another transfer's")
        if not is_speakable(name):
            return Never(reason=self._reason("name-unspeakable", "5.1.3"))
        target, part = self._route.path(name), self._route.path(part_name(parcel))
        try:
            known = await self._name_taken(parcel, target) or await self._clear(parcel, part)  # 1, 2
            if known is not None:
                return known
            return await self._send(parcel, part, target, chunks)
        except Lost as lost:
            return NotNow(reason=self._reason("connection-lost", "4.4.2", lost.cause))
        except Refused as refused:
            return self._refused(refused)

    async def _send(
        self, parcel: Parcel, part: str, target: str, chunks: Iterable[bytes] | AsyncIterable[bytes]
    ) -> Outcome:
        """Steps 3 to 6. What fails and leaves us a connection leaves nothing there."""
        try:
            filled = await self._fill(parcel, part, chunks)  # 3, 4
            outcome = await self._take_name(parcel, part, target, filled) if isinstance(filled, str) else filled
        except Lost:
            raise
        except Exception:  # whoever fails, they or we: it is not left to them half sent
            await self._tidy(part)
            raise
        if isinstance(filled, NotNow):
            await self._tidy(part)
        return outcome

    async def _name_taken(self, parcel: Parcel, target: str) -> Taken | Never | None:
        seen = await self._remote.look(target)
        if seen is None:
            return None
        with suppress(Refused):  # what may not be read is not known to be the same
            if await self._is_same(parcel, target, seen):
                return Taken(reply=f"was there: {parcel.size_bytes} bytes, SHA-256 equal", is_notifying=False)
        return Never(reason=self._reason("name-taken", "5.2.0"))

    async def _clear(self, parcel: Parcel, part: str) -> Never | None:
        """Remove what an earlier attempt left. What is more than the parcel, or no file, is not that."""
        left = await self._remote.look(part)
        if left is None:
            return None
        if not left.is_file or left.size_bytes > parcel.size_bytes:
            return Never(reason=self._reason("name-taken", "5.2.0", part))
        await self._remote.remove(part)
        return None

    async def _fill(
        self, parcel: Parcel, part: str, chunks: Iterable[bytes] | AsyncIterable[bytes]
    ) -> str | NotNow | InDoubt:
        """The whole parcel under its temporary name; returns what was checked, in words."""
        if await self._remote.write(part, chunks) != parcel.digest.sha256:
            raise Tampering("what would have left is not the parcel that was sealed")
        seen = await self._remote.look(part)
        if seen is None:
            # All of it was there, and somebody took it away under a name that says it is not finished.
            return InDoubt(reason=self._reason("part-gone", "4.2.0"))
        if seen.size_bytes != parcel.size_bytes:
            return NotNow(reason=self._reason("size-differs", "4.3.0", str(seen.size_bytes)))
        if parcel.size_bytes > self._read_back_bytes:
            return f"{parcel.size_bytes} bytes; size checked, too large to read back"
        try:
            if not await self._is_same(parcel, part, seen):
                return NotNow(reason=self._reason("digest-differs", "4.3.0"))
        except Refused:
            return f"{parcel.size_bytes} bytes; size checked, reading back is refused"
        return f"{parcel.size_bytes} bytes; size and SHA-256 checked"

    async def _take_name(self, parcel: Parcel, part: str, target: str, checked: str) -> Outcome:
        """The rename, steps 5 and 6: from its first byte on the partner may have the file."""
        known: Outcome | None = await self._name_taken(parcel, target)
        if known is None:
            try:
                await self._remote.rename(part, target)
            except Lost as lost:
                return InDoubt(reason=self._reason("reply-lost", "4.4.2", lost.cause))
            except Refused as refused:  # often just a server's way of saying that the name was taken meanwhile
                known = await self._name_taken(parcel, target) or self._refused(refused)
        if known is not None:
            await self._tidy(part)
            return known
        return await self._look_again(parcel, target, checked)

    async def _look_again(self, parcel: Parcel, target: str, checked: str) -> Taken | InDoubt:
        try:
            seen = await self._remote.look(target)
        except (Lost, Refused):  # the OK to the rename stands
            return Taken(reply=f"renamed: {checked}; not seen again", is_notifying=False)
        if seen is None and not self._route.sweeps:
            return InDoubt(reason=self._reason("gone-after-rename", "4.2.0"))
        if seen is not None and seen.size_bytes != parcel.size_bytes:
            return InDoubt(reason=self._reason("changed-after-rename", "4.2.0", str(seen.size_bytes)))
        return Taken(reply=f"renamed: {checked}" + ("" if seen else "; swept"), is_notifying=False)

    async def _is_same(self, parcel: Parcel, path: str, seen: Seen) -> bool:
        """Compared by digest, whatever the size. Raises `Refused` where reading is not allowed."""
        if not seen.is_file or seen.size_bytes != parcel.size_bytes:
            return False
        return await self._remote.read_back(path, parcel.size_bytes) == parcel.digest.sha256

    async def _tidy(self, part: str) -> None:
        with suppress(Lost, Refused):
            await self._remote.remove(part)

    def _refused(self, refused: Refused) -> NotNow | Never:
        status = _PERMANENT.get(refused.code)
        reason = self._reason("remote-refused", status or "4.3.0", str(refused.code))
        reply = f"SFTP {refused.cause}"
        return Never(reason=reason, reply=reply) if status else NotNow(reason=reason, reply=reply)

    def _reason(self, code: str, status: str, detail: str = "") -> Reason:
        about = (("host", self.hop.host), ("route", self._route.id), ("status", status))
        return Reason(code=code, about=(*about, ("detail", detail)) if detail else about)
