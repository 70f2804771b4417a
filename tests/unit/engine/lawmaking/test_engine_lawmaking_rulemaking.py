"""How rules come into force: one signature, or two when something widens; and each decision under one set."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from gateway.commands.sample import sample_rules
from gateway.engine import rulesets
from gateway.engine.lawmaking.proposals import Proposal
from gateway.engine.lawmaking.rulemaking import Enacted
from gateway.engine.orders import Refused
from gateway.errors import StoreAway
from gateway.facts import Judged, Outcome, Published, Truth
from gateway.transfer import Recipient
from tests.unit.engine.engine_world import (
    ALENA,
    COURT,
    JO,
    JUDGE,
    PER,
    RUTH,
    Office,
    in_the_office,
    letter,
    party,
    rules,
)
from tests.unit.engine.test_engine_inquiry import question

NARROWER = ("transfers.toml", "until = 2027-03-31", "until = 2027-02-28")
WIDER = ("transfers.toml", "until = 2026-12-31", "until = 2027-01-31")
REMEMBERED = ("transfers.toml", 'because = "Correspondence."', 'because = "Letters."')
STRANGERS_KEEP_OUT = '[[forbid]]\nid = "new"\nwhen = ["first-contact"]\nbecause = "Ask first."\n'


def files(*changes: tuple[str, str, str]) -> dict[str, str]:
    """The sample's files, expectations included, with some text replaced."""
    texts = sample_rules()
    for name, old, new in changes:
        assert old in texts[name]
        texts[name] = texts[name].replace(old, new, 1)
    return texts


def published(office: Office) -> list[Published]:
    return [one.published for one in rulesets.every(office.archive)]


@in_the_office(rulebook=lambda: rules(REMEMBERED))
async def test_what_does_not_widen_needs_one_signature(office: Office) -> None:
    """It is in force when the answer comes, and the ledger says who signed and what was told."""
    done = await office.rulemaking.publish(files(NARROWER), [party(RUTH)], "shorter")

    assert isinstance(done, Enacted)
    assert office.in_force.rulebook.digest == done.published.digest == published(office)[-1].digest
    assert (RUTH,) == done.published.signers
    assert "shorter" == done.published.why
    assert any("may no longer send" in line for line in done.published.sentences)


@in_the_office()
async def test_what_widens_waits_for_a_second_person(office: Office) -> None:
    """Signed by one it is a proposal and nothing else; signed by the other it is in force, under both names."""
    before = office.in_force.rulebook
    proposal = await office.rulemaking.publish(files(WIDER), [party(RUTH)], "renewed")
    assert isinstance(proposal, Proposal)
    assert before is office.in_force.rulebook
    assert 1 == len(published(office))

    own = await office.rulemaking.sign(proposal.id, party(RUTH), "")
    done = await office.rulemaking.sign(proposal.id, party(PER), "")

    assert Refused(sentence="You have signed this already. It needs a second person who may publish.") == own
    assert isinstance(done, Enacted)
    assert (RUTH, PER) == done.published.signers
    assert "renewed" == done.published.why
    assert proposal.digest == office.in_force.rulebook.digest
    assert () == office.rulemaking.proposals.all()


@in_the_office()
async def test_two_signatures_at_once_and_the_same_set_brought_by_another_are_both_two(office: Office) -> None:
    """Whoever publishes the very set that waits is its second signature."""
    at_once = await office.rulemaking.publish(files(WIDER), [party(RUTH), party(PER)], "")
    await office.rulemaking.publish(files(), [party(RUTH)], "back")
    first = await office.rulemaking.publish(files(WIDER), [party(RUTH)], "again")
    second = await office.rulemaking.publish(files(WIDER), [party(PER)], "")

    assert isinstance(at_once, Enacted)
    assert isinstance(first, Proposal)
    assert isinstance(second, Enacted)
    assert (RUTH, PER) == second.published.signers


@in_the_office()
async def test_one_person_twice_is_one(office: Office) -> None:
    """The same set brought twice by the same person still waits."""
    for _ in range(2):
        done = await office.rulemaking.publish(files(WIDER), [party(RUTH)], "")

    assert isinstance(done, Proposal)
    assert 1 == len(office.rulemaking.proposals.all())


@in_the_office()
async def test_who_may_not_publish_signs_nothing(office: Office) -> None:
    """Neither first nor second; nor does a set that gives them the power."""
    power = ("people.toml", 'solicitor = { may-handle = "sealed" }', 'solicitor = { may-handle = "sealed", '
             'powers = ["publish"] }')  # fmt: skip
    refused = Refused(sentence=f"{JO} may not publish rules.")

    assert refused == await office.rulemaking.publish(files(NARROWER), [party(JO)], "")
    assert refused == await office.rulemaking.publish(files(WIDER), [party(RUTH), party(JO)], "")
    assert refused == await office.rulemaking.publish(files(power), [party(JO), party(RUTH)], "")
    assert 1 == len(published(office))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(("transfers.toml", '"solicitor"]', '"solicitr"]'), 'did you mean "solicitor"?', id="a slip"),
        pytest.param(("transfers.toml", 'who = ["clerk", "solicitor"]', 'who = ["solicitor"]'),
                     "a clerk files a confidential bundle", id="a missed expectation"),
        pytest.param(("transfers.toml", 'labels = ["sealed"]\nby = ["sftp"]', 'labels = ["sealed"]\nby = ["mail"]'),
                     "sealed-by-mail is broken", id="a never that is not kept"),
    ],
)  # fmt: skip
@in_the_office()
async def test_rules_with_a_fault_come_into_force_under_no_signature(
    office: Office, change: tuple[str, str, str], why: str
) -> None:
    """Two may sign; the answer says what is wrong, and what was in force is."""
    before = office.in_force.rulebook

    done = await office.rulemaking.publish(files(change), [party(RUTH), party(PER)], "")

    assert isinstance(done, Refused)
    assert why in done.sentence
    assert before is office.in_force.rulebook
    assert 1 == len(published(office))


@in_the_office()
async def test_a_proposal_is_signed_against_what_it_was_compared_with(office: Office) -> None:
    """Other rules came into force meanwhile: what the first person saw is no longer what would change."""
    proposal = await office.rulemaking.publish(files(WIDER), [party(RUTH)], "")
    assert isinstance(proposal, Proposal)
    await office.rulemaking.publish(files(NARROWER), [party(PER)], "")

    done = await office.rulemaking.sign(proposal.id, party(PER), "")

    assert Refused(sentence="The rules in force have changed since this was proposed. Propose it again.") == done
    again = await office.rulemaking.publish(files(WIDER), [party(PER)], "")
    assert isinstance(again, Proposal)
    assert PER == again.by  # the old signature does not count for it


@in_the_office()
async def test_a_proposal_can_be_withdrawn(office: Office) -> None:
    """By whoever may publish; then there is nothing to sign."""
    proposal = await office.rulemaking.publish(files(WIDER), [party(RUTH)], "")
    assert isinstance(proposal, Proposal)

    refused = await office.rulemaking.withdraw(proposal.id, party(JO))
    withdrawn = await office.rulemaking.withdraw(proposal.id, party(PER))
    late = await office.rulemaking.sign(proposal.id, party(PER), "")

    assert Refused(sentence=f"{JO} may not publish rules.") == refused
    assert proposal.digest == withdrawn.digest  # type: ignore[union-attr]
    assert isinstance(late, Refused)
    assert "There is no proposal" in late.sentence


@in_the_office()
async def test_what_could_not_be_written_down_is_not_in_force(office: Office) -> None:
    """A full disk: the old set stays, and the order says so."""
    before = office.in_force.rulebook

    async def full(*_: object) -> tuple[()]:
        raise StoreAway("the disk is full")

    office.writer.append = full  # type: ignore[method-assign]
    with pytest.raises(StoreAway):
        await office.rulemaking.publish(files(NARROWER), [party(RUTH)], "")

    assert before is office.in_force.rulebook


@in_the_office()
async def test_the_log_says_that_rules_came_into_force_and_names_nobody(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """The digest, and how many signed."""
    with caplog.at_level(logging.INFO, logger="gateway.engine.lawmaking.rulemaking"):
        await office.rulemaking.publish(files(NARROWER), [party(RUTH)], "")

    said = [record.getMessage() for record in caplog.records if record.name == "gateway.engine.lawmaking.rulemaking"]
    assert [f"rules in force digest={office.in_force.rulebook.digest[:12]} signers=1"] == said


# ── a decision in flight ─────────────────────────────────────────────────────────────────────────────────────────────


def published_while_asked(office: Office, *changes: tuple[str, str, str]) -> None:
    """Other rules come into force while the records are being asked about the first recipient."""
    first_contact, other = office.acquaintance.first_contact, rules(*changes)

    async def meanwhile(recipient: Recipient) -> Truth:
        office.in_force.swap(other)
        return await first_contact(recipient)

    office.acquaintance.first_contact = meanwhile  # type: ignore[method-assign]


@in_the_office(rulebook=lambda: rules(transfers=STRANGERS_KEEP_OUT))
async def test_all_recipients_of_one_message_are_judged_under_one_set(office: Office) -> None:
    """The set changes after the first: the second is judged, entered and answered under the same as the first."""
    before = office.in_force.rulebook
    published_while_asked(office)

    await office.hands_in(letter(ALENA, (COURT, JUDGE)), COURT, JUDGE)

    (transfer,) = office.transfers()
    judged = [fact for fact in office.facts(transfer) if isinstance(fact, Judged)]
    assert [(Outcome.BLOCK, ("new",), before.digest)] * 2 == [(one.outcome, one.rules, one.ruleset) for one in judged]


@in_the_office(rulebook=lambda: rules(transfers=STRANGERS_KEEP_OUT.replace("forbid", "require").replace(
    "because", 'then = ["strip-metadata"]\nbecause')))  # fmt: skip
async def test_one_opinion_takes_its_floor_from_the_set_it_was_judged_under(office: Office) -> None:
    """Had the floor come from the set published meanwhile, this would leave unsealed."""
    before = office.in_force.rulebook
    published_while_asked(office, ("protection.toml", 'confidential = "encrypt-to-recipient"',
                                   'confidential = "verified-transport"'))  # fmt: skip

    opinion = await office.inquiry.ask(question())
    after = await office.inquiry.ask(question())

    assert before is opinion.rulebook
    assert Outcome.HOLD is opinion.verdict.outcome
    assert "no-key" in {reason.code for reason in opinion.verdict.reasons}
    assert before.digest != after.rulebook.digest


@in_the_office()
async def test_the_scribe_names_the_set_that_is_in_force(office: Office) -> None:
    """In a process of its own it learns of new rules from the fact: entries after it name the new set."""
    theirs = replace(office.in_force)
    office.scribe._entries._rules = theirs

    done = await office.rulemaking.publish(files(NARROWER), [party(RUTH)], "")

    assert isinstance(done, Enacted)
    assert done.published.digest == theirs.rulebook.digest
