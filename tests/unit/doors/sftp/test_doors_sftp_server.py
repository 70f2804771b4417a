"""The door as a whole, with asyncssh's own client: what it serves, what it does not, and who may come."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Coroutine
from typing import Any

import asyncssh
import pytest

from gateway.doors.sftp.session import Bounds
from gateway.doors.sftp.settings import KEX, Penalties, Settings, Startups
from gateway.errors import StoreBroken
from tests.unit.doors.sftp_talk import frame
from tests.unit.doors.sftp_tree import ACME, MemoryDraft, MemoryFile, Office
from tests.unit.doors.sftp_world import USUAL, People, World, key, world

LENIENT = Penalties(breach_seconds=0, wrong_seconds=0, silent_seconds=0)


def run(story: Coroutine[Any, Any, None]) -> None:
    async def timed() -> None:
        async with asyncio.timeout(20):
            await story

    asyncio.run(timed())


async def until(what: Any) -> None:
    """Let the loop turn until it is so."""
    while not what():
        await asyncio.sleep(0)


@pytest.mark.parametrize("command", ["rm -rf /", "md5sum x", None])
def test_a_command_or_a_shell_gets_one_sentence_and_127(command: str | None) -> None:
    """rclone and WinSCP ask for a command to see what there is: the answer is polite."""

    async def story() -> None:
        async with world() as w, w.client() as c:
            done = await c.run(command, request_pty=False)
            assert (127, "") == (done.exit_status, done.stdout)
            assert "SFTP only" in str(done.stderr)
            assert ([], []) == (w.clients, w.office.departures)

    run(story())


def test_forwarding_agents_terminals_and_environment_are_refused() -> None:
    """Ports, sockets, tunnels, remote listeners, an agent, X11, a terminal: none."""

    async def story() -> None:
        async with world() as w, w.client() as c:
            with pytest.raises(asyncssh.ChannelOpenError):
                await c.open_connection("localhost", 22)
            with pytest.raises(asyncssh.ChannelOpenError):
                await c.open_unix_connection("/run/x")
            with pytest.raises(asyncssh.ChannelListenError):
                await c.forward_remote_port("", 0, "localhost", 22)
            with pytest.raises(asyncssh.ChannelListenError):
                await c.start_unix_server(lambda *_: None, "/tmp/x")
            channel, _ = await c.create_session(asyncssh.SSHClientSession, env={"A": "B"}, subsystem="sftp")
            assert not await channel._make_request(b"env", b"\0\0\0\1A\0\0\0\1B")
            assert not await channel._make_request(b"auth-agent-req@openssh.com")
            assert not await channel._make_request(b"x11-req", b"\0" + b"\0\0\0\0" * 3)
            with pytest.raises(asyncssh.ChannelOpenError):
                await c.create_session(asyncssh.SSHClientSession, term_type="xterm")
            with pytest.raises(asyncssh.ChannelOpenError):
                await c.create_session(asyncssh.SSHClientSession, subsystem="netconf")

    run(story())


def test_channels_and_connections_are_capped() -> None:
    """So many channels on a connection, so many connections of a person; one that goes makes room."""

    async def story() -> None:
        settings = Settings(channels=2, connections_per_person=2, penalties=LENIENT)
        async with world(settings) as w, w.client() as one:
            first = await one.start_sftp_client()
            await one.start_sftp_client()
            with pytest.raises(asyncssh.ChannelOpenError):
                await one.start_sftp_client()
            async with w.client():
                with pytest.raises((asyncssh.Error, OSError)):
                    async with w.client():
                        pass
            async with w.client():
                pass
            first.exit()
            await first.wait_closed()
            async with one.start_sftp_client():
                pass

    run(story())


def test_a_connection_that_dies_completes_nothing() -> None:
    """B35: the socket goes between WRITE and CLOSE."""

    async def story() -> None:
        async with world() as w:
            async with w.client() as c:
                sftp = await c.start_sftp_client()
                handle = await sftp.open("/to/Acme/plan.pdf", "wb")
                await handle.write(b"all of it")
                c._transport.abort()
            await until(lambda: w.office.departures)
            assert ([], [ACME / "plan.pdf"], [False]) == (
                w.office.completed(),
                w.office.abandoned,
                w.office.departures,
            )

    run(story())


def test_a_clean_end_is_told_to_the_tree() -> None:
    """The client ends its channel with nothing open: names may settle."""

    async def story() -> None:
        async with world() as w, w.client() as c:
            async with c.start_sftp_client() as sftp:
                await sftp.listdir("/")
            await until(lambda: w.office.departures)
            assert [True] == w.office.departures

    run(story())


class Reluctant(asyncssh.SSHClientSession[bytes]):
    """Takes no answers until it is told to."""

    def __init__(self) -> None:
        self.heard = 0

    def connection_made(self, chan: Any) -> None:
        self.channel = chan
        chan.pause_reading()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.heard += len(data)


@pytest.mark.parametrize("window", [64 << 10, 0x7FFFFFFF], ids=["SSH window", "TCP window"])
def test_a_reader_who_stalls_costs_little(window: int) -> None:
    """§13.8: 256 reads of 256 KiB and nobody who takes them: about a megabyte waits, then no request is taken."""

    async def story() -> None:
        office = Office(files={ACME / "big": MemoryFile(bytearray(1 << 20))})
        async with world(office=office) as w, w.client() as c:
            channel, session = await c.create_session(Reluctant, subsystem="sftp", encoding=None, window=window)
            if window > 1 << 20:
                c._transport.pause_reading()
            channel.write(frame(1, b"\0\0\0\3"))
            channel.write(frame(3, b"\0\0\0\1\0\0\0\x0c/to/Acme/big\0\0\0\1\0\0\0\0"))
            read = b"\0\0\0\x08" + (1).to_bytes(8, "big") + bytes(8) + (256 << 10).to_bytes(4, "big")
            for number in range(256):
                channel.write(frame(5, number.to_bytes(4, "big") + read))
            (server,) = w.door._connections
            for _ in range(3000):
                await asyncio.sleep(0)
            waiting = sum(ch.get_write_buffer_size() for ch in server._channels.values())
            waiting += server._transport.get_write_buffer_size()
            assert waiting < 4 << 20
            if window > 1 << 20:
                c._transport.resume_reading()
            channel.resume_reading()
            await until(lambda: session.heard > 60 << 20)

    run(story())


@pytest.mark.parametrize(
    "settings", [Settings(window_bytes=1 << 20), Settings(windows_bytes=1 << 20)], ids=["alone", "its part of all"]
)
def test_a_client_may_send_ahead_only_its_window(settings: Settings) -> None:
    """What the tree does not take stays with the client: a session holds at most one window of input."""

    async def story() -> None:
        gate = asyncio.Event()
        office = Office(buffer=1)
        async with world(settings, office=office) as w, w.client() as c:
            sftp = await c.start_sftp_client()
            handle = await sftp.open("/to/Acme/x", "wb")
            room = MemoryDraft.room

            async def wait(draft: MemoryDraft) -> None:
                await gate.wait()
                await room(draft)

            MemoryDraft.room = wait  # type: ignore[method-assign]
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(handle.write(bytes(8 << 20)))
                    (server,) = w.door._connections
                    await until(lambda: server.channels and server.channels[0]._session.waiting > 512 << 10)
                    for _ in range(500):
                        await asyncio.sleep(0)
                    held = server.channels[0]._session.waiting
                    gate.set()
            finally:
                MemoryDraft.room = room  # type: ignore[method-assign]
            await handle.close()
            assert held <= 1 << 20
            assert 8 << 20 == len(office.complete(ACME / "x"))

    run(story())


def test_the_more_channels_the_less_each_may_send_ahead() -> None:
    """All of them together are bounded; what one leaves is the others' again."""

    async def story() -> None:
        async with world(Settings()) as w, w.client() as c:
            one = await c.start_sftp_client()
            assert 8 << 20 == w.door._windows.part_bytes
            others = [await c.start_sftp_client() for _ in range(7)]
            assert 5 << 20 == w.door._windows.part_bytes
            for other in others:
                other.exit()
                await other.wait_closed()
            await until(lambda: 8 << 20 == w.door._windows.part_bytes)
            one.exit()

    run(story())


def test_what_is_not_sftp_ends_the_channel_only() -> None:
    """A message of 261,121 bytes: this channel ends, the connection lives."""

    async def story() -> None:
        async with world(Settings(bounds=Bounds())) as w, w.client() as c:
            channel, _ = await c.create_session(Reluctant, subsystem="sftp", encoding=None)
            channel.resume_reading()
            channel.write((261_121).to_bytes(4, "big"))
            await channel.wait_closed()
            async with c.start_sftp_client() as sftp:
                assert ["from", "receipts", "to"] == await sftp.listdir("/")

    run(story())


def test_a_broken_store_stops_the_door() -> None:
    """When durability is in doubt nothing goes on: the door's own task group fails."""

    async def story() -> None:
        async with world() as w, w.client() as c:
            sftp = await c.start_sftp_client()
            w.office.fault = StoreBroken("fsync failed")
            await sftp.stat("/to")

    with pytest.raises(BaseExceptionGroup) as ended:
        run(story())
    assert ended.group_contains(StoreBroken)


def test_idle_and_dripping_peers_are_shown_out() -> None:
    """No bytes for the time of idleness, or a message that never ends: disconnected."""

    async def story() -> None:
        settings = Settings(beat_seconds=0.02, idle_seconds=0.04)
        async with world(settings) as w, w.client() as c:
            await c.wait_closed()
        settings = Settings(beat_seconds=0.05, idle_seconds=1000, least_bytes_per_second=1 << 20)
        async with world(settings) as w, w.client() as c:
            channel, _ = await c.create_session(Reluctant, subsystem="sftp", encoding=None)
            channel.write((1000).to_bytes(4, "big"))
            await c.wait_closed()

    run(story())


def test_hundreds_of_idle_strangers_keep_nobody_out() -> None:
    """300 connections that say nothing: there are never more than 100, and who has a key comes in, again and again.

    How soon: `python -m tests.benchmarks.strangers`.
    """

    async def story() -> None:
        async with world(Settings(penalties=LENIENT)) as w:
            idle = [await asyncio.open_connection("127.0.0.1", w.port) for _ in range(300)]
            await until(lambda: len(w.door.strangers) > 0)
            assert len(w.door.strangers) <= 100
            for _ in range(20):
                async with w.client():
                    pass
            assert len(w.door.strangers) <= 100
            for _, writer in idle:
                writer.close()

    run(story())


def test_who_says_nothing_is_shown_out() -> None:
    """The login timer, from the first byte to the last factor; the source owes a second."""

    async def story() -> None:
        async with world(Settings(sign_in_seconds=0.05)) as w:
            reader, writer = await w.raw()
            while await reader.read(65536):
                pass
            writer.close()
            assert 0 < w.door.strangers.owes("127.0.0.1") <= 1

    run(story())


def test_a_guest_of_too_many_keys_owes_next_to_nothing() -> None:
    """An agent full of keys of other places ends in six refusals; that is no breach."""

    async def story() -> None:
        async with world() as w:
            with pytest.raises((asyncssh.Error, OSError)):
                async with w.client(client_keys=[key(f"other {i}") for i in range(8)]):
                    pass
            await until(lambda: not len(w.door.strangers))
            assert 0 < w.door.strangers.owes("127.0.0.1") <= 1

    run(story())


def test_a_breach_before_sign_in_turns_the_source_away() -> None:
    """Ninety seconds are owed, and enforced."""

    async def story() -> None:
        async with world(Settings(startups=Startups())) as w:
            reader, writer = await w.raw()
            writer.write(b"SSH-2.0-x\r\n\x7f\xff\xff\xff" + bytes(100))
            while await reader.read(65536):
                pass
            writer.close()
            assert w.door.strangers.owes("127.0.0.1") > 80
            with pytest.raises((asyncssh.Error, OSError)):
                async with w.client():
                    pass

    run(story())


async def offer(w: World) -> bytes:
    reader, writer = await w.raw()
    writer.write(b"SSH-2.0-x\r\n")
    length = int.from_bytes(await reader.readexactly(4), "big")
    packet = await reader.readexactly(length)
    writer.close()
    return packet


def test_it_offers_the_algorithms_of_the_list_and_no_others() -> None:
    """KEXINIT on the wire, with an RSA host key beside the first: no SHA-1, CBC, chacha20 or NIST curves."""

    async def story() -> None:
        rsa = asyncssh.generate_private_key("ssh-rsa", key_size=3072)
        async with world(host_keys=(key("host"), rsa)) as w:
            packet = await offer(w)
            assert ",".join(KEX).encode() in packet
            assert b"ssh-ed25519,rsa-sha2-256,rsa-sha2-512" in packet
            for word in (
                b"sha1",
                b"cbc",
                b"chacha",
                b"nistp",
                b"ssh-rsa",
                b"ssh-dss",
                b"zlib",
                b"group",
                b"md5",
                b"x509",
            ):
                assert word not in packet, word

    run(story())


def test_a_closing_door_lets_open_files_end() -> None:
    """Nobody new comes in, and a file on its way is finished; then nothing is left to wait for."""

    async def story() -> None:
        async with world() as w, w.client() as c, c.start_sftp_client() as sftp:
            file = await sftp.open(str(ACME / "late.txt"), "wb")
            async with asyncio.TaskGroup() as tasks:
                closing = tasks.create_task(w.door.close(15))
                await asyncio.sleep(0)
                with pytest.raises(OSError, match=r"refused|failed"):
                    await asyncio.open_connection("127.0.0.1", w.port)
                await file.write(b"whole")
                assert not closing.done()
                await file.close()
            assert b"whole" == w.office.complete(ACME / "late.txt")

    run(story())


def test_a_closing_door_does_not_wait_for_ever() -> None:
    """When the time is up the door closes on an open file, which is not complete."""

    async def story() -> None:
        async with world() as w, w.client() as c, c.start_sftp_client() as sftp:
            await sftp.open(str(ACME / "never.txt"), "wb")
            await w.door.close(0)
        assert [] == w.office.completed()

    run(story())


def test_a_reset_costs_no_more_than_silence() -> None:
    """A health check that sees the greeting and resets the line is no breach: its whole network would be kept out."""

    async def story() -> None:
        async with world() as w:
            _, writer = await w.raw()
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            await until(lambda: w.door.strangers.owes("127.0.0.1") or not len(w.door.strangers))
            assert w.door.strangers.owes("127.0.0.1") <= w.door.settings.penalties.silent_seconds

    run(story())


def test_who_is_barred_is_shown_out() -> None:
    """At once, in the middle of a file, which never becomes one; others stay."""

    async def story() -> None:
        people = People(ways={"ann": USUAL, "bob": USUAL}, keys={n: {key(n).get_fingerprint()} for n in ("ann", "bob")})
        async with world(Settings(penalties=LENIENT), people=people) as w, w.client() as ann, w.client("bob") as bob:
            handle = await (await ann.start_sftp_client()).open("/to/Acme/plan.pdf", "wb")
            await handle.write(b"all of it")
            w.door.show_out(lambda person, _: person == "ann")
            await ann.wait_closed()
            await until(lambda: w.office.departures)

            assert [] == [file for file in w.office.files.values() if file.is_whole]
            async with bob.start_sftp_client() as still:
                assert await still.listdir("/to")

    run(story())


def test_who_came_with_a_barred_key_is_shown_out() -> None:
    """The key alone is barred: whoever came with another may stay."""

    async def story() -> None:
        stolen = key("ann").get_fingerprint()
        people = People(ways={"ann": USUAL, "bob": USUAL}, keys={n: {key(n).get_fingerprint()} for n in ("ann", "bob")})
        async with world(Settings(penalties=LENIENT), people=people) as w, w.client() as ann, w.client("bob") as bob:
            w.door.show_out(lambda _, evidence: evidence == stolen)
            await ann.wait_closed()

            assert await (await bob.start_sftp_client()).listdir("/to")

    run(story())


def test_a_renewed_host_key_is_shown_to_who_comes_next() -> None:
    """Who is connected notices nothing, not even at the next exchange of keys; the next client sees the new one."""

    async def story() -> None:
        async with world() as w, w.client() as before:
            await w.door.show(key("renewed"))
            sftp = await before.start_sftp_client()
            assert await sftp.listdir("/")
            async with w.client() as after:
                old, new = before.get_server_host_key(), after.get_server_host_key()
                assert old is not None
                assert new is not None
                assert (key("host").public_data, key("renewed").public_data) == (old.public_data, new.public_data)

    run(story())
