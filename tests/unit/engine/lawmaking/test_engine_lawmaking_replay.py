"""Taking decisions again: under the same rules nothing changes, under others exactly what they say."""

from __future__ import annotations

from gateway.engine.glass import Glass
from gateway.engine.lawmaking.decisions import Decisions
from gateway.engine.lawmaking.replay import Change, published_sets, replayed
from gateway.facts import Outcome
from gateway.journey import State
from gateway.judge.rulebook import Rulebook
from tests.unit.engine.engine_world import (
    ALENA,
    CITIZEN,
    COURT,
    DAY,
    DAY_OF_SMITH,
    HOUR,
    JO,
    JUDGE,
    Office,
    in_the_office,
    letter,
    party,
    rules,
)


def replay(office: Office, edited: Rulebook) -> tuple[int, list[Change]]:
    decisions = Decisions(office.records, office.archive)
    acts = decisions.walk(0, decisions.size)
    taken, changes = 0, list[Change]()
    for count, changed in replayed(acts, edited, published_sets(office.archive), Glass()):
        taken += count
        changes += changed
    return taken, changes


def said(change: Change) -> tuple[str, Outcome, Outcome]:
    return str(change.decision.leg.recipient), change.before, change.after.outcome


async def a_busy_day(office: Office) -> None:
    """Sent, held for a key and sent, refused for a friend's sake, released by a person, cleaned in vain."""
    await office.accepts(letter(ALENA, (CITIZEN,), subject="[public] hello"), CITIZEN)
    waits = await office.accepts(letter(JO, (COURT,)))
    await office.comes_to(waits, State.HELD)
    await office.passes(HOUR)
    await office.trusts(COURT)
    await office.comes_to(waits, State.SHIPPED)
    both = await office.accepts(letter(ALENA, (COURT, JUDGE)), COURT, JUDGE)
    await office.comes_to(both, State.HELD, State.HELD)
    await office.passes(20 * HOUR)
    await office.rests()


@in_the_office()
async def test_under_the_rules_that_were_in_force_nothing_changes(office: Office) -> None:
    """What was recorded is enough to take every decision again, obstacles and others' waiting included."""
    await a_busy_day(office)

    taken, changes = replay(office, office.rulebook)

    assert [] == changes
    assert taken >= 5


@in_the_office()
async def test_a_rule_that_is_taken_away_refuses_what_went_by_it(office: Office) -> None:
    """And nothing else; the nearest miss is told."""
    await a_busy_day(office)

    _, changes = replay(office, rules(("transfers.toml", '"clerk", "registrar"]', '"registrar"]')))

    assert [(CITIZEN, Outcome.SEND, Outcome.BLOCK)] == [said(change) for change in changes]
    nearest = changes[0].after.nearest
    assert nearest is not None
    assert ("letters-to-citizens", ("who",)) == (nearest.rule, nearest.missing)


@in_the_office()
async def test_renewing_an_agreement_counts_at_once(office: Office) -> None:
    """Facts the folder decides are computed anew: what an ended agreement refused would go, and the reverse."""
    await office.publishes(("partners.toml", "until = 2028-01-31", "until = 2026-11-22"))
    await office.hands_in(letter(ALENA, (COURT,)))
    await office.publishes(("partners.toml", "until = 2028-01-31", "until = 2026-11-24"))
    await office.trusts(COURT)
    sent = await office.accepts(letter(ALENA, (COURT,)))
    await office.comes_to(sent, State.SHIPPED)

    _, shorter = replay(office, rules(("partners.toml", "until = 2028-01-31", "until = 2026-11-22")))
    _, longer = replay(office, rules(("partners.toml", "until = 2028-01-31", "until = 2028-12-31")))

    assert [(COURT, Outcome.SEND, Outcome.BLOCK)] == [said(change) for change in shorter]
    assert [(COURT, Outcome.BLOCK, Outcome.SEND)] == [said(change) for change in longer]


@in_the_office()
async def test_a_fact_nobody_recorded_is_unknown_and_holds(office: Office) -> None:
    """No rule asked for it then; the change says which fact it is."""
    await office.accepts(letter(ALENA, (CITIZEN,), subject="[public] hello"), CITIZEN)
    await office.rests()

    asks = '[[forbid]]\nid = "no-secrets"\nwhen = ["personal-data-found"]\nbecause = "Ring first."\n'
    _, changes = replay(office, rules(transfers=asks))

    assert [(CITIZEN, Outcome.SEND, Outcome.HOLD)] == [said(change) for change in changes]
    assert ("personal-data-found",) == changes[0].unrecorded


@in_the_office()
async def test_the_clock_is_recorded_with_every_decision(office: Office) -> None:
    """A rule about working hours can be tried although no rule asked for them then."""
    await office.accepts(letter(ALENA, (CITIZEN,), subject="[public] at noon"), CITIZEN)
    await office.rests()
    await office.passes(8 * HOUR)
    await office.accepts(letter(ALENA, (CITIZEN,), subject="[public] at eight"), CITIZEN)
    await office.rests()

    only = '[[forbid]]\nid = "at-night"\nunless = ["working-hours"]\nbecause = "At night nobody answers."\n'
    _, changes = replay(office, rules(transfers=only))

    assert [(CITIZEN, Outcome.SEND, Outcome.BLOCK)] == [said(change) for change in changes]
    assert "at-night" in changes[0].after.rules


@in_the_office()
async def test_an_approval_that_was_given_counts(office: Office) -> None:
    """A new demand for it is met where that very person released it, and waits where nobody did."""
    asks = '[[require]]\nid = "head-signs"\nto = ["law-firms"]\nthen = ["approval-by head"]\nbecause = "Two people."\n'
    await office.publishes(transfers=asks)
    await office.trusts(DAY_OF_SMITH)
    renewed = ("partners.toml", "until = 2026-04-30", "until = 2027-04-30")
    await office.publishes(renewed, transfers=asks)
    sent = await office.accepts(letter(JO, (DAY_OF_SMITH,)), DAY_OF_SMITH, sender=JO)
    await office.comes_to(sent, State.HELD)
    await office.orders.release(sent, 0, party("ruth@town.test"), "seen")
    await office.comes_to(sent, State.SHIPPED)

    same = rules(renewed, transfers=asks)
    other = rules(renewed, transfers=asks.replace("approval-by head", "approval-by registrar"))

    assert [] == replay(office, same)[1]
    assert [(DAY_OF_SMITH, Outcome.SEND, Outcome.HOLD)] == [said(change) for change in replay(office, other)[1]]


@in_the_office()
async def test_a_delay_counts_from_when_it_came(office: Office) -> None:
    """What was decided at once would wait; the verdict after the wait would not."""
    waits = await office.accepts(letter(JO, (COURT,)))
    await office.comes_to(waits, State.HELD)
    await office.passes(DAY)
    await office.trusts(COURT)
    await office.comes_to(waits, State.SHIPPED)
    at_once = await office.accepts(letter(JO, (COURT,)))
    await office.comes_to(at_once, State.SHIPPED)

    slow = '[[require]]\nid = "slowly"\nthen = ["delay 4h"]\nbecause = "Time to think."\n'
    _, changes = replay(office, rules(transfers=slow))

    assert [at_once] == [change.decision.transfer.id for change in changes]
    assert Outcome.HOLD is changes[0].after.outcome


@in_the_office()
async def test_what_stood_in_the_way_beside_the_rules_stands_there_still(office: Office) -> None:
    """A key was missing: weaker rules would have held it too, sharper ones would have refused it."""
    waits = await office.accepts(letter(JO, (COURT,)))
    await office.comes_to(waits, State.HELD)

    wider = rules(("transfers.toml", "until = 2027-03-31", "until = 2027-04-30"))
    narrower = rules(("transfers.toml", 'who = ["clerk", "solicitor"]', 'who = ["registrar"]'))

    assert [] == replay(office, wider)[1]
    assert [(COURT, Outcome.HOLD, Outcome.BLOCK)] == [said(change) for change in replay(office, narrower)[1]]


@in_the_office()
async def test_one_recipient_that_is_refused_refuses_the_others(office: Office) -> None:
    """All or nothing, as then: the innocent leg changes too."""
    await office.trusts(COURT)
    await office.trusts(JUDGE)
    both = await office.accepts(letter(ALENA, (COURT, JUDGE)), COURT, JUDGE)
    await office.comes_to(both, State.SHIPPED, State.SHIPPED)
    moved = ("partners.toml", 'domains = ["court.test"]\n', "")

    _, changes = replay(office, rules(moved))

    assert [(COURT, Outcome.BLOCK), (JUDGE, Outcome.BLOCK)] == [
        (str(change.decision.leg.recipient), change.after.outcome) for change in changes
    ]
    assert "others-refused" in [reason.code for reason in changes[0].after.reasons]


@in_the_office()
async def test_what_could_not_be_read_is_refused_under_any_rules(office: Office) -> None:
    """A message that the door turned away for its form is no affair of the rules."""
    await office.hands_in(b"From: alena@town.test\r\nTo: " + b"x" * 2000 + b"\r\n\r\nCANARY\r\n")
    await office.hands_in(letter(extra="Content-Type: multipart/mixed\r\n", body="CANARY"))

    taken, changes = replay(office, rules(("transfers.toml", "until = 2027-03-31", "until = 2027-04-30")))

    assert [] == changes
    assert taken >= 1


@in_the_office()
async def test_who_was_refused_at_the_door_refuses_the_others_still(office: Office) -> None:
    """A recipient turned away at RCPT stands in no transfer: what was refused for its sake stays refused."""
    await office.hands_in(letter(ALENA, (CITIZEN,), subject="[public] x"), CITIZEN, refused=(DAY_OF_SMITH,))

    taken, changes = replay(office, office.rulebook)

    assert (1, []) == (taken, changes)
