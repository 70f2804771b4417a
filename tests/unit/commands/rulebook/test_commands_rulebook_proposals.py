"""`sealgate rules proposals | sign | withdraw`: what one signed and another must."""

from __future__ import annotations

import json

import pytest

from tests.unit.commands.rule_office import RENEWED, SHORTENED, RuleOffice


@pytest.fixture
def proposed(ruled: RuleOffice) -> RuleOffice:
    ruled.edit(RENEWED)
    ruled.run("publish", "--why", "renewed", by="ruth")
    return ruled


def test_what_waits_is_listed_with_what_it_widens(proposed: RuleOffice) -> None:
    """Exit 4 while something waits: who signed, why, and who gains."""
    result = proposed.run("proposals")
    (row,) = json.loads(proposed.run("proposals", "--json").stdout)

    assert 4 == result.exit_code
    assert "signed by ruth@town.test  renewed" in result.stdout
    assert "Jo Hart may now send Sealed papers to County Court by SFTP" in result.stdout
    assert ("ruth@town.test", True) == (row["by"], row["is_signable"])


def test_the_second_signature_brings_it_into_force(proposed: RuleOffice) -> None:
    """Even if the folder has gone on: what was proposed is what is signed. Nothing waits any more."""
    (proposal,) = proposed.proposals()
    digest = proposed.digests()[0]
    proposed.edit((RENEWED[0], RENEWED[2], "until = 2027-02-28"))

    result = proposed.run("sign", proposal, by="per")

    assert (0, f"In force: {digest}\n") == (result.exit_code, result.stdout)
    assert "You sign this:" in result.stderr
    assert digest == proposed.digests()[1] != proposed.digests()[0]
    assert ("ruth@town.test", "per@town.test") == proposed.signers()[-1]
    again = proposed.run("proposals")
    assert (0, "Nothing waits for a second signature.\n") == (again.exit_code, again.stdout)


@pytest.mark.parametrize("by", ["ruth", "jo"])
def test_it_takes_another_person_who_may(by: str, proposed: RuleOffice) -> None:
    """Not the same again, and nobody without the power."""
    (proposal,) = proposed.proposals()

    assert 1 == proposed.run("sign", proposal, by=by).exit_code
    assert [proposal] == proposed.proposals()


def test_what_was_overtaken_is_shown_and_cannot_be_signed(proposed: RuleOffice) -> None:
    """Other rules came into force; it says what to do."""
    (proposal,) = proposed.proposals()
    proposed.edit((RENEWED[0], RENEWED[2], SHORTENED[2]))
    proposed.run("publish", by="per")

    result = proposed.run("sign", proposal, by="per")

    assert 1 == result.exit_code
    assert "withdraw it, and publish again" in proposed.run("proposals").stdout


def test_it_can_be_withdrawn(proposed: RuleOffice) -> None:
    """The folder stays as it is; signing is over."""
    (proposal,) = proposed.proposals()
    folder = proposed.digests()[0]

    result = proposed.run("withdraw", proposal, by="per")

    assert (0, f"Withdrawn: {proposal}\n") == (result.exit_code, result.stdout)
    assert [] == proposed.proposals()
    assert folder == proposed.digests()[0]
    assert 1 == proposed.run("sign", proposal, by="per").exit_code
