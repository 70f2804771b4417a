"""`sealgate rules rollback`: one command back, signed and told like any other change."""

from __future__ import annotations

import json

import pytest

from tests.unit.commands.rule_office import RENEWED, SHORTENED, SLIP, RuleOffice


def test_it_goes_back_to_the_rules_before_and_takes_the_folder_along(ruled: RuleOffice) -> None:
    """What widened is narrowed again by one person; file by file the folder is as it was."""
    files = {path.name: path.read_bytes() for path in ruled.rules.iterdir()}
    before = ruled.digests()[1]
    ruled.edit(RENEWED)
    (ruled.rules / "more.test.toml").write_text("")
    ruled.run("publish", by="ruth", second="per")

    result = ruled.run("rollback", by="per")

    assert (0, f"In force: {before}\n") == (result.exit_code, result.stdout)
    assert "Jo Hart may no longer send Sealed papers" in result.stderr
    assert (before, before) == ruled.digests()
    assert files == {path.name: path.read_bytes() for path in ruled.rules.iterdir()}


def test_back_to_what_allowed_more_takes_two(ruled: RuleOffice) -> None:
    """It is a change like any other: it waits, and the folder says already what is wanted."""
    before = ruled.digests()[1]
    ruled.edit(SHORTENED)
    ruled.run("publish", by="ruth")

    waits = ruled.run("rollback", by="ruth")
    (proposal,) = ruled.proposals()
    folder = ruled.digests()[0]
    signed = ruled.run("sign", proposal, by="per")

    assert (4, before) == (waits.exit_code, folder)
    assert 0 == signed.exit_code
    assert (before, before) == ruled.digests()


def test_any_published_set_can_be_named(ruled: RuleOffice) -> None:
    """By the beginning of its digest, however long ago."""
    first = ruled.digests()[1]
    for edit in (SHORTENED, (SHORTENED[0], SHORTENED[2], "until = 2026-12-29")):
        ruled.edit(edit)
        ruled.run("publish", by="ruth")

    result = ruled.run("rollback", first[:10], by="ruth", second="per")

    assert 0 == result.exit_code
    assert (first, first) == ruled.digests()


@pytest.mark.parametrize("edit", [RENEWED, SLIP])
def test_an_edit_that_was_never_published_is_not_thrown_away_unasked(
    edit: tuple[str, str, str], ruled: RuleOffice
) -> None:
    """Broken or not; with --overwrite it is, so a broken folder is mended by one command."""
    ruled.edit(SHORTENED)
    ruled.run("publish", by="ruth")
    (ruled.rules / "transfers.toml").write_text((ruled.rules / "transfers.toml").read_text() + "# by hand\n")
    ruled.edit((edit[0], SHORTENED[2] if edit is RENEWED else edit[1], edit[2]))

    refused = ruled.run("rollback", by="ruth", second="per")
    done = ruled.run("rollback", "--overwrite", by="ruth", second="per")

    assert (2, True) == (refused.exit_code, "--overwrite" in refused.stderr)
    assert 0 == done.exit_code
    assert ruled.digests()[0] == ruled.digests()[1]


def test_there_is_nothing_before_the_first_set(ruled: RuleOffice) -> None:
    """One sentence, exit 5."""
    result = ruled.run("rollback", by="ruth")

    assert (5, True) == (result.exit_code, "these are the first" in result.stderr)


def test_a_set_that_was_not_published_leaves_the_folder_alone(ruled: RuleOffice) -> None:
    """Refused, here for want of the power: nothing is written."""
    ruled.edit(SHORTENED)
    ruled.run("publish", by="ruth")
    before = ruled.digests()

    result = ruled.run("rollback", by="jo")

    assert 1 == result.exit_code
    assert before == ruled.digests()


def test_status_tells_the_whole_past(ruled: RuleOffice) -> None:
    """Every publication with its reason, the way back included."""
    first = ruled.digests()[1]
    ruled.edit(RENEWED)
    ruled.run("publish", "--why", "renewed", by="ruth", second="per")
    ruled.run("rollback", by="per")

    told = json.loads(ruled.run("status", "--json").stdout)

    assert ["the first set", "renewed", f"back to {first[:12]}"] == [one["why"] for one in told["published"]]
    assert ("published", first, ["per@town.test"]) == (told["standing"], told["in_force"], told["signers"])
