"""An SFTP client without manners: it comes from any loopback address and says exactly what it is told.

`Line` is a socket before anybody has signed in; `Sftp` is one channel of somebody who has.
"""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncssh

from gateway.doors.sftp.attributes import NOTHING, write_attributes
from gateway.doors.sftp.wire import Flags, Kind
from tests.boxes import FileClient
from tests.unit.doors.sftp_talk import PUT, Answer, frame, string

PATIENCE_S = 20
GREETING = b"SSH-2.0-Stranger\r\n"
KEX, HOST, CIPHER = b"curve25519-sha256", b"ssh-ed25519", b"aes128-gcm@openssh.com"
MAC = b"hmac-sha2-256-etm@openssh.com"


@asynccontextmanager
async def line(port: int, source: str) -> AsyncIterator[Line]:
    """A connection from that address, of which nothing is known yet."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0), limit=1 << 20)
    try:
        yield Line(reader, writer)
    finally:
        writer.transport.abort()


@dataclass(slots=True)
class Line:
    """Bytes to and fro."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def is_turned_away(self) -> bool:
        """Whether the door says nothing and hangs up."""
        return b"" == await self.rest()

    async def ends(self, raw: bytes) -> None:
        """Say it; the door hangs up. Fails if it does not in time."""
        self.writer.write(raw)
        await self.rest()

    async def rest(self) -> bytes:
        """All that the door still says, until it hangs up. Fails if it does not in time."""
        heard = b""
        async with asyncio.timeout(PATIENCE_S):
            with suppress(ConnectionResetError):
                while piece := await self.reader.read(65536):
                    heard += piece
        return heard


def packet(kind: int, payload: bytes = b"", *, padding: int = 0) -> bytes:
    """A packet in plain: RFC 4253 §6."""
    padding = padding or 16 - (len(payload) + 6) % 8
    return (len(payload) + 2 + padding).to_bytes(4, "big") + bytes([padding, kind]) + payload + bytes(padding)


def offer(*more: bytes) -> bytes:
    """A KEXINIT with one algorithm of each kind, and `more` beside the key exchange: RFC 4253 §7.1."""
    lists = (b",".join((KEX, *more)), HOST, CIPHER, CIPHER, MAC, MAC, b"none", b"none", b"", b"")
    return packet(20, random.randbytes(16) + b"".join(string(one) for one in lists) + bytes(5))


class Stranger(asyncssh.SSHClient):
    """Has agreed on keys, and says something of its own where a client would begin to sign in."""

    def __init__(self, kind: int, payload: bytes) -> None:
        self._said = (kind, payload)

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        """Remember it."""
        self._connection: Any = conn

    def begin_auth(self, username: str) -> None:
        """Say it."""
        self._connection._auth_complete = True  # or asyncssh would hold it back
        self._connection.send_packet(*self._said)
        self._connection._auth_complete = False


@asynccontextmanager
async def signed_in(who: FileClient, source: str, **options: Any) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """A connection of somebody with their key, from that address."""
    given: dict[str, Any] = {"client_keys": [str(who.home / "key")]} | options
    async with asyncssh.connect(
        "127.0.0.1", who.port, username=who.user, local_addr=(source, 0), known_hosts=str(who.home / "known_hosts"),
        config=None, agent_path=None, **given,
    ) as connection:  # fmt: skip
        yield connection


class Sftp:
    """One channel."""

    def __init__(self, connection: asyncssh.SSHClientConnection, said: Any, heard: Any) -> None:
        self.connection = connection
        self._said = said
        self._heard = heard
        self._last = 0

    @classmethod
    async def begun(cls, connection: asyncssh.SSHClientConnection) -> Sftp:
        """Greeted."""
        said, heard, _ = await connection.open_session(subsystem="sftp", encoding=None)
        sftp = cls(connection, said, heard)
        sftp.says(frame(Kind.INIT, struct.pack(">I", 3)))
        assert Kind.VERSION == (await sftp.hears()).kind
        return sftp

    def says(self, raw: bytes) -> None:
        """Exactly this."""
        self._said.write(raw)

    async def hears(self) -> Answer:
        """One answer."""
        async with asyncio.timeout(PATIENCE_S):
            length = int.from_bytes(await self._heard.readexactly(4), "big")
            message = await self._heard.readexactly(length)
        return Answer(message[0], int.from_bytes(message[1:5], "big"), message[5:])

    async def is_left(self) -> bool:
        """Whether the channel ends."""
        async with asyncio.timeout(PATIENCE_S):
            with suppress(asyncssh.Error):
                return b"" == await self._heard.read(1)
        return True

    async def leaves(self) -> None:
        """In order: what was handed in need not be waited for."""
        self._said.write_eof()
        assert await self.is_left()

    def request(self, kind: int, *fields: bytes) -> bytes:
        """One request as bytes."""
        self._last += 1
        return frame(kind, struct.pack(">I", self._last) + b"".join(fields))

    async def ask(self, kind: int, *fields: bytes) -> Answer:
        """One request, one answer."""
        self.says(self.request(kind, *fields))
        answer = await self.hears()
        assert self._last == answer.id
        return answer

    async def open(self, path: str | bytes, flags: int = PUT) -> Answer:
        """OPEN."""
        return await self.ask(Kind.OPEN, string(path), struct.pack(">I", flags), write_attributes(NOTHING))

    async def write(self, handle: bytes, offset: int, data: bytes) -> Answer:
        """WRITE."""
        return await self.ask(Kind.WRITE, string(handle), struct.pack(">Q", offset), string(data))

    async def close(self, handle: bytes) -> Answer:
        """CLOSE."""
        return await self.ask(Kind.CLOSE, string(handle))

    async def puts(self, path: str, content: bytes) -> int:
        """A whole file; the code its CLOSE is answered with."""
        handle = (await self.open(path)).handle
        assert 0 == (await self.write(handle, 0, content)).code
        return (await self.close(handle)).code

    async def reads(self, path: str) -> bytes | None:
        """A small file; None if there is none."""
        opened = await self.open(path, Flags.READ)
        if opened.kind != Kind.HANDLE:
            return None
        content = b""
        where = string(opened.handle)
        while (found := await self.ask(Kind.READ, where, struct.pack(">QI", len(content), 32768))).kind == Kind.DATA:
            content += found.data
        await self.close(opened.handle)
        return content

    async def names(self, folder: str) -> list[str] | None:
        """What a folder holds; None if there is none."""
        opened = await self.ask(Kind.OPENDIR, string(folder))
        if opened.kind != Kind.HANDLE:
            return None
        names: list[str] = []
        while (page := await self.ask(Kind.READDIR, string(opened.handle))).kind == Kind.NAME:
            names += _names(page.body)
        await self.close(opened.handle)
        return names


def _names(body: bytes) -> list[str]:
    """The names of a NAME answer; ours have size, owners, mode and times."""
    found, at = [], 4
    for _ in range(int.from_bytes(body[:4], "big")):
        texts = []
        for _ in range(2):
            size = int.from_bytes(body[at : at + 4], "big")
            texts.append(body[at + 4 : at + 4 + size].decode())
            at += 4 + size
        flags = int.from_bytes(body[at : at + 4], "big")
        at += 4 + 8 * bool(flags & 1) + 8 * bool(flags & 2) + 4 * bool(flags & 4) + 8 * bool(flags & 8)
        found.append(texts[0])
    return found
