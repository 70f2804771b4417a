"""An upload cut at every byte: nothing is taken before the last byte of its CLOSE, and what came can be gone on with.

The session and the engine are the real ones, with sealed files on a real disk. The sweep feeds a session every prefix
of one upload; a sample cuts a real connection, keys and ciphers and all.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncssh
import pytest

from gateway.doors.guard import Guard, Penalties
from gateway.doors.sftp.attributes import NOTHING, Attributes, write_attributes
from gateway.doors.sftp.handles import Ration
from gateway.doors.sftp.server import SftpDoor
from gateway.doors.sftp.session import Bounds, Session
from gateway.doors.sftp.settings import Penalties as Debts
from gateway.doors.sftp.settings import Settings
from gateway.doors.sftp.status import Client
from gateway.doors.sftp.tree import Remove
from gateway.doors.sftp.wire import Kind
from gateway.engine.files import staging
from gateway.engine.files.share import Share
from tests.unit.doors.office_world import FIRM, PARTNER, DoorOffice, entry, get, names, path, tell
from tests.unit.doors.sftp_talk import PUT, RESUME, frame, string
from tests.unit.doors.sftp_world import USUAL, People, key
from tests.unit.engine.engine_world import ALENA

BOX = f"/to/{FIRM}/office"
NAME = f"{BOX}/terms.txt"
CONTENT = b"CANARY: the terms are agreed, all of them, and signed on both sides.\r\n"
THIRD = len(CONTENT) // 3
PLACES = (0, 2 * THIRD, THIRD)
"""Where the three writes start: the last comes before the one in the middle, as rclone's may."""
HANDLE = (1).to_bytes(8, "big")
DAY_MS = 24 * 60 * 60_000


def script(flags: int = PUT) -> list[bytes]:
    """The messages of one upload: greeting, opening, three writes, time and size, CLOSE; the last is the CLOSE."""
    numbers = iter(range(1, 100))

    def ask(kind: int, *fields: bytes) -> bytes:
        return frame(kind, struct.pack(">I", next(numbers)) + b"".join(fields))

    ends = {at: min(at + THIRD, len(CONTENT)) if at < 2 * THIRD else len(CONTENT) for at in PLACES}
    return [
        frame(Kind.INIT, struct.pack(">I", 3)),
        ask(Kind.OPEN, string(NAME), struct.pack(">I", flags), write_attributes(NOTHING)),
        *(ask(Kind.WRITE, string(HANDLE), struct.pack(">Q", at), string(CONTENT[at : ends[at]])) for at in PLACES),
        ask(Kind.FSETSTAT, string(HANDLE), write_attributes(Attributes(size=len(CONTENT), mtime=1_600_000_000))),
        ask(Kind.CLOSE, string(HANDLE)),
    ]


def came_by(cut: int) -> int:
    """How far the content reaches in a prefix of so many bytes of the script: whole writes, up to the first gap."""
    messages = script()
    ends = [sum(map(len, messages[: number + 1])) for number in (2, 3, 4)]
    return (0, THIRD, THIRD, len(CONTENT))[sum(end <= cut for end in ends)]


async def says(session: Session, raw: bytes) -> list[int]:
    """Feed it, let it work; the status codes it answers with."""
    session.feed(raw)
    out = b""
    while True:
        while (pending := session.work_now()) is not None:
            await pending
        if not (more := session.take()):
            break
        out += more
    return list(_codes(out))


def _codes(out: bytes) -> Iterator[int]:
    while out:
        size = int.from_bytes(out[:4], "big")
        if out[4] == Kind.STATUS:
            yield int.from_bytes(out[9:13], "big")
        out = out[4 + size :]


def session_of(house: DoorOffice) -> Session:
    return Session(house.tree(), client=Client.OPENSSH, bounds=Bounds(), ration=Ration(256))


async def receipts(house: DoorOffice) -> list[str]:
    """What its sender has about single files."""
    return [name for name in await names(house.tree(), "/receipts") if not name.startswith("_")]


async def is_untouched(house: DoorOffice, came: int) -> None:
    """Nothing was taken, kept, told or offered; what came is a draft of just that size, or there is none. Or fail."""
    assert ([], [], []) == (house.deposits(), house.transfers(), list(house.blobs.names()))
    assert [] == await receipts(house)
    left = [(one.about.place[-1], one.size_bytes) for one in house.staging.left.values()]
    assert ([("terms.txt", came)] if came else []) == left
    assert ({ALENA: came} if came else {}) == +house.staging.used
    assert (2 if came else 0) == len(list(house.staging.folder.iterdir()))


async def is_delivered(house: DoorOffice) -> None:
    """The firm finds it, whole and once, and its sender's receipt says so. Fails otherwise."""
    await house.settles()
    assert 1 == len(house.transfers())
    assert ["terms.txt"] == await names(house.tree(PARTNER), "/inbox")
    assert CONTENT == await get(house.tree(PARTNER), "/inbox/terms.txt", asked=False)
    assert await receipts(house)


@pytest.fixture(params=[512 * 1024, 16], ids=["in memory", "on disk"])
def _span(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether so little waits in memory until its CLOSE, or goes to the disk write by write."""
    part = Share(request.param, least_bytes=request.param, most_bytes=request.param)
    monkeypatch.setattr(staging, "shared", lambda: part)


@pytest.mark.chaos
@pytest.mark.usefixtures("_span")
@pytest.mark.parametrize("was_clean", [False, True], ids=["dropped", "ended"])
def test_an_upload_cut_at_any_byte_is_never_taken(tmp_path: Path, was_clean: bool) -> None:
    """Every prefix but the whole leaves a draft of what came, swept after a day, and no more; the whole arrives."""

    async def story(house: DoorOffice) -> None:
        whole = b"".join(script())
        for cut in range(len(whole)):
            session = session_of(house)
            codes = await says(session, whole[:cut])
            await session.end(was_clean=was_clean)
            assert {0} >= set(codes), cut
            assert len(codes) <= 4, cut  # three writes and a time: no CLOSE was answered
            await is_untouched(house, came_by(cut))
        house.clock.at_ms += DAY_MS + 1
        await house.staging.sweep()
        await house.settles()
        await is_untouched(house, 0)

        session = session_of(house)
        assert [0] * 5 == await says(session, whole)
        await session.end(was_clean=was_clean)
        await is_delivered(house)

    tell(tmp_path / "office", story)


@pytest.mark.chaos
@pytest.mark.usefixtures("_span")
@pytest.mark.parametrize("number", range(2, 7))
def test_what_was_cut_is_gone_on_with(tmp_path: Path, number: int) -> None:
    """Cut behind any message, or in the middle of the next one, the same upload without TRUNC completes it."""

    async def story(house: DoorOffice) -> None:
        messages = script()
        cut = sum(map(len, messages[:number])) + len(messages[number]) // 2
        session = session_of(house)
        await says(session, b"".join(messages)[:cut])
        await session.end(was_clean=False)
        came = came_by(cut)
        if came:
            assert came == (await entry(house.tree(), NAME)).size

        session = session_of(house)
        assert [0] * 5 == await says(session, b"".join(script(RESUME)))
        await session.end(was_clean=True)
        await is_delivered(house)

    tell(tmp_path / "office", story)


@pytest.mark.chaos
@pytest.mark.usefixtures("_span")
def test_what_was_cut_survives_a_restart(tmp_path: Path) -> None:
    """The office ends before the last write and starts again: the draft is there as far as it had no hole."""

    async def cut(house: DoorOffice) -> None:
        session = session_of(house)
        await says(session, b"".join(script()[:4]))
        await session.end(was_clean=False)
        await is_untouched(house, THIRD)

    async def go_on(house: DoorOffice) -> None:
        await is_untouched(house, THIRD)
        session = session_of(house)
        assert [0] * 5 == await says(session, b"".join(script(RESUME)))
        await session.end(was_clean=True)
        await is_delivered(house)

    tell(tmp_path / "office", cut)
    tell(tmp_path / "office", go_on)


# ── a real connection ────────────────────────────────────────────────────────────────────────────────────────────────


class Line:
    """Carries so many bytes from client to door, and is cut there; whatever the door says comes back."""

    def __init__(self, port: int, most: int) -> None:
        self._port = port
        self._most = most
        self.carried = 0

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[int]:
        """Its near end's port."""
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            yield int(server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", self._port)
        with suppress(OSError):
            async with asyncio.TaskGroup() as group:
                back = group.create_task(self._back(theirs, writer))
                while self.carried < self._most and (piece := await reader.read(self._most - self.carried)):
                    ours.write(piece)
                    await ours.drain()
                    self.carried += len(piece)
                ours.write_eof()  # so the door reads all that was carried before it learns of the end
                await back
        writer.transport.abort()
        ours.transport.abort()

    async def _back(self, theirs: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await theirs.read(65536):
                writer.write(piece)
                await writer.drain()


class Teller(asyncssh.SSHClientSession[bytes]):
    """Says the script and listens."""

    def __init__(self) -> None:
        self.heard = b""
        self.is_over = asyncio.Event()

    @property
    def is_answered(self) -> bool:
        """Whether everything was, its CLOSE too."""
        return [0] * 5 == list(_codes(self.heard))

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.heard += data
        if self.is_answered:
            self.is_over.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_over.set()


async def told(line: Line, port: int) -> int:
    """One upload by a client that signs in: how much had been carried when its CLOSE was answered; 0 if it was not."""
    teller = Teller()
    with suppress(OSError, asyncssh.Error):
        async with asyncssh.connect(
            "127.0.0.1", port, username=ALENA, client_keys=[key("ann")], known_hosts=None, config=None, agent_path=None,
            encryption_algs=["aes128-gcm@openssh.com"],
        ) as connection:  # fmt: skip
            channel, _ = await connection.create_session(lambda: teller, subsystem="sftp", encoding=None)
            for message in script():
                channel.write(message)
            async with asyncio.timeout(10):
                await teller.is_over.wait()
    return line.carried if teller.is_answered else 0


@asynccontextmanager
async def door_of(house: DoorOffice) -> AsyncIterator[tuple[SftpDoor, int]]:
    """The office's door, listening; nobody owes anything for being cut off."""
    people = People(ways={ALENA: USUAL}, keys={ALENA: {key("ann").get_fingerprint()}})
    settings = Settings(penalties=Debts(wrong_seconds=0, breach_seconds=0, silent_seconds=0))
    door = SftpDoor(
        people, house.offices.tree_for, host_keys=(key("host"),), settings=settings,
        guard=Guard(now=lambda: 0.0, penalties=Penalties(free=100)), clock=house.clock,
    )  # fmt: skip
    async with door:
        yield door, await door.listen("127.0.0.1", 0)


async def carried(door: SftpDoor, port: int, most: int) -> int:
    """One upload over a line that is cut after so many bytes: how many it took until its CLOSE was answered, or 0."""
    line = Line(port, most)
    async with line.laid() as near:
        size = await told(line, near)
    while door._connections:
        await asyncio.sleep(0.001)
    return size


def cuts(size: int, number: int) -> list[int]:
    """Where to cut a conversation of so many bytes: all over it, and more closely around its last packet."""
    return sorted({*range(1, size, max(1, size // number)), *range(size - len(script()[-1]) - 64, size, 8), size - 1})


@pytest.mark.chaos
@pytest.mark.parametrize("number", [200, pytest.param(1 << 20, marks=pytest.mark.slow)], ids=["sample", "every byte"])
def test_a_connection_cut_anywhere_takes_nothing(tmp_path: Path, number: int) -> None:
    """Cut in the greeting, the key exchange, the sign-in or the upload: no file; with its very last byte, one."""

    async def story(house: DoorOffice) -> None:
        async with door_of(house) as (door, port):
            size = await carried(door, port, 1 << 20)
            assert 0 < size == await carried(door, port, 1 << 20)  # as long each time, or a cut would say nothing
            assert None is await house.tree().change(Remove(path=path(NAME)))
            before = (house.deposits(), house.transfers(), list(house.blobs.names()))
            for cut in cuts(size, number):
                assert 0 == await carried(door, port, cut)
                assert before == (house.deposits(), house.transfers(), list(house.blobs.names())), cut
            await carried(door, port, size)  # the last byte of the CLOSE: taken, though nobody may hear of it
            while before[0] == house.deposits():
                await asyncio.sleep(0.001)
        await house.settles()
        assert CONTENT == await get(house.tree(PARTNER), "/inbox/terms.txt", asked=False)

    tell(tmp_path / "office", story)
