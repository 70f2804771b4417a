"""Invariant: whatever a client says, in any state, the session answers each request once and in order, within its
bounds, or ends; it raises only `Breach`, completes no file but one that was written whole and closed, and gives every
handle back.

Each seed is tried in every state a session can be in. `make test` tries some thousand packets a state, the slow run
10^5; `SEALGATE_PACKETS=n` asks for another number.
"""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from gateway.doors.sftp.attributes import NOTHING, write_attributes
from gateway.doors.sftp.handles import Ration
from gateway.doors.sftp.paths import TreePath
from gateway.doors.sftp.requests import Unreadable, read_request
from gateway.doors.sftp.session import Bounds, Session
from gateway.doors.sftp.status import Client, Denied
from gateway.doors.sftp.tree import Opening, Tree
from gateway.doors.sftp.wire import MAX_MESSAGE, Breach, Flags, Kind
from tests.unit.doors.office_world import FIRM, DoorOffice, tell
from tests.unit.doors.sftp_talk import PUT, frame, string, talk
from tests.unit.doors.sftp_tree import ACME, TAKEN, MemoryDraft, MemoryFile, MemoryTree, Office

FIRST = (1).to_bytes(8, "big")
"""The first handle a session gives."""
QUICK, FULL = 3_000, 100_000
A_SESSION = 10
"""Packets, unless it ends before."""
PATHS = (b"/", b"{}/a", b"{}/b", b"{}/new", b"/to/Globex/x", b"..", b"/to/../from", b"\xff", b"", b"{}/" + b"n" * 300)
NUMBERS = (0, 1, 7, 255, 4096, 261_120, 2**31 - 1, 2**31, 2**32 - 1)
EXTENSIONS = (b"limits@openssh.com", b"fsync@openssh.com", b"posix-rename@openssh.com", b"statvfs@openssh.com", b"x")
LENGTHS = (0, 1, 4, 5, MAX_MESSAGE, MAX_MESSAGE + 1, 2**31, 2**32 - 1)


class Dice(random.Random):
    """One seed's choices, in a tree whose files lie in `folder`."""

    def __init__(self, seed: str, folder: bytes) -> None:
        super().__init__(seed)
        self._folder = folder

    def path(self) -> bytes:
        return self.choice(PATHS).replace(b"{}", self._folder)

    def handle(self) -> bytes:
        if self.random() < 0.6:
            return FIRST
        return self.choice([n.to_bytes(8, "big") for n in range(4)] + [b"", b"h" * 256])


def field_(dice: Dice) -> bytes:
    """One field of any request: a path, a handle, a number, attributes, data, or noise."""
    return dice.choice(
        (
            lambda: string(dice.path()),
            lambda: string(dice.handle()),
            lambda: string(dice.choice(EXTENSIONS)),
            lambda: struct.pack(">I", dice.choice(NUMBERS)),
            lambda: struct.pack(">Q", dice.choice((0, 1, 5, 2**40, 2**63 - 1, 2**64 - 1))),
            lambda: struct.pack(">I", dice.choice((0, 1, 4, 8, 0xF, 0x80000000, 0xFFFFFFFF))),
            lambda: string(dice.randbytes(dice.choice((0, 1, 100, 5000)))),
            lambda: dice.randbytes(dice.randrange(9)),
        )
    )()


def sensible(dice: Dice) -> bytes:
    """A request that has its fields in order."""
    one, two, name = string(dice.path()), string(dice.path()), string(dice.handle())
    offset = struct.pack(">Q", dice.choice((0, 1, 5, 100, 2**63 - 1)))
    kind, body = dice.choice(
        (
            (Kind.OPEN, one + struct.pack(">II", dice.randrange(64), 0)),
            (Kind.OPEN, one + struct.pack(">II", PUT, 0)),
            (Kind.CLOSE, name),
            (Kind.CLOSE, name),
            (Kind.OPENDIR, one),
            (Kind.READDIR, name),
            (Kind.READ, name + offset + struct.pack(">I", dice.choice(NUMBERS))),
            (Kind.WRITE, name + offset + string(dice.randbytes(dice.choice((0, 1, 5, 99))))),
            (Kind.WRITE, name + bytes(8) + string(dice.randbytes(5))),
            (Kind.WRITE, name + offset + struct.pack(">I", dice.choice(NUMBERS)) + b"cut short"),
            (Kind.FSTAT, name),
            (Kind.FSETSTAT, name + struct.pack(">IQ", 1, dice.choice((0, 5, 2**63)))),
            (Kind.SETSTAT, one + struct.pack(">IQ", 1, 0)),
            (Kind.STAT, one),
            (Kind.REALPATH, one),
            (Kind.RENAME, one + two),
            (Kind.REMOVE, one),
            (Kind.MKDIR, one + bytes(4)),
            (Kind.EXTENDED, string(dice.choice(EXTENSIONS)) + one + two),
        )
    )
    return bytes([kind]) + struct.pack(">I", dice.randrange(2**32)) + body


def message(dice: Dice) -> bytes:
    """Sensible, sensible but broken somewhere, or made of fields. One in fifty lies about its length."""
    choice = dice.random()
    if choice < 0.5:
        made = bytearray(sensible(dice))
    else:
        kind = dice.choice((*range(0, 23), 99, 101, 105, 200, 201, 255))
        made = bytearray(bytes([kind]) + struct.pack(">I", dice.randrange(2**32)))
        for _ in range(dice.randrange(5)):
            made += field_(dice)
    if choice > 0.7 and len(made) > 1:
        made[dice.randrange(1, len(made))] = dice.randrange(256)
    if choice > 0.9:
        del made[dice.randrange(1, len(made)) :]
    length = dice.choice((len(made) - 1, len(made) + 1, *LENGTHS)) if dice.random() < 0.02 else len(made)
    return struct.pack(">I", length) + bytes(made)


# ── who listens ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Ear:
    """A session, all that was said to it, and what must be true of its answers."""

    session: Session
    kept: Callable[[], int]
    """How many files are complete."""
    ids: list[int] = field(default_factory=list)
    """Of requests that are not answered yet."""
    is_clear: bool = True
    """Whether it is still known where a message ends: no length has lied."""
    failed: set[bytes] = field(default_factory=set)
    """Handles to which a WRITE was not answered with OK."""

    async def hear(self, raw: bytes) -> list[bytes]:
        """Say it; the answers, each checked."""
        self.is_clear = self.is_clear and int.from_bytes(raw[:4], "big") == len(raw) - 4
        if raw[4] != Kind.INIT:
            self.ids.append(int.from_bytes(raw[5:9], "big"))
        before = self.kept()
        self.session.feed(raw)
        answers: list[bytes] = []
        while True:
            while (pending := self.session.work_now()) is not None:
                await pending
            out = self.session.take()
            if not out:
                break
            assert len(out) <= (1 << 20) + MAX_MESSAGE + 4
            answers += _apart(out)
        self._check(raw[4:], answers, before)
        return answers

    def _check(self, said: bytes, answers: list[bytes], before: int) -> None:
        for answer in answers:
            assert 5 <= len(answer) <= MAX_MESSAGE
            assert answer[0] in {2, *range(101, 106), 201}
            if answer[0] == Kind.HANDLE:  # whatever was tried on this name before it stood for anything
                self.failed.discard(answer[9:])
        assert len(self.session._handles.names()) <= 64
        assert self.session.waiting <= MAX_MESSAGE
        if not self.is_clear:
            return
        found = [int.from_bytes(answer[1:5], "big") for answer in answers if answer[0] != Kind.VERSION]
        assert self.ids == found  # each once, in order, and none is owed
        self.ids.clear()
        assert 0 == self.session.waiting
        if not answers or said[0] not in (Kind.WRITE, Kind.CLOSE) or len(said) < 9:
            assert self.kept() <= before
            return
        handle, is_ok = said[9 : 9 + int.from_bytes(said[5:9], "big")], answers[0][5:9] == bytes(4)
        if said[0] == Kind.WRITE and not is_ok:
            self.failed.add(handle)
        elif said[0] == Kind.CLOSE and self.kept() > before:
            assert (True, False) == (is_ok, handle in self.failed)
        else:
            assert self.kept() <= before


def _apart(out: bytes) -> list[bytes]:
    """The answers in it, each without its length."""
    found = []
    while out:
        size = int.from_bytes(out[:4], "big")
        found.append(out[4 : 4 + size])
        out = out[4 + size :]
    return found


class HonestDraft(MemoryDraft):
    """Remembers which bytes came, in its own way, and is only ever completed without a hole."""

    came: bytearray
    """One for each byte that did."""
    ends: Callable[[], None]

    async def abandon(self) -> None:
        self.ends()
        await super().abandon()

    async def complete(self, *, mtime: int | None, is_sized: bool = False) -> Denied | None:
        self.ends()
        assert len(self.file.content) == len(self.came) == sum(self.came)
        return await super().complete(mtime=mtime, is_sized=is_sized)

    def write(self, offset: int, untrusted: memoryview) -> Denied | None:
        denied = super().write(offset, untrusted)
        if denied is None and untrusted:
            end = offset + len(untrusted)
            self.came.extend(bytes(max(0, end - len(self.came))))
            self.came[offset:end] = b"\x01" * len(untrusted)
        return denied

    async def restart(self) -> Denied | None:
        self.came.clear()
        return await super().restart()


class HonestTree(MemoryTree):
    """Hands out honest drafts, one at a time of each file."""

    def __init__(self, office: Office) -> None:
        super().__init__(office)
        self._being_written: list[MemoryFile] = []

    async def write(self, path: TreePath, opening: Opening) -> HonestDraft | Denied:
        if any(file is self.office.files.get(path) for file in self._being_written):
            return TAKEN
        draft = await super().write(path, opening)
        if isinstance(draft, Denied):
            return draft
        honest = HonestDraft(draft.office, draft.path, draft.file)
        honest.came = bytearray(b"\x01" * draft.size)
        self._being_written.append(draft.file)
        honest.ends = partial(self._end, draft.file)
        return honest

    def _end(self, ended: MemoryFile) -> None:
        self._being_written = [file for file in self._being_written if file is not ended]


# ── the states ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Place:
    """Where to hand in, and what can be read."""

    folder: bytes
    readable: bytes

    def open(self, path: bytes, flags: int) -> bytes:
        return _ask(Kind.OPEN, string(path), struct.pack(">I", flags), write_attributes(NOTHING))

    def put(self, name: bytes = b"new") -> bytes:
        return self.open(self.folder + b"/" + name, PUT)


def _ask(kind: int, *fields: bytes) -> bytes:
    return frame(kind, struct.pack(">I", 7) + b"".join(fields))


def _write(offset: int, data: bytes) -> bytes:
    return _ask(Kind.WRITE, string(FIRST), struct.pack(">Q", offset), string(data))


HELLO = frame(Kind.INIT, struct.pack(">I", 3))
FULL_HOUSE = 64

STATES: dict[str, Callable[[Place], list[bytes]]] = {
    "silent": lambda place: [],
    "greeted": lambda place: [HELLO],
    "writing": lambda place: [HELLO, place.put(), _write(0, b"12345")],
    "poisoned": lambda place: [HELLO, place.put(), _write(0, b"12345"), _write(2**62, b"x")],
    "reading": lambda place: [HELLO, place.open(place.readable, Flags.READ)],
    "listing": lambda place: [HELLO, _ask(Kind.OPENDIR, string(place.folder))],
    "closed": lambda place: [HELLO, place.put(), _write(0, b"12345"), _ask(Kind.CLOSE, string(FIRST))],
    "full": lambda place: [HELLO, *(place.put(b"n%d" % n) for n in range(FULL_HOUSE))],
}
"""What is said to come into each."""

packets = pytest.mark.parametrize(
    "number", [QUICK, pytest.param(int(os.environ.get("SEALGATE_PACKETS", FULL)), marks=pytest.mark.slow)],
    ids=["some", "all"],
)  # fmt: skip


@dataclass
class Played:
    """What one session came to."""

    left: int
    """Handles that its person may open again."""
    said: int = 0
    """Packets, beside those that led into the state."""


async def play(state: str, seed: int, place: Place, tree: Tree, kept: Callable[[], int]) -> Played:
    """One session: into its state, then some packets, then its end."""
    ration = Ration(256)
    ear = Ear(Session(tree, client=Client.WINSCP, bounds=Bounds(), ration=ration), kept)
    for raw in STATES[state](place):
        for answer in await ear.hear(raw):
            assert answer[0] in (Kind.VERSION, Kind.HANDLE) or answer[5:9] == bytes(4) or state == "poisoned"
    dice, said = Dice(f"{state} {seed}", place.folder), 0
    try:
        while said < A_SESSION:
            said += 1
            await ear.hear(message(dice))
    except Breach:
        pass
    before = kept()
    await ear.session.end(was_clean=dice.random() < 0.5)
    assert before == kept()
    return Played(ration.left, said)


def at_once(work: Awaitable[Played]) -> Played:
    """What comes of work that waits for nothing: no loop is needed, which would cost more than the work."""
    try:
        work.__await__().send(None)  # type: ignore[attr-defined]
    except StopIteration as done:
        found: Played = done.value
        return found
    raise AssertionError("it waits")


@packets
@pytest.mark.parametrize("state", STATES)
def test_no_packet_breaks_a_session(state: str, number: int) -> None:
    """Ten packets a session, until it ends or they do, over a tree in memory."""
    place, seed = Place(b"/to/Acme", b"/to/Acme/a"), 0
    while number > 0:
        office = Office(files={ACME / "a": MemoryFile(bytearray(b"content")), ACME / "b": MemoryFile()}, quota=1 << 20)
        played = at_once(play(state, seed, place, HonestTree(office), partial(_kept, office)))
        number, seed = number - played.said, seed + 1

        assert 256 == played.left, seed


def _kept(office: Office) -> int:
    return len(office.completed())


@pytest.mark.parametrize("number", [300, pytest.param(4_000, marks=pytest.mark.slow)], ids=["some", "all"])
@pytest.mark.parametrize("state", STATES)
def test_no_packet_breaks_an_office(tmp_path: Path, state: str, number: int) -> None:
    """The same over a real engine: it takes what was closed whole, nothing stays open, its books are in order."""
    box = f"/to/{FIRM}/office"
    place = Place(box.encode(), f"{box}/_READ ME.txt".encode())

    async def story(house: DoorOffice) -> None:
        said, seed = 0, 0
        while said < number:
            played = await play(state, seed, place, house.tree(), lambda: len(house.deposits()))
            said, seed = said + played.said, seed + 1
            assert 256 == played.left, seed
            assert {} == house.depositing.drafts
        assert sum(left.size_bytes for left in house.staging.left.values()) == house.staging.used.total()

    tell(tmp_path / "office", story)


def test_any_bytes_are_a_request_or_a_reason() -> None:
    """The reader alone, on noise: a request, an answerable fault, or a breach."""
    dice = random.Random(11)
    for _ in range(3000):
        raw = memoryview(dice.randbytes(dice.randrange(1, 60)))
        try:
            read_request(raw)
        except (Unreadable, Breach):
            continue


def test_every_cut_of_every_request_is_answered() -> None:
    """A request cut anywhere after its id is unreadable, and the session goes on."""
    dice = Dice("3", b"/to/Acme")
    for _ in range(60):
        whole = sensible(dice)
        for cut in range(5, len(whole), 3):
            t = talk(office=Office())
            answers = t.hear(frame(whole[0], whole[1:cut]))

            assert 1 == len(answers)
