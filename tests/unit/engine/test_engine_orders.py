"""Orders: who may release what, that every order is a fact with a name, and that none sends anything by itself."""

from __future__ import annotations

import pytest

from gateway.engine.orders import Refused
from gateway.facts import Admitted, Approved, Consulted, Declined, Published, Standing
from gateway.journey import State
from gateway.transfer import TransferId, transfer_id
from tests.unit.engine.engine_world import (
    ALENA,
    COURT,
    JO,
    JUDGE,
    PER,
    RUTH,
    Office,
    certificate,
    in_the_office,
    party,
    rules,
    with_document,
)
from tests.unit.engine.test_engine_stations import BROKEN

TWO_PAIRS = (
    '[[require]]\nid = "two"\nlabels = ["confidential"]\nthen = ["approval-by head"]\nbecause = "Two people decide."\n'
)
BY_CODE = '[[require]]\nid = "code"\nlabels = ["confidential"]\nthen = ["second-factor"]\nbecause = "A code."\n'


async def waits_for_approval(office: Office) -> TransferId:
    """A mail that needs the head's word."""
    await office.publishes(transfers=TWO_PAIRS)
    await office.trusts(COURT)
    transfer = await office.accepts()
    await office.rests()
    assert ([State.HELD], ["waits"]) == (office.states(transfer), office.reasons(transfer))
    return transfer


@in_the_office()
async def test_a_release_by_whom_the_rule_names_lets_it_go(office: Office) -> None:
    """The head's word is a fact with their name; the judge is asked again, and then it goes."""
    transfer = await waits_for_approval(office)

    (approved,) = await office.orders.release(transfer, None, party(RUTH), "read it")  # type: ignore[misc]
    await office.comes_to(transfer, State.SHIPPED)

    assert Approved(leg=0, by=RUTH, why="read it", covers=("waits",)) == approved
    assert approved in office.facts(transfer)


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        (ALENA, "Nobody releases their own"),
        (JO, "Only a head may release this"),
        ("ghost@town.test", "Nobody releases"),
    ],
)
@in_the_office()
async def test_nobody_else_may(office: Office, by: str, sentence: str) -> None:
    """Not the sender, not another role, not somebody the rules do not know: and nothing is appended."""
    transfer = await waits_for_approval(office)
    before = office.kinds(transfer)

    refused = await office.orders.release(transfer, 0, party(by), "please")

    assert isinstance(refused, Refused)
    assert refused.sentence.startswith(sentence)
    assert before == office.kinds(transfer)


@in_the_office()
async def test_a_release_cannot_mend_what_is_missing(office: Office) -> None:
    """No key is no key, whoever says otherwise."""
    transfer = await office.accepts()
    await office.rests()

    refused = await office.orders.release(transfer, 0, party(PER), "send it anyway")

    assert isinstance(refused, Refused)
    assert "A release cannot mend this" in refused.sentence
    assert "No verified key" in refused.sentence


@in_the_office()
async def test_a_second_factor_is_not_for_others_to_give(office: Office) -> None:
    """A demand that the sender must meet is not met by somebody else's word."""
    await office.publishes(transfers=BY_CODE)
    await office.trusts(COURT)
    transfer = await office.accepts()
    await office.rests()

    refused = await office.orders.release(transfer, 0, party(RUTH), "fine")

    assert Refused(sentence="This waits for 'second-factor', which no release replaces.") == refused


@in_the_office()
async def test_a_document_nobody_could_look_into_needs_a_trusted_person(office: Office) -> None:
    """Who may vouch or break glass answers for it by name; their word covers that document and no other."""
    await office.trusts(COURT)
    transfer = await office.accepts(with_document("claim.pdf", "application/pdf", BROKEN))
    await office.rests()

    refused = await office.orders.release(transfer, 0, party(JO), "it is fine")
    released = await office.orders.release(transfer, 0, party(PER), "read it on paper")
    await office.comes_to(transfer, State.SHIPPED)

    assert isinstance(refused, Refused)
    assert refused.sentence.startswith("Jo Hart may not release this. Ask Ruth Okafor or Per Lind")
    assert isinstance(released, tuple)
    assert ("document:claim.pdf",) == released[0].covers  # type: ignore[union-attr]


@in_the_office()
async def test_who_waits_for_another_is_not_released_alone(office: Office) -> None:
    """A leg held for another's sake has nothing to release; the other has."""
    await office.trusts(JUDGE)
    transfer = await office.accepts(b"", COURT, JUDGE)
    await office.rests()

    refused = await office.orders.release(transfer, 1, party(PER), "go")

    assert isinstance(refused, Refused)
    assert "waits for another recipient" in refused.sentence


@in_the_office()
async def test_a_refusal_ends_it_and_tells_the_sender_who_and_why(office: Office) -> None:
    """Declined is the end; the note names the person and their reason, in the same transaction."""
    transfer = await office.accepts()
    await office.rests()

    (declined,) = await office.orders.refuse(transfer, 0, party(RUTH), "not ours to send")  # type: ignore[misc]

    assert Declined(leg=0, by=RUTH, why="not ours to send") == declined
    assert [State.REFUSED] == office.states(transfer)
    assert any("not ours to send" in " ".join(note.split()) for note in office.notes_about(transfer))


@in_the_office()
async def test_an_order_about_nothing_is_refused(office: Office) -> None:
    """No such transfer, or nothing that waits: a sentence, and no entry."""
    await office.trusts(COURT)
    gone = await office.accepts()
    await office.rests()

    assert Refused(sentence=f"Nothing of {gone} waits for a decision.") == await office.orders.release(
        gone, None, party(RUTH), ""
    )
    nobody = transfer_id(b"n" * 16)
    assert Refused(sentence=f"There is no transfer {nobody}.") == await office.orders.refuse(
        nobody, None, party(RUTH), ""
    )


@in_the_office()
async def test_only_who_may_vouch_verifies_a_key(office: Office) -> None:
    """Anybody may hand in a candidate; making it usable takes the power to vouch."""
    refused = await office.orders.admit(certificate(COURT), party(RUTH), "I think it is theirs")
    candidate = await office.orders.admit(certificate(COURT), party(RUTH), "")

    assert Refused(sentence="Only who may vouch verifies keys: Per Lind.") == refused
    assert isinstance(candidate, tuple)
    assert Standing.CANDIDATE is candidate[0].standing


@pytest.mark.parametrize(
    ("untrusted", "words"), [(b"not a key", "not a certificate that can be used"), (b"x" * (1 << 20) + b"x", "is over")]
)
@in_the_office()
async def test_what_is_no_certificate_is_refused(office: Office, untrusted: bytes, words: str) -> None:
    """B83: malformed or monstrous, it is a sentence, and never a fact."""
    refused = await office.orders.admit(untrusted, party(PER), "by phone")

    assert isinstance(refused, Refused)
    assert words in refused.sentence
    assert () == office.keyholders.standings()


@in_the_office()
async def test_a_revoked_key_is_never_used_again(office: Office) -> None:
    """The word counts from this instant, and a fingerprint nobody uses is told so."""
    fingerprint = await office.trusts(COURT)

    (revoked,) = await office.orders.revoke(fingerprint, party(PER), "stolen")  # type: ignore[misc]

    assert isinstance(revoked, Admitted)
    assert (Standing.REVOKED, COURT) == (revoked.standing, revoked.address)
    again = await office.orders.revoke(fingerprint, party(PER), "stolen")
    assert isinstance(again, Refused)
    transfer = await office.accepts()
    await office.rests()
    assert ["no-key", "key-withdrawn"] == office.reasons(transfer)


@in_the_office()
async def test_publishing_is_a_fact_before_it_has_an_effect(office: Office) -> None:
    """What is in force is what the ledger says, to the text of every file."""
    book = rules(transfers=TWO_PAIRS)

    published = await office.rulemaking.enact(book, ("ruth", "per"), "two pairs of eyes")

    assert isinstance(published, Published)
    assert book is office.in_force.rulebook
    assert published == office.facts("office/rules")[-1]
    assert dict(book.files) == dict(published.files)


@in_the_office()
async def test_a_question_is_written_down_before_it_is_answered(office: Office) -> None:
    """Who asked the ledger what, as what, and how large it was then, stands in it."""
    size = office.scribe.head.size  # type: ignore[union-attr]

    consulted = await office.orders.consult("per", "show T-1", "a complaint")

    assert Consulted(by="per", question="show T-1", why="a complaint", size=size, role="operator") == consulted
    assert [consulted] == office.facts("consulted/2026-11-23")
