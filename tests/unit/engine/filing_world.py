"""The office of `engine_world` with stations for files: a partner's box that answers as it is told, and a shelf."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import dns.asyncresolver

from gateway.commands.sample import sample_rules
from gateway.engine.dispatch import Dispatch
from gateway.engine.entries import Write
from gateway.engine.files.filing import FileStations
from gateway.engine.files.pushing import Pushing
from gateway.engine.workshop.memory import Memory
from gateway.errors import Misconfigured
from gateway.facts import Hop, Reason, Receipt, Received
from gateway.journey import begin
from gateway.judge.rulebook import Rulebook
from gateway.scrub import document
from gateway.scrub.plan import Inspection
from gateway.ship import InDoubt, NotNow, Outcome, Taken
from gateway.ship.resolve import Resolver
from gateway.ship.sftp import SftpCarrier
from gateway.ship.sftp_route import SftpRoute
from gateway.transfer import Digest, Item, Leg, Parcel, Party, Recipient, Transfer, TransferId, Way, transfer_id
from tests.unit.engine.engine_world import ALENA, NOON, Bench, Office, Story, in_one, party, rules

FINGERPRINT = "SHA256:7Vq0pHc1m3lXkQz5b8nT2yRf9sWd4uEa6gJoKiLxNvA"
HOP = Hop(
    level="pin", host="sftp.court.test", port=22, address="192.0.2.7", tls_version="SSH-2.0", cipher="aes128-gcm",
    leaf_sha256="", spki_sha256="", matched_name=FINGERPRINT, verdict="key-pinned",
)  # fmt: skip
SECRET = b"-----BEGIN OPENSSH PRIVATE KEY-----\nnot a real one\n"
PAPER = b"CANARY: the statement of claim.\r\n"
BOX = ("routes.toml", "sftp.court.test:22", "192.0.2.7:22")
"""The sample's box, at an address that no name server need know."""


@dataclass
class Box:
    """A partner's server. It keeps what it takes, by name; `answers` come first, one a delivery."""

    office: Office
    answers: deque[Outcome] = field(default_factory=deque)
    settles: deque[Taken | InDoubt | None] = field(default_factory=deque)
    """What is found of an earlier attempt, one an asking; then what really lies there."""
    no_line: deque[NotNow | Exception | None] = field(default_factory=deque)
    """Instead of a line, one a connection; None: a line."""
    loses_answers: int = 0
    """So many deliveries arrive, and nobody hears of it."""
    files: dict[str, bytes] = field(default_factory=dict)
    routes: list[SftpRoute] = field(default_factory=list)
    asked: int = 0
    hop: Hop = HOP

    @asynccontextmanager
    async def line(self, route: SftpRoute, sealed: Receipt, *, today: date) -> AsyncIterator[Box | NotNow]:
        assert "sealed" in self.office.post.facts_before(sealed)
        assert date(2026, 11, 23) <= today
        self.routes.append(route)
        why = self.no_line.popleft() if self.no_line else None
        if isinstance(why, Exception):
            raise why
        yield why or self

    async def settle(self, parcel: Parcel, name: str) -> Taken | InDoubt | None:
        self.asked += 1
        if self.settles:
            return self.settles.popleft()
        is_there = name in self.files and Digest.of(self.files[name]) == parcel.digest
        return Taken(reply="lies there", is_notifying=False) if is_there else None

    async def deliver(
        self, parcel: Parcel, name: str, chunks: Iterable[bytes] | AsyncIterable[bytes], attempted: Receipt
    ) -> Outcome:
        assert "attempted" == self.office.post.facts_before(attempted)[-1]
        content = b"".join([one async for one in chunks] if isinstance(chunks, AsyncIterable) else list(chunks))
        assert Digest.of(content) == parcel.digest
        await self.office.fuse.pass_("first byte")
        outcome = self.answers.popleft() if self.answers else Taken(reply="renamed", is_notifying=False)
        if isinstance(outcome, Taken):
            assert name not in self.files, "a second copy"
            self.files[name] = content
        await self.office.fuse.pass_("answered")
        if self.loses_answers:
            self.loses_answers -= 1
            return InDoubt(reason=_reason("reply-lost"))
        return outcome


def _reason(code: str) -> Reason:
    return Reason(code=code, about=(("host", HOP.host), ("status", "4.4.2")))


class FileBench(Bench):
    """Looks into papers from outside, too."""

    async def inspect(self, content: bytes | Memory, *, name: str, media: str) -> Inspection:
        return document.inspect(content if isinstance(content, bytes) else content.view(), name=name, media=media)


@dataclass
class FileOffice(Office):
    """An office whose runner carries mail and files."""

    rulebook: Rulebook = field(default_factory=lambda: rules(BOX))
    box: Box = field(init=False)
    secrets: dict[str, bytes] = field(default_factory=lambda: {"court-box": SECRET})
    carrier: SftpCarrier | None = None
    """A real one, instead of the box."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.box = Box(self)
        self.bench = FileBench(self.fuse)

    def has(self, fuse: Any) -> None:
        super().has(fuse)
        self.bench = FileBench(fuse)

    def _furnish(self, tasks: asyncio.TaskGroup) -> None:
        super()._furnish(tasks)
        pushing = Pushing(
            vault=self.vault, clock=self.clock, rules=self.in_force, inquiry=self.inquiry, notes=self.notes,
            carrier=self.carrier or self.box, resolver=Resolver(dns.asyncresolver.Resolver(configure=False)),
            secret_of=self._secret_of,
        )  # fmt: skip
        self.files = FileStations(
            contents=self.contents, vault=self.vault, workshop=self.bench, inquiry=self.inquiry, pushing=pushing,
            notes=self.notes, rules=self.in_force, examination=self.examination,
        )  # fmt: skip
        self.runner._stations = Dispatch(mail=self.stations, files=self.files)

    def _secret_of(self, credential: str) -> bytes:
        if credential not in self.secrets:
            raise Misconfigured(f"there is no credential {credential}")
        return self.secrets[credential]

    async def drops(
        self, content: bytes = PAPER, *, name: str = "claim.txt", media: str = "text/plain", label: str = "office",
        purpose: str = "litigation", partner: str = "court", sender: Party | None = None, to: Recipient | None = None,
    ) -> TransferId:  # fmt: skip
        """One file whose name has settled, as the depository would append it."""
        data_key = self.clock.random(32)
        stored = await self.vault.put(data_key, [content])
        item = Item(name=name, media=media, size_bytes=stored.size_bytes, digest=stored.digest, blob=stored.blob)
        transfer = Transfer(
            id=transfer_id(self.clock.random(16)), way=Way.SFTP, sender=sender or party(ALENA), items=(item,),
            legs=(Leg(ordinal=0, recipient=to or Recipient(partner=partner)),), received_ms=self.clock.now_ms(),
            label=label, purpose=purpose,
        )  # fmt: skip
        received = Received(transfer=transfer)
        write = Write(stream=transfer.id, facts=(received,), expected=0, data_key=data_key, due_ms=NOON)
        (receipt,) = await self.scribe.append(write)
        self.runner.submit(begin(received), receipt, data_key)
        return transfer.id


def no_route() -> Rulebook:
    """The sample's rules where the court collects at our door."""
    text = sample_rules()["routes.toml"]
    return rules(("routes.toml", text[text.index("[[route]]") :], ""))


def no_address() -> Rulebook:
    """The same, and of the court only its domain is on file."""
    text = sample_rules()["routes.toml"]
    listed = ("partners.toml", 'addresses = ["registry@court.test"]\n', "")
    return rules(("routes.toml", text[text.index("[[route]]") :], ""), listed)


def route_at(place: str, fingerprint: str) -> Rulebook:
    """The sample's rules where the court's box is somewhere else."""
    return rules(("routes.toml", "sftp.court.test:22", place), ("routes.toml", FINGERPRINT, fingerprint))


def outsiders_may() -> Rulebook:
    """The sample's rules, under which partners may hand papers in."""
    return rules(BOX)


def outsiders_may_not() -> Rulebook:
    """The sample's rules, but for that."""
    return rules(BOX, ("transfers.toml", 'who = ["outsider"]', 'who = ["clerk"]'))


def in_the_file_office(**how: Any) -> Callable[[Story], Callable[..., None]]:
    """As `in_the_office`, with files."""
    return in_one(FileOffice, how)
