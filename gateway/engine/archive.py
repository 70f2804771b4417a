"""Reading what the scribe wrote: sealed rows become facts again.

Any thread may read. What cannot be opened is either forgotten on purpose (its key is gone: `None`) or tampered with.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import Tampering
from gateway.facts import Fact, LegFact, Received, from_bytes, legs_of
from gateway.journey import Journey, fold
from gateway.keep import Reading, Row
from gateway.keep.keyring import Keyring

NONCE = 12


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A stream's rows, the facts they hold and the data key they are sealed under."""

    stream: str
    rows: tuple[Row, ...]
    facts: tuple[Fact, ...]
    key: bytes

    @property
    def journey(self) -> Journey:
        """The journey of a transfer's stream. Raises `journey.Unlawful` for any other."""
        return fold(fact for fact in self.facts if isinstance(fact, (Received, LegFact)))


class Archive:
    """Opens streams."""

    def __init__(self, records: Reading, keyring: Keyring) -> None:
        self._records = records
        self._keyring = keyring

    def story(self, stream: str) -> Story | None:
        """All that is known of a stream; None if there is none, or it was forgotten. Raises `Tampering`."""
        history = self._records.history(stream)
        if history.key is None:
            return None
        key = self._keyring.unwrap(stream, history.key)
        facts = tuple(from_bytes(row.kind, open_body(key, stream, row)) for row in history.rows)
        return Story(stream=stream, rows=history.rows, facts=facts, key=key)

    def of_kinds(self, stream: str, kinds: Collection[str]) -> tuple[tuple[Row, Fact], ...] | None:
        """The facts of these kinds with their rows; no other is opened. None and `Tampering` as in `story`."""
        history = self._records.history(stream)
        if history.key is None:
            return None
        key = self._keyring.unwrap(stream, history.key)
        rows = (row for row in history.rows if row.kind in kinds)
        return tuple((row, from_bytes(row.kind, open_body(key, stream, row))) for row in rows)

    def class_key(self, stream: str) -> bytes | None:
        """The key of a class of private values, or None if there is none."""
        wrapped = self._records.history(stream).key
        return self._keyring.unwrap(stream, wrapped) if wrapped is not None else None


def latest_of(story: Story | None) -> tuple[int, tuple[int, ...]]:
    """The version of a stream, and the ledger entries of its last fact. Raises `KeyError` if there is none."""
    if story is None or not story.rows:
        raise KeyError("no facts")
    first = story.rows[-1].first_index
    return len(story.rows), tuple(range(first, first + len(legs_of(story.facts[-1]))))


def seal_body(key: bytes, stream: str, version: int, kind: str, body: bytes, nonce: bytes) -> bytes:
    """The body of a row: bound to its place, so that rows cannot be swapped."""
    return nonce + AESGCM(key).encrypt(nonce, body, _place(stream, version, kind))


def open_body(key: bytes, stream: str, row: Row) -> bytes:
    """The body again. Raises `Tampering`."""
    try:
        return AESGCM(key).decrypt(row.body[:NONCE], row.body[NONCE:], _place(stream, row.version, row.kind))
    except InvalidTag as why:
        raise Tampering(f"{stream}/{row.version} was changed after it was written") from why


def _place(stream: str, version: int, kind: str) -> bytes:
    return f"{stream}\n{version}\n{kind}".encode()
