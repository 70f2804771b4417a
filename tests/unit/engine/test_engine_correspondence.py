"""What passed between one of ours and a recipient: similar names, answers given, and how it last went there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.engine.correspondence import Correspondence
from gateway.engine.inquiry import Question
from gateway.facts import Outcome, Truth
from gateway.journey import State
from gateway.judge.case import known_facts
from gateway.seal.hop import Level
from gateway.transfer import Way
from tests.playbook import HOP
from tests.unit.engine.engine_world import ALENA, COURT, DAY, JO, Office, in_the_office, letter, party, rules, to

ANNA, OTHER_ANNA = "anna.kern@example.test", "anna.kern@sample.test"
ASKS = '[[require]]\nid = "ask"\nto = ["strangers"]\nwhen = ["{}"]\nthen = ["confirmation-by-sender"]\nbecause = "?"\n'
PROVED = '[[forbid]]\nid = "unproved"\nto = ["strangers"]\nunless = ["transport-verified"]\nbecause = "Prove it."\n'


def question(recipient: str, *, sender: str = ALENA) -> Question:
    return Question(sender=party(sender), recipient=to(recipient), way=Way.MAIL, label="office", purpose="general")


async def reaches(office: Office, recipient: str, *, sender: str = ALENA) -> None:
    transfer = await office.accepts(letter(sender, (recipient,), subject="[office] x"), recipient, sender=sender)
    await office.comes_to(transfer, State.SHIPPED)


def similar(office: Office, recipient: str, *, sender: str = ALENA) -> str:
    return passed(office).look_alike(office.in_force.rulebook, sender, to(recipient))


def passed(office: Office) -> Correspondence:
    return office.acquaintance.correspondence


# ── similar names ────────────────────────────────────────────────────────────────────────────────────────────────────


@in_the_office()
async def test_whom_the_sender_writes_to_is_known_from_what_arrived(office: Office) -> None:
    """From the moment it arrived; to Alena, and not to Jo, who never wrote to Anna."""
    assert "" == similar(office, OTHER_ANNA)
    await reaches(office, ANNA)

    assert ANNA == similar(office, OTHER_ANNA)
    assert "" == similar(office, OTHER_ANNA, sender=JO)
    assert "" == similar(office, ANNA)


@in_the_office()
async def test_once_both_are_known_neither_is_asked_about(office: Office) -> None:
    """Two Annas in one address book are no accident any more."""
    await reaches(office, ANNA)
    await reaches(office, OTHER_ANNA)

    assert ("", "") == (similar(office, ANNA), similar(office, OTHER_ANNA))


@in_the_office()
async def test_what_the_rules_name_is_known_to_everybody(office: Office) -> None:
    """A colleague's name elsewhere, and a partner's listed mailbox."""
    assert "jo@town.test" == similar(office, "jo.hart@example.test")
    assert "" == similar(office, "registry@example.test")


@in_the_office(rulebook=lambda: rules(transfers=ASKS.format("similar-name")))
async def test_the_question_names_whom_they_may_mean(office: Office) -> None:
    """The verdict carries it, so that the note can say it days later."""
    await reaches(office, ANNA)

    opinion = await office.inquiry.ask(question(OTHER_ANNA))

    (reason,) = opinion.verdict.reasons
    assert ("similar-name", ANNA) == (reason.get("asks"), reason.get("similar"))


@in_the_office(rulebook=lambda: rules(transfers=ASKS.format("similar-name")))
async def test_while_the_records_are_away_nobody_knows(office: Office) -> None:
    """Unknown holds; it is not taken for a no."""
    office.records.is_away = True

    verdict = (await office.inquiry.ask(question(ANNA))).verdict

    office.records.is_away = False
    assert (Outcome.HOLD, ("similar-name",)) == (verdict.outcome, verdict.unknown)


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@in_the_office(rulebook=lambda: rules(transfers=ASKS.format("first-contact")))
async def test_an_answer_counts_for_the_next_letter_before_the_first_has_arrived(office: Office) -> None:
    """The server is down, so nothing has arrived yet; Alena has answered all the same, and Jo has not."""
    transfer = await office.accepts(letter(recipients=(ANNA,), subject="[office] x"), ANNA)
    await office.rests()
    assert ([State.HELD], ["waits"]) == (office.states(transfer), office.reasons(transfer))
    assert not passed(office).has_confirmed(ALENA, to(ANNA))

    done = await office.orders.confirm(transfer, None, party(ALENA))

    assert isinstance(done, tuple)
    assert Outcome.SEND is (await office.inquiry.ask(question(ANNA))).verdict.outcome
    assert not passed(office).has_confirmed(JO, to(ANNA))
    assert not passed(office).has_confirmed(ALENA, to(OTHER_ANNA))


@in_the_office(rulebook=lambda: rules(transfers=ASKS.format("first-contact")))
async def test_letters_that_wait_for_the_same_answer_all_go(office: Office) -> None:
    """Two were written before she answered once."""
    first, second = [await office.accepts(letter(recipients=(ANNA,), subject="[office] x"), ANNA) for _ in range(2)]
    await office.rests()

    await office.orders.confirm(first, None, party(ALENA))

    await office.comes_to(first, State.SHIPPED)
    await office.comes_to(second, State.SHIPPED)


# ── the way there ────────────────────────────────────────────────────────────────────────────────────────────────────


@in_the_office(rulebook=lambda: rules(transfers=PROVED))
async def test_a_delivery_proves_the_way_for_a_day(office: Office) -> None:
    """Before any, unknown; after one at the level that is demanded, known for 24 hours."""
    level = office.in_force.level(to(ANNA))
    assert None is passed(office).last_proof(to(ANNA), level)
    await office.publishes()
    office.post.hop = replace(HOP, level=level.value)
    await reaches(office, ANNA)
    await office.publishes(transfers=PROVED)

    assert Truth.YES is await transport(office)
    office.clock.at_ms += DAY
    assert Truth.UNKNOWN is await transport(office)


@in_the_office()
@pytest.mark.parametrize("change", [{"level": "pin"}, {"verdict": "encrypted-only"}])
async def test_less_proves_nothing(office: Office, change: dict[str, str]) -> None:
    """Another level than is demanded now, or no proof of who it was."""
    level = office.in_force.level(to(ANNA))
    office.post.hop = replace(HOP, **{"level": level.value, **change})  # type: ignore[arg-type]

    await reaches(office, ANNA)

    assert None is passed(office).last_proof(to(ANNA), level)


@in_the_office()
async def test_another_recipients_proof_is_not_theirs(office: Office) -> None:
    """Two addresses of one house may lie with two servers."""
    office.post.hop = replace(HOP, level=Level.BEST.value)
    await reaches(office, ANNA)

    assert None is passed(office).last_proof(to(COURT), Level.BEST)
    assert None is not passed(office).last_proof(to(ANNA), Level.BEST)


async def transport(office: Office) -> Truth:
    opinion = await office.inquiry.ask(question(ANNA))
    return next(
        known.value for known in known_facts(opinion.rulebook, opinion.case) if known.name == "transport-verified"
    )
