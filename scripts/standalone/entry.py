"""Reading an entry back, by the standard library alone: what `gateway/ledger/entry.py` does with msgspec.

A test holds both against each other. See there for the reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.errors import Unreadable
from gateway.ledger import jcs
from gateway.ledger.leaf import CLASSES
from gateway.ledger.merkle import HASH_BYTES
from gateway.ledger.strict import unbase64
from gateway.ledger.tiles import LONGEST_ENTRY

_TEXTS, _NUMBERS = ("s", "k", "g"), ("v", "t")
_KEYS = frozenset("cdgkloptsvx")


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


def read_entry(untrusted: bytes) -> Entry:
    """The entry of canonical bytes. Raises `Unreadable` for any others; kinds and schemas are the caller's to know."""
    if len(untrusted) > LONGEST_ENTRY:
        raise Unreadable("an entry is at most 65,535 bytes")
    said = jcs.parse_object(untrusted)
    if not _looks_right(said):
        raise Unreadable("not an entry of the ledger")
    x, roots = said.get("x"), said.get("c", [])
    if said["v"] != 1 or (x is not None) != bool(roots) or ("l" in said and x is None):
        raise Unreadable("not an entry of the ledger")
    if roots and len(roots) != len(CLASSES):
        raise Unreadable("an entry has six class roots")
    if min(said["t"], said.get("l", 0), said.get("p", 0)) < 0:
        raise Unreadable("a number out of range")
    return Entry(
        schema=said["s"],
        kind=said["k"],
        time_ms=said["t"],
        gateway=said["g"],
        x=None if x is None else unbase64(x, 16),
        leg=said.get("l"),
        intent=said.get("p"),
        outcome=said.get("o", ""),
        roots=tuple(unbase64(root, HASH_BYTES) for root in roots),
        public=said.get("d", {}),
    )


def _looks_right(said: Mapping[str, jcs.Json]) -> bool:
    """Whether every key is known and holds what it must; what is empty is left out."""
    texts = (*_TEXTS, *(key for key in ("x", "o") if key in said))
    numbers = (*_NUMBERS, *(key for key in ("l", "p") if key in said))
    roots, public = said.get("c", ["none"]), said.get("d", {})
    return (
        said.keys() <= _KEYS
        and all(type(said.get(key)) is str for key in texts)
        and all(type(said.get(key)) is int for key in numbers)
        and type(roots) is list
        and bool(roots)
        and all(type(root) is str for root in roots)
        and type(public) is dict
        and said.get("o") != ""
    )
