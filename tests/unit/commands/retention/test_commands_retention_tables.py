"""Rows as a spreadsheet and as columns."""

from __future__ import annotations

import msgspec
import pytest

from gateway.commands.retention.tables import as_csv, columns


class One(msgspec.Struct, frozen=True):
    """A row."""

    name: str
    leg: int | None
    rules: tuple[str, ...] = ()


def test_a_table_has_a_line_of_names() -> None:
    """What is not there is empty; a list is words."""
    said = as_csv([One("T-A", None, ("a", "b")), One("T,B", 0)], One)

    assert 'name,leg,rules\r\nT-A,,a b\r\n"T,B",0,\r\n' == said


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    """A spreadsheet must not compute what somebody called a rule."""
    assert "'" + text in as_csv([One(text, 1)], One)


def test_cells_stand_below_each_other() -> None:
    """Without a blank at the end of a line."""
    assert ["a    bb", "ccc  d"] == list(columns([("a", "bb"), ("ccc", "d")]))
