"""What the judge is told: the day in the office's zone, the key of this instant; what is unknown stays unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from msgspec import structs

from gateway.engine.inquiry import Question, coupled, covered
from gateway.facts import Outcome, Reason, Truth
from gateway.seal.floor import Choice, Wait
from gateway.transfer import Seal, Way
from tests.unit.engine.engine_world import (
    ALENA,
    COURT,
    DAY,
    DAY_OF_SMITH,
    JO,
    JUDGE,
    Office,
    in_the_office,
    party,
    rules,
    to,
)

HOURS = '[[forbid]]\nid = "nights"\nto = ["courts"]\nunless = ["working-hours"]\nbecause = "At night nobody answers."\n'


def question(recipient: str = COURT, **more: object) -> Question:
    given: dict[str, object] = {
        "sender": party(ALENA), "recipient": to(recipient), "way": Way.MAIL, "label": "confidential",
        "purpose": "litigation", "outside_recipients": 1, **more,
    }  # fmt: skip
    return Question(**given)  # type: ignore[arg-type]


@in_the_office()
async def test_a_key_makes_it_go(office: Office) -> None:
    """With a vouched key the choice is to seal to it; without, it waits, whatever the rules say."""
    without = await office.inquiry.ask(question())
    fingerprint = await office.trusts(COURT)
    opinion = await office.inquiry.ask(question())

    assert (Outcome.HOLD, Wait) == (without.verdict.outcome, type(without.choice))
    assert Outcome.SEND is opinion.verdict.outcome
    assert isinstance(opinion.choice, Choice)
    assert (Seal.OPENPGP, fingerprint) == (opinion.choice.seal, opinion.choice.key_fingerprint)


@in_the_office()
async def test_a_missing_key_does_not_soften_a_no(office: Office) -> None:
    """What the rules forbid is refused, not held for a key."""
    opinion = await office.inquiry.ask(question(DAY_OF_SMITH, sender=party(JO)))

    assert Outcome.BLOCK is opinion.verdict.outcome
    assert "no-key" not in {reason.code for reason in opinion.verdict.reasons}


@in_the_office()
async def test_what_is_not_seen_is_unknown(office: Office) -> None:
    """A label that could not be determined holds: empty is never "no label, so no floor"."""
    await office.trusts(COURT)
    transfer = await office.accepts()
    await office.rests()
    journey = office.journey(transfer)

    for label, purpose in (("", "litigation"), ("confidential", "")):
        blank = structs.replace(journey, transfer=replace(journey.transfer, label=label, purpose=purpose))
        opinion = await office.inquiry.ask_leg(blank, blank.legs[0], found={}, obstacles=())

        assert Outcome.HOLD is opinion.verdict.outcome


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        (datetime(2026, 11, 23, 12, tzinfo=UTC), Outcome.SEND),
        (datetime(2026, 11, 23, 3, tzinfo=UTC), Outcome.BLOCK),
        (datetime(2026, 11, 22, 12, tzinfo=UTC), Outcome.BLOCK),
    ],
)
@in_the_office(rulebook=lambda: rules(transfers=HOURS))
async def test_working_hours_are_the_offices(office: Office, at: datetime, outcome: Outcome) -> None:
    """Noon on a Monday, three in the morning, and a Sunday."""
    await office.trusts(COURT)
    office.clock.at_ms = int(at.timestamp()) * 1000

    assert outcome is (await office.inquiry.ask(question())).verdict.outcome


@in_the_office()
async def test_an_agreement_ends_on_its_day(office: Office) -> None:
    """The day after the last, the same question is a no; the clock decides, not the day of acceptance."""
    await office.trusts(COURT)
    last = int(datetime(2027, 3, 31, 12, tzinfo=UTC).timestamp()) * 1000
    office.clock.at_ms = int(datetime(2027, 1, 4, 12, tzinfo=UTC).timestamp()) * 1000
    assert Outcome.SEND is (await office.inquiry.ask(question())).verdict.outcome
    office.clock.at_ms = last + DAY

    assert Outcome.BLOCK is (await office.inquiry.ask(question())).verdict.outcome


@in_the_office()
async def test_a_second_factor_is_seen_in_how_they_signed_in(office: Office) -> None:
    """`password+code` is one, a password alone is none."""
    await office.publishes(
        transfers='[[forbid]]\nid = "code"\nto = ["courts"]\nunless = ["sender-second-factor"]\nbecause = "A code."\n'
    )
    await office.trusts(COURT)

    with_code = await office.inquiry.ask(question(sender=party(ALENA, signed_in_by="password+code")))
    without = await office.inquiry.ask(question())

    assert (Outcome.SEND, Outcome.BLOCK) == (with_code.verdict.outcome, without.verdict.outcome)


@in_the_office()
async def test_an_opinion_is_a_fact_that_can_be_recomputed(office: Office) -> None:
    """Rules, demands, what was known and under which set of rules: all of it goes into the verdict."""
    await office.trusts(COURT)
    opinion = await office.inquiry.ask(question(found={"hidden-content-found": Truth.NO}))

    judged = opinion.judged(0, "confidential", "litigation")

    assert ("court-filing", "encrypt-above-office") == judged.rules
    assert (office.in_force.rulebook.digest, "confidential", "litigation") == (
        judged.ruleset,
        judged.label,
        judged.purpose,
    )
    assert {"agreement-current", "address-verified"} <= {known.name for known in judged.known}


@in_the_office()
async def test_opinions_are_coupled(office: Office) -> None:
    """Two legs of one message: one waits for its key, so both do."""
    await office.trusts(COURT)

    first, second = coupled([await office.inquiry.ask(question()), await office.inquiry.ask(question(JUDGE))])

    assert (Outcome.HOLD, Outcome.HOLD) == (first.verdict.outcome, second.verdict.outcome)
    assert ["others-wait"] == [reason.code for reason in first.verdict.reasons]


def test_a_release_covers_one_document() -> None:
    """Who answers for one file does not answer for the next."""
    one = Reason(code="document", about=(("name", "a.pdf"), ("why", "ask")))

    assert ("document:a.pdf", "waits") == (covered(one), covered(Reason(code="waits")))
