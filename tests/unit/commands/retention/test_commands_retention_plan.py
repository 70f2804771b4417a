"""The plan: what would go on a day and under which rule, what stays and why, and what no rule speaks of."""

from __future__ import annotations

import csv
import io

from gateway.commands.retention.plan import without_rule
from gateway.commands.sample import sample_rules
from gateway.judge.rulebook import Rulebook, read
from tests.audited import Past
from tests.unit.commands.retention.later import MONTH, asked, in_days, told


def test_a_day_ahead_can_be_asked_for(past: Past) -> None:
    """Both copies of what has ended lose their papers; what is under way stays; today nothing is due."""
    later = told(past, "plan", "--on", in_days(MONTH))

    assert {(past.delivered, 0), (past.delivered, 1)} == {(line["transfer"], line["leg"]) for line in later["goes"]}
    assert {("papers", "content", in_days(MONTH - 1))} == {
        (line["part"], line["rule"], line["until"]) for line in later["goes"]
    }
    assert {(past.held, "open"), (past.deferred, "open")} == {
        (line["transfer"], line["fate"]) for line in later["stays"]
    }
    assert [] == told(past, "plan")["goes"]


def test_it_is_told_in_words(past: Past) -> None:
    """Copies with what goes and why, and how many transfers under which rule."""
    said = asked(past, "plan", "--on", in_days(MONTH)).stdout

    assert f"{past.delivered}/1  papers  content: kept until {in_days(MONTH - 1)}" in said
    assert "1 transfer by the rule content" in said
    assert "still under way" in said


def test_a_spreadsheet_gets_a_table(past: Past) -> None:
    """A line of names, then a line for each part of each copy."""
    rows = list(csv.DictReader(io.StringIO(asked(past, "plan", "--on", in_days(MONTH), "--csv").stdout)))

    assert 4 == len(rows)
    assert {"goes", "open"} == {row["fate"] for row in rows}


def test_what_no_rule_is_about_is_told() -> None:
    """By label, where some have one; a rule for some matters alone covers no label."""
    files = sample_rules()
    keep = '[[keep]]\nid = "{}"\nwhat = ["{}"]\nfor = "1d"\nbecause = "B."\n{}\n'
    files["retention.toml"] = keep.format("a", "content", 'labels = ["public"]')
    files["retention.toml"] += keep.format("b", "net", 'purposes = ["litigation"]')
    rulebook = read(files)
    assert isinstance(rulebook, Rulebook), rulebook

    papers, *others = without_rule(rulebook)

    others_of = [label for label in rulebook.labels.order if label != "public"]
    assert f"papers of {', '.join(others_of)}" == papers
    assert "network addresses (but for some purposes or kinds)" in others
    assert 6 == len(others)
