"""One ledger entry: what happened to one leg, as small canonical JSON.

Times, secrets and ids arrive as arguments.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.ledger import jcs
from gateway.ledger.leaf import (
    CLASSES,
    FACT_SCHEMA,
    FIELDS,
    LOG_KINDS,
    LOG_SCHEMA,
    OUTCOMES,
    X_BYTES,
    Table,
    class_root,
)
from gateway.ledger.merkle import leaf_hash
from gateway.ledger.spelling import Spelled, encode


class Statement(msgspec.Struct, frozen=True, kw_only=True):
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
        if self.x is not None and len(self.x) != X_BYTES:
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


class Leaf(msgspec.Struct, frozen=True):
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
    if max(time_ms, statement.leg or 0, statement.intent or 0) > jcs.LARGEST:
        raise ValueError("an integer of 2^53 or more")
    public = statement.public.encode()
    if public:
        jcs.parse_object(public)  # canonical, or no entry
    canonical = encode(
        Spelled(
            c=roots,
            d=msgspec.Raw(public) if public else msgspec.UNSET,
            g=gateway,
            k=statement.kind,
            l=statement.leg,
            o=statement.outcome,
            p=statement.intent,
            s=schema or (FACT_SCHEMA if roots else LOG_SCHEMA),
            t=time_ms,
            v=1,
            x=statement.x,
        )
    )
    return Leaf(canonical, leaf_hash(canonical), roots)
