"""One ledger entry: what happened to one leg, without a single personal value.

An entry is small canonical JSON. Its values stand in it only as six class roots: RFC 6962 roots over salted fields.
The class secret makes the salts; destroy it and nobody can test a guess, while every proof still verifies. An absent
field is a decoy, so the shape of an entry tells only its kind. Times, secrets and ids arrive as arguments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from gateway.ledger import jcs
from gateway.ledger.keyed import keyed, pads
from gateway.ledger.merkle import leaf_hash, root_of
from gateway.ledger.strict import base64_text

Table = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Kind, class, its fields in order."""

CLASSES = ("op", "snd", "rcp", "obj", "net", "sec")
LOG_KINDS = ("genesis", "tick", "clock", "key", "seal")
FACT_SCHEMA, LOG_SCHEMA = "fact/1", "log/1"


def _fields(
    op: str, snd: str = "", rcp: str = "", obj: str = "", net: str = "", sec: str = ""
) -> Mapping[str, tuple[str, ...]]:
    return {cls: tuple(words.split()) for cls, words in zip(CLASSES, (op, snd, rcp, obj, net, sec), strict=True)}


# Frozen at the first release: a field's place in its class tree is its place here. A change is a new table, `fact/2`.
FIELDS: Table = {
    "deposited": _fields(
        "ruleset", snd="addr name auth", rcp="agency", obj="name media bytes.in sha256.in", net="src proto",
    ),
    "received": _fields(
        "ruleset purpose label", snd="addr name auth", rcp="addr agency",
        obj="name subject media bytes.in sha256.in", net="src proto msgid",
    ),
    "judged": _fields("rules ruleset decision purpose label reason", snd="addr", rcp="addr authz agency"),
    "approved": _fields("ruleset decision reason", snd="addr", rcp="addr"),
    "declined": _fields("ruleset reason", snd="addr", rcp="addr"),
    "scrubbed": _fields(
        "rules ruleset", obj="name media bytes.in sha256.in bytes.out sha256.out", sec="stripped scan",
    ),
    "sealed": _fields(
        "rules ruleset decision purpose label", snd="addr", rcp="addr agency keyfp",
        obj="bytes.in sha256.in bytes.out sha256.out", sec="e2e stripped",
    ),
    "attempted": _fields("ruleset", rcp="addr", net="dst proto", sec="tls cert hop"),
    "shipped": _fields(
        "rules ruleset purpose label", snd="addr", rcp="addr agency keyfp reply",
        obj="name subject media bytes.in sha256.in bytes.out sha256.out", net="dst proto msgid",
        sec="tls cert hop e2e stripped",
    ),
    "deferred": _fields("ruleset decision reason", rcp="addr reply"),
    "undeliverable": _fields("ruleset reason", rcp="addr reply"),
    "offered": _fields(
        "rules ruleset purpose label retention", rcp="addr agency", obj="bytes.out sha256.out", sec="e2e stripped",
    ),
    "collected": _fields("ruleset", rcp="addr second", obj="bytes.out sha256.out", net="src"),
    "expired": _fields("ruleset reason", rcp="addr"),
    "recalled": _fields("ruleset", snd="addr", rcp="addr"),
    "disposed": _fields("ruleset reason", snd="addr"),
    "published": _fields("ruleset reason", snd="addr", obj="name sha256.in"),
    "admitted": _fields("ruleset decision reason", snd="addr", rcp="addr keyfp"),
    "consulted": _fields("ruleset decision purpose", snd="addr", obj="desc"),
}  # fmt: skip

OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "judged": ("", "refused", "quarantined"),
    "declined": ("refused",),
    "shipped": ("delivered",),
    "deferred": ("deferred", "unknown"),
    "undeliverable": ("bounced",),
    "collected": ("delivered",),
    "expired": ("expired",),
    "disposed": ("", "refused"),
}
"""What `o` may say, by kind; a kind not listed has none."""

_SALT = b"sealgate-ledger/salt/v1\x00"
_FIELD = b"sealgate-ledger/field/v1\x00"
_DECOY = b"sealgate-ledger/decoy/v1\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What an entry will say, before time, node and secrets are known."""

    kind: str
    x: bytes | None = None
    """The transfer's 16 bytes; for an office's fact a fresh 16; None for the log's own kinds."""
    leg: int | None = None
    outcome: str = ""
    intent: int | None = None
    """The index of the leg's latest `sealed` (`p`); of a disposal that is done, the index of its order."""
    values: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """By class, the fields that have a value, in table order."""
    public: str = ""
    """What everyone may read (`d`), as canonical JSON; empty for none."""

    def __post_init__(self) -> None:
        if self.x is not None and len(self.x) != 16:
            raise ValueError("x is 16 bytes")
        if (self.x is None) != (self.kind in LOG_KINDS) or (self.x is None and self.leg is not None):
            raise ValueError("every fact has its x, the log's own kinds have neither x nor leg")
        if self.outcome not in OUTCOMES.get(self.kind, ("",)):
            raise ValueError(f"{self.kind} has no outcome {self.outcome!r}")

    def of(self, cls: str) -> tuple[tuple[str, str], ...]:
        """The fields of a class that have a value."""
        return dict(self.values).get(cls, ())

    def value(self, cls: str, field: str) -> str:
        """One value, or an empty text."""
        return dict(self.of(cls)).get(field, "")


@dataclass(frozen=True, slots=True)
class Leaf:
    """An entry's final bytes, its leaf hash and its class roots in class order (none for the log's own kinds)."""

    entry: bytes
    hash: bytes
    roots: tuple[bytes, ...]


def compose(
    statement: Statement,
    *,
    time_ms: int,
    gateway: str,
    secrets: Mapping[str, bytes],
    schema: str = "",
    table: Table = FIELDS,
) -> Leaf:
    """The entry of a statement. `schema` defaults to the one its kind belongs to."""
    roots: tuple[bytes, ...] = ()
    if statement.kind not in LOG_KINDS:
        fields = table[statement.kind]
        given = dict(statement.values)
        roots = tuple(class_root(fields[cls], given.get(cls, ()), secrets[cls]) for cls in CLASSES)
    entry: dict[str, jcs.Json] = {
        "v": 1,
        "s": schema or (FACT_SCHEMA if roots else LOG_SCHEMA),
        "k": statement.kind,
        "t": time_ms,
        "g": gateway,
    }
    if statement.x is not None:
        entry["x"] = base64_text(statement.x)
        entry["c"] = [base64_text(root) for root in roots]
    if statement.leg is not None:
        entry["l"] = statement.leg
    if statement.intent is not None:
        entry["p"] = statement.intent
    if statement.outcome:
        entry["o"] = statement.outcome
    if statement.public:
        entry["d"] = jcs.parse_object(statement.public.encode())
    canonical = jcs.encode(entry)
    return Leaf(canonical, leaf_hash(canonical), roots)


# ── class commitments ────────────────────────────────────────────────────────────────────────────────────────────────


def class_root(fields: tuple[str, ...], values: tuple[tuple[str, str], ...], secret: bytes) -> bytes:
    """The commitment to one class."""
    return root_of(class_hashes(fields, values, secret))


def class_hashes(fields: tuple[str, ...], values: tuple[tuple[str, str], ...], secret: bytes) -> list[bytes]:
    """The leaves of a class tree: each field's, or its decoy's; a class without fields is one decoy without a name."""
    if len(secret) != 32:
        raise ValueError("a class secret is 32 bytes")
    given, secret_pads, sha256 = dict(values), pads(secret), hashlib.sha256
    hashes: list[bytes] = []
    for name in fields or ("",):  # some fifteen times an entry, so `field_hash` is spelled out
        value = given.pop(name, None)
        if value is None:
            salt, said = keyed(secret_pads, _salted(name, True)), b""
            label = _label(_DECOY, name)
        else:
            salt, said = keyed(secret_pads, _salted(name, False)), value.encode()
            label = _label(_FIELD, name)
        hashes.append(sha256(label + salt + said).digest())
    if given:
        raise ValueError(f"not fields of this class: {sorted(given)}")
    return hashes


def salt_of(secret: bytes, name: str, *, is_decoy: bool = False) -> bytes:
    """The salt of a field's value, or the pad of its absence."""
    return keyed(pads(secret), _salted(name, is_decoy))


def field_hash(name: str, value: str | None, salt: bytes) -> bytes:
    """The leaf hash of a field; without a value, of its decoy."""
    if value is None:
        return hashlib.sha256(_label(_DECOY, name) + salt).digest()
    return hashlib.sha256(_label(_FIELD, name) + salt + value.encode()).digest()


@lru_cache(maxsize=256)
def _salted(name: str, is_decoy: bool) -> bytes:
    """What a field's salt, or its decoy's pad, is made of."""
    return (_DECOY if is_decoy else _SALT) + name.encode("ascii")


@lru_cache(maxsize=256)
def _label(tag: bytes, name: str) -> bytes:
    label = name.encode("ascii")
    return b"\x00" + tag + len(label).to_bytes(1, "big") + label  # RFC 6962 §2.1: 00 begins a leaf
