"""The same connection, faster: a few small overrides of asyncssh's insides, and nothing else.

1. No empty IGNORE packet before every packet: it is there against CBC's predictable vectors, and under an AEAD it only
   doubles the number of packets.
2. What arrives is read into one buffer that all connections of a door share, and looked at where it lies; the stock
   connection makes an object of every read and copies all that is left for every packet it takes off the front.
3. The GCM object is made once per key, not once per packet; a packet is opened from the buffer and sealed in one piece.
4. Data of an open SFTP channel goes straight to it and from it; everything else takes the stock way, already opened.

`Settings.is_paced` switches them off, and then nothing of this module runs. Pinned with asyncssh; contract-tested.
"""

from __future__ import annotations

import asyncio
import os
import struct
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import asyncssh
from asyncssh.constants import MSG_CHANNEL_DATA, MSG_IGNORE
from asyncssh.crypto.cipher import GCMCipher
from asyncssh.encryption import Encryption, GCMEncryption
from asyncssh.packet import SSHPacketLogger
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.doors.sftp.connection import BoundedConnection

if TYPE_CHECKING:
    from gateway.doors.sftp.channel import SftpChannel

READ_BYTES = 256 * 1024
"""Taken from the socket at a time."""
ROOM_BYTES = 1 << 20
"""Of a door's buffer: a read, behind the most that may be left of earlier ones (`Settings.blocked_in_bytes`)."""
BLOCK, TAG = 16, 16
RANDOM_BYTES = 512
KEEPALIVE_S = 1.0
"""A connection that is busy puts its keep-alive off this often, not with every packet."""

_DATA = struct.Struct(">BBII")
"""Length of the padding, kind, channel, length of the data: RFC 4253 §6 and RFC 4254 §5.2."""


class SteadyGCM:
    """AES-GCM for one direction and one key: RFC 5647 §7.1, a fixed field and a counter that never repeats."""

    def __init__(self, stock: GCMCipher) -> None:
        self._gcm = AESGCM(stock._key)
        self._fixed = stock._iv[:4]
        self._count = int.from_bytes(stock._iv[4:], "big")
        self.opened: bytes | None = None
        """A packet that `open` has opened, for the stock connection to go on with."""

    def _nonce(self) -> bytes:
        nonce = self._fixed + self._count.to_bytes(8, "big")
        self._count = (self._count + 1) & 0xFFFF_FFFF_FFFF_FFFF
        return nonce

    def encrypt_and_sign(self, header: bytes, data: bytes) -> tuple[bytes, bytes]:
        """The packet with its tag; there is nothing to add behind it."""
        return header + self._gcm.encrypt(self._nonce(), data, header), b""

    def verify_and_decrypt(self, header: bytes, data: bytes, mac: bytes) -> bytes | None:
        """The packet's content, or None if anybody changed it."""
        if (opened := self.opened) is not None:
            self.opened = None
            return opened
        return self.open(header, data + mac)

    def open(self, header: bytes | memoryview, sealed: bytes | memoryview) -> bytes | None:
        """The same, of a packet with its tag behind it."""
        try:
            return self._gcm.decrypt(self._nonce(), sealed, header)
        except InvalidTag:
            return None


class PacedConnection(BoundedConnection):
    """A bounded connection in a hurry."""

    _room: bytearray
    """The door's; it holds ours only while a read is being looked at."""
    _rest: bytes
    """What is left of it until the next."""
    _at: memoryview
    """Where the next packet begins, to the end of what is here."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, with nothing here."""
        self._rest, self._at, self._put_off, self._random = b"", memoryview(b""), 0.0, b""
        super().connection_made(transport)

    def receiver(self, room: bytearray) -> Receiver:
        """What the transport shall call for this connection."""
        self._room = room
        return Receiver(self)

    # 1. no IGNORE

    def send_packet(self, pkttype: int, *args: bytes, handler: SSHPacketLogger | None = None) -> None:
        """Send it, unless it is the stock connection's padding."""
        if pkttype == MSG_IGNORE and isinstance(self._send_encryption, GCMEncryption):
            return
        super().send_packet(pkttype, *args, handler=handler)

    # 2. one buffer

    def free_room(self) -> memoryview:
        """Where the next bytes go: behind what is left."""
        used = len(self._rest)
        self._room[:used] = self._rest
        return memoryview(self._room)[used : used + READ_BYTES]

    def filled(self, count: int) -> None:
        """So many bytes were put there."""
        self._take(memoryview(self._room)[: len(self._rest) + count])

    def data_received(self, data: bytes, datatype: int | None = None) -> None:
        """Bytes from a transport without room of ours."""
        self._take(memoryview(self._rest + data))

    def blocked_bytes(self) -> int:
        """What came and could not yet be looked at."""
        return len(self._rest)

    def _take(self, here: memoryview) -> None:
        self._at, self._rest = here, b""
        self._recv_data()
        self._rest, self._at = bytes(self._at), memoryview(b"")
        self._rein()

    def _recv_data(self) -> None:
        """Look at packet after packet, as long as one is whole; as the stock connection does, and answers for."""
        self._reset_keepalive_timer()
        self.is_amid = True
        try:
            while self._transport and self._step():
                pass
        except asyncssh.DisconnectError as exc:
            self._send_disconnect(exc.code, exc.reason, exc.lang)
            self._force_close(exc)
        except Exception:
            self.internal_error()
        finally:
            self.is_amid = False
        for channel in tuple(self.channels):
            channel.caught_up()

    def _step(self) -> bool:
        """Hand on exactly what comes next. False: it is not whole, or something is still being done."""
        if self._recv_handler == self._recv_pkthdr and (cipher := _steady_of(self._recv_encryption)) is not None:
            return self._open_packet(cipher)
        need = self._next_piece()
        if need:
            self._inpbuf, self._at = bytes(self._at[:need]), self._at[need:]
            self._recv_handler()
            self._inpbuf = b""
        return need > 0

    def _next_piece(self) -> int:
        """How many bytes the stock connection's next step takes; 0 if they are not here."""
        here = len(self._at)
        if self._recv_handler == self._recv_pkthdr:
            need = self._recv_blocksize
        elif self._recv_handler == self._recv_packet:
            need = 4 + self._pktlen + self._recv_macsize - self._recv_blocksize
        elif self._recv_handler == self._recv_version:
            line = bytes(self._at[:8193]).find(b"\n") + 1
            return line or (here if here > 8192 else 0)  # once it is too much for one line, all there is
        else:
            return 0
        return need if need <= here else 0

    def _finish_recv_packet(
        self, pkttype: int, seq: int, _task: asyncio.Task[None] | None = None, is_async: bool = False
    ) -> None:
        super()._finish_recv_packet(pkttype, seq, _task, is_async)
        if is_async and self._rest:
            self._take(memoryview(self._rest))

    def _reset_keepalive_timer(self) -> None:
        if (now := time.monotonic()) - self._put_off >= KEEPALIVE_S:
            self._put_off = now
            super()._reset_keepalive_timer()

    # 3. one GCM object a key

    def send_newkeys(self, k: bytes, h: bytes) -> None:
        """End a key exchange, and keep the ciphers."""
        super().send_newkeys(k, h)
        _steady(self._send_encryption)
        _steady(self._next_recv_encryption)

    def _open_packet(self, cipher: SteadyGCM) -> bool:
        """A whole packet, opened where it lies."""
        at = self._at
        if len(at) < BLOCK:
            return False
        self._pktlen = int.from_bytes(at[:4], "big")
        self._check_length()
        end = 4 + self._pktlen + TAG
        if len(at) < end:
            return False
        opened = cipher.open(at[:4], at[4:end])
        if not opened:
            raise asyncssh.MACError("MAC verification failed")
        self._at = at[end:]
        if opened[1] != MSG_CHANNEL_DATA or not self._channel_data(opened):
            cipher.opened = opened
            self._packet = bytes(at[:BLOCK])
            self._inpbuf = bytes(at[BLOCK:end])
            self._recv_handler = self._recv_packet
            self._recv_packet()
            self._inpbuf = b""
        return True

    # 4. data of a channel

    def _channel_data(self, opened: bytes) -> bool:
        """Hand data to its channel. False: it is not as simple as that."""
        if not self._auth_complete or self._decompressor or len(opened) < _DATA.size:
            return False
        padding, _, number, size = _DATA.unpack_from(opened)
        channel = self._channels.get(number)
        if _DATA.size + size + padding != len(opened) or channel is None:
            return False
        if not cast("SftpChannel", channel).take(memoryview(opened)[_DATA.size : _DATA.size + size]):
            return False
        self._recv_seq = (self._recv_seq + 1) & 0xFFFF_FFFF
        self._auth_final = True
        return True

    def send_data(self, channel: int, pieces: Sequence[bytes | memoryview], size: int) -> bool:
        """Send data of a channel in one packet. False: it is not as simple as that, and nothing was sent."""
        cipher = _steady_of(self._send_encryption)
        is_due = self._rekey_bytes_sent >= self._rekey_bytes or time.monotonic() >= self._rekey_time
        if cipher is None or is_due or not (self._kex_complete and self._auth_complete) or self._compressor:
            return False
        padding = 4 + -(_DATA.size + size + 4) % BLOCK  # RFC 4253 §6: four bytes at least
        content = b"".join((_DATA.pack(padding, MSG_CHANNEL_DATA, channel, size), *pieces, self._padding(padding)))
        packet, _ = cipher.encrypt_and_sign(len(content).to_bytes(4, "big"), content)
        self._send(packet)
        self._send_seq = (self._send_seq + 1) & 0xFFFF_FFFF
        self._rekey_bytes_sent += len(content)
        return True

    def _padding(self, size: int) -> bytes:
        """Random bytes, drawn for many packets at a time: each asking lets another thread go first."""
        if len(self._random) < size:
            self._random = os.urandom(RANDOM_BYTES)
        drawn, self._random = self._random[:size], self._random[size:]
        return drawn


class Receiver(asyncio.BufferedProtocol):
    """Between a transport and a paced connection: what is read lands in the door's buffer."""

    def __init__(self, connection: PacedConnection) -> None:
        self._connection = connection

    def get_buffer(self, sizehint: int) -> memoryview:
        """Room for a read. It is looked at before anybody else asks for some: transports call both in one go."""
        return self._connection.free_room()

    def buffer_updated(self, nbytes: int) -> None:
        """So much was read."""
        self._connection.filled(nbytes)

    def eof_received(self) -> None:
        """The peer will say no more."""
        self._connection.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._connection.connection_lost(exc)

    def pause_writing(self) -> None:
        """The peer does not read."""
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        """It does again."""
        self._connection.resume_writing()


def _steady(encryption: Encryption | None) -> None:
    if isinstance(encryption, GCMEncryption) and isinstance(encryption._cipher, GCMCipher):
        # The stock cipher has counted what was sent since the new keys: the counter goes on from there.
        encryption._cipher = SteadyGCM(encryption._cipher)  # type: ignore[assignment]


def _steady_of(encryption: Encryption | None) -> SteadyGCM | None:
    if isinstance(encryption, GCMEncryption) and isinstance(encryption._cipher, SteadyGCM):
        return encryption._cipher
    return None
