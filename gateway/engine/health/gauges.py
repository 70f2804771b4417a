"""What can be measured of a running gateway, under the names of handbook `operations.md` §6.

No address, person, partner or file name is ever a label: every label is one of a few words of ours, or of the rules.
What counts transfers is read off the ledger's entries (`vitals`), what takes time is measured here, by wrapping it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from gateway.engine.clock import Clock
from gateway.engine.entries import Write
from gateway.engine.workshop import CleanResult, LimitMet, Workshop, WorkshopAway
from gateway.engine.workshop.memory import Memory
from gateway.engine.writing import PassedOn, Writer
from gateway.errors import Failure
from gateway.facts import Judged, Receipt
from gateway.intake.fault import Fault
from gateway.scrub.plan import Held, Inspection, Plan
from gateway.skeleton import Skeleton

T = TypeVar("T")

CONTENT_TYPE = CONTENT_TYPE_LATEST
# A series more for each counter, which no alert reads.
disable_created_metrics()  # type: ignore[no-untyped-call]
INSTANT_S = (0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.001, 0.01)
QUICK_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Gauges:
    """One run's. Any thread may set; `text` is what a scrape gets."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.transfers = self._counter("transfers", "Legs that ended.", "way", "outcome", "label")
        self.judgements = self._counter("judgements", "Verdicts on legs.", "moment", "outcome")
        self.decision = self._seconds("decision_seconds", "From a question to the judge's verdict.", INSTANT_S)
        self.fact_age = self._gauge("fact_age_seconds", "Age of a fact when it last counted in a verdict.", "fact")
        self.commit = self._seconds("commit_seconds", "From an order to the scribe to its durable receipt.", QUICK_S)
        self.held = self._gauge("held_legs", "Legs that wait for a person.", "cause")
        self.queue = self._gauge("queue_legs", "Legs that were accepted, have not ended, and wait for nobody.")
        self.oldest = self._gauge("queue_oldest_seconds", "Age of the oldest of them.", "way")
        self.rules = Info("sealgate_rules", "The rules in force.", registry=self._registry)
        self.rejected = self._gauge("rules_rejected", "1 while the rule folder does not load.")
        self.ledger_size = self._gauge("ledger_size", "Entries.")
        self.certificate_expiry = self._moment("certificate_expiry", "When the certificate the doors show ends.")
        self.key_expiry = self._moment("key_expiry", "When the first of the recipients' keys in use ends.")
        self.verified = self._moment("ledger_last_verified", "When the whole ledger was last recomputed and whole.")
        self.witnessed = self._moment("witness_last_cosigned", "When the witness that lags most last vouched for us.")
        self.backup = self._moment("backup_last", "When a backup last ended well.")
        self.drill = self._moment("drill_last", "When a backup was last opened in a drill, and was whole.")
        self.escrow = self._moment("escrow_opened", "When a custodian last opened the escrow in a drill.")
        self.retention = self._moment("retention_last", "When all that was due was last destroyed.")
        self.workshop = self._counter("workshop_runs", "What was asked of confined processes.", "task", "result")
        self.workshop_up = self._gauge("workshop_up", "1 while somebody stands ready to open documents.")
        self.refusals = self._counter("door_refusals", "Replies that were a no.", "door", "code")
        self.alarms = self._counter("alarms", "Alarms of the watch.", "kind")
        self.disk_free = self._gauge("disk_free_bytes", "Room under var/.")
        self.synchronised = self._gauge("clock_synchronised", "1 while the kernel says that something keeps its clock.")

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self._registry)

    @contextmanager
    def timed(self, seconds: Histogram) -> Iterator[None]:
        """Measure what happens inside, unless it fails."""
        began = time.perf_counter()
        yield
        seconds.observe(time.perf_counter() - began)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"sealgate_{name}", words, labels, registry=self._registry)

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"sealgate_{name}", words, labels, registry=self._registry)

    def _seconds(self, name: str, words: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"sealgate_{name}", words, buckets=buckets, registry=self._registry)

    def _moment(self, name: str, words: str) -> Gauge:
        gauge = self._gauge(f"{name}_timestamp_seconds", f"{words} Seconds since 1970; 0: never; NaN: there is none.")
        gauge.set(math.nan)
        return gauge


class MeasuredWriter(PassedOn):
    """A `Writer` whose appends are timed, and whose verdicts tell how old what they rest on is."""

    def __init__(self, writer: Writer, gauges: Gauges, clock: Clock) -> None:
        super().__init__(writer)
        self._gauges = gauges
        self._clock = clock

    async def append(self, *writes: Write) -> tuple[Receipt, ...]:
        """See `Writer.append`."""
        with self._gauges.timed(self._gauges.commit):
            receipts = await super().append(*writes)
        now_ms = self._clock.now_ms()
        judged = (fact for write in writes for fact in write.facts if isinstance(fact, Judged))
        for known in (known for verdict in judged for known in verdict.known):
            self._gauges.fact_age.labels(known.name).set((now_ms - known.at_ms) / 1000)
        return receipts


class CountedWorkshop:
    """A `Workshop` whose runs are counted, by how they ended."""

    def __init__(self, workshop: Workshop, gauges: Gauges) -> None:
        self._workshop = workshop
        self._runs = gauges.workshop

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """See `Workshop.mechanisms`."""
        return self._workshop.mechanisms

    async def skeleton(self, message: bytes | Memory) -> Skeleton | Fault:
        """See `Workshop.skeleton`."""
        return await self._counted("skeleton", self._workshop.skeleton(message), _ok)

    async def encrypt(self, plain: bytes | Memory, certificate: bytes) -> bytes:
        """See `Workshop.encrypt`."""
        return await self._counted("encrypt", self._workshop.encrypt(plain, certificate), _ok)

    async def inspect(self, document: bytes | Memory, *, name: str, media: str) -> Inspection:
        """See `Workshop.inspect`."""
        work = self._workshop.inspect(document, name=name, media=media)
        return await self._counted("inspect", work, lambda found: _held(found.held))

    async def clean(self, document: bytes | Memory, *, name: str, media: str, plan: Plan) -> CleanResult:
        """See `Workshop.clean`."""
        work = self._workshop.clean(document, name=name, media=media, plan=plan)
        return await self._counted("clean", work, lambda found: _held(found.outcome))

    async def close(self) -> None:
        """See `Workshop.close`."""
        await self._workshop.close()

    async def _counted(self, task: str, work: Awaitable[T], result: Callable[[T], str]) -> T:
        try:
            found = await work
        except WorkshopAway:
            self._runs.labels(task, "away").inc()
            raise
        except LimitMet:
            self._runs.labels(task, "limit").inc()
            raise
        except Failure:
            self._runs.labels(task, "failed").inc()
            raise
        self._runs.labels(task, result(found)).inc()
        return found


def _ok(_: object) -> str:
    return "ok"


def _held(outcome: object) -> str:
    """`limit` and `damaged` are what a killed process comes to."""
    return outcome.code.value if isinstance(outcome, Held) else "ok"
