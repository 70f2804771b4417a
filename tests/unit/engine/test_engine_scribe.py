"""The ledger's one writer: what fails fails alone, what cannot be kept is said, and what is uncertain stops it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from gateway.engine.clock import day
from gateway.engine.entries import Write
from gateway.engine.scribe import BATCH_LEAVES
from gateway.errors import Conflict, StoreAway, StoreBroken, Tampering
from gateway.facts import Consulted, Received
from gateway.journey import Unlawful
from gateway.keep import Append, Head
from gateway.keep.memory import MemoryRecords
from gateway.ledger.entry import read_entry
from gateway.transfer import transfer_id
from tests.playbook import judged, mail, shipped
from tests.unit.engine.engine_world import NOON, Office, in_the_office


def question(number: int = 0) -> Write:
    """An office's fact."""
    return Write(stream=f"consulted/{number}", facts=(Consulted(by="per", question="?", why="", size=0),))


def received(number: int) -> Write:
    """A transfer's first fact."""
    from dataclasses import replace

    transfer = replace(mail(), id=transfer_id(bytes([number]) * 16), received_ms=NOON)
    return Write(stream=transfer.id, facts=(Received(transfer=transfer),), expected=0)


def kinds(office: Office) -> list[str]:
    return [read_entry(entry).kind for entry in office.entries()]


class _Watched(MemoryRecords):
    """Counts transactions, and fails as told."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.failure: Exception | None = None
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.has_begun = threading.Event()

    def append(self, appends: Sequence[Append], *, old: Head | None, new: Head) -> None:
        if self.failure is not None:
            raise self.failure
        self.has_begun.set()
        self.may_go_on.wait()
        super().append(appends, old=old, new=new)
        self.batches.append(len([one for one in appends if one.rows]))


@in_the_office()
async def test_the_first_entry_is_genesis(office: Office) -> None:
    """An empty ledger begins with its own name and key, and the rules come second."""
    assert ["genesis", "published"] == kinds(office)


@in_the_office()
async def test_a_receipt_is_for_its_own_entries(office: Office) -> None:
    """It names stream, version and indexes, and the signed head that covers them."""
    (receipt,) = await office.scribe.append(received(1))

    assert ([office.entries()[-1]], 1) == ([office.entries()[index] for index in receipt.indexes], receipt.version)
    assert office.scribe.head is not None
    assert (receipt.size, receipt.checkpoint) == (office.scribe.head.size, office.scribe.head.note)


@in_the_office(records=_Watched)
async def test_what_arrives_together_is_one_transaction(office: Office) -> None:
    """Natural group commit: fifty callers at once cost a handful of transactions, each with its own receipt."""
    assert isinstance(office.records, _Watched)
    before = len(office.records.batches)

    receipts = await asyncio.gather(*(office.scribe.append(received(number)) for number in range(1, 51)))

    assert 50 == len({one.stream for (one,) in receipts})
    assert len(office.records.batches) - before < 10


@in_the_office(records=_Watched)
async def test_a_batch_has_a_cap(office: Office) -> None:
    """More than that many entries are written in several transactions, in order."""
    assert isinstance(office.records, _Watched)

    await asyncio.gather(*(office.scribe.append(question(number)) for number in range(BATCH_LEAVES + 50)))

    assert max(office.records.batches) <= BATCH_LEAVES
    assert BATCH_LEAVES + 50 == kinds(office).count("consulted")


@in_the_office(records=_Watched)
async def test_whoever_has_a_client_waiting_goes_first(office: Office) -> None:
    """What opens a stream is written before what had come earlier, and what had come earlier right after it."""
    assert isinstance(office.records, _Watched)
    office.records.may_go_on.clear()
    office.records.has_begun.clear()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(office.scribe.append(question(0)))
        await asyncio.to_thread(office.records.has_begun.wait)
        for write in (question(1), question(2), received(1), question(3), received(2)):
            tasks.create_task(office.scribe.append(write))
        await asyncio.sleep(0)
        office.records.may_go_on.set()

    assert ["received"] * 2 + ["consulted"] * 3 == kinds(office)[-5:]


@in_the_office()
async def test_one_stream_keeps_its_order(office: Office) -> None:
    """Two writes to one stream are never in one batch, and the first stays first."""
    await asyncio.gather(*(office.scribe.append(question()) for _ in range(5)))

    assert 5 == office.records.history("consulted/0").rows[-1].version


@in_the_office()
async def test_a_conflict_fails_alone(office: Office) -> None:
    """Who has read an older version is told so; whoever wrote beside them is not disturbed."""
    first = received(1)
    await office.scribe.append(first)

    outcomes = await asyncio.gather(
        office.scribe.append(received(2)), office.scribe.append(first), office.scribe.append(received(3)),
        return_exceptions=True,
    )  # fmt: skip

    assert [False, True, False] == [isinstance(one, Conflict) for one in outcomes]
    assert 3 == kinds(office).count("received")


@in_the_office()
async def test_a_fact_that_cannot_follow_fails_alone(office: Office) -> None:
    """The journey's table is asked before anything is composed for good: nothing of that write is kept."""
    first = received(1)
    await office.scribe.append(first)
    unlawful = Write(stream=first.stream, facts=(judged(0), shipped(0)), expected=1)

    outcomes = await asyncio.gather(
        office.scribe.append(unlawful), office.scribe.append(received(2)), return_exceptions=True
    )

    assert isinstance(outcomes[0], Unlawful)
    assert not isinstance(outcomes[1], BaseException)
    assert 1 == office.records.history(first.stream).version


@in_the_office()
async def test_all_of_a_call_or_nothing(office: Office) -> None:
    """Two writes in one call stand or fall together."""
    first = received(1)
    await office.scribe.append(first)

    with pytest.raises(Conflict):
        await office.scribe.append(received(2), first)

    assert 0 == office.records.history(received(2).stream).version


@in_the_office()
async def test_a_full_disk_is_answered_and_writing_goes_on(office: Office) -> None:
    """StoreAway reaches the caller; the next write finds the ledger as it was left, new class keys included."""
    office.records.is_away = True
    with pytest.raises(StoreAway):
        await office.scribe.append(received(1))
    office.records.is_away = False

    await office.scribe.append(received(1))

    assert [] == office.fatal
    assert 1 == kinds(office).count("received")


@pytest.mark.parametrize("failure", [StoreBroken("fsync failed"), Tampering("the head moved"), RuntimeError("a bug")])
def test_what_is_uncertain_stops_it(failure: Exception) -> None:
    """A failed fsync, a head that moved, a bug: every caller hears it, nothing more is written, the process stops."""
    office = Office(records=_Watched())

    async def told() -> None:
        async with office.opens():
            before = len(office.entries())
            office.records.failure = failure  # type: ignore[attr-defined]
            for number in (1, 2):
                with pytest.raises((StoreBroken, Tampering)):
                    await office.scribe.append(received(number))
            office.records.failure = None  # type: ignore[attr-defined]
            with pytest.raises((StoreBroken, Tampering)):
                await office.scribe.append(received(3))
            assert before == len(office.entries())
            office.runner.drain()

    asyncio.run(told())

    assert 1 == len(office.fatal)
    assert isinstance(office.fatal[0], (StoreBroken, Tampering))


@in_the_office()
async def test_a_caller_who_leaves_changes_nothing(office: Office) -> None:
    """P5.4: what was asked for is written, whether or not anybody waits for the receipt."""
    async with asyncio.TaskGroup() as callers:
        caller = callers.create_task(office.scribe.append(received(1)))
        await asyncio.sleep(0)
        caller.cancel()
    await office.scribe.append(question())

    assert 1 == office.records.history(received(1).stream).version


@in_the_office()
async def test_a_clock_that_falls_is_written_down(office: Office) -> None:
    """Ledger time never falls; that the wall clock did is an entry of its own (P5.8)."""
    await office.scribe.append(question(1))
    office.clock.at_ms -= 3_600_000

    await office.scribe.append(question(2))

    times = [read_entry(entry).time_ms for entry in office.entries()]
    assert sorted(times) == times
    assert ["consulted", "clock", "consulted"] == kinds(office)[-3:]


@in_the_office()
async def test_a_hair_backwards_is_not_worth_an_entry(office: Office) -> None:
    """Clocks are disciplined by a few milliseconds all day."""
    await office.scribe.append(question(1))
    office.clock.at_ms -= 20

    await office.scribe.append(question(2))

    assert "clock" not in kinds(office)


@in_the_office()
async def test_a_tick_says_that_it_lives(office: Office) -> None:
    """An entry without a fact."""
    await office.scribe.tick()

    assert "tick" == kinds(office)[-1]


@in_the_office()
async def test_due_times_move_without_an_entry(office: Office) -> None:
    """Saying when work is due next is no fact, so the head stays."""
    await office.scribe.append(received(1))
    head = office.scribe.head
    write = Write(stream=received(1).stream, facts=(), expected=1, due_ms=NOON + 5)

    (receipt,) = await office.scribe.append(write)

    assert (head, 1) == (office.scribe.head, receipt.version)
    assert (received(1).stream,) == await office.scribe.claim(now_ms=NOON + 5, until_ms=NOON + 9, limit=5)


@in_the_office()
async def test_a_receipt_is_reissued_from_the_store(office: Office) -> None:
    """After a restart the store vouches for what an earlier process wrote; for nothing else."""
    (first,) = await office.scribe.append(received(1))
    await office.scribe.append(question())

    again = office.scribe.reissue(first.stream)

    assert (first.indexes, first.version) == (again.indexes, again.version)
    with pytest.raises(KeyError):
        office.scribe.reissue("T-" + "A" * 26)


@in_the_office()
async def test_it_can_be_asked_without_a_loop(office: Office) -> None:
    """Commands that have no loop get the same receipt, or the same failure."""
    (receipt,) = await asyncio.to_thread(office.scribe.append_now, received(1))

    assert 1 == receipt.version
    with pytest.raises(Conflict):
        await asyncio.to_thread(office.scribe.append_now, received(1))


@in_the_office()
async def test_a_loss_elsewhere_stops_it_too(office: Office) -> None:
    """Durability lost under a blob: from then on every append is refused, and the process is told once."""
    other = office.new_scribe()
    other.start()
    try:
        other.give_up(StoreBroken("under a blob"))
        other.give_up(StoreBroken("again"))
        with pytest.raises(StoreBroken, match="under a blob"):
            await other.append(question())
    finally:
        other.stop()

    assert ["under a blob"] == [why.cause for why in office.fatal]
    office.fatal.clear()


@in_the_office()
async def test_two_writers_never_both_succeed(office: Office) -> None:
    """A second scribe on the same store finds the head moved, and stops: tampering, or a second process."""
    other = office.new_scribe()
    other.start()
    try:
        await office.scribe.append(question(1))
        with pytest.raises(Tampering):
            await other.append(question(2))
    finally:
        other.stop()

    assert 1 == len(office.fatal)
    office.fatal.clear()


@in_the_office()
async def test_days_are_the_ledgers(office: Office) -> None:
    """The clock of the engine gives whole days in a zone; the tests' clock stands on a Monday."""
    assert "2026-11-23" == str(day(office.clock.now_ms()))
