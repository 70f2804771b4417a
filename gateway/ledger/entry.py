"""Reading an entry back: strict, because what is read here is what anyone may claim our log says."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.errors import Unreadable
from gateway.ledger import jcs
from gateway.ledger.leaf import CLASSES, X_BYTES
from gateway.ledger.merkle import HASH_BYTES
from gateway.ledger.spelling import decode, encode
from gateway.ledger.tiles import LONGEST_ENTRY


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry says in the open."""

    schema: str
    kind: str
    time_ms: int
    gateway: str
    x: bytes | None = None
    leg: int | None = None
    intent: int | None = None
    outcome: str = ""
    roots: tuple[bytes, ...] = ()
    public: Mapping[str, jcs.Json] = msgspec.field(default_factory=dict)


def read_entry(untrusted: bytes) -> Entry:
    """The entry of canonical bytes. Raises `Unreadable` for any others; kinds and schemas are the caller's to know."""
    if len(untrusted) > LONGEST_ENTRY:
        raise Unreadable("an entry is at most 65,535 bytes")
    try:
        wire = decode(untrusted)
        is_canonical = encode(wire) == untrusted
    except (msgspec.DecodeError, UnicodeError) as why:
        raise Unreadable("not an entry of the ledger") from why
    if not is_canonical:
        raise Unreadable("not canonical JSON, or not canonical base64 in it")
    is_fact = wire.x is not None
    if wire.v != 1 or is_fact != bool(wire.c) or (wire.l is not None and not is_fact):
        raise Unreadable("not an entry of the ledger")
    if is_fact and (len(wire.c) != len(CLASSES) or set(map(len, wire.c)) != {HASH_BYTES}):
        raise Unreadable("an entry has six class roots of 32 bytes")
    if wire.x is not None and len(wire.x) != X_BYTES:
        raise Unreadable("x is 16 bytes")
    numbers = (wire.t, wire.l or 0, wire.p or 0)
    if min(numbers) < 0 or max(numbers) > jcs.LARGEST:
        raise Unreadable("a number out of range")
    return Entry(
        schema=wire.s,
        kind=wire.k,
        time_ms=wire.t,
        gateway=wire.g,
        x=wire.x,
        leg=wire.l,
        intent=wire.p,
        outcome=wire.o,
        roots=wire.c,
        public={} if wire.d is msgspec.UNSET else jcs.parse_object(bytes(wire.d)),
    )
