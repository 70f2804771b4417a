"""ClamAV's daemon on this machine: over its socket, or TCP on loopback, for content goes to it in clear.

A connection for each question, nothing kept open. Bounded in every direction: content goes in pieces as fast as the
daemon takes them, an answer ends at a size and at a time. Content passes through memory and this socket alone.

Plain sockets and no streams: past its limit the daemon answers and hangs up while we still send, and a stream that
cannot be written any more forgets what it could still read.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterable
from contextlib import suppress
from dataclasses import dataclass

from gateway.engine.scanning.answer import MOST_ANSWER, Answer, Unscanned, Why, answer_of, version_of

PIECE = 64 * 1024
GREETING_S = 5.0
"""How long a daemon that is well takes at most to say who it is."""


@dataclass(frozen=True, slots=True)
class Clamd:
    """Satisfies `examination.Scanner`."""

    place: str
    """An absolute path, or a host and a port."""

    async def version(self) -> str | Unscanned:
        """See `Scanner.version`."""
        try:
            async with asyncio.timeout(GREETING_S):
                said = await self._ask(b"zVERSION\0")
        except TimeoutError:
            return Unscanned(Why.AWAY)
        return said if isinstance(said, Unscanned) else version_of(said)

    async def scan(self, untrusted: AsyncIterable[bytes]) -> Answer:
        """See `Scanner.scan`."""
        said = await self._ask(b"zINSTREAM\0", untrusted)
        return said if isinstance(said, Unscanned) else answer_of(said)

    async def _ask(self, command: bytes, content: AsyncIterable[bytes] | None = None) -> bytes | Unscanned:
        loop, (family, address) = asyncio.get_running_loop(), _address(self.place)
        with socket.socket(family, socket.SOCK_STREAM) as line:
            line.setblocking(False)
            try:
                await loop.sock_connect(line, address)
            except OSError:
                return Unscanned(Why.AWAY)
            with suppress(ConnectionError):
                await loop.sock_sendall(line, command)
                if content is not None:
                    await _send(line, content)
            return await _answered(line)


def _address(place: str) -> tuple[socket.AddressFamily, str | tuple[str, int]]:
    if place.startswith("/"):
        return socket.AF_UNIX, place
    host, _, port = place.rpartition(":")
    if host == "[::1]":
        return socket.AF_INET6, ("::1", int(port))
    return socket.AF_INET, ("127.0.0.1", int(port))


async def _send(line: socket.socket, content: AsyncIterable[bytes]) -> None:
    loop = asyncio.get_running_loop()
    async for more in content:
        for at in range(0, len(more), PIECE):
            piece = more[at : at + PIECE]
            await loop.sock_sendall(line, len(piece).to_bytes(4, "big") + piece)
    await loop.sock_sendall(line, bytes(4))


async def _answered(line: socket.socket) -> bytes:
    """What it says, up to the zero that ends it; more than an answer can be is cut, and so no answer."""
    loop, said = asyncio.get_running_loop(), b""
    with suppress(ConnectionError):
        while (
            not said.endswith(b"\0") and len(said) < MOST_ANSWER and (more := await loop.sock_recv(line, MOST_ANSWER))
        ):
            said += more
    return said
