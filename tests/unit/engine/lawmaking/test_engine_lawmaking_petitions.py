"""What the ledger tells of rules that one person signed, and that a file somebody deletes is missed."""

from __future__ import annotations

from gateway.engine.lawmaking.petitions import Petitions, Step, step
from gateway.engine.lawmaking.proposals import Proposal
from gateway.engine.orders import Refused
from tests.unit.engine.engine_world import ALENA, PER, RUTH, Office, in_the_office, party
from tests.unit.engine.lawmaking.test_engine_lawmaking_rulemaking import WIDER, files

ONE, OTHER = "1" * 64, "2" * 64


def known(office: Office) -> Petitions:
    return Petitions.of(office.archive)


async def proposed(office: Office) -> Proposal:
    done = await office.rulemaking.publish(files(WIDER), [party(RUTH)], "renewed")
    assert isinstance(done, Proposal)
    return done


def steps(office: Office) -> list[tuple[str, str]]:
    """By whom, and what, as the records have it."""
    story = office.archive.story("office/proposals")
    return [(fact.by, fact.question.split()[1]) for fact in story.facts] if story else []  # type: ignore[union-attr]


@in_the_office()
async def test_each_step_of_a_proposal_is_an_entry(office: Office) -> None:
    """Proposed, taken back, proposed again and signed: who did it stands in the ledger, whatever lies in the folder."""
    first = await proposed(office)
    await office.rulemaking.withdraw(first.id, party(PER))
    again = await proposed(office)
    await office.rulemaking.sign(again.id, party(PER), "")

    assert [(RUTH, "proposed"), (PER, "withdrawn"), (RUTH, "proposed"), (PER, "signed")] == steps(office)
    assert () == known(office).missing(())


@in_the_office()
async def test_a_proposal_deleted_by_hand_is_missed(office: Office) -> None:
    """Until it is proposed again, or withdrawn by somebody who may publish."""
    proposal = await proposed(office)
    assert () == known(office).missing([proposal.digest])

    office.rulemaking.proposals.drop(proposal)  # as `rm` would

    (gone,) = known(office).missing(one.digest for one in office.rulemaking.proposals.all())
    assert (proposal.id, RUTH, "renewed") == (gone.id, gone.by, gone.why)
    powerless = await office.rulemaking.withdraw(gone.id, party(ALENA))
    assert isinstance(powerless, Refused)
    assert gone.digest == (await office.rulemaking.withdraw(gone.id, party(PER))).digest  # type: ignore[union-attr]
    assert () == known(office).missing(())


@in_the_office()
async def test_what_a_crash_kept_from_the_folder_can_be_proposed_again(office: Office) -> None:
    """The entry comes first: a proposal nobody wrote down cannot lie in the folder."""
    proposal = await proposed(office)
    office.rulemaking.proposals.drop(proposal)

    await proposed(office)

    assert () == known(office).missing(one.digest for one in office.rulemaking.proposals.all())


def test_petitions_are_found_by_the_beginning_of_their_digest() -> None:
    """One, and no more than one."""
    found = Petitions((at, step(Step.PROPOSED, digest, RUTH, "", 1)) for at, digest in ((1, ONE), (2, OTHER)))

    assert [ONE, OTHER] == [one.digest for one in found.missing(())]
    assert [ONE, None, None] == [one and one.digest for one in map(found.find, ("11", "3", ""))]
