"""What the ledger tells of rules that one person signed: proposed, signed by the second, or withdrawn.

A file in `var/proposals` can be deleted by whoever may write there; an entry cannot. So what is open here and lies
there no more was taken away, and is told (`rules proposals`, `doctor`). Each step is a `Consulted` in a stream of its
own, durable before the file is written, or dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.engine.archive import Archive
from gateway.facts import Consulted, Fact

STREAM = "office/proposals"
_RULES = "rules "


class Step(StrEnum):
    """What became of a proposal; in the ledger, `rules proposed DIGEST`."""

    PROPOSED = "proposed"
    SIGNED = "signed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Petition:
    """A set of rules somebody has signed, as the ledger knows it."""

    digest: str
    by: str
    why: str = ""
    at_ms: int = 0

    @property
    def id(self) -> str:
        """What it is called by; see `Proposal.id`."""
        return self.digest[:12]


class Petitions:
    """Those that are open, oldest first."""

    def __init__(self, steps: Iterable[tuple[int, Fact]] = ()) -> None:
        self._open: dict[str, Petition] = {}
        for at_ms, fact in steps:
            self.add(fact, at_ms)

    @classmethod
    def of(cls, archive: Archive) -> Petitions:
        """As the records have them. Blocks."""
        return cls((row.at_ms, fact) for row, fact in archive.of_kinds(STREAM, ("consulted",)) or ())

    def add(self, fact: Fact, at_ms: int) -> None:
        """One more step, durable already."""
        if not isinstance(fact, Consulted):
            return
        word, _, digest = fact.question.removeprefix(_RULES).partition(" ")
        self._open.pop(digest, None)
        if Step(word) is Step.PROPOSED:
            self._open[digest] = Petition(digest=digest, by=fact.by, why=fact.why, at_ms=at_ms)

    def find(self, untrusted: str) -> Petition | None:
        """The one open petition whose digest begins like this."""
        found = [one for digest, one in self._open.items() if untrusted and digest.startswith(untrusted.lower())]
        return found[0] if len(found) == 1 else None

    def missing(self, digests: Iterable[str]) -> tuple[Petition, ...]:
        """Those that are open and not among these."""
        there = set(digests)
        return tuple(one for digest, one in self._open.items() if digest not in there)


def step(what: Step, digest: str, by: str, why: str, size: int) -> Consulted:
    """A step as a fact; `size` is the ledger's."""
    return Consulted(by=by, question=f"{_RULES}{what} {digest}", why=why, size=size)
