"""The certificate of an erasure as it is written; that lies in it show: `test_commands_erase`, and Go's verifier."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Unreadable
from gateway.ledger import jcs
from gateway.ledger.erasure import MOST_PAIRS, MOST_REMAINS, Certificate

WHOLE = Certificate(
    before="a note\n",
    consistency=(b"h" * 32, b"i" * 32),
    pairs=((4, 6), (5, 7)),
    pairs_in_all=2,
    remains=("this", "that"),
)
PARTS = ["v", "before", "consistency", "pairs", "in_all", "remains"]
VALUES = st.recursive(
    st.text(max_size=6) | st.integers(-2, 2**60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
    max_leaves=6,
)


def test_what_is_written_is_read_back() -> None:
    """Byte for byte."""
    assert WHOLE == Certificate.read(WHOLE.to_bytes())


@pytest.mark.parametrize("part", PARTS)
def test_a_document_that_lacks_a_part_is_none(part: str) -> None:
    """Or has one too many."""
    said = json.loads(WHOLE.to_bytes())
    del said[part]
    for untrusted in (said, {**json.loads(WHOLE.to_bytes()), "more": 1}):
        with pytest.raises(Unreadable):
            Certificate.read(jcs.encode(untrusted))


@pytest.mark.parametrize(
    "change",
    [{"pairs": [[1, 2]] * (MOST_PAIRS + 1)}, {"remains": ["x"] * (MOST_REMAINS + 1)}, {"consistency": ["AA=="]},
     {"pairs": [[1]]}, {"pairs": [[1, 2, 3]]}, {"remains": [1]}],
)  # fmt: skip
def test_what_is_too_much_or_of_another_kind_is_refused(change: dict[str, jcs.Json]) -> None:
    """Each list is bounded, each hash is one, each pair is two."""
    with pytest.raises(Unreadable):
        Certificate.read(jcs.encode({**json.loads(WHOLE.to_bytes()), **change}))


@given(st.sampled_from(PARTS), VALUES)
@settings(max_examples=200, deadline=None)
def test_whatever_a_part_says_it_is_read_or_refused(part: str, value: jcs.Json) -> None:
    """Nothing else happens."""
    with suppress(ValueError):  # a value that has no canonical form is none of ours to read
        untrusted = jcs.encode({**json.loads(WHOLE.to_bytes()), part: value})
        with suppress(Unreadable):
            Certificate.read(untrusted)
