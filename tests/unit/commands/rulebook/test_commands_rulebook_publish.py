"""`sealgate rules publish`: who must sign, rules that keep their own promises, and nothing in force otherwise."""

from __future__ import annotations

import json

import pytest

from tests.edited import TRANSFERS, Edit
from tests.unit.commands.rule_office import BY_MAIL, NEW_PERSON, RENEWED, SHORTENED, SLIP, RuleOffice


def test_one_signature_is_enough_when_nothing_widens(ruled: RuleOffice) -> None:
    """What stands in the folder is in force afterwards; the answer is its digest, what changed is said beside it."""
    ruled.edit(SHORTENED)

    result = ruled.run("publish", by="ruth")

    folder, in_force = ruled.digests()
    assert (0, f"In force: {folder}\n") == (result.exit_code, result.stdout)
    assert folder == in_force
    assert "Jo Hart may no longer send Sealed papers to County Court by SFTP, from 31 December 2026" in result.stderr
    assert "Nothing is widened: one signature is enough." in result.stderr
    assert [("init",), ("ruth@town.test",)] == ruled.signers()


def test_what_widens_waits_for_a_second_person(ruled: RuleOffice) -> None:
    """Exit 4: neither in force nor refused; it says who gains, and how the other signs."""
    before = ruled.digests()[1]
    ruled.edit(RENEWED)

    result = ruled.run("publish", by="ruth")

    (proposal,) = ruled.proposals()
    assert 4 == result.exit_code
    assert "Jo Hart may now send Sealed papers to County Court by SFTP, from 1 January 2027" in result.stderr
    assert f"sealgate rules sign {proposal} --as ADDRESS" in result.stderr
    assert before == ruled.digests()[1]


def test_two_signatures_bring_it_into_force_at_once(ruled: RuleOffice) -> None:
    """Both stand in the ledger's record."""
    ruled.edit(NEW_PERSON)

    result = ruled.run("publish", by="ruth", second="per")

    folder, in_force = ruled.digests()
    assert (0, f"In force: {folder}\n") == (result.exit_code, result.stdout)
    assert folder == in_force
    assert ("ruth@town.test", "per@town.test") == ruled.signers()[-1]


@pytest.mark.parametrize(("first", "second"), [("ruth", "ruth"), ("ruth", "jo"), ("jo", "ruth"), ("jo", "")])
def test_signatures_are_of_different_people_who_may(first: str, second: str, ruled: RuleOffice) -> None:
    """One person twice, or somebody who may not publish, changes nothing, not even a little."""
    before = ruled.digests()[1]
    ruled.edit(SHORTENED)

    result = ruled.run("publish", by=first, second=second)

    assert 1 == result.exit_code
    assert before == ruled.digests()[1]
    assert [] == ruled.proposals()


def test_the_second_password_counts(ruled: RuleOffice) -> None:
    """A name is no signature."""
    before = ruled.digests()[1]
    ruled.edit(RENEWED)
    mistyped = ruled.folder.parent / "mistyped"
    mistyped.write_text("mistyped")

    result = ruled.run("publish", "--second", "per@town.test", "--second-password-file", str(mistyped), by="ruth")

    assert 1 == result.exit_code
    assert before == ruled.digests()[1]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        pytest.param((TRANSFERS, 'who = ["clerk", "solicitor"]', 'who = ["solicitor"]'),
                     "a clerk files a confidential bundle", id="an expectation missed"),
        pytest.param(BY_MAIL, "sealed-by-mail is broken: Jo Hart could send a Sealed paper", id="a never broken"),
    ],
)  # fmt: skip
def test_rules_with_a_fault_are_refused_before_anybody_types_a_password(
    edit: Edit, said: str, ruled: RuleOffice
) -> None:
    """Whoever would sign; no password is read."""
    before = ruled.digests()[1]
    ruled.edit(edit)

    result = ruled.run("publish", "--as", "ruth@town.test", answers="")

    assert 1 == result.exit_code
    assert said in result.stderr
    assert result.stderr.endswith("These rules cannot come into force.\n")
    assert before == ruled.digests()[1]


def test_rules_that_do_not_load_are_exit_3(ruled: RuleOffice) -> None:
    """Every mistake is told with its place."""
    ruled.edit(SLIP)

    result = ruled.run("publish", by="ruth")

    assert 3 == result.exit_code
    assert 'did you mean "solicitor"?' in result.stderr


def test_what_is_in_force_already_is_not_published_again(ruled: RuleOffice) -> None:
    """It says so, and nobody signs."""
    digest = ruled.digests()[1]

    result = ruled.run("publish", "--as", "ruth@town.test", answers="")

    assert (0, f"In force already: {digest}\n") == (result.exit_code, result.stdout)
    assert [("init",)] == ruled.signers()


def test_json_is_one_object_whatever_becomes_of_it(ruled: RuleOffice) -> None:
    """What waits names its proposal."""
    ruled.edit(RENEWED)
    waits = json.loads(ruled.run("publish", "--json", by="ruth").stdout)
    done = json.loads(ruled.run("publish", "--json", by="per").stdout)

    assert (False, 12) == (waits["is_done"], len(waits["proposal"]))
    assert (True, [ruled.digests()[0]], "") == (done["is_done"], done["subjects"], done["proposal"])


def test_it_says_what_holds_only_from_the_next_start_on(ruled: RuleOffice) -> None:
    """Doors, storage and limits are opened once."""
    ruled.edit(("gateway.toml", "[door]", "limits = { recipients = 900 }\n[door]"))

    result = ruled.run("publish", by="ruth")

    assert 0 == result.exit_code
    assert "What gateway.toml says of doors, storage and limits holds from the next start on.\n" in result.stderr


def test_a_proposal_somebody_deleted_is_told(ruled: RuleOffice) -> None:
    """The ledger knows that it was signed: exit 1 until it is withdrawn by somebody who may publish."""
    ruled.edit(RENEWED)
    ruled.run("publish", by="ruth")
    (proposal,) = ruled.proposals()
    (ruled.folder / "var" / "proposals" / f"{proposal}.proposal").unlink()

    missed, status = ruled.run("proposals"), ruled.run("status", "--json")
    withdrawn = ruled.run("withdraw", proposal, by="per")

    assert 1 == missed.exit_code
    assert f"lies in var/proposals no more; propose it again, or withdraw it: sealgate rules withdraw {proposal}" in (
        missed.stdout
    )
    assert [proposal] == json.loads(status.stdout)["missing_proposals"]
    assert (0, 0) == (withdrawn.exit_code, ruled.run("proposals").exit_code)
