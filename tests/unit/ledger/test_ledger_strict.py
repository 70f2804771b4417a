"""Small things are read in one spelling only."""

from __future__ import annotations

import pytest

from gateway.errors import Unreadable
from gateway.ledger.strict import number, unbase64


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("15", 15), ("9223372036854775807", 2**63 - 1)])
def test_a_plain_number_is_read(text: str, expected: int) -> None:
    """Plain decimals up to 2^63 - 1 are numbers."""
    assert expected == number(text)


@pytest.mark.parametrize(
    "text", ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "\u0661", "1.0", "1\n", str(2**63), "1" * 5000]
)
def test_other_spellings_of_a_number_are_unreadable(text: str) -> None:
    """What `int()` would take, and the ledger must not."""
    with pytest.raises(Unreadable):
        number(text)


@pytest.mark.parametrize("text", ["AA", "AA=", "AB==", "A A=", "AAAA\n", "AA==AA==", "A-_=", "=AAA", "\u00e9AAA"])
def test_other_spellings_of_base64_are_unreadable(text: str) -> None:
    """Missing padding, unused bits, strange characters and second ends are refused."""
    with pytest.raises(Unreadable):
        unbase64(text)


def test_another_length_is_unreadable() -> None:
    """A hash is 32 bytes, not 31."""
    with pytest.raises(Unreadable):
        unbase64("AAAA", 32)
