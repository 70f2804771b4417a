"""A proof of absence as it is written; what it proves is shown in `test_ledger_dayindex`, `test_engine_dayclosing`."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Unreadable
from gateway.ledger import jcs
from gateway.ledger.absence import MOST_DAYS, Absence, words
from gateway.ledger.dayindex import answer, line_of

KEY = b"d" * 32
DAY = date(2026, 11, 21)
LINES = [line_of(KEY, f"resident{number}@other.test", number) for number in range(5)]
WHOLE = Absence(recipient="a@b.test", first=DAY, last=DAY, answers=(answer(KEY, "a@b.test", LINES, day=DAY, tick=9),))
VALUES = st.recursive(
    st.text(max_size=6) | st.integers(-2, 2**60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("vfromtdays", max_size=4), inner, max_size=3),
    max_leaves=6,
)


def test_what_is_written_is_read_back() -> None:
    """Byte for byte."""
    assert WHOLE == Absence.read(WHOLE.to_bytes())


@pytest.mark.parametrize("key", ["v", "recipient", "from", "to", "days"])
def test_a_document_that_lacks_a_part_is_none(key: str) -> None:
    """Or has one too many."""
    said = json.loads(WHOLE.to_bytes())
    del said[key]
    with pytest.raises(Unreadable):
        Absence.read(jcs.encode(said))
    with pytest.raises(Unreadable):
        Absence.read(jcs.encode({**json.loads(WHOLE.to_bytes()), "more": 1}))


@given(st.sampled_from(["v", "recipient", "from", "to", "days"]), VALUES)
@settings(max_examples=200, deadline=None)
def test_whatever_a_part_says_it_is_read_or_refused(key: str, value: jcs.Json) -> None:
    """Nothing else happens."""
    with suppress(ValueError):  # a value that has no canonical form is none of ours to read
        untrusted = jcs.encode({**json.loads(WHOLE.to_bytes()), key: value})
        with suppress(Unreadable):
            Absence.read(untrusted)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(untrusted: bytes) -> None:
    """Nothing else happens."""
    with pytest.raises(Unreadable):
        Absence.read(untrusted)


def test_more_days_than_a_year_are_refused() -> None:
    """Before they are looked at."""
    said = json.loads(WHOLE.to_bytes())
    with pytest.raises(Unreadable):
        Absence.read(jcs.encode({**said, "days": said["days"] * (MOST_DAYS + 1)}))


def test_the_words_name_what_there_is() -> None:
    """Nothing, or nothing else than which entries; and of which days."""
    assert ("nothing was sealed for a@b.test", "only what entries 3, 7 tell") == (
        words(WHOLE, []).partition(" from ")[0], words(WHOLE, [3, 7]).rpartition(": ")[2],
    )  # fmt: skip
