"""Opaque index terms: what a ledger can be searched by without a readable word in the index.

A term proves nothing, cannot be tested without the index key, and is purged when what it leads to is erased.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache

from gateway.ledger.leaf import Statement
from gateway.transfer import transfer_id

FIELDS = (
    "person", "recipient", "partner", "day", "outcome", "rule", "label", "name", "digest", "kind", "transfer",
)  # fmt: skip
"""What `find` can ask for."""

_ONE = {("snd", "addr"): "person", ("rcp", "addr"): "recipient", ("rcp", "agency"): "partner", ("op", "label"): "label"}
_SEVERAL = {
    ("op", "rules"): "rule",
    ("obj", "name"): "name",
    ("obj", "sha256.in"): "digest",
    ("obj", "sha256.out"): "digest",
}
_TERM = b"sealgate-ledger/term/v1\x00"
DAY_MS = 86_400_000


@lru_cache(maxsize=4096)  # the entries of a transfer, and the transfers of a day, say the same words again and again
def term(index_key: bytes, field: str, value: str) -> bytes:
    """The term for `value` in `field`; spellings that people take for the same give the same term."""
    if field not in FIELDS:
        raise ValueError(f"nothing is indexed by {field!r}")
    content = unicodedata.normalize("NFC", value.strip().casefold())
    return hmac.digest(index_key, _TERM + field.encode("ascii") + b"\x00" + content.encode(), "sha256")


def terms_of(statement: Statement, *, at_ms: int, index_key: bytes) -> tuple[bytes, ...]:
    """Every term by which `find` will find this statement, each once."""
    pairs = dict.fromkeys(pair for pair in _pairs(statement, at_ms) if pair[1])
    return tuple(term(index_key, field, value) for field, value in pairs)


def terms_of_story(said: Iterable[tuple[Statement, int]], *, index_key: bytes) -> frozenset[bytes]:
    """Every term by which `find` will find one of these statements of one stream, each made at its time.

    A story says the same words again and again; each is made a term once.
    """
    pairs = {pair for statement, at_ms in said for pair in _pairs(statement, at_ms) if pair[1]}
    return frozenset(term(index_key, field, value) for field, value in pairs)


def _pairs(statement: Statement, at_ms: int) -> Iterator[tuple[str, str]]:
    yield "kind", statement.kind
    yield "outcome", statement.outcome
    yield "day", _day(at_ms // DAY_MS)
    if statement.x is not None:
        yield "transfer", transfer_id(statement.x)
    said = {(cls, field): value for cls, fields in statement.values for field, value in fields}
    for (cls, field), word in _ONE.items():
        yield word, said.get((cls, field), "")
    for (cls, field), word in _SEVERAL.items():
        for value in said.get((cls, field), "").split(";"):
            yield word, value


@lru_cache(maxsize=16)
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * DAY_MS / 1000, tz=UTC).date().isoformat()
