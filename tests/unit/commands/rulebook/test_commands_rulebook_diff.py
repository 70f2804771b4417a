"""`sealgate rules diff`: which sets a word means, what is printed, and what the exit code says."""

from __future__ import annotations

import json
import shutil

from tests.unit.commands.rule_office import NEW_PERSON, RENEWED, SHORTENED, SLIP, RuleOffice

GAIN = "Jo Hart may now send Sealed papers to County Court by SFTP, from 1 January 2027 to 31 January 2027."


def test_by_default_it_goes_from_what_is_in_force_to_the_folder(ruled: RuleOffice) -> None:
    """Who gains, who must sign; exit 1, for something widens."""
    ruled.edit(RENEWED)

    result = ruled.run("diff")

    folder, in_force = ruled.digests()
    expected = [
        f"From {in_force[:12]} to {folder[:12]}: transfers.toml",
        "Gained",
        f"  {GAIN}",
        "Two people must sign this.",
    ]
    assert (1, expected) == (result.exit_code, result.stdout.splitlines())


def test_exit_0_when_nothing_widens(ruled: RuleOffice) -> None:
    """Nothing changed, only words changed, or somebody loses."""
    same = ruled.run("diff")
    ruled.edit((RENEWED[0], 'because = "Correspondence."', 'because = "Letters."'))
    worded = ruled.run("diff")
    ruled.edit(SHORTENED)
    narrowed = ruled.run("diff")

    assert (0, "The rules are the same.\n") == (same.exit_code, same.stdout)
    assert (0, True) == (worded.exit_code, "Nobody gains or loses anything." in worded.stdout)
    assert (0, True) == (narrowed.exit_code, "Jo Hart may no longer send Sealed papers" in narrowed.stdout)


def test_any_two_sets_can_be_compared(ruled: RuleOffice) -> None:
    """Folders, published digests, the two names; in either direction."""
    first = ruled.digests()[1]
    other = ruled.folder.parent / "elsewhere"
    shutil.copytree(ruled.rules, other)
    ruled.edit(RENEWED)
    ruled.run("publish", by="ruth", second="per")
    second = ruled.digests()[1]

    for before, after in (
        (first[:8], second[:8]),
        (str(other), "in-force"),
        (first, "folder"),
        (str(other), str(ruled.rules)),
    ):
        result = ruled.run("diff", before, after)
        assert (1, True) == (result.exit_code, GAIN in result.stdout)
    assert 0 == ruled.run("diff", second, first).exit_code


def test_what_is_no_set_is_one_sentence(ruled: RuleOffice) -> None:
    """A digest nobody published is exit 5; a folder that does not load is exit 3, with every mistake."""
    unknown = ruled.run("diff", "0123456789", "folder")
    ruled.edit(SLIP)
    broken = ruled.run("diff")

    assert (5, True) == (
        unknown.exit_code,
        "no published rules have a digest that begins '0123456789'" in unknown.stderr,
    )
    assert (3, True) == (broken.exit_code, 'did you mean "solicitor"?' in broken.stderr)


def test_json_tells_people_partners_and_days(ruled: RuleOffice) -> None:
    """One object; a gain by its parts and as a sentence."""
    ruled.edit(RENEWED, NEW_PERSON)

    told = json.loads(ruled.run("diff", "--json", "--on", "2026-12-01").stdout)

    assert [True, True, ["people.toml", "transfers.toml"]] == [told["widened"], told["computed"], told["files"]]
    jo = next(row for row in told["gained"] if row["who"] == ["jo@town.test"])
    assert (GAIN, ["County Court"], ["sealed"], ["sftp"]) == (jo["sentence"], jo["to"], jo["labels"], jo["by"])
    assert [{"from": "2027-01-01", "to": "2027-01-31"}] == jo["days"]
    assert {"sentence": "Kim Doe (kim@town.test) is new.", "widens": False} in told["altered"]


def test_it_runs_while_the_folder_is_being_published_by_nobody(ruled: RuleOffice) -> None:
    """The past is compared too: from a day on which nothing of it counts any more, nothing widens."""
    ruled.edit(RENEWED)

    assert 0 == ruled.run("diff", "--on", "2027-06-01").exit_code
