"""A file door on loopback over the tree in memory, people with keys, passwords and codes, and clients for them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import asyncssh
from asyncssh.public_key import SSHKey

from gateway.doors.guard import Guard, Penalties
from gateway.doors.sftp.credentials import Certificate, PublicKey
from gateway.doors.sftp.server import SftpDoor
from gateway.doors.sftp.settings import Settings
from gateway.doors.sftp.signin import Account, Attempt, Authority, Factor, KeyTerms, Way
from gateway.doors.sftp.status import Client
from tests.unit.doors.sftp_tree import MemoryTree, Office

PASSWORD = "correct CANARY horse"
CODE = "123456"
KEY_ONLY: tuple[Way, ...] = ((Factor.KEY,),)
USUAL: tuple[Way, ...] = ((Factor.KEY,), (Factor.PASSWORD, Factor.CODE), (Factor.CERTIFICATE,))


@cache
def key(name: str, kind: str = "ssh-ed25519") -> SSHKey:
    """The private key of that name; the same for a whole run."""
    return asyncssh.generate_private_key(kind, comment=name)


@dataclass
class JumpingClock:
    """Time by assignment, seeded entropy."""

    ms: int = 1_800_000_000_000
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    def now_ms(self) -> int:
        return self.ms

    def random(self, size: int) -> bytes:
        return self.dice.randbytes(size)


@dataclass
class People:
    """Who may sign in, and how."""

    ways: dict[str, tuple[Way, ...]] = field(default_factory=lambda: {"ann": USUAL})
    keys: dict[str, set[str]] = field(default_factory=lambda: {"ann": {key("ann").get_fingerprint()}})
    terms: KeyTerms = field(default_factory=KeyTerms)
    authorities: dict[bytes, Authority] = field(default_factory=dict)
    revoked: set[int] = field(default_factory=set)
    attempts: list[Attempt] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Each password or code that was checked: whose, which factor."""
    gate: asyncio.Event | None = None
    """When set, a password is checked only once this is."""

    async def account(self, name: str) -> Account:
        return Account(name=name, person=name if name in self.ways else None, ways=self.ways.get(name, USUAL))

    async def key_terms(self, account: Account, key: PublicKey) -> KeyTerms | None:
        return self.terms if key.fingerprint in self.keys.get(account.name, ()) else None

    async def authority(self, account: Account, certificate: Certificate) -> Authority | None:
        return None if certificate.serial in self.revoked else self.authorities.get(certificate.authority)

    async def check_password(self, account: Account, secret_password: str) -> bool:
        self.asked.append((account.name, "password"))
        if self.gate:
            await self.gate.wait()
        return account.person is not None and secret_password == PASSWORD

    async def check_code(self, account: Account, secret_code: str) -> bool:
        self.asked.append((account.name, "code"))
        return account.person is not None and secret_code == CODE

    def attempted(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)


@dataclass
class World:
    """A door, the office behind it, and its people."""

    door: SftpDoor
    port: int
    office: Office
    people: People
    clients: list[Client] = field(default_factory=list)
    proofs: list[str] = field(default_factory=list)
    """How each session's person had signed in."""

    @asynccontextmanager
    async def client(self, name: str = "ann", **options: Any) -> AsyncIterator[asyncssh.SSHClientConnection]:
        """An asyncssh client, with Ann's key unless told otherwise."""
        given: dict[str, Any] = {
            "known_hosts": None,
            "config": None,
            "agent_path": None,
            "client_keys": [key(name)],
            "username": name,
            "preferred_auth": "publickey,password,keyboard-interactive",
        } | options
        async with asyncssh.connect("127.0.0.1", self.port, **given) as connection:
            yield connection

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A socket, and the server's identification read."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert b"SSH-2.0-Sealgate\r\n" == await reader.readline()
        return reader, writer


@asynccontextmanager
async def world(
    settings: Settings | None = None,
    *,
    people: People | None = None,
    office: Office | None = None,
    host_keys: tuple[SSHKey, ...] = (),
) -> AsyncIterator[World]:
    """A door that listens."""
    office, people = office or Office(), people or People()
    clients: list[Client] = []
    proofs: list[str] = []

    def tree_for(person: str, source: str, client: Client, *, signed_in_by: str) -> MemoryTree:
        clients.append(client)
        proofs.append(signed_in_by)
        return MemoryTree(office)

    door = SftpDoor(
        people,
        tree_for,
        host_keys=host_keys or (key("host"),),
        settings=settings or Settings(),
        guard=Guard(now=lambda: 0.0, penalties=Penalties(free=100)),
        clock=JumpingClock(),
    )
    async with door:
        yield World(door, await door.listen("127.0.0.1", 0), office, people, clients, proofs)
