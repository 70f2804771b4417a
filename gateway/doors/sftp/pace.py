"""The same connection, faster: three small overrides of asyncssh's insides, and nothing else.

1. No empty IGNORE packet before every packet: it is there against CBC's predictable vectors, and under an AEAD it only
   doubles the number of packets.
2. What arrives is kept in one growing buffer with an offset, and handed on a packet at a time; the stock connection
   copies all that is left for every packet it takes off the front.
3. The GCM object is made once per key, not once per packet.

`Settings.is_paced` switches them off, and then nothing of this module runs. Pinned with asyncssh; contract-tested.
"""

from __future__ import annotations

import asyncio

from asyncssh.constants import MSG_IGNORE
from asyncssh.crypto.cipher import GCMCipher
from asyncssh.encryption import Encryption, GCMEncryption
from asyncssh.packet import SSHPacketLogger
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.doors.sftp.connection import BoundedConnection

COMPACT = 1 << 20
"""Bytes used up before the buffer is cut."""


class SteadyGCM:
    """AES-GCM for one direction and one key: RFC 5647 §7.1, a fixed field and a counter that never repeats."""

    def __init__(self, stock: GCMCipher) -> None:
        self._gcm = AESGCM(stock._key)
        self._fixed = stock._iv[:4]
        self._count = int.from_bytes(stock._iv[4:], "big")

    def _nonce(self) -> bytes:
        nonce = self._fixed + self._count.to_bytes(8, "big")
        self._count = (self._count + 1) & 0xFFFF_FFFF_FFFF_FFFF
        return nonce

    def encrypt_and_sign(self, header: bytes, data: bytes) -> tuple[bytes, bytes]:
        """The packet with its tag; there is nothing to add behind it."""
        return header + self._gcm.encrypt(self._nonce(), data, header), b""

    def verify_and_decrypt(self, header: bytes, data: bytes, mac: bytes) -> bytes | None:
        """The packet's content, or None if anybody changed it."""
        try:
            return self._gcm.decrypt(self._nonce(), data + mac, header)
        except InvalidTag:
            return None


class PacedConnection(BoundedConnection):
    """A bounded connection in a hurry."""

    _arrived: bytearray
    _used: int

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, with an empty buffer."""
        self._arrived, self._used = bytearray(), 0
        super().connection_made(transport)

    # 1. no IGNORE

    def send_packet(self, pkttype: int, *args: bytes, handler: SSHPacketLogger | None = None) -> None:
        """Send it, unless it is the stock connection's padding."""
        if pkttype == MSG_IGNORE and isinstance(self._send_encryption, GCMEncryption):
            return
        super().send_packet(pkttype, *args, handler=handler)

    # 2. one buffer

    def blocked_bytes(self) -> int:
        """What came and could not yet be looked at."""
        return len(self._arrived) - self._used

    def _recv_data(self) -> None:
        """Hand on exactly what the next step of the stock connection takes, as long as there is so much."""
        self._arrived += self._inpbuf
        self._inpbuf = b""
        while self._transport and (need := self._next_piece()):
            end = self._used + need
            self._inpbuf = bytes(memoryview(self._arrived)[self._used : end])
            self._used = end
            super()._recv_data()
        if self._used == len(self._arrived):
            self._arrived.clear()
            self._used = 0
        elif self._used > COMPACT:
            del self._arrived[: self._used]
            self._used = 0

    def _next_piece(self) -> int:
        """How many bytes the next step takes; 0 if they are not here, or something is still being done."""
        here = len(self._arrived) - self._used
        if self._recv_handler == self._recv_pkthdr:
            need = self._recv_blocksize
        elif self._recv_handler == self._recv_packet:
            need = 4 + self._pktlen + self._recv_macsize - self._recv_blocksize
        elif self._recv_handler == self._recv_version:
            return self._next_line(here)
        else:
            return 0
        return need if need <= here else 0

    def _next_line(self, here: int) -> int:
        """The identification, up to its end; or all there is, once that is too much for one."""
        end = self._arrived.find(b"\n", self._used)
        if end >= 0:
            return end + 1 - self._used
        return here if here > 8192 else 0

    def _finish_recv_packet(
        self, pkttype: int, seq: int, _task: asyncio.Task[None] | None = None, is_async: bool = False
    ) -> None:
        super()._finish_recv_packet(pkttype, seq, _task, is_async)
        if is_async and self.blocked_bytes():
            self._recv_data()
            self._rein()

    # 3. one GCM object a key

    def send_newkeys(self, k: bytes, h: bytes) -> None:
        """End a key exchange, and keep the ciphers."""
        super().send_newkeys(k, h)
        _steady(self._send_encryption)
        _steady(self._next_recv_encryption)


def _steady(encryption: Encryption | None) -> None:
    if isinstance(encryption, GCMEncryption) and isinstance(encryption._cipher, GCMCipher):
        # The stock cipher has counted what was sent since the new keys: the counter goes on from there.
        encryption._cipher = SteadyGCM(encryption._cipher)  # type: ignore[assignment]
