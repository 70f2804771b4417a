"""From a write to what is kept: facts become sealed rows, ledger leaves, boxes and index terms.

Runs on the scribe's thread. It remembers, for the streams lately written, what composing needs: version, data key and
the index of each leg's latest `sealed`. What it remembers is true only after the scribe says the batch is durable.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from gateway.engine.archive import Archive, latest_of, seal_body
from gateway.engine.clock import Clock
from gateway.engine.context import OWN, after, class_streams, context_of
from gateway.engine.policy import InForce
from gateway.engine.rulesets import RULES
from gateway.errors import Conflict
from gateway.facts import Fact, Published, Received, Sealed, kind_of, legs_of, to_bytes
from gateway.journey import Journey
from gateway.judge.rulebook import Rulebook, read
from gateway.keep import Append, Content, LeafRow, Row
from gateway.keep.keyring import Keyring
from gateway.ledger import box
from gateway.ledger.composing import Statement, compose
from gateway.ledger.leaf import CLASSES
from gateway.ledger.statement import Context, statements, told_by
from gateway.ledger.terms import Word, term, words_of

STREAMS_REMEMBERED = 4096
CLASS_KEYS_REMEMBERED = 4096

_FRESH_BYTES = box.R_BYTES + 32
"""Of randomness for one class of one entry: its box's, and its secret. An entry's is drawn at once, and cut."""
_STARTS = {cls: _FRESH_BYTES * number for number, cls in enumerate(CLASSES)}
_RS = {cls: slice(start, start + box.R_BYTES) for cls, start in _STARTS.items()}
_SECRETS = {cls: slice(start + box.R_BYTES, start + _FRESH_BYTES) for cls, start in _STARTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What one caller wants appended to one stream."""

    stream: str
    facts: tuple[Fact, ...]
    expected: int | None = None
    """The stream's version before these facts, as the caller knows it; None for an office's stream, which has many
    writers and no order between them."""
    due_ms: int | None = None
    data_key: bytes | None = None
    """The stream's fresh data key, with its first facts; made by the scribe when left out."""
    contents: tuple[Content, ...] = ()
    """Light content that these facts name, sealed under the data key."""

    @property
    def leaf_count(self) -> int:
        """How many ledger entries this becomes."""
        return sum(len(legs_of(fact)) for fact in self.facts)


@dataclass(slots=True)
class Position:
    """Where the next entry goes; moves as a batch is composed."""

    index: int
    at_ms: int


class Remembered(msgspec.Struct, frozen=True):
    """What composing needs to know of a stream."""

    version: int
    key: bytes
    journey: Journey | None = None
    """Of a transfer: what may follow, and what its entries need to say."""
    told: Mapping[str, str] | None = None
    """What it says in each of them."""
    sealed_at: dict[int, int] = msgspec.field(default_factory=dict)
    """Leg ordinal to ledger index of its latest intent."""
    found_by: frozenset[Word] = frozenset()
    """Under what it can be found already, as far as remembered: a transfer says the same words in every entry."""


class Composed(msgspec.Struct, frozen=True):
    """One stream's part of a batch, ready to be stored, and what will be true once it is."""

    append: Append
    version: int
    state: Remembered | None
    keys: tuple[Append, ...] = ()
    """New class keys, as streams of their own."""
    enacted: Published | None = None
    """Rules that are in force once it is stored."""


class Entries:
    """Composes batches for the scribe."""

    def __init__(self, *, archive: Archive, keyring: Keyring, clock: Clock, rules: InForce, gateway: str) -> None:
        self._archive = archive
        self._keyring = keyring
        self._clock = clock
        self._rules = rules
        self._gateway = gateway
        self._streams: OrderedDict[str, Remembered] = OrderedDict()
        self._class_keys: OrderedDict[str, bytes] = OrderedDict()
        self._fresh: list[Append] = []

    def of(self, writes: Sequence[Write], position: Position) -> tuple[Composed, ...]:
        """Compose writes that stand or fall together. Raises `Conflict`, or `journey.Unlawful`."""
        start = position.index
        try:
            return tuple(self._of_one(write, position) for write in writes)
        except Exception:
            position.index = start
            raise

    def of_log(self, statement: Statement, position: Position) -> Composed:
        """Compose an entry about the ledger itself: no fact, no box, no stream of its own."""
        row = self._leaf(statement, {}, "log", 0, None, position)
        return Composed(Append(stream="log", expected=0, rows=(), leaves=(row,)), 0, None)

    def of_key(self, stream: str, key: bytes) -> Composed:
        """Compose a key that is a stream of its own."""
        wrapped = self._keyring.wrap(stream, key)
        return Composed(Append(stream=stream, expected=0, rows=(), leaves=(), key=wrapped), 0, None)

    def remember(self, composed: Iterable[Composed]) -> None:
        """The batch is durable: what was composed is now true."""
        for part in composed:
            if part.state is not None:
                self._streams[part.append.stream] = part.state
                self._streams.move_to_end(part.append.stream)
            if part.enacted is not None:
                self._swap(part.enacted)
        while len(self._streams) > STREAMS_REMEMBERED:
            self._streams.popitem(last=False)

    def _swap(self, published: Published) -> None:
        """The scribe's process learns of new rules from the fact itself: entries name the set and its partners."""
        if published.digest != self._rules.rulebook.digest:
            found = read(dict(published.files))
            if isinstance(found, Rulebook):
                self._rules.swap(found)

    def forget(self, streams: Iterable[str]) -> None:
        """The batch was not written: read these streams, and every class key, again before the next use."""
        for stream in streams:
            self._streams.pop(stream, None)
        self._class_keys.clear()
        self._fresh.clear()

    def drop(self, streams: Iterable[str]) -> None:
        """Remember nothing of streams to which nothing more is written. Any thread."""
        for stream in streams:
            self._streams.pop(stream, None)

    def last(self, stream: str) -> tuple[int, tuple[int, ...]]:
        """The version of what the store holds of a stream, and its last fact's entries. Any thread.

        Raises `KeyError` if it holds nothing.
        """
        return latest_of(self._archive.story(stream))

    # ── one write ────────────────────────────────────────────────────────────────────────────────────────────────

    def _of_one(self, write: Write, position: Position) -> Composed:
        state, is_new = self._state(write)
        rows: list[Row] = []
        leaves: list[LeafRow] = []
        words: set[Word] = set()
        journey, told, sealed_at = state.journey, state.told, dict(state.sealed_at)
        for fact in write.facts:
            journey = after(journey, fact)
            if journey and told is None:
                told = told_by(journey.transfer)
            version = state.version + len(rows) + 1
            rows.append(self._row(write.stream, version, fact, state.key, position))
            for statement in statements(fact, context=self._context(journey, told, fact, sealed_at)):
                leaves.append(self._leaf(statement, self._keys(statement, state.key, position), write.stream, version,
                                         statement.leg, position))  # fmt: skip
                words |= words_of(statement, at_ms=position.at_ms)
                if isinstance(fact, Sealed):
                    sealed_at[fact.leg] = leaves[-1].index
        words -= state.found_by
        now = Remembered(state.version + len(rows), state.key, journey, told, sealed_at, state.found_by | words)
        append = Append(
            stream=write.stream,
            expected=state.version,
            rows=tuple(rows),
            leaves=tuple(leaves),
            terms=tuple(sorted({term(self._keyring.index_key, *word) for word in words})),
            due_ms=write.due_ms,
            key=self._keyring.wrap(write.stream, state.key) if is_new else None,
            contents=write.contents,
        )
        keys, self._fresh = tuple(self._fresh), []
        enacted = [fact for fact in write.facts if isinstance(fact, Published) and write.stream == RULES]
        return Composed(append, now.version, now, keys, enacted[-1] if enacted else None)

    def _state(self, write: Write) -> tuple[Remembered, bool]:
        """The stream as it is now. Raises `Conflict` when the writer has read an older one."""
        state = self._streams.get(write.stream) or self._read(write.stream)
        is_new = state is None
        if state is None:
            state = Remembered(0, write.data_key or self._clock.random(32))
        if write.expected is not None and write.expected != state.version:
            raise Conflict((write.stream,))
        return state, is_new

    def _read(self, stream: str) -> Remembered | None:
        story = self._archive.story(stream)
        if story is None:
            return None
        sealed_at = {
            fact.leg: row.first_index
            for row, fact in zip(story.rows, story.facts, strict=True)
            if isinstance(fact, Sealed)
        }
        is_transfer = bool(story.facts) and isinstance(story.facts[0], Received)
        journey = story.journey if is_transfer else None
        return Remembered(len(story.rows), story.key, journey, sealed_at=sealed_at)

    def _row(self, stream: str, version: int, fact: Fact, key: bytes, position: Position) -> Row:
        kind = kind_of(fact)
        body = seal_body(key, stream, version, kind, to_bytes(fact), self._clock.random(12))
        return Row(version=version, kind=kind, at_ms=position.at_ms, body=body, first_index=position.index)

    def _context(
        self, journey: Journey | None, told: Mapping[str, str] | None, fact: Fact, sealed_at: dict[int, int]
    ) -> Context:
        legs = journey.transfer.legs if journey else ()
        return context_of(
            journey,
            fact,
            x=b"" if journey else self._clock.random(16),
            sealed_at=sealed_at,
            partners=tuple(self._rules.partner(leg.recipient) for leg in legs),
            ruleset=self._rules.rulebook.digest,
            told=told,
        )

    def _leaf(
        self,
        statement: Statement,
        keys: dict[str, bytes],
        stream: str,
        version: int,
        leg: int | None,
        position: Position,
    ) -> LeafRow:
        dice = self._clock.random(_FRESH_BYTES * len(CLASSES)) if keys else b""
        secrets = {cls: dice[part] for cls, part in _SECRETS.items()} if keys else {}
        given = dict(statement.values)
        made = compose(statement, time_ms=position.at_ms, gateway=self._gateway, secrets=secrets)
        row = LeafRow(
            index=position.index,
            stream=stream,
            version=version,
            leg=leg,
            entry=made.entry,
            hash=made.hash,
            boxes=tuple([
                box.seal_box(keys[cls], x=statement.x or b"", leg=leg, kind=statement.kind, cls=cls,
                             secret=secret, values=given.get(cls, ()), r=dice[_RS[cls]])
                for cls, secret in secrets.items()
            ]),
        )  # fmt: skip
        position.index += 1
        return row

    # ── class keys: destroy one and its class is erased in every entry of that person, month or year ─────────────

    def _keys(self, statement: Statement, data_key: bytes, position: Position) -> dict[str, bytes]:
        streams = class_streams(statement, at_ms=position.at_ms, index_key=self._keyring.index_key)
        return {cls: data_key if stream == OWN else self._class_key(stream) for cls, stream in streams.items()}

    def _class_key(self, stream: str) -> bytes:
        key = self._class_keys.get(stream)
        if key is None:
            key = self._archive.class_key(stream)
            if key is None:
                key = self._clock.random(32)
                self._fresh.append(self.of_key(stream, key).append)
            self._class_keys[stream] = key
            if len(self._class_keys) > CLASS_KEYS_REMEMBERED:
                self._class_keys.popitem(last=False)
        return key
