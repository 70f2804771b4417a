"""A partner's SFTP server on a real folder that misbehaves as told, and our way to it."""

from __future__ import annotations

import asyncio
import datetime
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import asyncssh

from gateway.facts import Receipt
from gateway.seal.parcel import Packing
from gateway.ship import NotNow, Outcome, Target
from gateway.ship.sftp import SftpCarrier
from gateway.ship.sftp_dial import Patience
from gateway.ship.sftp_route import Login, Pin, SftpRoute
from gateway.transfer import BlobId, Parcel, Seal, transfer_id

T = TypeVar("T")
TRANSFER = transfer_id(bytes(16))
RECEIPT = Receipt(stream=TRANSFER, version=3, indexes=(4,), size=5, checkpoint="")
TODAY = datetime.date(2026, 1, 1)
PATIENT = Patience(connect_s=5, sign_in_s=10, reply_s=10, block_s=10, sync_s=10, content_s=15)
HASTY = Patience(connect_s=5, sign_in_s=10, reply_s=0.2, block_s=0.2, sync_s=0.2, content_s=15)
PASSWORD = "correct CANARY horse"
NAME = "Müller, 7 May.pdf"
PART = f".{TRANSFER}.0.part"
CONTENT = bytes(range(256)) * 400


def run(story: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(30):
            return await story

    return asyncio.run(bounded())


@cache
def key(name: str, kind: str = "ssh-ed25519") -> asyncssh.SSHKey:
    """The private key of that name; the same for a whole run."""
    return asyncssh.generate_private_key(kind, comment=name)


def parcel(content: Iterable[bytes] = (CONTENT,), leg: int = 0) -> Parcel:
    packing = Packing(content)
    for _ in packing:
        pass
    return packing.parcel(transfer=TRANSFER, leg=leg, blob=BlobId("0" * 32), seal=Seal.TRANSPORT)


@dataclass
class Partner:
    """What the server does differently. `refuses` names operations and what they raise; hooks run after the deed."""

    folder: Path
    host_keys: tuple[asyncssh.SSHKey, ...] = ()
    refuses: dict[str, Exception] = field(default_factory=dict)
    stalls: set[str] = field(default_factory=set)
    after: dict[str, Callable[[Path], None]] = field(default_factory=dict)
    cuts_after: str = ""
    quota_bytes: int = 1 << 40
    garbles: bool = False
    reads_at_most: int = 1 << 30
    greets: Callable[[Any], None] = lambda connection: None
    options: dict[str, Any] = field(default_factory=dict)
    journal: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    stalled: asyncio.Event = field(default_factory=asyncio.Event)
    files: list[Any] = field(default_factory=list)
    port: int = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Partner]:
        partner = self

        class Greeter(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                partner.greets(conn)

            def begin_auth(self, username: str) -> bool:
                partner.users.append(username)
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return password == PASSWORD

            def public_key_auth_supported(self) -> bool:
                return True

            def validate_public_key(self, username: str, shown: asyncssh.SSHKey) -> bool:
                return bool(shown == key("ours").convert_to_public())

        server = await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Greeter, server_host_keys=list(self.host_keys or (key("theirs"),)),
            sftp_factory=lambda chan: Folder(chan, partner), **self.options,
        )  # fmt: skip
        self.port = server.get_port()
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()
            for file in self.files:  # asyncssh's server leaves them to the collector where a connection broke
                file.close()

    def lies_there(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}


class Folder(asyncssh.SFTPServer):
    """The partner's folder."""

    def __init__(self, chan: Any, partner: Partner) -> None:
        super().__init__(chan, chroot=os.fsencode(partner.folder))
        self._partner = partner
        self._written = 0

    async def _step(self, word: str, path: bytes = b"") -> None:
        self._partner.journal.append(word)
        if word in self._partner.refuses:
            raise self._partner.refuses[word]
        if word in self._partner.stalls:
            self._partner.stalled.set()
            await asyncio.Event().wait()

    async def _done(self, word: str, path: bytes) -> None:
        if word in self._partner.after:
            self._partner.after[word](self._partner.folder / os.fsdecode(path).lstrip("/"))
        if self._partner.cuts_after == word:
            self.connection.abort()
            await asyncio.Event().wait()

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        word = "open" if pflags & asyncssh.FXF_WRITE else "open-to-read"
        await self._step(word)
        file = super().open(path, pflags, attrs)
        self._partner.files.append(file)
        return file

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        await self._step("write")
        self._written += len(data)
        if self._written > self._partner.quota_bytes:
            raise asyncssh.SFTPFailure("quota")
        if self._partner.garbles:
            data = bytes(len(data))
        count = super().write(file_obj, offset, data)
        await self._done("write", b"")
        return count  # type: ignore[return-value]

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        await self._step("read")
        return super().read(file_obj, offset, min(size, self._partner.reads_at_most))  # type: ignore[return-value]

    async def fsync(self, file_obj: object) -> None:
        await self._step("fsync")
        super().fsync(file_obj)

    async def close(self, file_obj: object) -> None:
        super().close(file_obj)
        await self._step("close")
        await self._done("close", os.fsencode(PART))

    async def lstat(self, path: bytes) -> Any:
        await self._step("lstat")
        return super().lstat(path)

    async def remove(self, path: bytes) -> None:
        await self._step("remove")
        super().remove(path)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        await self._step("rename")
        super().rename(oldpath, newpath)
        await self._done("rename", newpath)


def login(**more: Any) -> Login:
    return Login(user="town", **(more or {"secret_key": key("ours").export_private_key()}))


def route(port: int, *pins: asyncssh.SSHKey | Pin, **more: Any) -> SftpRoute:
    return SftpRoute(
        id="court-box",
        target=Target(host="127.0.0.1", port=port, addresses=("127.0.0.1",)),
        pins=tuple(
            pin if isinstance(pin, Pin) else Pin(fingerprint=pin.get_fingerprint()) for pin in pins or (key("theirs"),)
        ),
        login=more.pop("login", None) or login(),
        **more,
    )


async def send(
    way: SftpRoute,
    content: bytes = CONTENT,
    *,
    name: str = NAME,
    chunks: Any = None,
    patience: Patience = PATIENT,
    **more: Any,
) -> Outcome:
    """One delivery over one line."""
    async with SftpCarrier(patience=patience, **more).line(way, RECEIPT, today=TODAY) as line:
        if isinstance(line, NotNow):
            return line
        return await line.deliver(parcel([content]), name, [content] if chunks is None else chunks, RECEIPT)


async def settle(way: SftpRoute, *, patience: Patience = PATIENT) -> Outcome | None:
    async with SftpCarrier(patience=patience).line(way, RECEIPT, today=TODAY) as line:
        return line if isinstance(line, NotNow) else await line.settle(parcel(), NAME)
