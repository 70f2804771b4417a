"""The words sentences about rules are made of."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.facts import Truth
from gateway.judge import words
from gateway.judge.phrases import both, day_in_words, either, known_in_words, names_in_words, span_in_words

ON = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (ON, None, ""),
        (ON, date(2027, 3, 31), "to 31 March 2027"),
        (date(2027, 1, 1), None, "from 1 January 2027"),
        (date(2027, 1, 1), date(2027, 3, 31), "from 1 January 2027 to 31 March 2027"),
    ],
)
def test_a_span_says_what_is_not_plain(first: date, last: date | None, said: str) -> None:
    """What counts from the day itself has no beginning, what has no end no end."""
    assert said == span_in_words(first, last, on=ON)


def test_lists_read_as_a_clerk_would_say_them() -> None:
    """One, two, several; and many names are not all read out."""
    assert ("", "a", "a or b", "a, b or c") == (either([]), either(["a"]), either(["a", "b"]), either(["a", "b", "c"]))
    assert "a, b and c" == both(["a", "b", "c"])
    assert "1, 2, 3, 4, 5 and 6" == names_in_words([*"123456"], "people")
    assert "1, 2, 3, 4 and 3 other people" == names_in_words([*"1234567"], "people")
    assert "29 February 2028" == day_in_words(date(2028, 2, 29))


def test_every_fact_has_words() -> None:
    """For yes, for no and for not to be determined: three that differ."""
    for fact in words.FACTS:
        yes, no, unknown = (known_in_words(fact, [truth]) for truth in (Truth.YES, Truth.NO, Truth.UNKNOWN))
        assert 3 == len({yes, no, unknown})
        assert f"{fact} is yes" != yes
    assert "it holds personal data or personal-data-found cannot be determined" == known_in_words(
        "personal-data-found", [Truth.UNKNOWN, Truth.YES]
    )
