"""What the schedule lets go is destroyed: asked for by anybody, decided by the published rules alone.

It runs in the process of the one who writes, beside a gateway or without one, and believes nobody: the rules in force
are read from the ledger's own records, the day from the clock, and each stream that is named is looked at again.
Nothing is ordered unless the rules are still the same in that very transaction, so that a legal hold published a moment
before is honoured. What a crash interrupts is finished at the next run, or at the next start, whichever comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from gateway.engine import rulesets
from gateway.engine.archive import Archive
from gateway.engine.attested import Attestations
from gateway.engine.clock import Clock, day
from gateway.engine.forgetting.clearing import Fates, papers_of, values_of
from gateway.engine.forgetting.erasure import Erased, Erasure, Request
from gateway.engine.forgetting.holdings import Holdings
from gateway.engine.forgetting.retention import schedule_of
from gateway.engine.forgetting.scope import Scope
from gateway.errors import Misconfigured
from gateway.judge.rulebook import Rulebook
from gateway.keep import Blobs, Reading
from gateway.shred.fate import fates
from gateway.shred.plan import Plan

BY = "retention"
"""Who answers for it, where a person's address stands otherwise: the rules, whose signers are in the ledger."""
BASIS = "retention.toml"
MOST_LEGS = 400
"""In one order: it becomes one batch of the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Sees what becomes of everything, by the rules in force, on any day. Changes nothing."""

    records: Reading
    archive: Archive
    attestations: Attestations
    blobs: Blobs

    def fates(self, rulebook: Rulebook, streams: Iterable[str], *, on: date, now_ms: int) -> Iterable[Fates]:
        """Of each of these streams."""
        schedule, holdings = schedule_of(rulebook.retention), self.holdings(rulebook)
        for stream in streams:
            yield fates(schedule, holdings.of(stream, now_ms), on)

    def due(self, rulebook: Rulebook, on: date) -> Iterable[str]:
        """Streams of which something may be due."""
        return self.holdings(rulebook).due(schedule_of(rulebook.retention), on)

    def holdings(self, rulebook: Rulebook) -> Holdings:
        """What is left, with days as the office has them."""
        zone = ZoneInfo(rulebook.gateway.office.zone)
        return Holdings(records=self.records, attestations=self.attestations, blobs=self.blobs, zone=zone)


class Cleared(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did: the streams that say so, and how many legs lost their papers, or values."""

    erasures: tuple[str, ...] = ()
    papers: int = 0
    values: int = 0
    looked_at: int = 0
    """How many of the named streams it got to; those after are for the next run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposing:
    """One run at a time."""

    erasure: Erasure
    looker: Looker
    clock: Clock
    forget: Callable[[Iterable[str]], None]
    """Tells the one who writes that these streams are gone for good."""

    def finish(self) -> Cleared:
        """Finish what a crash interrupted."""
        done = self.erasure.finish()
        return _cleared(done, after=Cleared())

    def dispose(self, streams: Sequence[str]) -> Cleared:
        """Let go what is due of these. Raises `Failure`."""
        done = self.finish()
        under = len(self.looker.records.history(rulesets.RULES).rows)
        rulebook = self._in_force()
        now_ms = self.clock.now_ms()
        on = day(now_ms, ZoneInfo(rulebook.gateway.office.zone))
        found, legs = list[Fates](), 0
        for each in self.looker.fates(rulebook, streams, on=on, now_ms=now_ms):
            if legs and legs + len(each) > MOST_LEGS:
                break
            found.append(each)
            legs += len(each)
        scope = Scope(self.looker.records, self.looker.attestations, ZoneInfo(rulebook.gateway.office.zone))
        papers = self._let_go(papers_of(scope, found, rulebook.digest), under)
        values = self._let_go(values_of(scope, found, rulebook.digest), under)
        return _cleared(papers, values, after=done, looked_at=len(found))

    def _let_go(self, plan: Plan | None, under: int) -> Erased | None:
        if plan is None:
            return None
        done = self.erasure.let_go(plan, Request(by=BY, basis=BASIS), under=under)
        if done is not None:
            self.forget(plan.forgotten)
        return done

    def _in_force(self) -> Rulebook:
        sets = rulesets.every(self.looker.archive)
        if not sets:
            raise Misconfigured("no rules are in force yet, so nothing may be destroyed")
        return sets[-1].rulebook()


def _cleared(*done: Erased | None, after: Cleared, looked_at: int = 0) -> Cleared:
    """What came of these, added to what was done before."""
    papers, values = ([one for one in done if one and (one.what == "payload") == is_of] for is_of in (True, False))
    return Cleared(
        erasures=(*after.erasures, *(one.stream for one in (*papers, *values))),
        papers=after.papers + sum(len(one.done) for one in papers),
        values=after.values + sum(len(one.done) for one in values),
        looked_at=looked_at,
    )
