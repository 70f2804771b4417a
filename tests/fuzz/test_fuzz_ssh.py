"""Invariant: whatever a peer says before it has signed in, in plain or under keys, ends its connection at most; no tree
is ever asked for, and the door goes on. After sign-in the same, for this peer alone.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import asyncssh
import pytest

from gateway.doors.sftp.settings import Penalties, Settings
from tests.interop.raw_sftp import GREETING, Stranger
from tests.unit.doors.sftp_world import PASSWORD, World, world

LENIENT = Settings(penalties=Penalties(breach_seconds=0, wrong_seconds=0, silent_seconds=0))
LATE = range(80, 256)
"""Messages of the connection protocol, and beyond: nobody may send one before it has signed in (RFC 4252 §6)."""


def told(story: Callable[[World], Coroutine[Any, Any, None]]) -> None:
    """In front of a door, which still lets in who has a key when it is over."""

    async def whole() -> None:
        async with asyncio.timeout(120), world(LENIENT) as w:
            await story(w)
            before = len(w.clients)
            async with w.client() as client, client.start_sftp_client() as sftp:
                assert ["from", "receipts", "to"] == await sftp.listdir("/")
            assert before + 1 == len(w.clients)
            assert 0 == len(w.door.strangers)

    asyncio.run(whole())


def packet(dice: random.Random, kind: int, payload: bytes) -> bytes:
    """In plain: RFC 4253 §6."""
    padding = 16 - (len(payload) + 6) % 8
    return (len(payload) + 2 + padding).to_bytes(4, "big") + bytes([padding, kind]) + payload + dice.randbytes(padding)


async def ends(w: World, raw: bytes) -> None:
    """What is said in plain is followed by the end of the connection. Fails otherwise."""
    reader, writer = await w.raw()
    writer.write(GREETING + raw)
    with suppress(ConnectionResetError):
        while await reader.read(65536):
            pass
    writer.close()


class Guest(Stranger):
    """One who would sign in with a password if asked."""

    def password_auth_requested(self) -> str:
        return PASSWORD


def test_no_late_message_is_taken_in_plain() -> None:
    """Every message type from 80 on, before any keys: the connection ends, and nobody is signed in."""
    dice = random.Random(80)

    async def story(w: World) -> None:
        for kind in LATE:
            await ends(w, packet(dice, kind, dice.randbytes(dice.randrange(40))))
        assert ([], []) == (w.clients, w.people.asked)

    told(story)


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)], ids=["some", "all"])
def test_no_late_message_is_taken_under_keys(step: int) -> None:
    """Message types from 80 on, under keys and before sign-in, even with the right password to follow: disconnected."""
    dice = random.Random(81)

    async def story(w: World) -> None:
        for kind in LATE[::step]:
            payload = dice.randbytes(dice.randrange(40))
            with pytest.raises((asyncssh.Error, OSError)):
                async with w.client(client_factory=lambda k=kind, p=payload: Guest(k, p), client_keys=None):
                    pass
        assert ([], []) == (w.clients, w.people.asked)

    told(story)


@pytest.mark.parametrize("number", [1500, pytest.param(50_000, marks=pytest.mark.slow)], ids=["some", "all"])
def test_noise_in_plain_ends_in_silence(number: int) -> None:
    """Packets of any type and content, well framed or not, in place of a key exchange: nobody comes in by them."""
    dice = random.Random(82)

    async def story(w: World) -> None:
        said = 0
        while said < number:
            reader, writer = await w.raw()
            writer.write(GREETING)
            with suppress(OSError):
                for _ in range(20):
                    raw = packet(dice, dice.randrange(256), dice.randbytes(dice.randrange(300)))
                    if dice.random() < 0.1:
                        raw = dice.randbytes(dice.randrange(1, 40)) + raw
                    writer.write(raw)
                    said += 1
                writer.write_eof()
                async with asyncio.timeout(20):
                    while await reader.read(65536):
                        pass
            writer.close()
        assert ([], []) == (w.clients, w.people.asked)

    told(story)


@pytest.mark.parametrize("number", [1500, pytest.param(50_000, marks=pytest.mark.slow)], ids=["some", "all"])
def test_noise_after_sign_in_ends_one_connection(number: int) -> None:
    """Connection messages of any content from somebody signed in: that connection ends at most, and no file is made."""
    dice = random.Random(83)

    async def story(w: World) -> None:
        said = 0
        while said < number:
            with suppress(asyncssh.Error, OSError):
                async with w.client() as client:
                    sftp = await client.start_sftp_client()
                    await sftp.open("/to/Acme/x", "wb")
                    (server,) = w.door._connections
                    for _ in range(20):
                        said += 1
                        kind = dice.choice((80, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, dice.randrange(7, 256)))
                        number_or_noise = dice.choice((bytes(4), dice.randbytes(4), b""))
                        client.send_packet(kind, number_or_noise, dice.randbytes(dice.randrange(60)))
                    client._transport.write_eof()  # type: ignore[union-attr]
                    await server.wait_closed()
                    client.abort()
        assert [] == w.office.completed()

    told(story)
