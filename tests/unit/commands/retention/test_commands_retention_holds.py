"""The legal holds: whose, until when, and how much each keeps."""

from __future__ import annotations

import pytest

from gateway.commands.office import alone, opened, rules_of_office
from gateway.commands.setting import Setting
from gateway.engine.entries import Write
from gateway.engine.rulesets import RULES
from gateway.facts import Published
from gateway.judge.rulebook import Rulebook, read
from tests.audited import Past, writing
from tests.unit.commands.retention.later import MONTH, asked, in_days, passes, told

HOLD = """
[[hold]]
id = "{name}"
because = "Smith v Town."
owner = "ruth@town.test"
until = {until}
{lists}
"""


def publish(past: Past, *holds: str) -> None:
    with writing(past.folder) as pen:
        files = dict(rules_of_office(pen.office).rulebook.files)
        files["retention.toml"] += "".join(holds)
        rulebook = read(files)
        assert isinstance(rulebook, Rulebook), rulebook
        fact = Published(digest=rulebook.digest, files=rulebook.files, signers=("ruth@town.test",), why="a case")
        pen.scribe.append_now(Write(stream=RULES, facts=(fact,)))


def test_each_hold_says_what_it_keeps(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """Transfers it is about, and those that would go today; one that has ended is not told."""
    publish(
        past,
        HOLD.format(name="stranger", until=in_days(400), lists='addresses = ["stranger@other.test"]'),
        HOLD.format(name="court", until=in_days(400), lists='partners = ["court"]'),
        HOLD.format(name="over", until=in_days(10), lists=""),
    )
    passes(monkeypatch, MONTH)

    found = {one["id"]: (one["keeps"], one["would_go"]) for one in told(past, "holds")}

    assert {"stranger": (1, 1), "court": (3, 1)} == found
    assert "1 would lose something today" in asked(past, "holds").stdout
    assert (0, 0) == tuple(told(past, "run")[what] for what in ("papers", "values"))


def test_without_a_hold_it_says_so(past: Past) -> None:
    """Of the sample, none is in force."""
    assert "No legal hold is in force." in asked(past, "holds").stdout
    with alone(Setting(folder=past.folder)), opened(Setting(folder=past.folder)):
        pass  # looking keeps nobody out
