"""One SSH connection of asyncssh, bounded before anybody has signed in and after.

What is ours, over the stock connection (asyncssh is pinned; `tests/unit/doors/test_doors_sftp_connection.py` is the
contract with its insides):
1. A packet is bounded on its length, lower before sign-in (RFC 4253 §6.1).
2. Before sign-in there is one key exchange, no message that is not for signing in, and few tries.
3. Reading pauses while a sign-in is being checked and more comes, and while the peer does not read our answers.
4. A key's signature is checked by us: never SHA-1, never without a touch; certificates only of our authorities.
5. A factor that was right is not yet a person: see `signin`.
6. No configuration is read, ever.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import asyncssh
from asyncssh.constants import (
    DISC_NO_MORE_AUTH_METHODS_AVAILABLE,
    MSG_UNIMPLEMENTED,
)
from asyncssh.packet import SSHPacket, SSHPacketLogger, String
from asyncssh.public_key import SSHKey, decode_ssh_public_key

from gateway.doors.sftp.credentials import Certificate, certified_key, is_signed, read_shown
from gateway.doors.sftp.settings import Settings
from gateway.doors.sftp.signin import Chain, Factor, KeyTerms
from gateway.engine.clock import Clock

if TYPE_CHECKING:
    from asyncssh.connection import SSHServerConnectionOptions

LEAST_PACKET = 12
"""RFC 4253 §6: sixteen bytes at least, of which four are the length."""


class Watcher(Protocol):
    """Who wants to know how a connection fares."""

    def signed_in(self, connection: BoundedConnection, person: str) -> bool:
        """A way is complete. False: not now, there are too many of this person's connections."""
        ...

    def ended(self, connection: BoundedConnection, exc: Exception | None) -> None:
        """It is over, and why."""
        ...


class Channel(Protocol):
    """What a connection tells its channels."""

    def drained(self) -> None:
        """Answers may flow again."""
        ...

    def caught_up(self) -> None:
        """All of a read has been looked at."""
        ...

    def is_mid_message(self) -> bool:
        """Whether the client has begun to say something and we wait for the rest."""
        ...


class BoundedConnection(asyncssh.SSHServerConnection):
    """One peer."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        options: SSHServerConnectionOptions,
        *,
        settings: Settings,
        chain: Chain,
        watcher: Watcher,
        clock: Clock,
    ) -> None:
        super().__init__(loop, options)
        self._settings = settings
        self.chain = chain
        self._watcher = watcher
        self._clock = clock
        self._tries = self._requests = 0
        self._method = b""
        self._exchanges: deque[float] = deque(maxlen=settings.rekeys_per_minute)
        self._is_reading = True
        self._is_backed_up = False
        self.moved = 0
        """Bytes of SFTP, both ways: keep-alives keep nobody from being idle."""
        self.channels: list[Channel] = []
        self.is_amid = False
        """Whether more of the same read is still to be looked at: answers may wait for it and leave together."""
        self.person: str | None = None

    # 1. packets

    def _recv_pkthdr(self) -> bool:
        if not super()._recv_pkthdr():
            return False
        self._check_length()
        return True

    def _check_length(self) -> None:
        most = self._settings.late_packet_bytes if self._auth_complete else self._settings.early_packet_bytes
        if self._pktlen < LEAST_PACKET or 4 + self._pktlen + self._recv_macsize > most:
            raise asyncssh.ProtocolError("Packet too small or too large")

    # 2. before sign-in

    def send_packet(self, pkttype: int, *args: bytes, handler: SSHPacketLogger | None = None) -> None:
        """Send it. That we do not know a message is no answer before sign-in, but an end."""
        if pkttype == MSG_UNIMPLEMENTED and not self._auth_complete:
            raise asyncssh.ProtocolError("Unexpected message before sign-in")
        super().send_packet(pkttype, *args, handler=handler)

    def send_newkeys(self, k: bytes, h: bytes) -> None:
        """End a key exchange; one before sign-in, few a minute after."""
        now = self._loop.time()
        if self._session_id and not self._auth_complete:
            raise asyncssh.ProtocolError("Key exchange before sign-in")
        if len(self._exchanges) == self._settings.rekeys_per_minute and now - self._exchanges[0] < 60:
            raise asyncssh.ProtocolError("Too many key exchanges")
        if self._settings.must_be_strict and not self._strict_kex:
            raise asyncssh.KeyExchangeFailed("Strict key exchange is required here")
        self._exchanges.append(now)
        super().send_newkeys(k, h)

    async def _finish_userauth(self, begin_auth: bool, method: bytes, packet: SSHPacket) -> None:
        self._requests += 1
        if self._requests > self._settings.requests:
            raise _enough()
        self._method = method
        self._next_service = b"ssh-userauth"  # paramiko asks for the service again with every factor
        await super()._finish_userauth(begin_auth, method, packet)

    def send_userauth_failure(self, partial_success: bool) -> None:
        """Say no, so often and not more; `none` is a question, not a try (RFC 4252 §5.2)."""
        if not partial_success and self._method != b"none":
            self._tries += 1
            if self._tries >= self._settings.tries:
                raise _enough()
        super().send_userauth_failure(partial_success)

    # 3. reading and writing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._set_out_limit(transport, self._settings.early_out_bytes)
        super().connection_made(transport)

    def data_received(self, data: bytes, datatype: int | None = None) -> None:
        """Bytes from the peer."""
        super().data_received(data, datatype)
        self._rein()

    def _finish_recv_packet(
        self, pkttype: int, seq: int, _task: asyncio.Task[None] | None = None, is_async: bool = False
    ) -> None:
        super()._finish_recv_packet(pkttype, seq, _task, is_async)
        if is_async:
            self._rein()

    def pause_writing(self) -> None:
        """The peer does not read."""
        self._is_backed_up = True
        self._rein()

    def resume_writing(self) -> None:
        """It does again."""
        self._is_backed_up = False
        self._rein()
        self._tell_channels()

    def _send_deferred_packets(self) -> None:
        super()._send_deferred_packets()
        self._tell_channels()

    @property
    def is_clogged(self) -> bool:
        """Whether answers would only pile up: the peer does not read, or new keys are being agreed."""
        return self._is_backed_up or not self._kex_complete

    def blocked_bytes(self) -> int:
        """What came and could not yet be looked at."""
        return len(self._inpbuf)

    def _rein(self) -> None:
        transport = self._transport
        if transport is None:
            return
        # Channels stop by themselves and far earlier; this is for who floods us with requests that need no channel.
        most = self._settings.late_out_bytes if self._auth_complete else self._settings.early_out_bytes
        may_read = self.blocked_bytes() <= self._settings.blocked_in_bytes and not (
            self._is_backed_up and transport.get_write_buffer_size() >= most
        )
        if may_read != self._is_reading:
            self._is_reading = may_read
            (transport.resume_reading if may_read else transport.pause_reading)()

    def _tell_channels(self) -> None:
        if not self.is_clogged:
            for channel in tuple(self.channels):
                channel.drained()

    def send_data(self, channel: int, pieces: Sequence[bytes | memoryview], size: int) -> bool:
        """Send data of a channel in one packet, if that is simple; False: nothing was sent."""
        return False

    @staticmethod
    def _set_out_limit(transport: asyncio.BaseTransport, high: int) -> None:
        if isinstance(transport, asyncio.WriteTransport) or hasattr(transport, "set_write_buffer_limits"):
            transport.set_write_buffer_limits(high=high, low=high // 4)

    # 4. keys

    async def validate_public_key(self, username: str, key_data: bytes, msg: bytes, signature: bytes) -> bool:
        """Whether the key may sign for the name, and, if it did, whether the signature is right.

        Without a message it is a probe: it proves nothing and is not counted.
        """
        shown = read_shown(key_data)
        if shown is None:
            return False
        terms: KeyTerms | None
        if isinstance(shown, Certificate):
            key, terms, evidence = await self._certified(shown, username), KeyTerms(), f"certificate {shown.serial}"
            by = Factor.CERTIFICATE
        else:
            key, evidence, by = decode_ssh_public_key(key_data), shown.fingerprint, Factor.KEY
            terms = await self.chain.key_terms(shown)
        if key is None or terms is None:
            return False
        if not msg:
            return True
        key.set_touch_required(True)
        data = String(self._session_id) + msg
        is_right = is_signed(key, data, signature, must_verify=terms.must_verify)
        return self.chain.signed(evidence, is_right=is_right, by=by)

    async def _certified(self, certificate: Certificate, username: str) -> SSHKey | None:
        account, authority = self.chain.account, await self.chain.authority(certificate)
        if authority is None or account is None:
            return None
        return certified_key(
            certificate,
            principal=account.person or username,  # who the name stands for, however it was typed
            source=self._peer_addr,
            now=self._clock.now_ms() / 1000,
            longest_seconds=authority.longest_seconds,
        )

    # 5. factors

    async def send_userauth_success(self) -> None:
        """A proof was right. Only when it completes a way is somebody signed in."""
        # Nothing is awaited between the proof and this: no other name can come in between.
        person = self.chain.passed(Factor(self._method.decode("ascii")))
        if person is None:
            self.send_userauth_failure(True)
            return
        if not self._watcher.signed_in(self, person):
            raise asyncssh.DisconnectError(DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "Too many connections")
        self.person = person
        if self._transport:
            self._set_out_limit(self._transport, self._settings.late_out_bytes // 4)
        await super().send_userauth_success()

    @property
    def wrong_tries(self) -> int:
        """How many proofs were wrong."""
        return self.chain.wrong

    @property
    def source(self) -> str:
        """Where it comes from."""
        return str(self._peer_addr)

    def is_mid_message(self) -> bool:
        """Whether a channel waits for the rest of a message."""
        return any(channel.is_mid_message() for channel in self.channels)

    # 6. configuration

    async def reload_config(self) -> None:
        """Nothing to load."""

    def _cleanup(self, exc: Exception | None) -> None:
        self._watcher.ended(self, exc)
        super()._cleanup(exc)


def _enough() -> asyncssh.DisconnectError:
    return asyncssh.DisconnectError(DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "Too many sign-in failures")
