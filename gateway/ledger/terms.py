"""Opaque index terms: what a ledger can be searched by without a readable word in the index.

A term proves nothing, cannot be tested without the index key, and is purged when what it leads to is erased.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

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
Word = tuple[str, str]
"""Field and value."""


_TERM = b"sealgate-ledger/term/v1\x00"
DAY_MS = 86_400_000


class Says(Protocol):
    """What leads to terms, of a statement."""

    @property
    def kind(self) -> str:
        """See `composing.Statement`."""
        ...

    @property
    def outcome(self) -> str:
        """Likewise."""
        ...

    @property
    def x(self) -> bytes | None:
        """Likewise."""
        ...

    @property
    def values(self) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        """Likewise."""
        ...


@lru_cache(maxsize=4096)  # the entries of a transfer, and the transfers of a day, say the same words again and again
def term(index_key: bytes, field: str, value: str) -> bytes:
    """The term for `value` in `field`; spellings that people take for the same give the same term."""
    if field not in FIELDS:
        raise ValueError(f"nothing is indexed by {field!r}")
    content = unicodedata.normalize("NFC", value.strip().casefold())
    return hmac.digest(index_key, _TERM + field.encode("ascii") + b"\x00" + content.encode(), "sha256")


def words_of(statement: Says, *, at_ms: int) -> set[Word]:
    """Every word by which `find` will find this statement, each to be made a `term`."""
    said = ((cls, field, value) for cls, fields in statement.values for field, value in fields)
    words = {*_open_words(statement.kind, statement.outcome, statement.x, at_ms), *_said_words(said)}
    return {word for word in words if word[1]}


def terms_of_story(
    told: Iterable[tuple[str, str, bytes | None, int]], said: Iterable[tuple[str, str, str]], *, index_key: bytes
) -> frozenset[bytes]:
    """Every term by which `find` will find one of the entries of one stream.

    `told`: kind, outcome, x and time of each. `said`: class, field and value of whatever one of them says; a story says
    the same words again and again, and each is made a term once.
    """
    words = {word for kind, outcome, x, at_ms in told for word in _open_words(kind, outcome, x, at_ms)}
    words.update(_said_words(said))
    return frozenset(term(index_key, field, value) for field, value in words if value)


def _open_words(kind: str, outcome: str, x: bytes | None, at_ms: int) -> tuple[Word, ...]:
    """What everyone may read."""
    whose = transfer_id(x) if x is not None else ""
    return ("kind", kind), ("outcome", outcome), ("day", _day(at_ms // DAY_MS)), ("transfer", whose)


def _said_words(said: Iterable[tuple[str, str, str]]) -> Iterator[Word]:
    """What it says in its boxes."""
    for cls, field, value in said:
        word = _ONE.get((cls, field))
        if word is not None:
            yield word, value
        elif (several := _SEVERAL.get((cls, field))) is not None:
            for one in value.split(";"):
                yield several, one


@lru_cache(maxsize=16)
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * DAY_MS / 1000, tz=UTC).date().isoformat()
