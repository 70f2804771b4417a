"""The index of a day: both edges, empty days, equal terms, and every way to leave something out."""

from __future__ import annotations

from bisect import bisect
from dataclasses import replace
from datetime import date

import pytest

from gateway.errors import Unreadable
from gateway.ledger.composing import compose
from gateway.ledger.dayindex import Answer, DayIndex, Line, Shown, answer, check, index_of, line_of
from gateway.ledger.entry import read_entry
from gateway.ledger.merkle import EMPTY_ROOT
from gateway.ledger.statement import tick_statement

KEY = b"d" * 32
DAY = date(2026, 11, 21)
NAMES = [f"resident{number}@other.test" for number in range(9)]
LINES = sorted(line_of(KEY, name, at) for at, name in enumerate(NAMES, start=100))
INDEX = index_of(DAY, 90, 200, LINES, day_key=KEY)
BY_PLACE = sorted(NAMES, key=lambda name: line_of(KEY, name, 0).term)


def asked(name: str, lines: list[Line] | None = None) -> Answer:
    return answer(KEY, name, LINES if lines is None else lines, day=DAY, tick=300)


@pytest.mark.parametrize("name", NAMES)
def test_whoever_got_one_is_found_with_all(name: str) -> None:
    """Of each recipient, the first and the last of the index included, the answer is their entry and nothing else."""
    assert (100 + NAMES.index(name),) == check(asked(name), INDEX, name)


@pytest.mark.parametrize("edge", [0, len(LINES), -1])
def test_whoever_got_nothing_is_proved_absent(edge: int) -> None:
    """Wherever they would stand: before the first, behind the last, between two."""
    places = {bisect(LINES, line_of(KEY, name, 0)): name for name in map("nobody{}@else.test".format, range(400))}
    edge = edge if edge >= 0 else sorted(places)[len(places) // 2]
    name = places[edge]

    found = asked(name)

    assert () == check(found, INDEX, name)
    assert [at for at in (edge - 1, edge) if 0 <= at < len(LINES)] == [one.at for one in found.shown]


def test_an_empty_day() -> None:
    """Nothing left: the empty root proves it for everybody."""
    empty = index_of(DAY, 90, 90, [], day_key=KEY)

    assert EMPTY_ROOT == empty.root
    assert () == check(asked(NAMES[0], []), empty, NAMES[0])


def test_equal_terms_are_all_shown() -> None:
    """Somebody who got several things has them all in the answer, between both neighbours."""
    name = BY_PLACE[4]
    lines = [*LINES, *(line_of(KEY, name, at) for at in (150, 160, 170))]
    index = index_of(DAY, 90, 200, lines, day_key=KEY)

    found = asked(name, lines)

    assert (100 + NAMES.index(name), 150, 160, 170) == check(found, index, name)
    assert 6 == len(found.shown)


def test_case_does_not_hide_anybody() -> None:
    """Spellings that people take for the same are the same."""
    assert (100,) == check(asked(NAMES[0].upper()), INDEX, NAMES[0].upper())


@pytest.mark.parametrize("place", [0, 4, 8])
def test_leaving_a_line_out_proves_nothing(place: int) -> None:
    """An answer that lacks a neighbour, or the line itself, is refused, wherever it stands."""
    name = BY_PLACE[place]
    whole = asked(name)

    for at in range(len(whole.shown)):
        cut = replace(whole, shown=whole.shown[:at] + whole.shown[at + 1 :])
        with pytest.raises(Unreadable):
            check(cut, INDEX, name)


def test_a_line_of_another_tree_proves_nothing() -> None:
    """A changed term, index, place or path is refused, and so is another day's key."""
    whole = asked(BY_PLACE[4])
    first = whole.shown[0]
    changes: list[Shown] = [
        replace(first, at=first.at + 1),
        replace(first, line=Line(first.line.term, first.line.index + 1)),
        replace(first, line=Line(bytes(32), first.line.index)),
        replace(first, path=first.path[:-1]),
    ]
    for change in changes:
        with pytest.raises(Unreadable):
            check(replace(whole, shown=(change, *whole.shown[1:])), INDEX, BY_PLACE[4])


def test_another_key_proves_nothing() -> None:
    """Under a key that is not the day's nobody would be found: such an answer would prove everybody's absence."""
    with pytest.raises(Unreadable, match="key"):
        check(answer(b"e" * 32, NAMES[0], LINES, day=DAY, tick=300), INDEX, NAMES[0])


def test_what_is_written_is_read_back() -> None:
    """Index and answer survive their JSON; the index as a tick says it."""
    tick = tick_statement(index=INDEX.to_json())
    entry = compose(tick, time_ms=1, gateway="gw1", secrets={}).entry

    assert INDEX == DayIndex.of(read_entry(entry))
    assert asked(NAMES[3]) == Answer.read(asked(NAMES[3]).to_json())


def test_other_indexes_are_unreadable() -> None:
    """An index that counts more than it spans, or says more than it may, is none."""
    for change in ({"n": 111}, {"from": 201}, {"day": "2026-1-1"}, {"root": "AA=="}, {"more": 1}):
        entry = compose(tick_statement(index={**INDEX.to_json(), **change}), time_ms=1, gateway="g", secrets={}).entry
        with pytest.raises(Unreadable):
            DayIndex.of(read_entry(entry))
