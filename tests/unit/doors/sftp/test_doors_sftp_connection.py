"""An SSH connection before and after sign-in: attacks on a raw socket, and the contract with asyncssh's insides."""

from __future__ import annotations

import asyncio
import importlib.metadata
import inspect
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import asyncssh
import pytest
from asyncssh.auth import ServerAuth
from asyncssh.channel import SSHChannel
from asyncssh.connection import SSHConnection, SSHServerConnection
from asyncssh.crypto.cipher import GCMCipher
from asyncssh.packet import String

from gateway.doors.sftp.connection import BoundedConnection
from gateway.doors.sftp.pace import PacedConnection
from gateway.doors.sftp.settings import Penalties, Settings
from tests.unit.doors.sftp_tree import ACME
from tests.unit.doors.sftp_world import PASSWORD, People, World, world

PACED = pytest.mark.parametrize("is_paced", [True, False], ids=["paced", "stock"])
LENIENT = Penalties(breach_seconds=0, wrong_seconds=0, silent_seconds=0)


def run(story: Coroutine[Any, Any, None]) -> None:
    async def timed() -> None:
        async with asyncio.timeout(20):
            await story

    asyncio.run(timed())


async def after(w: World, raw: bytes) -> bytes:
    """What the server still says to this, until it closes."""
    reader, writer = await w.raw()
    writer.write(raw)
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@PACED
@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-x\r\n\x7f\xff\xff\xff" + bytes(100),
        b"SSH-2.0-x\r\n" + (35_001 - 4).to_bytes(4, "big") + bytes(100),
        b"SSH-2.0-x\r\n" + (11).to_bytes(4, "big") + bytes(100),
        b"SSH-2.0-x\r\n" + bytes(100),
        b"SSH-2.0-" + b"x" * 9000,
        b"SSH-2.0-" + b"x" * 300 + b"\r\n",
        b"SSH-1.5-old\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"SSH-2.0-x\r\n" + (12).to_bytes(4, "big") + bytes([4, 90]) + bytes(10),
        b"SSH-2.0-x\r\n" + (12).to_bytes(4, "big") + bytes([4, 52]) + bytes(10),
        b"SSH-2.0-x\r\n" + (12).to_bytes(4, "big") + bytes([255, 20]) + bytes(10),
    ],
    ids=[
        "2 GiB",
        "35,001",
        "short",
        "zero",
        "endless name",
        "long name",
        "version 1",
        "http",
        "type 90",
        "SUCCESS",
        "pad",
    ],
)
def test_a_hostile_beginning_ends_the_connection(raw: bytes, is_paced: bool) -> None:
    """Lengths that lie, endless identifications, messages out of place: the server closes, and lives on."""

    async def story() -> None:
        async with world(Settings(is_paced=is_paced, penalties=LENIENT)) as w:
            await after(w, raw)
            async with w.client():
                pass
            assert 0 == len(w.door.strangers)

    run(story())


def test_a_packet_of_35000_bytes_is_waited_for() -> None:
    """RFC 4253 §6.1: so much has to be taken."""

    async def story() -> None:
        async with world() as w:
            reader, writer = await w.raw()
            writer.write(b"SSH-2.0-x\r\n" + (35_000 - 4).to_bytes(4, "big") + bytes(100))
            await reader.readexactly(100)  # its key exchange offer
            for _ in range(100):
                await asyncio.sleep(0)
            assert not reader.at_eof()
            assert 1 == len(w.door.strangers)
            writer.close()

    run(story())


class Attacker(asyncssh.SSHClient):
    """Says something of its own where a client would begin to sign in."""

    def __init__(self, say: Callable[[Any], None]) -> None:
        self._say = say

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._connection = conn

    def begin_auth(self, username: str) -> None:
        self._connection._auth_complete = True  # or asyncssh would hold it back
        self._say(self._connection)
        self._connection._auth_complete = False


@PACED
@pytest.mark.parametrize("kind", [52, 51, 53, 60, 79, 80, 90, 94, 98, 192, 255, 30, 7])
def test_nothing_but_sign_in_is_taken_before_it(kind: int, is_paced: bool) -> None:
    """After the keys and before sign-in: the peer's SUCCESS, channels, global requests and nonsense disconnect."""

    async def story() -> None:
        async with world(Settings(is_paced=is_paced, penalties=LENIENT)) as w:
            with pytest.raises((asyncssh.DisconnectError, OSError)):
                async with w.client(
                    client_factory=lambda: Attacker(lambda c: c.send_packet(kind, String(b"session"), bytes(12))),
                    client_keys=None,
                    password=None,
                ):
                    pass
            assert [] == w.clients

    run(story())


def test_a_second_key_exchange_before_sign_in_disconnects() -> None:
    """A key exchange costs us more than the stranger: one is enough."""

    async def story() -> None:
        def again(client: Any) -> None:
            client._send_kexinit()
            client._kexinit_sent = True

        async with world(Settings(penalties=LENIENT)) as w:
            with pytest.raises((asyncssh.DisconnectError, OSError)):
                async with w.client(client_factory=lambda: Attacker(again)):
                    pass

    run(story())


@PACED
def test_a_flood_while_a_password_is_checked_is_not_kept(is_paced: bool) -> None:
    """While we think, what more comes stays with the sender: reading is paused."""

    async def story() -> None:
        people = People(gate=asyncio.Event())
        async with world(Settings(is_paced=is_paced), people=people) as w:
            flood: list[asyncssh.SSHClientConnection] = []

            class Flooder(asyncssh.SSHClient):
                def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
                    flood.append(conn)

                def password_auth_requested(self) -> str:
                    return PASSWORD

            async with asyncio.TaskGroup() as group:
                signing_in = group.create_task(_give_up(w, Flooder))
                while not people.asked:
                    await asyncio.sleep(0)
                for _ in range(400):
                    flood[0].send_packet(2, String(bytes(30_000)))
                for _ in range(2000):
                    await asyncio.sleep(0)
                (server,) = w.door._connections
                held = server.blocked_bytes()
                people.gate.set()
                flood[0].abort()
                await signing_in
            assert held < 2 << 20

    run(story())


async def _give_up(w: World, factory: type[asyncssh.SSHClient]) -> None:
    with suppress(asyncssh.Error, OSError):
        async with w.client(client_factory=factory, client_keys=None):
            pass


@PACED
@pytest.mark.parametrize("cipher", ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr", "aes128-ctr"])
def test_every_cipher_carries_files_across_new_keys(cipher: str, is_paced: bool) -> None:
    """Put and get of 3 MiB with new keys every megabyte: the paced paths and the stock ones alike."""

    async def story() -> None:
        content = os.urandom(3 << 20)
        settings = Settings(is_paced=is_paced, rekey_bytes=1 << 20, rekeys_per_minute=100)
        async with (
            world(settings) as w,
            w.client(encryption_algs=[cipher], rekey_bytes=1 << 20) as c,
            c.start_sftp_client() as sftp,
        ):
            async with sftp.open("/to/Acme/x", "wb") as f:
                await f.write(content)
            async with sftp.open("/to/Acme/x", "rb") as f:
                back = await f.read()
            assert content == back == w.office.complete(ACME / "x")
            (server,) = w.door._connections
            assert is_paced == isinstance(server, PacedConnection)

    run(story())


def test_a_changed_packet_ends_a_paced_connection() -> None:
    """The cached cipher checks every tag."""

    async def story() -> None:
        async with world() as w, w.client() as c:
            (server,) = w.door._connections
            server.data_received(os.urandom(64))
            await c.wait_closed()
            assert set() == w.door._connections

    run(story())


def test_connections_share_one_buffer_and_never_a_byte() -> None:
    """What is left of one peer's read is out of the way before another peer's lands there."""

    async def story() -> None:
        contents = {f"/to/Acme/{number}": os.urandom(700_000 + number) for number in range(4)}
        async with world() as w:

            async def hand_in(path: str) -> None:
                async with w.client() as c, c.start_sftp_client() as sftp, sftp.open(path, "wb") as f:
                    for at in range(0, len(contents[path]), 50_001):  # no packet ends where a read does
                        await f.write(contents[path][at : at + 50_001])

            async with asyncio.TaskGroup() as group:
                for path in contents:
                    group.create_task(hand_in(path))
            for path, content in contents.items():
                assert content == w.office.complete(ACME / path.rpartition("/")[2])

    run(story())


def test_a_packet_may_come_byte_by_byte() -> None:
    """A read that ends inside a packet is gone on with, wherever that is."""

    async def story() -> None:
        async with world() as w, w.client() as c, c.start_sftp_client() as sftp:
            (server,) = w.door._connections
            assert isinstance(server, PacedConnection)
            receiver, told = server._transport.get_protocol(), list[int]()  # type: ignore[union-attr]
            whole = receiver.buffer_updated

            def crumbs(count: int) -> None:
                arrived = bytes(server._room[len(server._rest) : len(server._rest) + count])
                for byte in arrived:
                    receiver.get_buffer(-1)[0] = byte
                    whole(1)
                told.append(count)

            receiver.buffer_updated = crumbs
            async with sftp.open("/to/Acme/x", "wb") as f:
                await f.write(b"every byte of it")
            assert b"every byte of it" == w.office.complete(ACME / "x")
            assert sum(told) > 16

    run(story())


def test_answers_to_one_read_leave_together() -> None:
    """Who sends ahead is not answered a packet a request; order and number stay."""

    async def story() -> None:
        async with world() as w, w.client() as c, c.start_sftp_client() as sftp:
            (server,) = w.door._connections
            sent: list[int] = []
            stock = server.send_data

            def counted(channel: int, pieces: Any, size: int) -> bool:
                sent.append(size)
                return bool(stock(channel, pieces, size))

            server.send_data = counted
            async with sftp.open("/to/Acme/x", "wb") as f:
                sent.clear()
                await asyncio.gather(*(f.write(b"x" * 100, at) for at in range(0, 3200, 100)))
            assert 3200 == len(w.office.complete(ACME / "x") or b"")
            assert sum(sent) >= 32 * 21
            assert len(sent) < 32

    run(story())


def test_too_many_new_keys_disconnect() -> None:
    """New keys are work: a few a minute."""

    async def story() -> None:
        async with world(Settings(rekeys_per_minute=2)) as w, w.client(rekey_bytes=2000) as c:
            sftp = await c.start_sftp_client()
            with suppress(asyncssh.Error, OSError):
                for _ in range(200):
                    await sftp.listdir("/to")
            await c.wait_closed()

    run(story())


def test_strict_key_exchange_can_be_required() -> None:
    """Terrapin: a peer without it is refused where the office says so, one with it is not."""

    class Lax(asyncssh.SSHClientConnection):
        def _get_extra_kex_algs(self) -> list[bytes]:
            return [b"ext-info-c"]

    async def story() -> None:
        async with world(Settings(must_be_strict=True, penalties=LENIENT)) as w:
            async with w.client():
                pass
            loop = asyncio.get_running_loop()
            options = await asyncssh.SSHClientConnectionOptions.construct(known_hosts=None, config=None, username="ann")
            w.people.attempts.clear()
            _, lax = await loop.create_connection(lambda: Lax(loop, options), "127.0.0.1", w.port)
            await lax.wait_closed()
            assert [] == w.people.attempts

    run(story())


def test_asyncssh_is_the_one_that_was_read() -> None:
    """`connection` and `pace` override its insides: another minor version means reading them again."""
    assert "2.24" == importlib.metadata.version("asyncssh").rpartition(".")[0]


@pytest.mark.parametrize("ours", [BoundedConnection, PacedConnection])
def test_what_is_overridden_exists_with_the_same_arguments(ours: type) -> None:
    """Each private method we replace is one the stock connection has, and calls in the same way."""
    for name, method in vars(ours).items():
        if not inspect.isfunction(method) or name == "__init__" or not hasattr(SSHServerConnection, name):
            continue
        stock = inspect.signature(getattr(SSHServerConnection, name)).parameters

        assert list(stock) == list(inspect.signature(method).parameters), name


def test_the_insides_we_lean_on_are_there() -> None:
    """The state we read, and who calls the success we catch."""
    made = inspect.getsource(SSHConnection.__init__)
    for name in ("_inpbuf", "_pktlen", "_recv_macsize", "_recv_blocksize", "_recv_handler", "_auth_complete"):
        assert f"self.{name} = " in made
    for name in ("_kex_complete", "_strict_kex", "_session_id", "_send_encryption", "_next_recv_encryption"):
        assert f"self.{name}" in made
    assert "self._conn.auth is self" in inspect.getsource(ServerAuth.send_success)
    assert "await self._conn.send_userauth_success()" in inspect.getsource(ServerAuth.send_success)
    for name in ("_rekey_bytes_sent", "_rekey_time", "_compressor", "_decompressor", "_send_seq", "_recv_seq"):
        assert f"self.{name}" in made
    channel = inspect.getsource(SSHChannel)
    for name in ("_send_buf", "_send_buf_len", "_send_window", "_send_pktsize", "_send_chan", "_recv_paused"):
        assert f"self.{name}" in channel
    assert "while self._send_buf and self._send_window:" in inspect.getsource(SSHChannel._flush_send_buf)
    assert "self._recv_window -= len(data)" in inspect.getsource(SSHChannel._accept_data)
    assert {"_key", "_iv"} <= vars(GCMCipher("aes128-gcm", bytes(16), bytes(12))).keys()
