"""A partner's folder over SFTP: look, write, read back, rename, remove; nothing else is ever asked of it.

Every request has its patience and ends in one of three ways: an answer, `Refused` with the server's status, or `Lost`.
Content goes in constant memory: at most `AHEAD_BYTES` are unanswered at any time, and nothing more is taken from its
source meanwhile. What a server says is shown in printable ASCII, and only its beginning.

The server is asyncssh's client's to parse: it takes no SSH packet over 256 KiB and no SFTP message over 4 MiB.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import stat
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Iterable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar, cast

import asyncssh

from gateway.errors import PeerPermanent, PeerTemporary
from gateway.ship.sftp_dial import Patience

AHEAD_BYTES = 4 << 20
LARGEST_PIECE = 255 << 10
"""OpenSSH's own limit, less a header; a server that allows less says so, one that says nothing gets 16 KiB."""
_UNPRINTABLE = re.compile(r"[^ -~]", re.ASCII)
_GARBLED = (asyncssh.FX_BAD_MESSAGE, asyncssh.FX_NO_CONNECTION, asyncssh.FX_CONNECTION_LOST)
T = TypeVar("T")


class Lost(PeerTemporary):
    """The conversation cannot go on; `cause` is one word why: silence, closed, garbled."""


class Refused(PeerPermanent):
    """The server said no to one request: `code` is its status (draft-ietf-secsh-filexfer-02 §7)."""

    def __init__(self, code: int, untrusted_text: str) -> None:
        super().__init__(f"{code} {_UNPRINTABLE.sub('?', untrusted_text[:200])}".rstrip())
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What lies under a name. `size_bytes` is -1 where the server does not say."""

    is_file: bool
    size_bytes: int


class Remote:
    """An open session. Not for concurrent use."""

    def __init__(self, sftp: asyncssh.SFTPClient, patience: Patience) -> None:
        self._sftp = sftp
        self._patience = patience
        limits = sftp.limits
        self._write_bytes = _piece_bytes(limits.max_write_len)
        self._read_bytes = _piece_bytes(limits.max_read_len)

    async def look(self, path: str) -> Seen | None:
        """What lies there, links not followed; None if nothing does."""
        try:
            found = await self._ask(self._sftp.lstat(path))
        except Refused as refused:
            if refused.code in (asyncssh.FX_NO_SUCH_FILE, asyncssh.FX_NO_SUCH_PATH):
                return None
            raise
        # Version 3 has the kind of a file in its permissions, and a server may leave those out.
        is_file = found.permissions is None or stat.S_ISREG(found.permissions) or not stat.S_IFMT(found.permissions)
        return Seen(is_file=is_file, size_bytes=-1 if found.size is None else found.size)

    async def remove(self, path: str) -> None:
        """Remove the file."""
        await self._ask(self._sftp.remove(path))

    async def rename(self, path: str, new_path: str) -> None:
        """Rename by version 3's request, which is not to replace anything."""
        await self._ask(self._sftp.rename(path, new_path))

    async def write(self, path: str, chunks: Iterable[bytes] | AsyncIterable[bytes]) -> str:
        """Create the file, which must not exist, and fill it; synced if the server offers that. Returns the SHA-256."""
        flags = asyncssh.FXF_WRITE | asyncssh.FXF_CREAT | asyncssh.FXF_EXCL
        file = await self._ask(self._sftp.open(path, flags, encoding=None, block_size=None))
        try:
            async with self._in_time():
                digest = await self._pour(file, chunks)
            try:
                await self._ask(file.fsync(), self._patience.sync_s)
            except Refused as refused:
                if refused.code != asyncssh.FX_OP_UNSUPPORTED:
                    raise
        except Lost:
            raise
        except Exception:
            with suppress(Lost, Refused):
                await self._ask(file.close())  # some servers do not remove what is open
            raise
        await self._ask(file.close(), self._patience.sync_s)
        return digest

    async def _pour(self, file: asyncssh.SFTPClientFile, chunks: Iterable[bytes] | AsyncIterable[bytes]) -> str:
        digest, offset, size = hashlib.sha256(), 0, self._write_bytes
        waiting: deque[asyncio.Task[int]] = deque()
        async with _together() as group, aclosing(_recut(chunks, size)) as pieces:
            async for piece in pieces:
                digest.update(piece)
                if len(waiting) >= AHEAD_BYTES // size:
                    await waiting.popleft()
                waiting.append(group.create_task(self._ask(file.write(piece, offset), self._patience.block_s)))
                offset += len(piece)
        return digest.hexdigest()

    async def read_back(self, path: str, size_bytes: int) -> str:
        """The SHA-256 of the first `size_bytes` of what lies there; of less if there is less."""
        file = await self._ask(self._sftp.open(path, asyncssh.FXF_READ, encoding=None, block_size=None))
        digest, offset, size = hashlib.sha256(), 0, self._read_bytes
        waiting: deque[asyncio.Task[bytes]] = deque()
        async with self._in_time(), _together() as group:
            while waiting or offset < size_bytes:
                while offset < size_bytes and len(waiting) < AHEAD_BYTES // size:
                    wanted = min(size, size_bytes - offset)
                    waiting.append(group.create_task(self._piece(file, offset, wanted)))
                    offset += wanted
                digest.update(await waiting.popleft())
        await self._ask(file.close())
        return digest.hexdigest()

    async def _piece(self, file: asyncssh.SFTPClientFile, offset: int, wanted: int) -> bytes:
        """A server may answer a READ with less than it was asked for."""
        got = b""
        while len(got) < wanted:
            more = await self._ask(file.read(wanted - len(got), offset + len(got)), self._patience.block_s)
            if not more:
                break
            got += cast(bytes, more)  # no encoding was given
        return got[:wanted]

    async def _ask(self, request: Awaitable[T], patience_s: float = 0) -> T:
        try:
            async with asyncio.timeout(patience_s or self._patience.reply_s):
                return await request
        except TimeoutError:
            raise Lost("silence") from None
        except asyncssh.SFTPError as error:
            if error.code in _GARBLED:
                raise Lost("closed" if error.code != asyncssh.FX_BAD_MESSAGE else "garbled") from None
            raise Refused(error.code, error.reason) from None
        except ValueError:
            raise Lost("garbled") from None
        except (asyncssh.Error, OSError, EOFError):
            raise Lost("closed") from None

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience.content_s):
                yield
        except TimeoutError:
            raise Lost("silence") from None


@asynccontextmanager
async def _together() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose first failure comes out as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None


async def _recut(chunks: Iterable[bytes] | AsyncIterable[bytes], size: int) -> AsyncGenerator[bytes, None]:
    """The same bytes in pieces of `size`; the last may be shorter."""
    ready = bytearray()
    async with aclosing(_each(chunks)) as several:
        async for chunk in several:
            ready += chunk
            while len(ready) >= size:
                piece = bytes(ready[:size])
                del ready[:size]
                yield piece
    if ready:
        yield bytes(ready)


async def _each(chunks: Iterable[bytes] | AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    if isinstance(chunks, AsyncIterable):
        async for chunk in chunks:
            yield chunk
    else:
        for chunk in chunks:
            yield chunk


def _piece_bytes(offered: int) -> int:
    return max(1024, min(offered, LARGEST_PIECE))
