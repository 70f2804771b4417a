"""`sealgate rules status`: is the folder what is in force?"""

from __future__ import annotations

from tests.unit.commands.rule_office import RENEWED, SLIP, RuleOffice


def test_a_folder_as_published_is_exit_0(ruled: RuleOffice) -> None:
    """Digest, since when, and who signed."""
    result = ruled.run("status")

    digest = ruled.digests()[1]
    assert 0 == result.exit_code
    assert f"in force   {digest}  since " in result.stdout
    assert "signed by init\n" in result.stdout
    assert result.stdout.endswith("The folder is what is in force.\n")


def test_an_edited_folder_is_exit_1_and_a_proposal_exit_4(ruled: RuleOffice) -> None:
    """What to do next stands in the last line, what waits before it."""
    ruled.edit(RENEWED)
    edited = ruled.run("status")
    ruled.run("publish", by="ruth")
    waits = ruled.run("status")

    assert (1, True) == (edited.exit_code, "bring it into force with: sealgate rules publish" in edited.stdout)
    assert (4, True) == (
        waits.exit_code,
        f"proposal   {ruled.proposals()[0]}  signed by ruth@town.test" in waits.stdout,
    )


def test_a_folder_that_does_not_load_is_exit_3(ruled: RuleOffice) -> None:
    """With every mistake; what is in force stays so."""
    before = ruled.digests()[1]
    ruled.edit(SLIP)

    result = ruled.run("status")

    assert 3 == result.exit_code
    assert f"in force   {before}" in result.stdout
    assert 'did you mean "solicitor"?' in result.stdout
    assert "the rules in force stay" in result.stdout
