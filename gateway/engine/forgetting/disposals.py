"""What went under which rule, as the records tell it; and letting more go, asked of the process that writes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

import msgspec

from gateway.engine.archive import Archive
from gateway.engine.clock import day
from gateway.engine.forgetting.clearing import rules_named
from gateway.engine.forgetting.disposing import BY, Cleared
from gateway.engine.forgetting.erasure import Erased
from gateway.errors import StoreAway
from gateway.facts import Disposed
from gateway.keep import Reading
from gateway.ledger.terms import term
from gateway.transfer import transfer_id

TASK = "dispose"
MOST = 1_000_000
REMAINS = {
    "payload": ("every entry with all its values; the papers' digests too",),
    "class": ("that its entries are in the ledger: kind, time, order, outcome", "every value that is not named above"),
    "shard": ("every entry of the year: kind, time, order, outcome; no value of any",),
}
"""What is left after an erasure, in a certificate's words."""


@dataclass(frozen=True, slots=True)
class Disposals:
    """A gateway's end of the scribe's task."""

    task: Callable[[str, bytes], Awaitable[bytes]]

    async def dispose(self, streams: Sequence[str]) -> Cleared:
        """See `Disposing.dispose`."""
        return msgspec.json.decode(await self.task(TASK, msgspec.json.encode(streams)), type=Cleared)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One disposal that was done, or refused. Names nobody."""

    on: str
    what: str
    """`papers`, `year`, or the classes that went."""
    of: str
    """The transfer; of an office's fact the 16 bytes its entries bear; of a year nothing."""
    leg: int | None
    rules: tuple[str, ...]
    """The periods that let it go; none where a person approved it."""
    ruleset: str
    ground: str
    is_refused: bool
    ordered: int | None
    """The entry that ordered it, and the one that says what became of it."""
    done: int
    erasure: str
    """What bears the certificate's name."""


def rows(
    records: Reading, archive: Archive, index_key: bytes, *, first: date, last: date, zone: tzinfo
) -> Iterator[Row]:
    """All of a period, by the days they were done on, oldest first."""
    for stream in reversed(records.find([[term(index_key, "kind", "disposed")]], limit=MOST)):
        for row, fact in archive.of_kinds(stream, ("disposed",)) or ():
            on = day(row.at_ms, zone)
            if isinstance(fact, Disposed) and first <= on <= last and (fact.is_refused or fact.ordered is not None):
                yield _row(stream, on, row.first_index, fact)


def let_go_since(records: Reading, archive: Archive, index_key: bytes, size: int) -> Iterator[str]:
    """The erasures, finished, that the schedule ordered at this entry of the ledger or after it; oldest first."""
    for stream in reversed(records.find([[term(index_key, "kind", "disposed")]], limit=MOST)):
        found = archive.of_kinds(stream, ("disposed",)) or ()
        (row, first), (_, last) = found[0], found[-1]
        is_ours = isinstance(first, Disposed) and first.by == BY and row.first_index >= size
        if is_ours and isinstance(last, Disposed) and last.ordered is not None:
            yield stream


def erased_of(archive: Archive, stream: str, before: str) -> Erased:
    """An erasure as its own stream tells it; `before` is any signed head from before it was ordered.

    Raises `StoreAway` if there is none.
    """
    said = [(row.first_index, fact) for row, fact in archive.of_kinds(stream, ("disposed",)) or ()]
    facts = [(index, fact) for index, fact in said if isinstance(fact, Disposed) and not fact.is_refused]
    if not facts:
        raise StoreAway(f"there is no erasure {stream}")
    _, first = facts[0]
    return Erased(
        stream=stream,
        what=first.what,
        by=first.by,
        why=first.why,
        before=before,
        ordered=tuple(index for index, fact in facts if fact.ordered is None),
        done=tuple(index for index, fact in facts if fact.ordered is not None),
        remains=REMAINS[first.what],
    )


def _row(stream: str, on: date, index: int, fact: Disposed) -> Row:
    rules, ruleset = rules_named(fact.why)
    about = bytes.fromhex(fact.about)
    return Row(
        on=on.isoformat(),
        what={"payload": "papers", "shard": "year"}.get(fact.what, " ".join(fact.classes)),
        of="" if fact.what == "shard" else transfer_id(about) if fact.leg is not None else fact.about,
        leg=fact.leg,
        rules=rules,
        ruleset=ruleset,
        ground=fact.why,
        is_refused=fact.is_refused,
        ordered=fact.ordered,
        done=index,
        erasure=stream.partition("/")[2],
    )
