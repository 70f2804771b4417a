"""ClamAV's own daemon, asked; and others that only look like it, which it is not safe to believe."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from gateway.commands.demo.scanner import STREAM_LIMIT, Scanner
from gateway.engine.scanning.answer import Answer, Clean, Found, Unscanned, Why
from gateway.engine.scanning.clamd import Clamd
from gateway.engine.scanning.trial import HARMLESS

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def in_pieces(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


def scanned(place: Path | str, content: bytes, size: int = 1000) -> Answer:
    return asyncio.run(Clamd(str(place)).scan(in_pieces(content, size)))


def zipped(content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("invoice.txt", content)
    return archive.getvalue()


@pytest.mark.parametrize("content", [b"", b"Good morning.\r\n", bytes(200_000), HARMLESS[:-1]])
def test_what_is_clean_is_clean(scanner: Scanner, content: bytes) -> None:
    """Nothing, little and much, and all but one letter of what it knows."""
    assert Clean() == scanned(scanner.socket, content)


@pytest.mark.parametrize("content", [HARMLESS, b"x" * 70_000 + HARMLESS, zipped(HARMLESS), zipped(zipped(HARMLESS))])
@pytest.mark.parametrize("size", [1, 63, 65_536, 1 << 20])
def test_what_it_knows_it_finds(scanner: Scanner, content: bytes, size: int) -> None:
    """Alone, far inside, packed and packed again; in pieces of any size, a signature cut in two included."""
    content = content if size > 1 else content[-3000:]

    assert Found(scanner.finds) == scanned(scanner.socket, content, size)


def test_what_is_too_large_for_it_is_unknown(scanner: Scanner) -> None:
    """It answers and hangs up while more is being sent; that is heard, and is no "clean"."""
    assert Unscanned(Why.LIMIT) == scanned(scanner.socket, bytes(STREAM_LIMIT + 1_000_000), 65_536)


def test_at_its_limit_it_still_looks(scanner: Scanner) -> None:
    """The last good size."""
    assert Clean() == scanned(scanner.socket, bytes(STREAM_LIMIT), 65_536)


def test_it_says_who_it_is(scanner: Scanner) -> None:
    """What the ledger will call it."""
    version = asyncio.run(Clamd(str(scanner.socket)).version())

    assert isinstance(version, str)
    assert version.startswith("ClamAV ")


def test_where_nobody_listens_it_is_away(tmp_path: Path) -> None:
    """No socket, and a file that is none."""
    (tmp_path / "file").touch()

    assert {Unscanned(Why.AWAY)} == {scanned(place, b"x") for place in (tmp_path / "none", tmp_path / "file")}


def test_one_that_hangs_is_away(scanner: Scanner, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection and says nothing: who is well says who it is within seconds."""
    monkeypatch.setattr("gateway.engine.scanning.clamd.GREETING_S", 0.1)
    scanner.hangs()

    assert Unscanned(Why.AWAY) == asyncio.run(Clamd(str(scanner.socket)).version())


async def _hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.close()


async def _never_stops(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"stream: OK" * 10_000)
    await writer.drain()
    writer.close()


async def _says_ok_too_soon(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.write(b"OK\0")
    writer.close()


@pytest.mark.parametrize(
    ("peer", "why"), [(_hangs_up, Why.CUT), (_never_stops, Why.GARBLED), (_says_ok_too_soon, Why.GARBLED)]
)
@pytest.mark.parametrize("family", ["unix", "tcp"])
def test_what_only_looks_like_it_is_not_believed(tmp_path: Path, peer: Peer, why: Why, family: str) -> None:
    """One that hangs up, one that never ends its answer, one that says OK and nothing else."""

    async def asked() -> Answer:
        if family == "unix":
            server, place = await asyncio.start_unix_server(peer, tmp_path / "s"), str(tmp_path / "s")
        else:
            server = await asyncio.start_server(peer, "127.0.0.1", 0)
            place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            return await Clamd(place).scan(in_pieces(bytes(3_000_000), 65_536))

    found = asyncio.run(asked())

    # Over TCP a reset may overtake the answer: then nobody knows why, and that is no "clean" either.
    assert found in ({Unscanned(why)} if family == "unix" else {Unscanned(why), Unscanned(Why.CUT)})
