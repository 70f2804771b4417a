"""The sample office travels with the code."""

from __future__ import annotations

from datetime import date

from gateway.commands.sample import WRITTEN, as_of, sample_rules
from gateway.judge import expect
from gateway.judge.rulebook import Rulebook, read


def test_the_sample_office_is_complete() -> None:
    """Every file the stations read is there, and the rules' own tests."""
    expected = {
        "gateway.toml", "labels.toml", "metadata.toml", "partners.toml", "people.toml", "protection.toml",
        "retention.toml", "routes.toml", "transfers.test.toml", "transfers.toml",
    }  # fmt: skip

    assert expected == sample_rules().keys()


def test_this_years_sample_is_the_file_as_it_stands() -> None:
    """While none of its rules has ended nothing is moved."""
    assert sample_rules() == as_of(WRITTEN, sample_rules())


def test_a_sample_laid_out_years_later_says_the_same() -> None:
    """With its dates moved it loads, meets its own expectations, and its people are still in office."""
    today = date(2032, 2, 29)

    rulebook = read(as_of(today, sample_rules()))

    assert isinstance(rulebook, Rulebook)
    assert () == expect.run(rulebook)
    assert [] == [person.name for person in rulebook.people.everyone if person.until < today]
