"""Index terms: the same for what people take for the same, and opaque."""

from __future__ import annotations

import pytest

from gateway.ledger.composing import Statement
from gateway.ledger.terms import FIELDS, term, words_of
from gateway.transfer import transfer_id

KEY = b"i" * 32
SAID = Statement(
    kind="shipped",
    x=bytes(16),
    leg=0,
    outcome="delivered",
    values=(
        ("op", (("rules", "court-filing;encrypt-above-office"), ("ruleset", "r1"), ("label", "office"))),
        ("snd", (("addr", "alena@town.test"),)),
        ("rcp", (("addr", "Registry@Court.test"), ("agency", "court"))),
        ("obj", (("name", "Bundle 7.pdf"), ("sha256.in", "a" * 64), ("sha256.out", "b" * 64))),
    ),
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("person", "Alena@Town.test"), ("recipient", "registry@court.test"), ("partner", "court"), ("day",
        "2026-11-21"),
        ("outcome", "delivered"), ("rule", "court-filing"), ("rule", "encrypt-above-office"), ("label", "office"),
        ("name", "bundle 7.PDF"), ("digest", "A" * 64), ("digest", "b" * 64), ("kind", "shipped"),
        ("transfer", transfer_id(bytes(16)).lower()),
    ],
)  # fmt: skip
def test_a_statement_is_found_by_each_of_its_fields(field: str, value: str) -> None:
    """Whatever case or spelling the auditor types."""
    assert term(KEY, field, value) in {term(KEY, *word) for word in words_of(SAID, at_ms=1795219200000)}


def test_a_field_without_value_gives_no_term() -> None:
    """Otherwise every transfer without a label would share one."""
    bare = Statement(kind="received", x=bytes(16), leg=0)
    assert 3 == len(words_of(bare, at_ms=0))


def test_terms_tell_nothing_without_the_key() -> None:
    """Another key, or another field, is another term."""
    truth = term(KEY, "person", "a@b.test")
    assert truth != term(b"j" * 32, "person", "a@b.test")
    assert truth != term(KEY, "recipient", "a@b.test")
    assert 32 == len(truth)


def test_composed_and_decomposed_letters_meet() -> None:
    """NFC: the auditor's keyboard need not be the sender's."""
    assert term(KEY, "name", "Nova\u0301k.pdf") == term(KEY, "name", "NOV\u00c1K.pdf")


def test_only_known_fields_are_indexed() -> None:
    """A word `find` does not know is a bug, not an empty answer."""
    assert "subject" not in FIELDS
    with pytest.raises(ValueError, match="subject"):
        term(KEY, "subject", "x")
