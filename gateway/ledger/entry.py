"""Reading an entry back: strict, because what is read here is what anyone may claim our log says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from gateway.errors import Unreadable
from gateway.ledger import jcs
from gateway.ledger.leaf import CLASSES
from gateway.ledger.merkle import HASH_BYTES
from gateway.ledger.strict import unbase64
from gateway.ledger.tiles import LONGEST_ENTRY


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
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
    public: Mapping[str, jcs.Json] = field(default_factory=dict)


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """In canonical order, so that writing it again gives canonical bytes or shows that they were not."""

    c: tuple[str, ...] = ()
    d: msgspec.Raw = msgspec.Raw()
    g: str
    k: str
    l: int | None = None  # noqa: E741 — the ledger's own letter
    o: str = ""
    p: int | None = None
    s: str
    t: int
    v: int
    x: str | None = None


_decode = msgspec.json.Decoder(_Wire).decode
_encode = msgspec.json.Encoder().encode


def read_entry(untrusted: bytes) -> Entry:
    """The entry of canonical bytes. Raises `Unreadable` for any others; kinds and schemas are the caller's to know."""
    if len(untrusted) > LONGEST_ENTRY:
        raise Unreadable("an entry is at most 65,535 bytes")
    try:
        wire = _decode(untrusted)
        is_canonical = _encode(wire) == untrusted
    except (msgspec.DecodeError, UnicodeError) as why:
        raise Unreadable("not an entry of the ledger") from why
    if not is_canonical:
        raise Unreadable("not canonical JSON")
    is_fact = wire.x is not None
    if wire.v != 1 or is_fact != bool(wire.c) or (wire.l is not None and not is_fact):
        raise Unreadable("not an entry of the ledger")
    if wire.c and len(wire.c) != len(CLASSES):
        raise Unreadable("an entry has six class roots")
    numbers = (wire.t, wire.l or 0, wire.p or 0)
    if min(numbers) < 0 or max(numbers) > jcs.LARGEST:
        raise Unreadable("a number out of range")
    public = jcs.parse_object(bytes(wire.d)) if bytes(wire.d) else {}
    return Entry(
        schema=wire.s,
        kind=wire.k,
        time_ms=wire.t,
        gateway=wire.g,
        x=None if wire.x is None else unbase64(wire.x, 16),
        leg=wire.l,
        intent=wire.p,
        outcome=wire.o,
        roots=tuple(unbase64(root, HASH_BYTES) for root in wire.c),
        public=public,
    )
