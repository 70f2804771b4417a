"""The nouns: what a transfer is made of.

Every noun is frozen and checked when made, so that what must not exist cannot be built. They hold values only: no
loop, clock, path or randomness. Sizes are bytes, times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import NewType

TransferId = NewType("TransferId", str)
"""`T-` and 26 letters of RFC 4648 base32 over 16 random bytes."""

BlobId = NewType("BlobId", str)
"""Names a blob; lower-case hex, never a user's text, so it may become a file name."""

_TRANSFER_ID = re.compile(r"T-[A-Z2-7]{26}", re.ASCII)
_BLOB_ID = re.compile(r"[0-9a-f]{32,64}", re.ASCII)
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@lru_cache(maxsize=1024)  # asked again for every entry of a transfer; so is the way back
@lru_cache(maxsize=1024)
def transfer_id(random16: bytes) -> TransferId:
    """The id whose 16 bytes are `random16`."""
    if len(random16) != 16:
        raise ValueError("a transfer id is 16 bytes")
    return TransferId("T-" + base64.b32encode(random16).decode("ascii").rstrip("="))


@lru_cache(maxsize=1024)
def transfer_bytes(transfer: TransferId) -> bytes:
    """The 16 bytes of an id: what the ledger writes as `x`."""
    if not _TRANSFER_ID.fullmatch(transfer):
        raise ValueError("not a transfer id")
    return base64.b32decode(transfer[2:] + "======")


class Way(StrEnum):
    """How something leaves or arrives; the word `by` in the rules."""

    MAIL = "mail"
    SFTP = "sftp"
    PICKUP = "pickup"
    COURIER = "courier"
    """Paper, a disk, a key: carried by hand under a numbered seal, and written down (`engine.couriers`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A SHA-256 digest in lower-case hex."""

    sha256: str

    def __post_init__(self) -> None:
        if not _HEX_SHA256.fullmatch(self.sha256):
            raise ValueError("a digest is 64 lower-case hex digits")

    @classmethod
    def of(cls, content: bytes) -> Digest:
        """The digest of `content`."""
        return cls(sha256=hashlib.sha256(content).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A mail address exactly as its owner wrote it; only `gateway.intake.address` makes one from untrusted bytes.

    The bytes are kept for delivery; `key` is for comparison: our offices' partners never distinguish local parts by
    case, and treating them as different would let `Day@…` walk past a rule about `day@…`.
    """

    local: str
    domain: str

    def __post_init__(self) -> None:
        if not self.local or not self.domain:
            raise ValueError("an address has a local part and a domain")
        if any(ord(c) < 0x20 or ord(c) == 0x7F for c in self.local + self.domain):
            raise ValueError("an address holds no control characters")

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @classmethod
    def of(cls, text: str) -> Address:
        """An address that we ourselves keep as text: in the rules, or in a fact. Raises `ValueError`."""
        local, _, domain = text.rpartition("@")
        return cls(local=local, domain=domain)

    @property
    def key(self) -> str:
        """The address for comparison: lower case."""
        return f"{self.local}@{self.domain}".lower()

    @property
    def host(self) -> str:
        """The domain for comparison: lower case."""
        return self.domain.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom a leg is for: a mail address, or a partner's box (the folder a file is dropped into)."""

    address: Address | None = None
    partner: str = ""

    def __post_init__(self) -> None:
        if (self.address is None) == (not self.partner):
            raise ValueError("a recipient is an address or a partner's box")

    def __str__(self) -> str:
        return str(self.address) if self.address else f"partner:{self.partner}"

    @property
    def key(self) -> str:
        """The recipient for comparison."""
        return self.address.key if self.address else f"partner:{self.partner}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who hands something in.

    `person` is the key of the signed-in person's address in `people.toml`, of an authenticated partner as
    `partner:ID`, empty for the gateway's own notes. `signed_in_by` says how: `password`, `key`, `password+code` …
    `address` is the envelope's sender; None is the null sender of RFC 5321 §4.5.5.
    """

    person: str
    address: Address | None
    name: str = ""
    signed_in_by: str = ""
    source: str = ""
    """The network address they came from."""

    @property
    def is_gateway(self) -> bool:
        """True for the gateway's own notes."""
        return not self.person


class Notify(StrEnum):
    """RFC 3461 §4.1: when the sender wants to hear about a leg."""

    NEVER = "NEVER"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    DELAY = "DELAY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One recipient of a transfer: judged, sealed, delivered and proved on its own."""

    ordinal: int
    recipient: Recipient
    notify: tuple[Notify, ...] = (Notify.FAILURE, Notify.DELAY)
    original_recipient: str = ""
    """RFC 3461 ORCPT as given: `rfc822;xtext`."""

    def __post_init__(self) -> None:
        if self.ordinal < 0:
            raise ValueError("legs are numbered from 0")
        if Notify.NEVER in self.notify and len(self.notify) > 1:
            raise ValueError("NEVER stands alone")  # RFC 3461 §4.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing handed in, as it came: a whole mail message, or a file."""

    name: str
    media: str
    size_bytes: int
    digest: Digest
    blob: BlobId

    def __post_init__(self) -> None:
        if self.size_bytes < 0:
            raise ValueError("a size is not negative")
        if not _BLOB_ID.fullmatch(self.blob):
            raise ValueError("not a blob id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a mail's sender asked for the whole transfer (RFC 3461 RET and ENVID) and what its header says.

    These are private values: they live sealed beside the facts and never in a log.
    """

    ret: str = ""
    envid: str = ""
    message_id: str = ""
    subject: str = ""
    is_eight_bit: bool = False
    is_utf8: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One sender, what they handed in, and one leg per recipient."""

    id: TransferId
    way: Way
    sender: Party
    items: tuple[Item, ...]
    legs: tuple[Leg, ...]
    received_ms: int
    label: str
    purpose: str
    envelope: Envelope = field(default_factory=Envelope)
    about: TransferId | None = None
    """For the gateway's own notes: the transfer they tell about."""

    def __post_init__(self) -> None:
        if not _TRANSFER_ID.fullmatch(self.id):
            raise ValueError("not a transfer id")
        if not self.legs:
            raise ValueError("a transfer has at least one leg")
        if tuple(leg.ordinal for leg in self.legs) != tuple(range(len(self.legs))):
            raise ValueError("legs are numbered 0, 1, 2 …")


class Seal(StrEnum):
    """How a parcel is protected."""

    OPENPGP = "openpgp"
    TRANSPORT = "transport"
    """By the next hop's verified TLS alone; only where the rules' floor allows it."""
    NUMBERED = "numbered-seal"
    """A physical seal with a number, in a courier's hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What leaves for one leg, final to the byte. Only `gateway.seal` makes one; only `gateway.ship` takes one."""

    transfer: TransferId
    leg: int
    blob: BlobId
    size_bytes: int
    digest: Digest
    seal: Seal
    key_fingerprint: str = ""
    """The certificate it is encrypted to; empty for transport protection."""

    def __post_init__(self) -> None:
        if (self.seal is Seal.OPENPGP) != bool(self.key_fingerprint):
            raise ValueError("an encrypted parcel names its key, and only an encrypted one")
