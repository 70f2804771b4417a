"""Proof that nothing else went to somebody on some days: what `absence.json` in a bundle says, and whether it is so.

The bundle proves the ticks that close the days; this adds, for each, the lines of the day's index on both sides of the
address asked about. That the index counts every `sealed` entry of its day can be counted by anybody who reads the
entries; whether each line was made of the right address only the office's word and its disclosures say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.errors import Unreadable
from gateway.ledger import dayindex, jcs
from gateway.ledger.dayindex import Answer, DayIndex, days_between, read_day
from gateway.ledger.entry import read_entry
from gateway.ledger.proof import Evidence

FILE = "absence.json"
MOST_DAYS = 366
UNCHECKED = "that the index of each day counts every intent of it: count the `sealed` entries in the ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What is asked, and the answer of each day."""

    recipient: str
    first: date
    last: date
    answers: tuple[Answer, ...]

    def to_bytes(self) -> bytes:
        """As it is written."""
        return jcs.encode(
            {
                "v": 1,
                "recipient": self.recipient,
                "from": self.first.isoformat(),
                "to": self.last.isoformat(),
                "days": [answer.to_json() for answer in self.answers],
            }
        )

    @classmethod
    def read(cls, untrusted: bytes) -> Absence:
        """As it was written. Raises `Unreadable`."""
        said = jcs.parse_object(untrusted)
        match said:
            case {"v": 1, "recipient": str(recipient), "from": str(first), "to": str(last), "days": list(days)} if (
                len(said) == 5 and len(days) <= MOST_DAYS
            ):
                return cls(
                    recipient=recipient,
                    first=read_day(first),
                    last=read_day(last),
                    answers=tuple(Answer.read(day) for day in days),
                )
            case _:
                raise Unreadable("not a proof of absence")


def check(evidence: Evidence) -> tuple[bool | None, str]:
    """Whether it is proved, and in words what. Raises `Unreadable`.

    1. Every day asked about has its answer, once, in order.
    2. The bundle proves the tick that closes the day, and no entry lies between one day and the next.
    3. Each answer holds against its tick.
    """
    absence = Absence.read(evidence.file(FILE) or b"")
    span = (absence.last - absence.first).days
    days = days_between(absence.first, absence.last) if 0 <= span < MOST_DAYS else []
    if not days or [one.day for one in absence.answers] != list(days):  # 1
        return False, "not every day asked about is answered"
    indexes = _indexes(evidence)
    found: list[int] = []
    before: DayIndex | None = None
    for one in absence.answers:  # 2
        index = indexes.get(one.tick)
        if index is None or index.day != one.day:
            return False, f"no proved tick closes {one.day}"
        if before is not None and before.end != index.first:
            return False, f"entries lie between {before.day} and {one.day}"
        before = index
        try:
            found += dayindex.check(one, index, absence.recipient)  # 3
        except Unreadable as why:
            return False, f"{one.day}: {why.cause}"
    return True, words(absence, found)


def words(absence: Absence, found: Sequence[int]) -> str:
    """What is proved."""
    span = f"from {absence.first} to {absence.last} (UTC)"
    if not found:
        return f"nothing was sealed for {absence.recipient} {span}"
    entries = ", ".join(str(index) for index in found)
    return f"nothing else was sealed for {absence.recipient} {span}: only what entries {entries} tell"


def _indexes(evidence: Evidence) -> Mapping[int, DayIndex]:
    found = ((proof.index, DayIndex.of(read_entry(proof.entry))) for proof in evidence.proofs)
    return {tick: index for tick, index in found if index is not None}
