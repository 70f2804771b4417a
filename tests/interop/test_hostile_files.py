"""Handbook `reliability.md` §8, SSH and SFTP: every class of bad input against the running gateway, one row each.

Each row says what must become of it: disconnected, capped or refused; every attacker comes from a loopback address of
its own, so that what it owes is its own. After every row an ordinary file is taken, and in the end a partner's inbox
holds those and no others, so the gateway is none the worse for it. What lies behind each row in detail is in
`tests/unit/doors/sftp` and `tests/fuzz`.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import struct
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from gateway.doors.sftp.wire import Flags, Kind
from tests.boxes import FileClient
from tests.house import ALENA, House
from tests.interop.raw_sftp import GREETING, PATIENCE_S, Line, Sftp, Stranger, line, offer, packet, signed_in
from tests.unit.doors.sftp_talk import PUT, frame, string

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("sftp") is None, reason="OpenSSH is not installed: nobody makes the keys"),
]
OFFICE, INBOX = "/to/court/office/litigation", "/inbox"
GONE = (asyncssh.Error, OSError, asyncio.IncompleteReadError)
ECDH_INIT, NEWKEYS, IGNORE, SUCCESS = 30, 21, 2, 52
FIRST = (1).to_bytes(8, "big")


@dataclass
class Town:
    """The sample office, whose court collects; a clerk, the court, and addresses for whoever attacks."""

    house: House
    alena: FileClient
    court: FileClient
    awaited: dict[str, bytes] = field(default_factory=dict)
    """What was acknowledged, by name."""
    _sources: count[int] = field(default_factory=lambda: count(2))

    @property
    def port(self) -> int:
        return self.alena.port

    def source(self) -> str:
        """An address nobody has come from."""
        return f"127.0.0.{next(self._sources)}"

    def stranger(self, source: str = "") -> contextlib.AbstractAsyncContextManager[Line]:
        return line(self.port, source or self.source())

    @contextlib.asynccontextmanager
    async def clerk(self, **options: Any) -> AsyncIterator[Sftp]:
        """Alena, with bad intentions."""
        async with signed_in(self.alena, self.source(), **options) as connection:
            yield await Sftp.begun(connection)

    async def passes(self) -> None:
        """An ordinary file is taken, and `all_came` sees it arrive. Fails otherwise."""
        name, content = f"ordinary {len(self.awaited)}.txt", f"CANARY: nine to five, {len(self.awaited)}.\r\n".encode()
        async with signed_in(self.alena, "127.0.0.1") as connection:
            sftp = await Sftp.begun(connection)
            assert 0 == await sftp.puts(f"{OFFICE}/{name}", content)
            await sftp.leaves()
        self.awaited[name] = content

    async def all_came(self) -> None:
        """What was taken lies in the court's inbox, each once and byte for byte, and nothing else. Fails otherwise."""
        async with signed_in(self.court, "127.0.0.1") as connection, asyncio.timeout(30):
            sftp = await Sftp.begun(connection)
            while len(await sftp.names(INBOX) or []) < len(self.awaited):
                await asyncio.sleep(0.05)
            assert self.awaited == {name: await sftp.reads(f"{INBOX}/{name}") for name in await sftp.names(INBOX) or []}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with tempfile.TemporaryDirectory(prefix="h") as folder:
        house = House.laid_out(Path(folder))
        try:
            house.lets_the_court_collect()
            house.opens()
            yield Town(house, house.desk_of(ALENA), house.desk_at("court"))
            house.is_whole()
            assert 0 == house.closes()
        finally:
            house.ends()


Play = Callable[[Town], Coroutine[Any, Any, None]]


# ── before sign-in ───────────────────────────────────────────────────────────────────────────────────────────────────


def in_plain(*raw: bytes, owes: bool = True) -> Play:
    """Said after the greeting: the door hangs up, and for a breach the source is turned away from then on."""

    async def play(town: Town) -> None:
        for said in raw:
            source = town.source()
            async with town.stranger(source) as one:
                await one.ends(said)
            async with town.stranger(source) as again:
                if owes:
                    assert await again.is_turned_away()
                else:
                    assert b"SSH-2.0-Sealgate\r\n" == await again.reader.readline()

    return play


def under_keys(*kinds: int) -> Play:
    """Said after the keys and before sign-in, by somebody who has the right key: disconnected."""

    async def play(town: Town) -> None:
        for kind in kinds:
            stranger = Stranger(kind, string(b"session") + bytes(12))
            with pytest.raises(GONE):
                async with signed_in(town.alena, town.source(), client_factory=lambda s=stranger: s):
                    pass

    return play


async def asks_for_none(town: Town) -> None:
    """`none` is a question, not a try; it may be put some thirty times."""

    class Asker(Stranger):
        def begin_auth(self, username: str) -> None:
            self._connection._auth_complete = True
            for _ in range(100):
                request = string(username) + string(b"ssh-connection") + string(b"none")
                self._connection.send_packet(50, request)

    with pytest.raises(GONE):
        async with signed_in(town.alena, town.source(), client_factory=lambda: Asker(0, b"")):
            pass


async def truncates_the_prefix(town: Town) -> None:
    """With strict key exchange nothing but it may be said, so nothing can be slipped in and cut away again."""
    async with town.stranger() as one:
        one.writer.write(GREETING)
        assert b"kex-strict-s-v00@openssh.com" in await one.reader.readuntil(b"ssh-ed25519")
    strict = b"kex-strict-c-v00@openssh.com"
    await in_plain(
        GREETING + packet(IGNORE, string(b"x")) + offer(strict), GREETING + offer(strict) + packet(IGNORE, string(b"x"))
    )(town)


# ── after sign-in ────────────────────────────────────────────────────────────────────────────────────────────────────


async def opens_channels(town: Town) -> None:
    """Eight at once; the ninth is refused, and one that ends makes room."""
    async with signed_in(town.alena, town.source()) as connection:
        channels = [await Sftp.begun(connection) for _ in range(8)]
        with pytest.raises(asyncssh.ChannelOpenError):
            await Sftp.begun(connection)
        assert all([await one.names("/") for one in channels])


async def overruns_the_window(town: Town) -> None:
    """More than the window takes, and a window that overflows: this connection ends at most."""
    with contextlib.suppress(*GONE):
        async with town.clerk() as sftp:
            channel: Any = sftp._said.channel
            for _ in range(3):
                sftp.connection.send_packet(93, channel._send_chan.to_bytes(4, "big"), b"\xff" * 4)  # type: ignore[attr-defined]
            assert await sftp.names("/")
    async with town.clerk() as sftp:
        channel = sftp._said.channel
        channel._send_window = 1 << 40  # what the door said is forgotten
        with contextlib.suppress(*GONE):
            reading = sftp.request(Kind.OPEN, string(f"{OFFICE}/CANARY flood"), struct.pack(">II", PUT, 0))
            sftp.says(reading)
            for at in range(0, 64 << 20, 1 << 18):
                piece = sftp.request(Kind.WRITE, string(FIRST), struct.pack(">Q", at), string(bytes((1 << 18) - 4096)))
                sftp.says(piece)
                await asyncio.sleep(0)
            await sftp.connection.wait_closed()


async def agrees_on_keys_again_and_again(town: Town) -> None:
    """New keys are work: ten times a minute, then it is over."""
    async with signed_in(town.alena, town.source(), rekey_bytes=2000) as connection:
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(*GONE):
                sftp = await Sftp.begun(connection)
                for _ in range(2000):
                    await sftp.names("/to")
            await connection.wait_closed()


async def runs_commands(town: Town) -> None:
    """A command and a shell get one sentence and 127; ports, sockets, agents, X11, terminals and variables nothing."""
    async with signed_in(town.alena, town.source()) as connection:
        for command in ("rm -rf /", "scp -t /", None):
            done = await connection.run(command)
            assert (127, "") == (done.exit_status, done.stdout)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", town.port)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_unix_connection("/run/x")
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_port("", 0, "127.0.0.1", 22)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.create_session(asyncssh.SSHClientSession, term_type="xterm")
        channel, _ = await connection.create_session(asyncssh.SSHClientSession, subsystem="sftp")
        asked: Any = channel
        assert not await asked._make_request(b"auth-agent-req@openssh.com")
        assert not await asked._make_request(b"x11-req", bytes(13))
        assert not await asked._make_request(b"env", string(b"LD_PRELOAD"), string(b"/x"))


async def climbs(town: Town) -> None:
    """`..`, NUL, controls, a folder that only begins like one: refused or absent. Two spellings are one name."""
    decomposed, composed = (unicodedata.normalize(form, "Müller.txt") for form in ("NFD", "NFC"))
    async with town.clerk() as sftp:
        for path in (f"{OFFICE}/../x", "/../etc/passwd", f"{OFFICE}/a\0b", f"{OFFICE}/a\nb", f"{OFFICE}/a\\b"):
            assert (await sftp.open(path)).code in (3, 4), path
        for path in ("/to/court-evil/x", f"{OFFICE}-evil/x", "/toto/court/x", "/receiptsevil", "/etc/passwd"):
            assert (await sftp.open(path)).code in (2, 3, 4), path
            assert (await sftp.ask(Kind.STAT, string(path))).code == 2, path
        assert 0 == await sftp.puts(f"{OFFICE}/{decomposed}", b"CANARY one\r\n")
        assert Kind.ATTRS == (await sftp.ask(Kind.STAT, string(f"{OFFICE}/{composed}"))).kind
        assert 1 == len([name for name in await sftp.names(OFFICE) or [] if "ller" in name])
        assert 0 == (await sftp.ask(Kind.REMOVE, string(f"{OFFICE}/{decomposed}"))).code


async def links(town: Town) -> None:
    """No link of any kind; and a name cannot be swapped under a file that is being written."""
    async with town.clerk() as one, town.clerk() as two:
        for kind in (19, 20, 21):  # READLINK, SYMLINK, LINK
            assert 8 == (await one.ask(kind, string("/etc/passwd"), string(f"{OFFICE}/link"))).code
        hard = string(b"hardlink@openssh.com"), string("/etc/passwd"), string(f"{OFFICE}/link")
        assert 8 == (await one.ask(Kind.EXTENDED, *hard)).code
        handle = (await one.open(f"{OFFICE}/swapped.txt")).handle
        await one.write(handle, 0, b"CANARY begun\r\n")
        assert 0 == await two.puts(f"{OFFICE}/other.txt", b"CANARY other\r\n")
        names = string(f"{OFFICE}/other.txt"), string(f"{OFFICE}/swapped.txt")
        assert 4 == (await two.ask(Kind.RENAME, *names)).code
        assert 4 == (await two.ask(Kind.EXTENDED, string(b"posix-rename@openssh.com"), *names)).code
        assert 0 == (await one.close(handle)).code
        for name in names:
            assert 0 == (await two.ask(Kind.REMOVE, name)).code


async def leaves_holes(town: Town) -> None:
    """An offset no file has, and a part that never came: refused, and never taken."""
    async with town.clerk() as sftp:
        for name, places in (("far.txt", (0, 2**63 - 1)), ("hole.txt", (0, 1 << 20)), ("late.txt", (5,))):
            handle = (await sftp.open(f"{OFFICE}/{name}")).handle
            for at in places:
                await sftp.write(handle, at, b"CANARY")
            assert 0 != (await sftp.close(handle)).code, name
        handle = (await sftp.open(f"{OFFICE}/nothing.txt")).handle
        assert 0 == (await sftp.write(handle, 32 << 30, b"")).code
        assert 0 == (await sftp.close(handle)).code
        seen = await sftp.ask(Kind.STAT, string(f"{OFFICE}/nothing.txt"))
        assert 0 == int.from_bytes(seen.body[4:12], "big")
    town.awaited["nothing.txt"] = b""


async def drops(town: Town) -> None:
    """A connection cut before CLOSE, and two hands on one name: nothing, and once."""
    async with town.clerk() as sftp:
        handle = (await sftp.open(f"{OFFICE}/dropped.txt")).handle
        await sftp.write(handle, 0, b"CANARY all of it\r\n")
        sftp.connection.abort()
    async with town.clerk() as one, town.clerk() as two:
        handle = (await one.open(f"{OFFICE}/once.txt")).handle
        assert 4 == (await two.open(f"{OFFICE}/once.txt")).code
        assert 4 == (await one.open(f"{OFFICE}/once.txt")).code
        await one.write(handle, 0, b"CANARY once\r\n")
        assert 0 == (await one.close(handle)).code
        assert 4 == (await one.close(handle)).code
        await one.leaves()
    town.awaited["once.txt"] = b"CANARY once\r\n"


async def takes_handles(town: Town) -> None:
    """64 are open at once in a session; thousands of READDIRs of an empty rest are answered, a few at a time."""
    async with town.clerk() as sftp:
        handles = [(await sftp.ask(Kind.OPENDIR, string("/to"))).handle for _ in range(64)]
        assert 4 == (await sftp.ask(Kind.OPENDIR, string("/to"))).code
        assert Kind.NAME == (await sftp.ask(Kind.READDIR, string(handles[0]))).kind
        flood = 20_000
        request = frame(Kind.READDIR, bytes(4) + string(handles[0]))

        async def say() -> None:
            for _ in range(flood // 100):
                sftp.says(request * 100)
                await sftp._said.drain()

        async with asyncio.TaskGroup() as group:
            group.create_task(say())
            for _ in range(flood):
                assert 1 == (await sftp.hears()).code


async def lies_about_lengths(town: Town) -> None:
    """A message that is too large ends its channel; a string longer than its message is told so."""
    async with signed_in(town.alena, town.source()) as connection:
        for length in (0, 261_121, 0x7FFFFFFF, 0xFFFFFFFF):
            sftp = await Sftp.begun(connection)
            sftp.says(length.to_bytes(4, "big") + b"\x11")
            assert await sftp.is_left()
        sftp = await Sftp.begun(connection)
        for body in (b"\xff\xff\xff\xff/to", b"\x00\x00\x00\x04/to", b"", bytes(3)):
            assert 5 == (await sftp.ask(Kind.STAT, body)).code
        opened = await sftp.open("/receipts/none", Flags.READ)
        assert 2 == opened.code


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Row:
    """One class of bad input. `expected` is the handbook's word: disconnect, cap or refuse."""

    number: str
    what: str
    expected: str
    play: Play


LATE = (80, 90, 94, 98, 192, 255)

ROWS = (
    Row("B25", "messages from 80 on, in plain", "disconnect", in_plain(*(GREETING + packet(kind) for kind in LATE))),
    Row("B25", "messages from 80 on, under keys", "disconnect", under_keys(*LATE)),
    Row("B26", "the client's SUCCESS, in plain", "disconnect", in_plain(GREETING + packet(SUCCESS))),
    Row("B26", "the client's SUCCESS, under keys", "disconnect", under_keys(SUCCESS, 51, 60)),
    Row("B26", "none, in a loop", "disconnect", asks_for_none),
    Row("B27", "a prefix to be cut away", "disconnect", truncates_the_prefix),
    Row("B28", "a flood of KEXINIT", "cap", in_plain(GREETING + offer() * 1000)),
    Row("B28", "odd keys for the exchange", "cap", in_plain(*(
        GREETING + offer() + packet(ECDH_INIT, string(key)) for key in (bytes(32), b"\x01" + bytes(31), b"x" * 31, b"")
    ))),
    Row("B28", "new keys without a proof of them", "cap", in_plain(GREETING + offer() + packet(NEWKEYS))),
    Row("B29", "an identification that does not end", "cap", in_plain(b"SSH-2.0-" + b"x" * 9000)),
    Row("B29", "lines before an identification", "cap", in_plain(
        b"CANARY hello\r\n" * 2000, owes=False)),  # as a browser or a health check: it owes a second, no more
    Row("B29", "packets too long, too short", "cap", in_plain(
        *(GREETING + length.to_bytes(4, "big") + bytes(100) for length in (0x7FFFFFFF, 35_001 - 4, 11, 0)))),
    Row("B30", "channels", "cap", opens_channels),
    Row("B30", "windows", "cap", overruns_the_window),
    Row("B30", "rekeying", "cap", agrees_on_keys_again_and_again),
    Row("B31", "commands, shells, forwarding, agents", "refuse", runs_commands),
    Row("B32", "paths that climb or look alike", "refuse", climbs),
    Row("B33", "links and swaps", "refuse", links),
    Row("B34", "holes and far offsets", "refuse", leaves_holes),
    Row("B35", "gone before CLOSE; two handles", "refuse", drops),
    Row("B36", "handles and floods of READDIR", "cap", takes_handles),
    Row("B36", "lengths that lie", "cap", lies_about_lengths),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number}-{row.expected}-{row.what}".replace(" ", "-"))
def test_bad_input_is_met_as_expected(row: Row, town: Town) -> None:
    """Each class gets its answer, and an ordinary file is taken afterwards."""

    async def told() -> None:
        async with asyncio.timeout(90):
            await row.play(town)
            await town.passes()

    asyncio.run(told())


def test_what_was_taken_arrives_and_nothing_else(town: Town) -> None:
    """After all of it the court finds every ordinary file, once and whole, and nothing of what was attempted."""
    asyncio.run(town.passes())
    asyncio.run(town.all_came())


def test_every_class_of_ssh_and_sftp_has_a_row() -> None:
    """B25 to B36: none is left out, and each is met as the handbook says."""
    expected = {"disconnect": range(25, 28), "cap": (28, 29, 30, 36), "refuse": range(31, 36)}

    assert {(f"B{n}", word) for word, some in expected.items() for n in some} == {(r.number, r.expected) for r in ROWS}
