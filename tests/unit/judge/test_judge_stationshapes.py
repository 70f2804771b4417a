"""The watch's thresholds as an administrator writes them: all have a default, and a slip is told where it stands."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.commands.sample import sample_rules
from gateway.judge.difference import difference
from gateway.judge.problems import Problem
from gateway.judge.rulebook import Rulebook, read
from gateway.judge.stationshapes import AlarmsTable


def written(alarms: str) -> Rulebook | tuple[Problem, ...]:
    files = sample_rules()
    files["gateway.toml"] = files["gateway.toml"].rstrip() + f"\n[alarms]\n{alarms}\n"
    return read(files)


def test_nothing_need_be_written() -> None:
    """The watch is on, tells everybody who may contain, and holds nothing."""
    book = read(sample_rules())

    assert isinstance(book, Rulebook)
    assert AlarmsTable() == book.gateway.alarms
    assert {"alert"} == {getattr(book.gateway.alarms, name).act for name in (
        "volume", "hours", "new_recipients", "refusals", "sign_ins", "collections",
    )}  # fmt: skip


def test_what_is_written_changes_that_alone() -> None:
    """A table may say one thing, and leave the rest as it is."""
    book = written('tell = ["per@town.test"]\nvolume = { hour = 5, act = "hold" }\nsign-ins = { within = "5m" }')

    assert isinstance(book, Rulebook)
    alarms = book.gateway.alarms
    assert (("per@town.test",), 5, 200, "hold") == (
        alarms.tell, alarms.volume.hour, alarms.volume.day, alarms.volume.act,
    )  # fmt: skip
    assert (5, 300) == (alarms.sign_ins.wrong, alarms.sign_ins.within.seconds)


@pytest.mark.parametrize(
    ("alarms", "said"),
    [
        ('volume = { act = "alrt" }', 'unknown word "alrt"; did you mean "alert"?'),
        ("volume = { times = 1 }", '"times" is 2 at least'),
        ("collections = { times = 1 }", '"times" is 2 at least'),
        ('past = "1y"', '"past" is at most 92d'),
        ('refusals = { within = "2d" }', '"within" is at most 1d'),
        ('sign-ins = { within = "2d" }', '"within" is at most 1d'),
        ('tell = ["nobody@town.test"]', 'unknown person "nobody@town.test"'),
        ("new-recipient = { hour = 4 }", 'unknown key "new-recipient" in [alarms]; did you mean "new-recipients"?'),
        ("hours = { least = 0 }", '"least" must be a whole number from 1'),
    ],
)
def test_a_slip_is_told_where_it_stands(alarms: str, said: str) -> None:
    """File, line and column, and what to write instead; the set does not load."""
    problems = written(alarms)

    assert not isinstance(problems, Rulebook)
    lines = sample_rules()["gateway.toml"].rstrip().count("\n") + 3
    assert any(f"rules/gateway.toml:{lines}:" in str(one) and said in str(one) for one in problems), problems


def test_a_change_of_what_sounds_takes_two() -> None:
    """Whoever holds one signature cannot blind the watch."""
    before, after = read(sample_rules()), written('volume = { act = "off" }')
    assert isinstance(before, Rulebook)
    assert isinstance(after, Rulebook)
    changed = difference(before, after, on=date(2026, 11, 23))

    assert "What sounds an alarm, or who hears it, is changed." in changed.widening
