"""What an entry may say, by kind, and how it commits to that without a single personal value.

Values stand in an entry only as six class roots: RFC 6962 roots over salted fields. The class secret makes the salts;
destroy it and nobody can test a guess, while every proof still verifies. An absent field is a decoy, so the shape of an
entry tells only its kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256

from gateway.ledger.keyed import keyed, pads
from gateway.ledger.merkle import root_of

Table = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Kind, class, its fields in order."""

CLASSES = ("op", "snd", "rcp", "obj", "net", "sec")
LOG_KINDS = ("genesis", "tick", "clock", "key", "seal")
X_BYTES = 16
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


# ── class commitments ────────────────────────────────────────────────────────────────────────────────────────────────


def class_root(fields: tuple[str, ...], values: tuple[tuple[str, str], ...], secret: bytes) -> bytes:
    """The commitment to one class."""
    return root_of(class_hashes(fields, values, secret))


def class_hashes(fields: tuple[str, ...], values: tuple[tuple[str, str], ...], secret: bytes) -> list[bytes]:
    """The leaves of a class tree: each field's, or its decoy's; a class without fields is one decoy without a name."""
    if len(secret) != 32:
        raise ValueError("a class secret is 32 bytes")
    inner, outer = pads(secret)
    given, hashes = dict(values), []
    for name, salted, label, padded, decoy in _spelled(fields):  # some fifteen an entry, so `keyed` is spelled out
        if name in given:
            salt = sha256(outer + sha256(inner + salted).digest()).digest()
            hashes.append(sha256(label + salt + given.pop(name).encode()).digest())
        else:
            pad = sha256(outer + sha256(inner + padded).digest()).digest()
            hashes.append(sha256(decoy + pad).digest())
    if given:
        raise ValueError(f"not fields of this class: {sorted(given)}")
    return hashes


def salt_of(secret: bytes, name: str, *, is_decoy: bool = False) -> bytes:
    """The salt of a field's value, or the pad of its absence."""
    return keyed(pads(secret), _salted(name, is_decoy))


def field_hash(name: str, value: str | None, salt: bytes) -> bytes:
    """The leaf hash of a field; without a value, of its decoy."""
    if value is None:
        return sha256(_label(_DECOY, name) + salt).digest()
    return sha256(_label(_FIELD, name) + salt + value.encode()).digest()


@lru_cache(maxsize=256)
def _spelled(fields: tuple[str, ...]) -> tuple[tuple[str, bytes, bytes, bytes, bytes], ...]:
    """Of each field: its name, what its salt is made of and what begins its leaf; the same of its decoy."""
    return tuple(
        (name, _salted(name, False), _label(_FIELD, name), _salted(name, True), _label(_DECOY, name))
        for name in fields or ("",)
    )


def _salted(name: str, is_decoy: bool) -> bytes:
    """What a field's salt, or its decoy's pad, is made of."""
    return (_DECOY if is_decoy else _SALT) + name.encode("ascii")


def _label(tag: bytes, name: str) -> bytes:
    label = name.encode("ascii")
    return b"\x00" + tag + len(label).to_bytes(1, "big") + label  # RFC 6962 §2.1: 00 begins a leaf
