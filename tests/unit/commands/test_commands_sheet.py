"""Tables that do nothing when a spreadsheet opens them."""

from __future__ import annotations

import csv

import pytest

from gateway.commands.sheet import guarded, sheet


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_what_begins_a_formula_is_guarded(first: str) -> None:
    """An apostrophe makes text of it."""
    assert f"'{first}1+1" == guarded(f"{first}1+1")


def test_other_cells_are_as_they_are() -> None:
    """Nothing else is altered, whatever it holds."""
    cells = ["", "claim.pdf", "1=1", 'a "b", c', "line\nbreak", "ü"]

    assert [["head"] * 6, cells] == list(csv.reader("".join(sheet(["head"] * 6, [cells])).splitlines(keepends=True)))
