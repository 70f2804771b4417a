"""Files under fire: clerks who upload without end, a partner's server that writes everything down, and the count.

The oracle stands outside what crashes. A clerk's journal says what a file was to be before its first byte, and that it
was acknowledged after the OK to its CLOSE has been read. The partner's server says when the first byte of each file
came, and what it was when it got its name. `count` holds both against the books of the office; the words are
`counting`'s.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.engine.files.shelf import PREFIX
from gateway.journey import Journey, State
from tests.boxes import FileClient, PartnerBox
from tests.chaos.counting import EVERYTHING, WAITS, Books, Count, books, indiscretions, now_ms
from tests.chaos.trial import VICTIMS, Round
from tests.house import ALENA, House

PUSHED, SHELVED = "/to/court/office/litigation", "/to/tribunal/office/litigation"
"""One partner has a server of its own, the other comes for what is its."""
COLLECTS = """
[partner.tribunal]
name = "Tribunal"
groups = ["courts"]
domains = ["tribunal.test"]
agreement = { kind = "protocol", signed = 2025-02-01, until = 2028-01-31 }
verified = { on = 2026-02-03, by = "per@town.test", how = "rang the number on file" }
"""
SMALL, LARGE = 3_000, 900_000
"""One waits in memory until its CLOSE, the other is staged on the disk."""
BLOCK = 32_768
LONGEST_S = 2.5
"""So long it may live before it is killed: names settle and files go out meanwhile."""
LINE = b"CANARY: line %08d of a paper that nobody may cut in two.\r\n"
GONE = (OSError, asyncssh.Error, asyncio.TimeoutError)


@dataclass(slots=True)
class Paper:
    """One file as its clerk knows it."""

    name: str
    folder: str
    sha256: str
    is_broken_off: bool = False
    """Its clerk left before the CLOSE, and never came back to it."""
    was_closed: bool = False
    """A CLOSE was sent: what came whole may be kept from here on."""
    is_acknowledged: bool = False
    """Its OK was read: it must be."""


def content_of(name: str, size: int) -> bytes:
    """A text of about that many bytes that is nobody else's, and says where it was cut."""
    head = f"CANARY {name}\r\n".encode()
    return head + b"".join(LINE % number for number in range(size // len(LINE % 0)))


@dataclass(slots=True)
class Clerks:
    """They upload without end, stop in the middle now and then, come back after every crash, and go on."""

    house: House
    desk: FileClient
    number: int
    seed: int
    journal: list[Paper] = field(default_factory=list)
    resumed: int = 0
    """Papers that were gone on with after a break and then acknowledged."""
    refusals: list[str] = field(default_factory=list)
    """What a CLOSE was answered with instead of OK: the gateway was going down."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Upload."""
        self._stop.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(60)

    async def _all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(self.number):
                group.create_task(self._clerk(random.Random(f"{self.seed} {number}")))

    async def _clerk(self, dice: random.Random) -> None:
        left: list[tuple[Paper, bytes]] = []
        while not self._stop.is_set():
            with suppress(*GONE):
                async with asyncio.timeout(20), self._session() as sftp:
                    for _ in range(dice.randrange(1, 6)):
                        if self._stop.is_set():
                            break
                        await self._one(sftp, dice, left)
                    sftp.exit()  # in order, so that what was handed in is due at once
                    await sftp.wait_closed()
            await asyncio.sleep(0.02)

    @property
    def broken_off(self) -> int:
        """Papers of which every byte came, and no CLOSE ever."""
        return sum(paper.is_broken_off for paper in self.journal)

    def _session(self) -> _Session:
        return _Session(self.desk)

    async def _one(self, sftp: asyncssh.SFTPClient, dice: random.Random, left: list[tuple[Paper, bytes]]) -> None:
        """A new paper, or the rest of one that a crash broke off."""
        if left and dice.random() < 0.5:
            await self._go_on(sftp, *left.pop())
            return
        name = f"CANARY {len(self.journal)} {dice.randrange(1 << 30):08x}.txt"
        content = content_of(name, dice.choice((SMALL, LARGE)))
        paper = Paper(name, dice.choice((PUSHED, SHELVED)), hashlib.sha256(content).hexdigest())
        self.journal.append(paper)
        try:
            await self._put(sftp, paper, content, breaks_off=dice.random() < 0.2)
        except GONE:
            if not paper.is_broken_off:
                left.append((paper, content))
            raise

    async def _put(self, sftp: asyncssh.SFTPClient, paper: Paper, content: bytes, *, breaks_off: bool) -> None:
        file = await sftp.open(f"{paper.folder}/{paper.name}", "wb", block_size=BLOCK)
        await _write(file, content, 0)
        if breaks_off:
            paper.is_broken_off = True
            sftp.exit()
            raise ConnectionResetError
        await self._close(file, paper)

    async def _go_on(self, sftp: asyncssh.SFTPClient, paper: Paper, content: bytes) -> None:
        path = f"{paper.folder}/{paper.name}"
        try:
            came = (await sftp.stat(path)).size or 0
            if came == len(content) and paper.was_closed:
                return  # its CLOSE came, and only the answer was lost: nobody would send it again
            file = await sftp.open(path, asyncssh.FXF_WRITE | asyncssh.FXF_CREAT, encoding=None, block_size=BLOCK)
        except asyncssh.SFTPError:
            return  # its CLOSE had come, and it has been handed over since; or nothing of it was left
        await _write(file, content, came)
        await self._close(file, paper)
        self.resumed += paper.is_acknowledged

    async def _close(self, file: asyncssh.SFTPClientFile, paper: Paper) -> None:
        paper.was_closed = True
        try:
            await file.close()
        except asyncssh.SFTPError as refusal:
            self.refusals.append(refusal.reason)
            return
        paper.is_acknowledged = True


async def _write(file: asyncssh.SFTPClientFile, content: bytes, start: int) -> None:
    for at in range(start, len(content), BLOCK):
        await file.write(content[at : at + BLOCK], at)


class _Session:
    """A connection and its one SFTP session; whatever ends, both do."""

    def __init__(self, desk: FileClient) -> None:
        self._desk = desk
        self._connection: asyncssh.SSHClientConnection | None = None

    async def __aenter__(self) -> asyncssh.SFTPClient:
        desk = self._desk
        self._connection = await asyncssh.connect(
            "127.0.0.1", desk.port, username=desk.user, client_keys=[str(desk.home / "key")], config=None,
            known_hosts=str(desk.home / "known_hosts"), agent_path=None,
        )  # fmt: skip
        return await self._connection.start_sftp_client()

    async def __aexit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.abort()


# ── the partner's server ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that got its name at the partner's."""

    name: str
    sha256: str
    first_byte_ms: int


@dataclass(slots=True)
class Witness:
    """The court's server, in a thread of its own."""

    box: PartnerBox
    arrivals: list[Arrival] = field(default_factory=list)
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    _stop: Callable[[], object] = lambda: None
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen."""
        ready = threading.Event()

        async def serve() -> None:
            is_over, loop = asyncio.Event(), asyncio.get_running_loop()
            self._stop = lambda: loop.call_soon_threadsafe(is_over.set)
            async with asyncssh.listen(
                "127.0.0.1", self.box.port, server_host_keys=[str(self.box.host_key)], config=None,
                authorized_client_keys=str(self.box.home / "authorized_keys"), server_factory=lambda: _Greeter(self),
                sftp_factory=lambda channel: _Folder(channel, self),
            ):  # fmt: skip
                ready.set()
                await is_over.wait()
                for connection in self.connections:
                    connection.abort()
                await asyncio.sleep(0)  # their sockets close in the next turn

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        assert ready.wait(10)

    def stop(self) -> None:
        """Stop listening."""
        self._stop()
        if self._thread is not None:
            self._thread.join(10)


class _Greeter(asyncssh.SSHServer):
    """Remembers who came."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Somebody."""
        self._witness.connections.append(conn)


class _Folder(asyncssh.SFTPServer):
    """The folder, and what happens in it."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], witness: Witness) -> None:
        super().__init__(channel, chroot=os.fsencode(witness.box.home / "in"))
        self._witness = witness
        self._begun_ms: dict[bytes, int] = {}

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """A file is opened: its first byte cannot come earlier."""
        self._begun_ms.setdefault(path, now_ms())
        return super().open(path, pflags, attrs)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """It gets its name."""
        super().rename(oldpath, newpath)
        content = Path(os.fsdecode(self.map_path(newpath))).read_bytes()
        name = os.fsdecode(newpath).rpartition("/")[2]
        began_ms = self._begun_ms.get(oldpath, now_ms())
        self._witness.arrivals.append(Arrival(name, hashlib.sha256(content).hexdigest(), began_ms))


# ── the count ────────────────────────────────────────────────────────────────────────────────────────────────────────


def is_settled(house: House) -> bool:
    """True when nothing has work that could be done now: no upload whose name must settle, no leg that has its turn."""
    at_ms = now_ms()
    with opened(Setting(folder=house.folder)) as office:
        for stream in office.records.find((), limit=EVERYTHING):
            story = office.archive.story(stream)
            if story is None:
                continue
            if stream.startswith(PREFIX):
                if office.archive.story(stream.partition("/")[2]) is None:
                    return False
            elif stream.startswith("T-"):
                for leg in story.journey.legs:
                    is_later = leg.state is State.WAITING and leg.deferred and leg.deferred.until_ms > at_ms
                    if not (leg.is_closed or is_later or leg.state in WAITS - {State.WAITING}):
                        return False
    return True


def count(house: House, clerks: Clerks, witness: Witness, crashes_ms: list[int]) -> Count:
    """Hold the journals against the books. Call it when all is at rest and the house is closed."""
    kept = books(house)
    result = Count(
        crashes=len(crashes_ms), unsound=[*kept.unsound, *map("the log says {}".format, indiscretions(house))]
    )
    mine: dict[str, list[Journey]] = {}
    for journey in kept.journeys.values():
        if journey.transfer.items and journey.transfer.sender.person == ALENA:
            mine.setdefault(journey.transfer.items[0].name, []).append(journey)
    arrived = Counter(_title(one.name) for one in witness.arrivals)
    digests = {_title(one.name): one.sha256 for one in witness.arrivals}
    for paper in clerks.journal:
        _settle(paper, mine.pop(paper.name, []), arrived[paper.name], digests.get(paper.name, ""), result)
    result.unsound += [f"a file nobody sent: {name}" for name in mine]
    for one in witness.arrivals:
        _is_ledgered(one, kept, result)
    return result


_NUMBERED = re.compile(r" \(\d+\)(?=\.txt$)")


def _title(name: str) -> str:
    """The name a second copy would have been numbered from."""
    return _NUMBERED.sub("", name)


def _settle(paper: Paper, journeys: list[Journey], copies: int, sha256: str, result: Count) -> None:
    """One paper: never more than one transfer of it that was not taken back, and one if it was acknowledged."""
    standing = [one for one in journeys if one.legs[0].state is not State.RECALLED]
    here = f"{paper} {[str(one.legs[0].state) for one in journeys]} at the partner's: {copies}"
    result.acknowledged += paper.is_acknowledged
    if not paper.was_closed and (journeys or copies):
        result.unsound.append(f"never closed, and taken: {here}")
    if any(one.transfer.items[0].digest.sha256 != paper.sha256 for one in standing) or sha256 not in ("", paper.sha256):
        result.unsound.append(f"not as it was sent: {here}")
    if len(standing) > 1 or copies > 1:
        result.dup_outside.append(here)
    if not standing:
        if paper.is_acknowledged:
            result.lost.append(here)
        return
    result.legs += 1
    state = standing[0].legs[0].state
    if state is State.SHIPPED:
        result.delivered += 1
        if copies != 1:
            result.lost.append(f"said to be there: {here}")
    elif state in WAITS:
        result.waiting += 1
        if state is State.OFFERED and paper.folder != SHELVED:
            result.unsound.append(f"in the wrong place: {here}")
    elif standing[0].legs[0].is_closed:
        result.refused += 1
    else:
        result.stuck.append(here)


def _is_ledgered(one: Arrival, kept: Books, result: Count) -> None:
    named = [journey for journey in kept.journeys.values() if journey.transfer.items
             and journey.transfer.items[0].name == _title(one.name)]  # fmt: skip
    intended = [kept.sealed_ms.get((f"<{journey.transfer.id}@mail.town.test>", "none")) for journey in named]
    if not any(at is not None and at <= one.first_byte_ms for at in intended):
        result.unledgered.append(f"{one}")


# ── a round ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class FileRound(Round):
    """An office, its partners and its clerks, ready to be killed."""

    clerks: Clerks = field(kw_only=True)
    witness: Witness = field(kw_only=True)

    def dies_at_random(self, dice: random.Random) -> None:
        """See `Round.dies_at_random`; it lives longer."""
        if dice.random() < 0.25:
            Round.dies_at_random(self, dice)  # `super` does not know a class with slots
            return
        self.house.opens()
        threading.Event().wait(dice.random() * LONGEST_S)
        self._strike(dice.choice(VICTIMS))
        self._ends()

    def settles(self, within_s: float = 90.0) -> Count:
        """Start once more, let it drain, close it; the count."""
        self.clerks.stop()
        if self.house.process is None:
            self.house.opens()
        pause, end = threading.Event(), time.monotonic() + within_s
        while time.monotonic() < end and not is_settled(self.house):
            pause.wait(0.3)
        assert 0 == self.house.closes(), self.house.log()[-2000:]
        result = count(self.house, self.clerks, self.witness, self.crashes_ms)
        result.unsound += [f"process {pid} outlived the gateway" for pid in self.orphans]
        return result


def with_files(folder: Path, act: Callable[[FileRound], None], *, clerks: int, seed: int) -> tuple[Count, Clerks]:
    """Lay out an office with two partners, run `act` on it, let it settle and count."""
    with filing_house(folder) as (house, box), ExitStack() as stack:
        asyncssh_log = logging.getLogger("asyncssh")  # it logs the names of files
        stack.callback(asyncssh_log.setLevel, asyncssh_log.level)
        asyncssh_log.setLevel(logging.CRITICAL + 1)
        witness = Witness(box)
        people = Clerks(house, house.desk_of(ALENA), clerks, seed)
        witness.start()
        stack.callback(witness.stop)
        people.start()
        stack.callback(people.stop)
        round_ = FileRound(house, None, people, clerks=people, witness=witness)  # type: ignore[arg-type]
        act(round_)
        return round_.settles(), people


@contextmanager
def filing_house(folder: Path) -> Iterator[tuple[House, PartnerBox]]:
    """An office with a box at the court, and a partner that collects."""
    house = House.laid_out(folder)
    try:
        house.adds("partners.toml", COLLECTS)
        house.publishes()
        yield house, house.builds_a_box()
    finally:
        house.ends()
