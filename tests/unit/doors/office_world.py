"""A small real office behind the file door: the engine in one process, sealed files on a real disk, no network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from inspect import isawaitable
from pathlib import Path
from typing import Any

from gateway.doors.sftp.officetree import Offices, OfficeTree
from gateway.doors.sftp.paths import TreePath, read_path
from gateway.doors.sftp.status import Client, Denied
from gateway.doors.sftp.tree import Entry, Opening
from gateway.engine.attested import Attestations
from gateway.engine.files.depositing import SETTLE_MS, Depositing
from gateway.engine.files.pages import Pages
from gateway.engine.files.pigeonholes import Pigeonholes
from gateway.engine.files.shelf import PREFIX, Shelf
from gateway.engine.files.staging import Staging
from gateway.engine.publication import Publication
from gateway.engine.runner import LEASE_MS
from gateway.judge.rulebook import Rulebook
from gateway.keep.files import FileBlobs
from gateway.transfer import TransferId
from tests.unit.engine.engine_world import ALENA, rules
from tests.unit.engine.filing_world import FileOffice

FIRM = "smith-and-day"
PARTNER = f"partner:{FIRM}"
PER = "per@town.test"
LARGEST = 64 << 20
RULES = """
[[allow]]
id = "to-counsel"
who = ["clerk"]
to = ["law-firms"]
labels = ["office", "confidential"]
by = ["sftp"]
for = ["general"]
when = ["agreement-current"]
until = 2027-03-31
owner = "ruth@town.test"
because = "Their box."

[[allow]]
id = "from-counsel"
who = ["outsider"]
to = ["staff"]
labels = ["office"]
by = ["sftp"]
until = 2027-03-31
owner = "ruth@town.test"
because = "What they hand in."
"""


def file_rules() -> Rulebook:
    """The sample's rules, and a firm that collects here."""
    return rules(("partners.toml", "until = 2026-04-30", "until = 2027-04-30"), transfers=RULES)


class DoorOffice(FileOffice):
    """An office with a file door's engine. What is on disk survives `opens`."""

    def __init__(self, folder: Path, **how: Any) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        super().__init__(rulebook=file_rules(), blobs=FileBlobs(folder / "blobs", largest_bytes=1 << 20), **how)

    def _furnish(self, tasks: asyncio.TaskGroup) -> None:
        super()._furnish(tasks)
        self.runner._errands = {PREFIX: lambda stream: self.depositing.settle(stream)}
        self.staging = Staging(
            self.folder / "staging", vault=self.vault, adopts=self.blobs,  # type: ignore[arg-type]
            keyring=self.keyring, clock=self.clock, tasks=tasks, largest_bytes=LARGEST,
        )  # fmt: skip
        self.staging.recover()
        shelf = Shelf(
            records=self.records, archive=self.archive, index_key=self.keyring.index_key, clock=self.clock,
            rules=self.in_force,
        )  # fmt: skip
        pigeonholes = Pigeonholes(rules=self.in_force, inquiry=self.inquiry)
        self.depositing = Depositing(
            staging=self.staging, shelf=shelf, pigeonholes=pigeonholes, vault=self.vault, scribe=self.writer,
            notes=self.notes, clock=self.clock, foresee=self.desk.foresee,
        )  # fmt: skip
        self.publication = Publication(self.folder / "ledger", self.records, self.signer.vkey)
        pages = Pages(
            shelf=shelf, attestations=Attestations(self.records, self.archive, self.keyring),
            publication=self.publication, vkey=self.signer.vkey, rules=self.in_force, clock=self.clock,
        )  # fmt: skip
        self.offices = Offices(
            depositing=self.depositing, pigeonholes=pigeonholes, shelf=shelf, pages=pages, inquiry=self.inquiry,
            rules=self.in_force, vault=self.vault, clock=self.clock, quota_bytes=1 << 20,
        )  # fmt: skip

    def transfers(self) -> list[TransferId]:
        """What people handed in; not the notes about it."""
        return [one for one in super().transfers() if not self.journey(one).transfer.about]

    def notes_about(self, transfer: str) -> list[str]:
        """What was told about it, as the notes' texts."""
        return [self.content(one) for one in super().transfers() if self.journey(one).transfer.about == transfer]

    # ── people at the door ───────────────────────────────────────────────────────────────────────────────────────

    def tree(self, person: str = ALENA) -> OfficeTree:
        """One session's view."""
        return self.offices.tree_for(person, "192.0.2.1", Client.OPENSSH)

    async def settles(self, ms: int = 5_000) -> None:
        """Names have stood still for long enough, and what follows is done."""
        self.clock.at_ms += ms
        for _ in range(4000):
            await asyncio.sleep(0.005)
            if not any(self._is_due(name) for name in self.deposits()):
                break
        await self.rests()

    def deposits(self) -> list[str]:
        return [name for name in self.records.find((), limit=1 << 20) if name.startswith(PREFIX)]

    def _is_due(self, stream: str) -> bool:
        """Whether it is to be handed over, or is being: what is leased lies further ahead than what only settles."""
        due_ms, now_ms = self.records._streams[stream].due_ms, self.clock.now_ms()
        return due_ms is not None and not now_ms < due_ms <= now_ms + SETTLE_MS and due_ms <= now_ms + LEASE_MS


def path(text: str) -> TreePath:
    found = read_path(text.encode())
    assert isinstance(found, TreePath)
    return found


async def put(
    tree: OfficeTree, to: str, content: bytes, *, mtime: int | None = None, piece: int = 32_768
) -> Denied | None:
    """OPEN, WRITE in pieces, CLOSE."""
    opening = Opening(is_truncated=True, must_be_new=False, may_create=True)
    draft = await tree.write(path(to), opening)
    if isinstance(draft, Denied):
        return draft
    for at in range(0, len(content), piece):
        if denied := draft.write(at, memoryview(content)[at : at + piece]):
            await draft.abandon()
            return denied
        if draft.is_full:
            await draft.room()
    return await draft.complete(mtime=mtime)


async def get(tree: OfficeTree, at: str, *, size: int = 32_768, asked: bool = True) -> bytes | Denied:
    """OPEN, READ to the end, CLOSE."""
    source = await tree.read(path(at))
    if isinstance(source, Denied):
        return source
    content = b""
    while True:
        read = source.read(len(content), size)
        piece = await read if isawaitable(read) else read
        if isinstance(piece, Denied):
            return piece
        if not piece:
            break
        content += piece if isinstance(piece, bytes) else b"".join(piece)
    await source.close(was_asked=asked)
    return content


async def names(tree: OfficeTree, at: str) -> list[str]:
    """What a listing shows."""
    found = await tree.listing(path(at))
    assert not isinstance(found, Denied), found
    return [entry.name for entry in found]


async def entry(tree: OfficeTree, at: str) -> Entry:
    found = await tree.look(path(at))
    assert isinstance(found, Entry), found
    return found


@asynccontextmanager
async def office(folder: Path, **how: Any) -> AsyncIterator[DoorOffice]:
    """An office that opens, and whose ledger is verified when it closes."""
    house = DoorOffice(folder, **how)
    async with asyncio.timeout(40), house.opens():
        yield house
    assert [] == house.fatal
    house.is_whole()


Telling = Callable[[DoorOffice], Any]


def tell(folder: Path, story: Telling) -> None:
    """One story in one office."""

    async def whole() -> None:
        async with office(folder) as house:
            await story(house)

    asyncio.run(whole())
