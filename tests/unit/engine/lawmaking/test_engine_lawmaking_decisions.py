"""Reading decisions back: each once, those of one moment together, and what was forgotten is counted."""

from __future__ import annotations

from gateway.engine.lawmaking.decisions import Decisions
from gateway.facts import Outcome
from gateway.journey import State
from tests.unit.engine.engine_world import (
    ALENA,
    CITIZEN,
    COURT,
    DAY,
    JO,
    JUDGE,
    NOON,
    Office,
    in_the_office,
    letter,
)


def reading(office: Office) -> Decisions:
    return Decisions(office.records, office.archive)


def told(office: Office, since_ms: int = 0) -> list[list[tuple[str, int, Outcome]]]:
    decisions = reading(office)
    acts = decisions.walk(decisions.first_at(since_ms), decisions.size)
    return [[(one.transfer.id, one.leg.ordinal, one.judged.outcome) for one in act] for act in acts]


@in_the_office()
async def test_legs_that_were_judged_together_come_together(office: Office) -> None:
    """Two recipients, one act, in the order of the legs; the gateway's own note about it is no decision."""
    sent = await office.accepts(letter(ALENA, (COURT, JUDGE)), COURT, JUDGE)
    await office.comes_to(sent, State.HELD, State.HELD)
    await office.rests()

    assert [[(sent, 0, Outcome.HOLD), (sent, 1, Outcome.HOLD)]] == told(office)
    assert office.notes_about(sent)


@in_the_office()
async def test_what_was_said_and_done_before_comes_with_it(office: Office) -> None:
    """The second verdict on a leg knows the first, and who released it between them."""
    sent = await office.accepts(letter(JO, (COURT,)))
    await office.comes_to(sent, State.HELD)
    await office.trusts(COURT)
    await office.comes_to(sent, State.SHIPPED)

    decisions = reading(office)
    first, second = (act[0] for act in decisions.walk(0, decisions.size))

    assert ((), (first.judged,)) == (first.earlier, second.earlier)
    assert (Outcome.HOLD, Outcome.SEND) == (first.judged.outcome, second.judged.outcome)
    assert sent == second.transfer.id


@in_the_office()
async def test_only_what_was_decided_since_is_told(office: Office) -> None:
    """From the very instant on."""
    await office.accepts(letter(ALENA, (CITIZEN,), subject="[public] hello"), CITIZEN)
    await office.rests()
    await office.passes(DAY)
    later = await office.accepts(letter(ALENA, (CITIZEN,), subject="[public] again"), CITIZEN)
    await office.rests()

    assert [later] == [act[0][0] for act in told(office, NOON + DAY)]
    assert 2 == len(told(office, NOON))
    assert [] == told(office, NOON + DAY + 1)


@in_the_office()
async def test_what_was_forgotten_is_counted_and_not_told(office: Office) -> None:
    """Its entries stay in the ledger; what it was, nobody can say."""
    gone = await office.accepts(letter(ALENA, (CITIZEN,), subject="[public] hello"), CITIZEN)
    await office.rests()
    office.records.forget(gone)
    decisions = reading(office)

    assert [] == list(decisions.walk(0, decisions.size))
    assert 1 == decisions.erased


@in_the_office()
async def test_reading_goes_on_where_it_stopped(office: Office) -> None:
    """The place after the last entry that was read."""
    await office.accepts(letter(ALENA, (CITIZEN,), subject="[public] hello"), CITIZEN)
    await office.rests()
    decisions = reading(office)
    list(decisions.walk(0, decisions.size))
    later = await office.accepts(letter(ALENA, (CITIZEN,), subject="[public] again"), CITIZEN)
    await office.rests()

    assert [later] == [act[0].transfer.id for act in decisions.walk(decisions.at, decisions.size)]


def test_an_empty_ledger_has_no_decisions() -> None:
    """Nothing was decided before the first entry."""
    office = Office()

    assert (0, 0) == (reading(office).size, reading(office).first_at(NOON))
