"""One attempt over a line whose server had left: what is appended, and that nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from gateway.engine.delivering import Delivering
from gateway.engine.voyage import Voyage
from gateway.facts import Attempted, Deferred, Hop, Judged, LegFact, Outcome, Reason, Receipt, Shipped
from gateway.seal.hop import Demand, Level, demand
from gateway.ship import Never, NotNow, Taken, Target
from gateway.ship.retry import Schedule
from tests.playbook import HOP, ID, Playbook, judged, mail, scrubbed, sealed

RECEIPT = Receipt(stream=ID, version=4, indexes=(), size=4, checkpoint="")
LOST = Reason(code="connection-lost", about=(("host", HOP.host),))
STALE = NotNow(reason=LOST, is_line_stale=True)
AWAY = NotNow(reason=Reason(code="unreachable"))
TAKEN = Taken(reply="250 2.0.0 ok", is_notifying=True)
TARGETS = (Target(host=HOP.host, port=25, addresses=("127.0.0.1",)),)


@dataclass
class Line:
    """A line that answers as it was told."""

    hop: Hop
    outcome: object
    receipts: list[Receipt]

    async def deliver(self, parcel, slip, chunks, attempted):
        assert (b"content",) == chunks
        self.receipts.append(attempted)
        return self.outcome


@dataclass
class World:
    """Everything a delivery asks, answering as the test says. `verdicts` are those at the first byte, in order."""

    outcomes: list[object]
    verdicts: list[Judged | None] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    lent: int = 0
    schedule: Schedule = field(default_factory=Schedule)

    @asynccontextmanager
    async def line(self, wanted: Demand, targets, sealed: Receipt) -> AsyncIterator[object]:
        assert 0 == self.lent, "a stale line is given back before another is asked for"
        self.lent += 1
        outcome = self.outcomes.pop(0)
        hop = replace(HOP, address=f"127.0.0.{9 - len(self.outcomes)}")
        yield outcome if outcome is AWAY else Line(hop, outcome, self.receipts)
        self.lent -= 1

    async def at_the_first_byte(self, journey, ordinal, hop) -> Judged | None:
        return self.verdicts.pop(0) if self.verdicts else None

    async def targets(self, host, via):
        return TARGETS

    async def about(self, *ignored, **more):
        return ()

    async def put(self, *ignored) -> None:
        pass

    def via(self, recipient) -> None:
        return None

    def demand(self, recipient, via) -> Demand:
        return demand(level=Level.ENCRYPT, domain="court.test")

    def now_ms(self) -> int:
        return 1000

    def random(self, size: int) -> bytes:
        return bytes(size)


def attempt(world: World) -> list[LegFact]:
    """What one attempt appends; each fact must be lawful after the one before."""
    play = Playbook(mail()) >> judged(0) >> scrubbed(0) >> sealed(0)
    voyage = Voyage(journey=play.journey, data_key=b"", receipt=RECEIPT, parcels={0: b"content"})
    appended: list[LegFact] = []

    async def log(*facts: LegFact, notes=()) -> Receipt:
        for fact in facts:
            play >> fact
        appended.extend(facts)
        return replace(RECEIPT, version=RECEIPT.version + len(appended))

    delivering = Delivering(
        vault=world, clock=world, rules=world, inquiry=world, notes=world, carrier=world, resolver=world
    )
    asyncio.run(delivering.ship(voyage, 0, log, RECEIPT))
    return appended


def test_a_stale_line_costs_no_deferral():
    """One `Attempted`, one outcome, on the evidence of the line that carried it."""
    world = World([STALE, TAKEN])

    first, last = attempt(world)

    assert isinstance(first, Attempted)
    assert isinstance(last, Shipped)
    assert ("127.0.0.8", "127.0.0.9") == (first.hop.address, last.hop.address)
    assert 1 == len(set(world.receipts))


@pytest.mark.parametrize("second", [STALE, AWAY, NotNow(reason=LOST)])
def test_it_is_tried_once_more_and_not_again(second):
    """If the second line fails too, the leg waits like any other."""
    world = World([STALE, second, TAKEN])

    first, last = attempt(world)

    assert isinstance(first, Attempted)
    assert isinstance(last, Deferred)
    assert 1000 < last.until_ms
    assert [TAKEN] == world.outcomes


@pytest.mark.parametrize("outcome", [NotNow(reason=LOST), Never(reason=LOST)])
def test_nothing_else_is_tried_twice(outcome):
    """Only a line that was stale before its first answer is worth another at once."""
    world = World([outcome, TAKEN])

    attempt(world)

    assert [TAKEN] == world.outcomes


@pytest.mark.parametrize("verdict", [Outcome.HOLD, Outcome.BLOCK])
def test_the_rules_are_asked_again_before_the_second_line_hears_a_byte(verdict):
    """Rules may change while a line is found: then nothing is sent, and the next turn appends what they say (P1)."""
    world = World([STALE, TAKEN], verdicts=[None, judged(0, verdict)])

    first, last = attempt(world)

    assert isinstance(first, Attempted)
    assert isinstance(last, Deferred)
    assert 1 == len(world.receipts)
