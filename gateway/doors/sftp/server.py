"""The listener of the file door: who may come, with which algorithms, and what happens to a channel.

Promises: only the algorithms of `settings`; the number of strangers, of connections, of a person's connections and of
channels is bounded; who is idle, drips or stays for days is shown out; when the door closes nobody's file is complete
that was not. Does not know people (`SignIn`) or files (`Tree`).
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Protocol, cast

import asyncssh
from asyncssh.connection import SSHServerConnectionOptions

from gateway.doors.counting import Refused, nobody_counts
from gateway.doors.guard import Guard
from gateway.doors.listening import BACKLOG, listening
from gateway.doors.sftp import settings as rules
from gateway.doors.sftp.channel import SftpChannel, SftpPump
from gateway.doors.sftp.connection import BoundedConnection
from gateway.doors.sftp.handles import Ration
from gateway.doors.sftp.pace import ROOM_BYTES, PacedConnection
from gateway.doors.sftp.session import Session
from gateway.doors.sftp.settings import Settings
from gateway.doors.sftp.signin import Chain, CodeMemory, Factor, SignIn
from gateway.doors.sftp.status import Client, client_of
from gateway.doors.sftp.strangers import Stranger, Strangers
from gateway.doors.sftp.tree import Tree
from gateway.doors.sftp.wire import MAX_MESSAGE
from gateway.engine.clock import Clock
from gateway.engine.files.share import Share

LOG = logging.getLogger(__name__)
BREACHES = (asyncssh.ProtocolError, asyncssh.MACError, asyncssh.CompressionError)
DRAIN_BEAT_S = 0.05


class TreeFor(Protocol):
    """Gives each session its tree."""

    def __call__(self, person: str, source: str, client: Client, *, signed_in_by: str) -> Tree:
        """The tree of a person at an address, with a client, who proved who they are like this."""
        ...


class SftpDoor:
    """One file door; `listen` may be called for several ports. An asynchronous context: leaving it ends everything."""

    def __init__(
        self,
        sign_in: SignIn,
        tree_for: TreeFor,
        *,
        host_keys: Sequence[asyncssh.SSHKey],
        settings: Settings,
        guard: Guard,
        clock: Clock,
        refused: Refused = nobody_counts,
    ) -> None:
        self._sign_in = sign_in
        self._refused = refused
        self._tree_for = tree_for
        self._host_keys = host_keys
        self.settings = settings
        self._guard = guard
        self._clock = clock
        self._windows = Share(
            settings.windows_bytes,
            least_bytes=min(settings.least_window_bytes, settings.window_bytes),
            most_bytes=settings.window_bytes,
        )
        self._memory = CodeMemory(settings.code_memory_seconds, self._now)
        self.strangers = Strangers(settings.startups, settings.penalties, now=self._now, chance=self._chance)
        self._strangers: dict[BoundedConnection, Stranger] = {}
        self._connections: set[BoundedConnection] = set()
        self._people: Counter[str] = Counter()
        self._rations: dict[str, Ration] = {}
        self._servers: list[asyncio.Server] = []
        self._tasks = asyncio.TaskGroup()
        self._options: SSHServerConnectionOptions | None = None
        self.read = bytearray(ROOM_BYTES)
        """Where all paced connections read; used up before the loop turns to another."""
        self._message = bytearray(MAX_MESSAGE)
        """Where all sessions put messages together, likewise."""
        # asyncssh logs names, paths and commands of strangers: never here (STYLE 24).
        logging.getLogger("asyncssh").setLevel(logging.CRITICAL + 1)

    async def __aenter__(self) -> SftpDoor:
        self._options = await _options(self._host_keys, self.settings, lambda: _Greeter(self))
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        for connection in tuple(self._connections):
            connection.abort()
        await self._tasks.__aexit__(kind, error, trace)

    async def listen(self, host: str, port: int, *, sock: socket.socket | None = None) -> int:
        """Take connections from now on; the port taken, where `port` is 0. `sock` listens there already, if given."""
        taken = sock or listening(host, port)
        server = await asyncio.get_running_loop().create_server(lambda: _Arrival(self), sock=taken, backlog=BACKLOG)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def show(self, host_key: asyncssh.SSHKey) -> None:
        """Prove this door with another key from now on. Whoever is connected keeps to the key they were shown."""
        self._host_keys = (host_key,)
        self._options = await _options(self._host_keys, self.settings, lambda: _Greeter(self))

    async def close(self, drain: float) -> None:
        """Take no more connections; give files that are open `drain` seconds. Leaving the context ends the rest."""
        for server in self._servers:
            server.close()
        try:
            async with asyncio.timeout(drain):
                while any(ration.left < self.settings.handles_per_person for ration in self._rations.values()):
                    await asyncio.sleep(DRAIN_BEAT_S)
        except TimeoutError:
            pass

    def show_out(self, is_barred: Callable[[str, str], bool]) -> None:
        """End at once every connection whose person, or the key they came with, is barred; who is signing in too."""
        for connection in tuple(self._connections):
            account = connection.chain.account
            person = connection.person or (account.person if account else None)
            if person and is_barred(person, connection.chain.evidence):
                connection.abort()

    def admit(self, transport: asyncio.Transport) -> BoundedConnection | None:
        """A connection for a peer that has just come, or None if it may not."""
        peer = transport.get_extra_info("peername")
        source = str(peer[0]) if peer else "local"
        stranger = self.strangers.arrive(source, lambda: connection.abort(), lambda: _progress(connection))
        if stranger is None or len(self._connections) >= self.settings.connections or self._options is None:
            if stranger:
                self.strangers.gone(stranger)
            return None
        kind = PacedConnection if self.settings.is_paced else BoundedConnection
        connection = kind(
            asyncio.get_running_loop(),
            self._options,
            settings=self.settings,
            chain=Chain(self._sign_in, source=source, guard=self._guard, memory=self._memory),
            watcher=self,
            clock=self._clock,
        )
        self._connections.add(connection)
        self._strangers[connection] = stranger
        return connection

    # what connections report (`connection.Watcher`)

    def signed_in(self, connection: BoundedConnection, person: str) -> bool:
        """Whether one more of this person's may be."""
        if self._people[person] >= self.settings.connections_per_person:
            return False
        self._people[person] += 1
        if stranger := self._strangers.pop(connection, None):
            self.strangers.gone(stranger)
        self._tasks.create_task(self._watch(connection))
        return True

    def ended(self, connection: BoundedConnection, exc: Exception | None) -> None:
        """Forget it, and remember how it behaved."""
        self._connections.discard(connection)
        if connection.person:
            self._people[connection.person] -= 1
            if not self._people[connection.person]:
                del self._people[connection.person]
                self._rations.pop(connection.person, None)
        elif stranger := self._strangers.pop(connection, None):
            self.strangers.gone(stranger)
            if owed := self._owed(connection, exc):
                self.strangers.punish(stranger.source, owed)

    def _owed(self, connection: BoundedConnection, exc: Exception | None) -> float:
        """What an end without a person costs its source: a breach most, too many keys in an agent hardly anything."""
        penalties = self.settings.penalties
        if connection.wrong_tries:
            return penalties.wrong_seconds * connection.wrong_tries
        # A reset (`OSError`) is how port scanners, health checks and broken lines leave: not a breach.
        is_left = isinstance(exc, OSError | asyncssh.DisconnectError) and not isinstance(exc, BREACHES)
        is_harmless = exc is None or is_left
        return penalties.silent_seconds if is_harmless else penalties.breach_seconds

    # what becomes of a channel

    def open_channel(self, connection: BoundedConnection) -> tuple[SftpChannel, SftpPump] | None:
        """A channel and what serves it; None if there are enough."""
        person = connection.person
        if person is None or len(connection._channels) >= self.settings.channels:
            return None
        client = client_of(str(connection.get_extra_info("client_version", "")))
        bounds = self.settings.bounds
        ration = self._rations.setdefault(person, Ration(self.settings.handles_per_person))

        def begin() -> Session:
            tree = self._tree_for(person, connection.source, client, signed_in_by=connection.chain.signed_in_by)
            return Session(
                tree,
                client=client,
                bounds=bounds,
                ration=ration,
                room=self._message,
                texts=self.settings.texts,
                refused=self._refused,
            )

        channel = SftpChannel.make(connection, self.settings, self._windows)
        return channel, SftpPump(connection, channel, begin=begin, out_bytes=bounds.out_bytes, spawn=self._spawn)

    def _spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        async def task() -> None:
            await work()

        self._tasks.create_task(task())

    async def _watch(self, connection: BoundedConnection) -> None:
        """Show out who is idle, who drips, and who has been here for a day."""
        settings, idle, slow, age, seen = self.settings, 0.0, 0, 0.0, connection.moved
        beat = settings.beat_seconds
        while not connection.is_closed():
            try:
                async with asyncio.timeout(beat):
                    await connection.wait_closed()
            except TimeoutError:
                pass
            moved, seen, age = connection.moved - seen, connection.moved, age + beat
            idle = 0.0 if moved else idle + beat
            is_dripping = connection.is_mid_message() and moved < settings.least_bytes_per_second * beat
            slow = slow + 1 if is_dripping else 0
            if idle >= settings.idle_seconds or slow >= 2 or age >= settings.longest_seconds:
                connection.disconnect(asyncssh.DISC_BY_APPLICATION, "Idle, too slow, or here for too long")

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _chance(self) -> float:
        return int.from_bytes(self._clock.random(4), "big") / 2**32


async def _options(
    host_keys: Sequence[asyncssh.SSHKey], settings: Settings, greeter: Callable[[], asyncssh.SSHServer]
) -> SSHServerConnectionOptions:
    options = await SSHServerConnectionOptions.construct(
        config=None,  # OpenSSH's files are not ours
        server_factory=greeter,
        server_version=settings.name,
        server_host_keys=list(host_keys),
        kex_algs=list(rules.KEX),
        encryption_algs=list(rules.CIPHERS),
        mac_algs=list(rules.MACS),
        compression_algs=["none"],
        signature_algs=list(rules.SIGNATURES),
        host_based_auth=False,
        gss_host=None,
        gss_kex=False,
        gss_auth=False,
        x509_trusted_certs=None,
        authorized_client_keys=None,
        login_timeout=settings.sign_in_seconds,
        keepalive_interval=settings.beat_seconds,
        keepalive_count_max=3,
        rekey_bytes=settings.rekey_bytes,
        rekey_seconds=settings.rekey_seconds,
        allow_pty=False,
        line_editor=False,
        agent_forwarding=False,
        x11_forwarding=False,
        rdns_lookup=False,
        encoding=None,
        allow_scp=False,
    )
    options = cast(SSHServerConnectionOptions, options)
    for name in tuple(options.server_host_keys):
        if name.decode("ascii") not in rules.SIGNATURES:  # an RSA key also comes as ssh-rsa, with SHA-1
            del options.server_host_keys[name]
    return options


class _Arrival(asyncio.Protocol):
    """A peer at the door: it becomes a connection, or is turned away before that costs anything."""

    def __init__(self, door: SftpDoor) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Decide by number and by debts alone."""
        transport = cast(asyncio.Transport, transport)  # uvloop's are, but do not inherit it
        connection = self._door.admit(transport)
        if connection is None:
            transport.abort()
            return
        if isinstance(connection, PacedConnection):
            transport.set_protocol(connection.receiver(self._door.read))
        else:
            transport.set_protocol(connection)
        connection.connection_made(transport)


class _Greeter(asyncssh.SSHServer):
    """What asyncssh asks of the owner of a connection. Whatever is not here is refused: forwarding, agents, tunnels."""

    def __init__(self, door: SftpDoor) -> None:
        self._door = door

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Begin."""
        self._connection = cast(BoundedConnection, conn)
        self._chain = self._connection.chain

    async def begin_auth(self, username: str) -> bool:
        """Another name: whatever was proved before counts no more. Nobody comes in without proof."""
        await self._chain.begin(username)
        return True

    def public_key_auth_supported(self) -> bool:
        """If a key comes next."""
        return self._chain.offers(Factor.KEY)

    def password_auth_supported(self) -> bool:
        """If a password comes next."""
        return self._chain.offers(Factor.PASSWORD)

    def kbdint_auth_supported(self) -> bool:
        """If a code comes next."""
        return self._chain.offers(Factor.CODE)

    async def validate_password(self, username: str, password: str) -> bool:
        """Whether it is the one."""
        return await self._chain.password(password)

    def get_kbdint_challenge(
        self, username: str, lang: str, submethods: str
    ) -> tuple[str, str, str, Sequence[tuple[str, bool]]]:
        """Ask for the code."""
        return "", "", "", (("One-time code: ", False),)

    async def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        """Whether it is one."""
        return len(responses) == 1 and await self._chain.code(responses[0])

    def session_requested(self) -> tuple[SftpChannel, SftpPump] | bool:
        """A channel, if there are not too many."""
        return self._door.open_channel(self._connection) or False


def _progress(connection: BoundedConnection) -> int:
    """How far somebody has got who has not signed in: come, said what they are, exchanged keys."""
    return sum(connection.get_extra_info(word) is not None for word in ("client_version", "send_cipher"))
