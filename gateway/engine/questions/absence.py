"""The evidence that nothing else went to somebody on some days: the closing ticks, proved, and the days' own lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gateway.engine.archive import Archive
from gateway.engine.attested import Attested
from gateway.engine.dayclosing import closed, lines_of
from gateway.engine.evidence import bundle_of
from gateway.engine.publication import Publication
from gateway.engine.writing import DAYS
from gateway.errors import Misconfigured, Tampering
from gateway.keep import Reading
from gateway.ledger.absence import FILE, Absence
from gateway.ledger.composing import Statement
from gateway.ledger.dayindex import Answer, answer, days_between, index_of
from gateway.ledger.entry import read_entry
from gateway.ledger.leaf import CLASSES
from gateway.ledger.proof import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Answers from the records beside a running gateway."""

    records: Reading
    archive: Archive
    publication: Publication
    vkey: str

    def bundle(self, recipient: str, first: date, last: date) -> bytes:
        """The bundle for these days, both included. Raises `Misconfigured` where a day cannot be proved, and why."""
        answers = tuple(self._answer(recipient, day) for day in days_between(first, last))
        absence = Absence(recipient=recipient, first=first, last=last, answers=answers)

        def attach(_: Evidence) -> Iterator[tuple[str, bytes]]:
            yield FILE, absence.to_bytes()

        ticks = tuple(self._tick(one.tick) for one in answers)
        return bundle_of(ticks, self.publication, self.vkey, attach=attach)

    def _answer(self, recipient: str, day: date) -> Answer:
        found = closed(self.records, day)
        if found is None:
            raise Misconfigured(f"{day} is not closed: it is not over (UTC), or no gateway has run since")
        tick, index = found
        key = self.archive.class_key(f"{DAYS}{index.day.isoformat()}")
        if key is None:
            raise Misconfigured(f"{index.day} proves nothing any more: its key went when an address of that day did")
        lines = tuple(lines_of(self.records, self.archive, key, (index.first, index.end)))
        if index_of(index.day, index.first, index.end, lines, day_key=key) != index:
            raise Tampering(f"the intents of {index.day} are not those of its closing tick, entry {tick}")
        return answer(key, recipient, lines, day=index.day, tick=tick)

    def _tick(self, index: int) -> Attested:
        (leaf,) = self.records.since(index, 1).leaves
        entry = read_entry(leaf.entry)
        return Attested(leaf=leaf, entry=entry, stated=Statement(kind=entry.kind), classes=(None,) * len(CLASSES))
