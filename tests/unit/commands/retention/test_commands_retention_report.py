"""The report: every disposal between two days, with its rule and its entries, and nobody's name."""

from __future__ import annotations

import csv
import io

import pytest
from click.testing import CliRunner

from gateway.commands.ledger import ledger
from gateway.commands.setting import Setting
from tests.audited import Past
from tests.unit.commands.retention.later import MONTH, asked, in_days, passes, told

STRANGER, PER = "stranger@other.test", "per@town.test"


@pytest.fixture
def disposed(past: Past, monkeypatch: pytest.MonkeyPatch) -> Past:
    """An office whose papers went after a month."""
    passes(monkeypatch, MONTH)
    told(past, "run")
    return past


def test_each_disposal_has_its_rule_and_its_entries(disposed: Past) -> None:
    """Which copy, when, the rule and the set it stands in, the order and the deed."""
    found = told(disposed, "report")

    assert {(disposed.delivered, 0, "papers"), (disposed.delivered, 1, "papers")} == {
        (row["of"], row["leg"], row["what"]) for row in found["rows"]
    }
    assert {"content"} == {rule for row in found["rows"] for rule in row["rules"]}
    assert all(len(row["ruleset"]) == 64 and row["ordered"] < row["done"] for row in found["rows"])
    assert 1 == len(found["certificates"])


def test_days_bound_it(disposed: Past) -> None:
    """Both included."""
    on = in_days(MONTH)

    assert 2 == len(told(disposed, "report", "--from", on, "--to", on)["rows"])
    assert [] == told(disposed, "report", "--to", in_days(MONTH - 1))["rows"]
    assert 2 == asked(disposed, "report", "--from", on, "--to", in_days(1)).exit_code


def test_a_spreadsheet_gets_a_table(disposed: Past) -> None:
    """With the same columns as the JSON."""
    rows = list(csv.DictReader(io.StringIO(asked(disposed, "report", "--csv").stdout)))

    assert ["content", "content"] == [row["rules"] for row in rows]


def test_what_people_ordered_is_told_too_without_their_names(past: Past) -> None:
    """A person's erasure has no rule; who asked and who approved stay where auditors look."""
    words = ["erase", "person", STRANGER, "--as", PER, "--basis", "GDPR Art. 17(1)(b)", "--request", "E-17"]
    free = ["--despite", "record", "--despite", "content"]
    CliRunner().invoke(ledger, [*words, *free], obj=Setting(folder=past.folder), input=past.passwords[PER] + "\n")

    said = asked(past, "report").stdout

    assert "a person's order" in said
    assert (False, False) == (STRANGER in said, PER in said)
    assert "E-17" in told(past, "report")["rows"][0]["ground"]
