"""A small strict reader of OpenPGP framing (RFC 9580 §4 and §6): which packets stand in these bytes.

It reads back what a pen wrote before it may leave, and looks at a key before any other program does. It takes bytes
in pieces, keeps at most `KEPT` of each packet's body, refuses every framing that could be read in two ways and never
interprets content. It proves nothing about signatures or ciphertext.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.errors import Unreadable

PKESK, SIGNATURE, SECRET_KEY, PUBLIC_KEY, SECRET_SUBKEY, USER_ID, PUBLIC_SUBKEY, SEIPD = 1, 2, 5, 6, 7, 13, 14, 18
MAX_PACKETS = 10_000
KEPT = 64
_PARTIAL_ALLOWED = frozenset({8, 9, 11, SEIPD})  # RFC 9580 §4.2.1.4: only data packets
_LONGEST_LINE = 1024


@dataclass(slots=True)
class Packet:
    """One packet: its tag, the start of its body and its body's size."""

    tag: int
    size_bytes: int = 0
    head: bytearray = field(default_factory=bytearray)

    @property
    def version(self) -> int:
        """The version octet, for kinds that begin with one; -1 if the body is empty."""
        return self.head[0] if self.head else -1


class Walker:
    """Reads framing from pieces. `packets` holds what was seen; `close` says whether it ended where a packet ends."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self.packets: list[Packet] = []
        self._kept = kept
        self._pending = bytearray()
        self._left = 0
        self._is_partial = False

    def feed(self, untrusted: bytes) -> None:
        """Read on. Raises `Unreadable`."""
        self._pending += untrusted
        while self._pending:
            if self._left:
                self._take_body()
            elif not self._take_header():
                return

    def close(self) -> tuple[Packet, ...]:
        """All packets. Raises `Unreadable` if the bytes end inside one, or hold none."""
        if self._left or self._is_partial or self._pending or not self.packets:
            raise Unreadable("OpenPGP data ends inside a packet")
        return tuple(self.packets)

    def _take_body(self) -> None:
        taken = min(self._left, len(self._pending))
        packet = self.packets[-1]
        packet.head += self._pending[: min(taken, self._kept - len(packet.head))]
        packet.size_bytes += taken
        self._left -= taken
        del self._pending[:taken]

    def _take_header(self) -> bool:
        """Read one packet header, or one length inside a partial body; False if more bytes are needed."""
        if self._is_partial:
            return self._take_length(self.packets[-1].tag, 0, is_new=True)
        first = self._pending[0]
        if not first & 0x80:
            raise Unreadable("not an OpenPGP packet")
        is_new = bool(first & 0x40)
        tag = first & 0x3F if is_new else (first >> 2) & 0x0F
        if len(self.packets) >= MAX_PACKETS:
            raise Unreadable("too many OpenPGP packets")
        return self._take_length(tag, 1, is_new=is_new)

    def _take_length(self, tag: int, start: int, *, is_new: bool) -> bool:
        read = _new_length if is_new else _old_length
        found = read(self._pending, start)
        if found is None:
            return False
        length, used, is_partial = found
        if is_partial and (tag not in _PARTIAL_ALLOWED or (start and length < 512)):
            raise Unreadable("a partial length where none may be")
        if start:
            self.packets.append(Packet(tag=tag))
        del self._pending[: start + used]
        self._left, self._is_partial = length, is_partial
        return True


def walk(untrusted: bytes, *, kept: int = KEPT) -> tuple[Packet, ...]:
    """The packets of a whole piece of OpenPGP data. Raises `Unreadable`."""
    walker = Walker(kept=kept)
    walker.feed(untrusted)
    return walker.close()


def check_message(packets: tuple[Packet, ...], key_ids: Iterable[str]) -> None:
    """Raise `Unreadable` unless this is one PKESK to one of `key_ids`, then one SEIPD version 1, then nothing.

    Version 2 (RFC 9580) cannot be opened by GnuPG or Thunderbird; a second PKESK would name a second reader.
    """
    if [packet.tag for packet in packets] != [PKESK, SEIPD]:
        raise Unreadable("not one session key and one sealed body")
    session_key, body = packets
    if session_key.version != 3 or len(session_key.head) < 10:
        raise Unreadable("not a version 3 session key")
    if session_key.head[1:9].hex().upper() not in set(key_ids):
        raise Unreadable("sealed to a key nobody vouched for")
    if body.version != 1:
        raise Unreadable("not a version 1 sealed body")


def key_ids(certificate: bytes) -> tuple[str, ...]:
    """The key ids of a version 4 certificate's subkeys, or of its primary key if it has none. Raises `Unreadable`."""
    packets = walk(certificate, kept=len(certificate))
    ids = {tag: tuple(_fingerprint(p)[-16:] for p in packets if p.tag == tag) for tag in (PUBLIC_KEY, PUBLIC_SUBKEY)}
    return ids[PUBLIC_SUBKEY] or ids[PUBLIC_KEY]


def check_certificate(untrusted: bytes) -> str:
    """The fingerprint of the one version 4 certificate in these bytes. Raises `Unreadable` for anything else.

    Secret keys are refused here, before a program that would import them sees them.
    """
    packets = walk(untrusted, kept=len(untrusted))
    tags = [packet.tag for packet in packets]
    if SECRET_KEY in tags or SECRET_SUBKEY in tags:
        raise Unreadable("this holds a secret key")
    if tags[0] != PUBLIC_KEY or tags.count(PUBLIC_KEY) != 1 or USER_ID not in tags:
        raise Unreadable("not one certificate")
    if not {PUBLIC_KEY, PUBLIC_SUBKEY, USER_ID, SIGNATURE, 12, 17}.issuperset(tags):  # 12 trust, 17 user attribute
        raise Unreadable("a certificate with packets that do not belong")
    for packet in packets:
        if packet.tag in (PUBLIC_KEY, PUBLIC_SUBKEY) and packet.version != 4:
            raise Unreadable("not a version 4 key")
    return _fingerprint(packets[0])


def dearmor(untrusted: bytes) -> bytes:
    """The bytes inside one armoured block; bytes that are not armoured come back as they are. Raises `Unreadable`."""
    if not untrusted.lstrip().startswith(b"-----BEGIN "):
        return untrusted
    reader = Dearmour()
    return reader.feed(untrusted) + reader.close()


class Dearmour:
    """Takes the armour off a stream: one block, nothing before it but white space and nothing behind it.

    The checksum line is passed over: RFC 9580 §6.1 forbids rejecting by it, and packets are checked instead.
    """

    def __init__(self) -> None:
        self._line = b""  # an unfinished line
        self._base64 = b""  # fewer than four characters
        self._kind = b""
        self._state = "before"

    def feed(self, untrusted: bytes) -> bytes:
        """What these bytes decode to. Raises `Unreadable`."""
        lines = (self._line + untrusted).split(b"\n")
        self._line = lines.pop()
        if len(self._line) > _LONGEST_LINE:
            raise Unreadable("an armour line is too long")
        body: list[bytes] = []
        for line in lines:
            # A block of whole body lines is by far the usual case: take it at once.
            if self._state == "body" and not line.startswith((b"=", b"-")):
                body.append(line.rstrip())
            else:
                self._turn(line.rstrip())
        return self._decode(b"".join(body))

    def close(self) -> bytes:
        """The end. Raises `Unreadable` if the block is not complete."""
        rest = self.feed(b"\n") if self._line else b""
        if self._state != "after" or self._base64:
            raise Unreadable("the armour has no end")
        return rest

    def _turn(self, line: bytes) -> None:
        if self._state == "before" and line:
            if not (line.startswith(b"-----BEGIN PGP ") and line.endswith(b"-----")):
                raise Unreadable("not OpenPGP armour")
            self._kind, self._state = line[11:], "headers"
        elif self._state == "headers":
            if not line:
                self._state = "body"
            elif b": " not in line and not line.endswith(b":"):
                raise Unreadable("an armour header without its blank line")
        elif self._state in ("body", "sum") and line == b"-----END " + self._kind:
            self._state = "after"
        elif self._state == "body" and line.startswith(b"=") and len(line) == 5:
            self._state = "sum"
        elif line:
            raise Unreadable("stray bytes in or behind OpenPGP armour")

    def _decode(self, text: bytes) -> bytes:
        self._base64 += text
        whole = len(self._base64) // 4 * 4
        ready, self._base64 = self._base64[:whole], self._base64[whole:]
        try:
            return binascii.a2b_base64(ready, strict_mode=True)
        except binascii.Error:
            raise Unreadable("armour that is not base64") from None


def _fingerprint(packet: Packet) -> str:
    if packet.version != 4:
        raise Unreadable("not a version 4 key")
    # RFC 9580 §5.5.4.2: the version 4 fingerprint *is* SHA-1; it names a key, it does not protect one.
    digest = hashlib.sha1(b"\x99" + len(packet.head).to_bytes(2, "big") + packet.head, usedforsecurity=False)
    return digest.hexdigest().upper()


def _new_length(data: bytearray, at: int) -> tuple[int, int, bool] | None:
    """RFC 9580 §4.2.1: length, octets used, whether it is partial; None if more bytes are needed."""
    if len(data) <= at:
        return None
    first = data[at]
    if first < 192:
        return first, 1, False
    if first < 224:
        return (((first - 192) << 8) + data[at + 1] + 192, 2, False) if len(data) > at + 1 else None
    if first < 255:
        return 1 << (first & 0x1F), 1, True
    return (int.from_bytes(data[at + 1 : at + 5], "big"), 5, False) if len(data) >= at + 5 else None


def _old_length(data: bytearray, at: int) -> tuple[int, int, bool] | None:
    """RFC 9580 §4.2.2. An indeterminate length would let anything follow: refused."""
    octets = {0: 1, 1: 2, 2: 4}.get(data[0] & 0x03)
    if octets is None:
        raise Unreadable("an OpenPGP packet of indeterminate length")
    if len(data) < at + octets:
        return None
    return int.from_bytes(data[at : at + octets], "big"), octets, False
