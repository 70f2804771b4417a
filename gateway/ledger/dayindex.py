"""What left on a day, as an index whose root stands in the ledger: so that absence can be proved, not only claimed.

A day (UTC) is closed by the first `tick` after it: `d.index={"day","from","to","n","root","key"}`. `root` is the
RFC 6962 root over the sorted lines `⟨index⟩ ‖ term[32] ‖ u64 index`, one for each `sealed` entry from `from` up to
`to`, the term of its recipient under that day's own key. Anybody can count `n` in the entries. Two neighbouring lines
prove that nothing stands between them; equal lines with both their neighbours are a full answer.

`key` is `H(⟨index⟩ ‖ key)`: without it, an answer under any other key would find nobody, and prove everybody's absence.

Whoever has the day's key can test addresses: it is for auditors. It is drawn at random and destroyed when anybody's
address of that day is erased, for with it the root would give the address away; from then on that day proves nothing.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.errors import Unreadable
from gateway.ledger import jcs
from gateway.ledger.entry import Entry
from gateway.ledger.merkle import EMPTY_ROOT, HASH_BYTES, inclusion, is_included, leaf_hash, root_of
from gateway.ledger.strict import base64_text, unbase64
from gateway.ledger.terms import term

_INDEX = b"sealgate-ledger/index/v1\x00"


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One intent: whose it was, as a term under the day's key, and its entry."""

    term: bytes
    index: int

    @property
    def hash(self) -> bytes:
        """Its leaf in the day's tree."""
        return leaf_hash(_INDEX + self.term + self.index.to_bytes(8, "big"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DayIndex:
    """What a closing `tick` says of its day."""

    day: date
    first: int
    end: int
    """The entries from `first` up to here, this one not included."""
    count: int
    root: bytes
    key: bytes
    """The commitment to the day's key."""

    def to_json(self) -> Mapping[str, jcs.Json]:
        """As it stands in the tick."""
        return {
            "day": self.day.isoformat(),
            "from": self.first,
            "to": self.end,
            "n": self.count,
            "root": base64_text(self.root),
            "key": base64_text(self.key),
        }

    @classmethod
    def of(cls, said: Entry) -> DayIndex | None:
        """The index of an entry; None if it closes no day. Raises `Unreadable`."""
        index = said.public.get("index") if said.kind == "tick" else None
        if index is None:
            return None
        match index:
            case {
                "day": str(day), "from": int(first), "to": int(end), "n": int(count), "root": str(root),
                "key": str(key),
            } if _holds(index, 6):  # fmt: skip
                found = cls(
                    day=read_day(day),
                    first=first,
                    end=end,
                    count=count,
                    root=unbase64(root, HASH_BYTES),
                    key=unbase64(key, HASH_BYTES),
                )
            case _:
                raise Unreadable("not the index of a day")
        if not 0 <= found.first <= found.end or not 0 <= found.count <= found.end - found.first:
            raise Unreadable("not the index of a day")
        return found


def line_of(day_key: bytes, recipient: str, index: int) -> Line:
    """The line of an intent for this recipient."""
    return Line(term(day_key, "recipient", recipient), index)


def index_of(day: date, first: int, end: int, lines: Iterable[Line], *, day_key: bytes) -> DayIndex:
    """The index of a day's intents."""
    ordered = sorted(lines)
    return DayIndex(
        day=day,
        first=first,
        end=end,
        count=len(ordered),
        root=root_of([line.hash for line in ordered]),
        key=_commitment(day_key),
    )


def _commitment(day_key: bytes) -> bytes:
    return hashlib.sha256(_INDEX + day_key).digest()


# ── an answer ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One line of a day, with the path from it to the day's root."""

    at: int
    line: Line
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All lines of one day for one recipient, between their neighbours."""

    day: date
    tick: int
    """The entry that closes the day."""
    key: bytes
    shown: tuple[Shown, ...]

    def to_json(self) -> Mapping[str, jcs.Json]:
        """As it is written."""
        return {
            "day": self.day.isoformat(),
            "tick": self.tick,
            "key": base64_text(self.key),
            "lines": [
                {
                    "at": one.at,
                    "term": base64_text(one.line.term),
                    "i": one.line.index,
                    "path": [base64_text(node) for node in one.path],
                }
                for one in self.shown
            ],
        }

    @classmethod
    def read(cls, untrusted: jcs.Json) -> Answer:
        """As it was written. Raises `Unreadable`."""
        match untrusted:
            case {"day": str(day), "tick": int(tick), "key": str(key), "lines": list(lines)} if _holds(untrusted, 4):
                return cls(
                    day=read_day(day),
                    tick=tick,
                    key=unbase64(key, HASH_BYTES),
                    shown=tuple(_read_shown(line) for line in lines),
                )
            case _:
                raise Unreadable("not an answer about a day")


def answer(day_key: bytes, recipient: str, lines: Iterable[Line], *, day: date, tick: int) -> Answer:
    """The lines of this recipient among a day's, and the neighbours on both sides."""
    ordered = sorted(lines)
    hashes = [line.hash for line in ordered]
    asked = term(day_key, "recipient", recipient)
    low = bisect_left(ordered, Line(asked, 0))
    high = bisect_left(ordered, Line(asked, 2**64))
    places = range(max(low - 1, 0), min(high + 1, len(ordered)))
    return Answer(
        day=day,
        tick=tick,
        key=day_key,
        shown=tuple(
            Shown(
                at=at,
                line=ordered[at],
                path=inclusion(at, len(ordered), lambda level, i: root_of(hashes[i << level : (i + 1) << level])),
            )
            for at in places
        ),
    )


def check(answer: Answer, index: DayIndex, recipient: str) -> tuple[int, ...]:
    """The entries of that day for this recipient: all there are. Raises `Unreadable` if the answer does not prove it.

    1. The key is the one the day was closed with.
    2. Each line leads to the day's root, and they stand side by side, in order.
    3. What stands before the recipient's lines is smaller, or they are the first.
    4. What stands behind them is larger, or they are the last.
    """
    if _commitment(answer.key) != index.key:  # 1
        raise Unreadable("the key is not the one the day was closed with")
    asked = term(answer.key, "recipient", recipient)
    if index.count == 0:
        if index.root != EMPTY_ROOT or answer.shown:
            raise Unreadable("a day on which nothing left has an empty root")
        return ()
    if not answer.shown:
        raise Unreadable("no line of the day is shown")
    for one in answer.shown:  # 2
        if not is_included(one.at, index.count, one.line.hash, index.root, one.path):
            raise Unreadable(f"line {one.at} does not lead to the day's root")
        if not index.first <= one.line.index < index.end:
            raise Unreadable(f"line {one.at} is not of that day")
    places = [one.at for one in answer.shown]
    lines = [one.line for one in answer.shown]
    if places != list(range(places[0], places[0] + len(places))) or lines != sorted(set(lines)):
        raise Unreadable("the lines do not stand side by side")
    if lines[0].term >= asked and places[0] != 0:  # 3
        raise Unreadable("what stands before is not shown")
    if lines[-1].term <= asked and places[-1] != index.count - 1:  # 4
        raise Unreadable("what stands behind is not shown")
    return tuple(line.index for line in lines if line.term == asked)


def read_day(untrusted: str) -> date:
    """A day in its one spelling. Raises `Unreadable`."""
    try:
        found = date.fromisoformat(untrusted)
    except ValueError as why:
        raise Unreadable("not a day") from why
    if found.isoformat() != untrusted:
        raise Unreadable("not a day")
    return found


def _read_shown(untrusted: jcs.Json) -> Shown:
    match untrusted:
        case {"at": int(at), "term": str(term_text), "i": int(index), "path": list(path)} if _holds(untrusted, 4):
            if not 0 <= index < 2**63:
                raise Unreadable("not a line of a day")
            nodes = tuple(unbase64(_text(node), HASH_BYTES) for node in path)
            return Shown(at=at, line=Line(unbase64(term_text, HASH_BYTES), index), path=nodes)
        case _:
            raise Unreadable("not a line of a day")


def _holds(untrusted: jcs.Json, count: int) -> bool:
    """Whether it is an object of so many keys: none that is not known here."""
    return isinstance(untrusted, dict) and len(untrusted) == count


def _text(untrusted: jcs.Json) -> str:
    if not isinstance(untrusted, str):
        raise Unreadable("not a text")
    return untrusted


def days_between(first: date, last: date) -> Sequence[date]:
    """Every day, both included."""
    return [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]
