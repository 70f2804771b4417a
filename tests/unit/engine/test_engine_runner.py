"""Voyages: what is due is done, what fails is done again, and a crash anywhere changes nothing about the end."""

from __future__ import annotations

import asyncio

import pytest

from gateway.engine import precedence, runner
from gateway.engine.runner import LEASE_MS
from gateway.engine.workshop import WorkshopAway
from gateway.engine.workshop.memory import Memory
from gateway.facts import Reason, Sealed
from gateway.journey import State
from gateway.ship import NotNow
from tests.unit.engine.engine_world import (
    ALENA,
    COURT,
    JUDGE,
    MINUTE,
    Office,
    in_the_office,
)

BUSY = NotNow(reason=Reason(code="remote-refused", about=(("code", "451"), ("status", "4.3.0"))), reply="451 busy")


@in_the_office()
async def test_accepted_mail_is_shipped(office: Office) -> None:
    """Accept to ship without a word from anybody: the intent stands before the attempt, the outcome after it."""
    await office.trusts(COURT)

    transfer = await office.accepts()
    await office.rests()

    assert ["received", "judged", "scrubbed", "sealed", "attempted", "shipped"] == office.kinds(transfer)
    (delivered,) = office.post.taken
    assert (ALENA, COURT) == (delivered.sender, delivered.recipient)
    assert b"CANARY" not in delivered.content
    assert b"-----BEGIN PGP MESSAGE-----" in delivered.content


@in_the_office()
async def test_two_legs_go_apart(office: Office) -> None:
    """One leg, one ciphertext, one delivery: neither recipient's copy is for the other."""
    await office.trusts(COURT)
    await office.trusts(JUDGE)

    transfer = await office.accepts(b"", COURT, JUDGE)
    await office.rests()

    assert [State.SHIPPED, State.SHIPPED] == office.states(transfer)
    assert 2 == len({one.content for one in office.post.taken})
    assert [1, 1] == [len(office.post.got(COURT)), len(office.post.got(JUDGE))]


@in_the_office()
async def test_inner_work_is_one_write(office: Office) -> None:
    """What touches nothing outside is appended together, before the first thing that does."""
    await office.trusts(COURT)
    await office.accepts()
    await office.rests()

    passed = office.fuse.passed
    assert passed.index("after judged scrubbed sealed") < passed.index("connect")


@in_the_office()
async def test_a_leg_whose_turn_has_not_come_is_left_alone(office: Office) -> None:
    """Looking at everything that waits does not try a delivery before its time."""
    await office.trusts(COURT)
    office.post.answers.append(BUSY)
    transfer = await office.accepts()
    await office.rests()

    office.runner.look()
    await office.passes(1 * MINUTE)

    assert 1 == office.post.lines
    assert [State.WAITING] == office.states(transfer)


@in_the_office()
async def test_what_waits_is_sent_when_its_time_comes(office: Office) -> None:
    """The second try is due by itself and sends the very parcel that was sealed."""
    await office.trusts(COURT)
    office.post.answers.append(BUSY)
    transfer = await office.accepts()
    await office.rests()

    await office.passes(6 * MINUTE)

    assert [State.SHIPPED] == office.states(transfer)
    assert 1 == len([fact for fact in office.facts(transfer) if isinstance(fact, Sealed)])


@in_the_office()
async def test_a_workshop_that_is_away_is_asked_again(office: Office) -> None:
    """When no worker could take the content the voyage is put back and goes on at the next look."""
    await office.trusts(COURT)
    office.bench.fails.extend([None, WorkshopAway("no worker"), WorkshopAway("no worker")])

    transfer = await office.accepts()
    await office.rests()

    assert [State.SHIPPED] == office.states(transfer)
    assert 0 == len(office.bench.fails)


@in_the_office()
async def test_a_bug_in_one_voyage_does_not_stop_the_others(office: Office) -> None:
    """Whatever a station raises costs its own transfer until its lease ends, and nobody else."""
    await office.trusts(COURT)
    office.bench.fails.extend([None, RuntimeError("a bug")])
    first = await office.accepts()
    while office.bench.fails:
        await asyncio.sleep(0.002)
    second = await office.accepts()
    while State.SHIPPED not in office.states(second):
        await asyncio.sleep(0.002)

    assert State.SHIPPED not in office.states(first)
    await office.passes(LEASE_MS + MINUTE)
    assert [State.SHIPPED] == office.states(first)


@in_the_office()
async def test_a_full_disk_stops_nothing_for_good(office: Office) -> None:
    """While nothing can be kept nothing is appended; when it can again, the voyage goes on by itself."""
    await office.trusts(COURT)
    transfer = await office.accepts()
    office.records.is_away = True
    await asyncio.sleep(0.02)
    office.records.is_away = False
    await office.rests()

    assert [State.SHIPPED] == office.states(transfer)
    assert 1 == len(office.post.taken)


@in_the_office()
async def test_a_look_that_a_full_disk_prevented_is_made_up_for(office: Office) -> None:
    """Somebody's word changed while nothing could be claimed: what waits for it is looked at afterwards."""
    await office.trusts(COURT)
    office.bench.fails.extend([None, RuntimeError("a bug")])  # so that only a look at everything finds it
    transfer = await office.accepts()
    while office.bench.fails:
        await asyncio.sleep(0.002)

    office.records.is_away = True
    office.runner.look()
    await asyncio.sleep(0.05)
    office.records.is_away = False

    await office.comes_to(transfer, State.SHIPPED)


@in_the_office()
async def test_what_is_claimed_before_its_acceptance_is_heard_of_sails_once(office: Office) -> None:
    """The store tells of a transfer before the scribe's answer is here: one journey, one voyage all the same.

    Two would take each other's attempts for those of a process that died, and send twice.
    """
    await office.trusts(COURT)
    slow = {"after received", "first byte"}  # an answer, and a server

    async def late(border: str) -> None:
        await passes(border)
        if border in slow:
            office.runner.look()
            await asyncio.sleep(0.1)

    passes, office.fuse.pass_ = office.fuse.pass_, late  # type: ignore[method-assign]

    transfer = await office.accepts()
    await office.rests()

    assert ["received", "judged", "scrubbed", "sealed", "attempted", "shipped"] == office.kinds(transfer)
    assert 1 == len(office.post.taken)


@in_the_office()
async def test_draining_ships_nothing_new(office: Office) -> None:
    """A gateway that stops brings voyages to rest before the next effect; the next start goes on."""
    await office.trusts(COURT)
    office.runner.drain()

    transfer = await office.accepts()

    assert [] == office.post.taken
    assert State.SHIPPED not in office.states(transfer)


@in_the_office()
async def test_a_leg_that_fails_does_not_cost_another_its_try(office: Office) -> None:
    """Two legs under way: one that cannot be delivered now leaves the other's delivery alone."""
    await office.trusts(COURT)
    await office.trusts(JUDGE)
    office.post.no_line.append(NotNow(reason=Reason(code="unreachable", about=(("host", "mx"),))))

    transfer = await office.accepts(b"", COURT, JUDGE)
    await office.rests()

    assert [State.SHIPPED, State.WAITING] == sorted(office.states(transfer))


@pytest.mark.parametrize(("is_quiet", "crews"), [(True, 3), (False, 1)])
def test_reserves_sail_only_while_it_is_quiet_at_the_doors(
    monkeypatch: pytest.MonkeyPatch, is_quiet: bool, crews: int
) -> None:
    """One standing crew and two reserves: three voyages at once while nobody waits at a door, else one."""
    monkeypatch.setattr(runner, "TRANSFERS_AT_ONCE", 1)
    monkeypatch.setattr(runner, "RESERVE", 2)
    monkeypatch.setattr(precedence, "QUIET_S", 0.0 if is_quiet else 3_600.0)
    at_work, most, open_sea = 0, 0, asyncio.Event()

    @in_the_office()
    async def story(office: Office) -> None:
        await office.trusts(COURT)
        encrypt = office.bench.encrypt

        async def watched(plain: bytes | Memory, certificate: bytes) -> bytes:
            nonlocal at_work, most
            at_work += 1
            most = max(most, at_work)
            await open_sea.wait()
            at_work -= 1
            return await encrypt(plain, certificate)

        monkeypatch.setattr(office.bench, "encrypt", watched)
        for _ in range(5):
            await office.accepts()
        await asyncio.sleep(0.1)  # a few looks: whoever would come has come
        open_sea.set()
        await office.rests()
        assert 5 == len(office.post.taken)

    story()
    assert crews == most
