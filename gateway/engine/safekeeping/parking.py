"""What of a restored office may have left since the backup was taken: all that was under way. It waits for a person.

Nobody here knows whether a leg that was open then was delivered an hour later, recalled, or refused. So none goes on by
itself: a leg that had not been tried is held with the reason `restored`, which only a named person answers for, and is
judged anew when they do; one whose attempt had begun is in doubt, as after a crash. What is offered is offered no more.

GAP: an upload whose name had not settled has no leg that could wait. It stays where it is and nothing picks it up by
itself; whoever handed it in can rename it, or hand it in again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from gateway.engine.archive import Archive
from gateway.engine.clock import Clock
from gateway.engine.entries import Write
from gateway.engine.inquiry import RESTORED, lasting
from gateway.engine.outsiders.recovery import LOST
from gateway.facts import Deferred, Deposited, Judged, LegFact, Outcome, Reason, Receipt, Received
from gateway.journey import Journey, LegJourney, State
from gateway.keep import Records
from gateway.ledger.entry import read_entry
from gateway.transfer import transfer_id

ALL = 2**62
PAGE = 4096

_TOLD = frozenset({"sealed", "shipped", "undeliverable", "collected", "expired", "recalled", "declined"})


class Pen(Protocol):
    """Writes to the ledger, and waits for it."""

    def append_now(self, *writes: Write) -> tuple[Receipt, ...]:
        """See `Scribe.append_now`."""
        ...


@dataclass(slots=True)
class Parked:
    """What became of everything that was under way."""

    legs: list[str] = field(default_factory=list)
    """`transfer/leg`, each waiting for a person now."""
    told: list[str] = field(default_factory=list)
    """Legs whose end, or whose later intent, stands in entries that came back from a mirror. Nobody continues them."""
    uploads: list[str] = field(default_factory=list)
    """Files that had not become transfers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """Parks it all."""

    records: Records
    archive: Archive
    pen: Pen
    clock: Clock
    ruleset: str
    """Under which a leg is held that had not been judged."""

    def park(self) -> Parked:
        """Everything that has not ended, looked for in every stream. Doing it again parks what is left. Blocks."""
        done, known = Parked(), _known_since(self.records)
        for stream in self.records.find([], limit=ALL):
            story = self.archive.story(stream)
            match story.facts[0] if story and story.facts else None:
                case Deposited() if not self.records.history(stream.partition("/")[2]).rows:
                    done.uploads.append(stream)
                    self.pen.append_now(Write(stream=stream, facts=(), due_ms=None))
                case Received() if story is not None and not story.journey.is_closed:
                    self._park(story.journey, known.get(stream, frozenset()), done)
        return done

    def _park(self, journey: Journey, known: frozenset[int], done: Parked) -> None:
        stream, facts = journey.transfer.id, list[LegFact]()
        for leg in journey.legs:
            if leg.is_closed:
                continue
            name = f"{stream}/{leg.leg.ordinal}"
            if leg.leg.ordinal in known:
                done.told.append(name)
                continue
            done.legs.append(name)
            facts += self._parking(leg)
        self.pen.append_now(Write(stream=stream, facts=tuple(facts), expected=journey.version, due_ms=None))

    def _parking(self, leg: LegJourney) -> Iterator[LegFact]:
        """The fact that parks a leg; none if it is parked."""
        ordinal, reason = leg.leg.ordinal, Reason(code=RESTORED)
        if leg.state is State.TRYING:
            now_ms = self.clock.now_ms()
            since_ms = leg.deferred.since_ms if leg.deferred else 0
            yield Deferred(
                leg=ordinal, until_ms=now_ms, reason=reason, is_in_doubt=True, since_ms=since_ms or now_ms, is_told=True
            )
        elif leg.state is not State.PARKED and not lasting(leg):
            before = leg.judged or Judged(
                leg=ordinal, outcome=Outcome.HOLD, rules=(), demands=(), reasons=(), known=(), ruleset=self.ruleset
            )
            # Alone: what else it waited for may have been mended since, and is found again once somebody has answered.
            yield replace(before, outcome=Outcome.HOLD, reasons=(reason,))


def _known_since(records: Records) -> dict[str, frozenset[int]]:
    """By transfer that entries fetched back from a mirror tell of, the legs that ended there, or were sealed anew.

    No fact of ours could follow these entries: they say more than our facts do.
    """
    found: dict[str, set[int]] = {}
    at, head = 0, records.since(0, 0).head
    while head is not None and at < head.size and (leaves := records.since(at, PAGE).leaves):
        at = leaves[-1].index + 1
        for said in (read_entry(leaf.entry) for leaf in leaves if leaf.stream == LOST):
            if said.x is not None and said.leg is not None:
                legs = found.setdefault(transfer_id(said.x), set())
                if said.kind in _TOLD or said.outcome == "refused":
                    legs.add(said.leg)
    return {stream: frozenset(legs) for stream, legs in found.items()}
