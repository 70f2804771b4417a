"""`sealgate rules who-can`: under the rules of any day, narrowed by any clause."""

from __future__ import annotations

import json

import pytest

from tests.unit.commands.rule_office import RENEWED, RuleOffice


def test_it_lists_people_with_what_they_may_send_and_what_it_waits_for(ruled: RuleOffice) -> None:
    """A line a kind of paper; ways and purposes in it."""
    result = ruled.run("who-can", "--who", "jo@town.test")

    digest = ruled.digests()[1]
    assert 0 == result.exit_code
    assert f", under the rules {digest[:12]}:\nJo Hart (jo@town.test)\n" in result.stdout
    assert "  Office and Confidential papers to County Court by mail or SFTP for litigation\n" in result.stdout
    assert "  Sealed papers to County Court by SFTP; it waits: approval-by head\n" in result.stdout


def test_a_day_to_come_knows_what_will_have_ended(ruled: RuleOffice) -> None:
    """`sealed-bundles` ends with the year: nobody, exit 1."""
    assert 0 == ruled.run("who-can", "--label", "sealed", "--on", "2026-12-31").exit_code
    later = ruled.run("who-can", "--label", "sealed", "--on", "2027-01-01")

    assert (1, True) == (later.exit_code, later.stdout.endswith("Nobody.\n"))


def test_only_what_is_in_force_counts(ruled: RuleOffice) -> None:
    """An edit in the folder lets nobody do anything; published, it does."""
    words = ("who-can", "--label", "sealed", "--on", "2027-01-15")
    ruled.edit(RENEWED)
    assert 1 == ruled.run(*words).exit_code

    ruled.run("publish", by="ruth", second="per")

    assert 0 == ruled.run(*words).exit_code


def test_before_the_first_publication_there_is_no_answer(ruled: RuleOffice) -> None:
    """Exit 5, and no invented one."""
    result = ruled.run("who-can", "--on", "2020-01-01")

    assert (5, True) == (result.exit_code, "no rules were in force on 2020-01-01 yet" in result.stderr)


def test_json_has_a_row_for_each_person_recipient_and_way(ruled: RuleOffice) -> None:
    """With the rules that say so."""
    told = json.loads(ruled.run("who-can", "--json", "--label", "sealed").stdout)

    (row,) = told["who"]
    assert ("jo@town.test", "court", "sftp", ["sealed"]) == (row["who"], row["to"], row["by"], row["labels"])
    assert "sealed-bundles" in row["rules"]
    assert ["approval-by head"] == row["waits_for"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--label", "seald"), 'did you mean "sealed"?'),
        (("--to", "cort"), 'did you mean "court"?'),
        (("--for", "litigaton"), 'did you mean "litigation"?'),
        (("--who", "joe@town.test"), 'did you mean "jo@town.test"?'),
    ],
)
def test_a_word_the_rules_do_not_know_is_a_usage_error(words: tuple[str, str], hint: str, ruled: RuleOffice) -> None:
    """Not "nobody": exit 2, and what was meant."""
    result = ruled.run("who-can", *words)

    assert (2, True) == (result.exit_code, hint in result.stderr)
