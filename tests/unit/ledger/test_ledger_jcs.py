"""Canonical JSON: one spelling each, and the standard library agrees on it."""

from __future__ import annotations

import json

import pytest

from gateway.errors import Unreadable
from gateway.ledger import jcs


def test_every_character_is_escaped_as_the_standard_library_does() -> None:
    """Strings come out as RFC 8785 §3.2.2.2 wants them, for every character of the basic plane and beyond."""
    text = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x10000), 0x1F600, 0x10FFFF]))
    expected = json.dumps(text, ensure_ascii=False).encode()
    assert expected == jcs.encode(text)


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    """Members are in key order at every depth, without white space."""
    assert b'{"a":[1,"x",{"k":-5,"z":""}],"b":0}' == jcs.encode({"b": 0, "a": [1, "x", {"z": "", "k": -5}]})


@pytest.mark.parametrize("value", [1.5, True, None, b"x", 2**53, -(2**53), {"é": 1}, {"a": {1: 2}}, "\ud800", {1}])
def test_what_has_no_canonical_form_is_not_written(value: object) -> None:
    """Floats, truths, null, big integers, other keys and lone surrogates are refused when written."""
    with pytest.raises(ValueError, match=r"."):
        jcs.encode(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "untrusted",
    [
        b"", b" {}", b"{} ", b'{"a":1,"a":1}', b'{"a":1,"a":2}', b'{"b":1,"a":2}', b"1.0", b"1e2", b"-0", b"01",
        b"NaN", b"Infinity", b"null", b"true", b"9007199254740992", b"123456789012345678901234567890",
        b'{"\xc3\xa9":1}', b'"\\u0041"', b'"\\/"', b'"\\u001F"', b'"\\ud800"', b'"\xed\xa0\x80"', b'"\xff"',
        b'\xef\xbb\xbf{}', b"{}{}", b'{"a":1,}', b"[" * 100_000, b'"\t"', b"'a'",
    ],
)  # fmt: skip
def test_a_second_spelling_is_unreadable(untrusted: bytes) -> None:
    """Duplicates, spaces, other escapes, other numbers, wrong encodings and bottomless nesting are refused."""
    with pytest.raises(Unreadable):
        jcs.parse(untrusted)


def test_an_object_is_asked_for() -> None:
    """`parse_object` refuses other values."""
    with pytest.raises(Unreadable):
        jcs.parse_object(b"[]")
