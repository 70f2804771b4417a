"""The weekly review: what happened, counted, what did not go, who decided, who looked, and whether the ledger lived.

Counts come from what entries say in the open; names from the boxes the reviewer may open. A week's rows are the same
whenever they are asked for, as long as nothing is erased, so that a sign-off can name them by their digest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from gateway.engine.attested import Attestations
from gateway.engine.questions.exceptions import EXCEPTIONAL, exceptions
from gateway.engine.questions.looks import looks
from gateway.engine.questions.period import Period, Words, entries_in
from gateway.keep import Reading

MINUTE_MS = 60_000
SIGNED_OFF = "reviewed "
"""How the question of a sign-off begins."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the review."""

    about: str
    what: str
    count: int
    who: str = ""


def review(records: Reading, attestations: Attestations, period: Period, words: Words) -> Iterator[Line]:
    """The lines, section by section."""
    kinds: Counter[tuple[str, str]] = Counter()
    ticks = first = last = 0
    for leaf, entry in entries_in(records, period):
        kinds[entry.kind, entry.outcome] += 1
        ticks += entry.kind == "tick"
        first, last = first or leaf.index + 1, leaf.index + 1
    for (kind, outcome), count in sorted(kinds.items()):
        if kind not in ("tick", "consulted"):
            yield Line(about=_section(kind, outcome), what=words(kind, outcome), count=count)
    yield from _exceptions(records, attestations, period, words)
    yield from _looks(records, attestations, period)
    yield Line(about="ledger", what="entries written", count=last - first + 1 if last else 0)
    yield Line(about="ledger", what="minutes in which it said that it lives", count=ticks)
    yield Line(about="ledger", what="minutes of the period", count=(period.until_ms - period.first_ms) // MINUTE_MS)


def _section(kind: str, outcome: str) -> str:
    return "exceptions" if outcome in EXCEPTIONAL.get(kind, ()) else "traffic"


def _exceptions(records: Reading, attestations: Attestations, period: Period, words: Words) -> Iterator[Line]:
    reasons: Counter[tuple[str, str]] = Counter()
    for one in exceptions(records, attestations, period, words):
        reasons[f"{one.what}: {one.reason or 'no reason to be seen'}", one.decided_by] += 1
    for (what, who), count in sorted(reasons.items()):
        yield Line(about="reasons", what=what, count=count, who=who)


def _looks(records: Reading, attestations: Attestations, period: Period) -> Iterator[Line]:
    """Who looked, but for looking at this very review: that would never be the same twice."""
    asked: Counter[tuple[str, str]] = Counter()
    for one in looks(records, attestations, period):
        if not one.question.startswith((SIGNED_OFF, "report weekly")):
            asked[one.question.partition(" ")[0] or "closed", one.who] += 1
    for (what, who), count in sorted(asked.items()):
        yield Line(about="questions", what=what, count=count, who=who)
