"""An entry's bytes: the handbook's vector, and what a leaf may not be."""

from __future__ import annotations

import pytest
from msgspec import structs

from gateway.facts import KINDS
from gateway.ledger.composing import Statement, compose
from gateway.ledger.leaf import CLASSES, FIELDS, LOG_KINDS, OUTCOMES, class_root, field_hash, salt_of
from gateway.ledger.merkle import Frontier

SECRETS = {cls: bytes([i]) * 32 for i, cls in enumerate(CLASSES, start=1)}


def test_the_worked_vector_entry(worked) -> None:
    """Entry 0 of the handbook comes out byte for byte."""
    assert worked.expected["entry_0"].encode() == worked.leaf.entry
    assert worked.expected["leaf_hash_0"] == worked.leaf.hash.hex()


def test_the_worked_vector_salt_and_decoy(worked) -> None:
    """The handbook's salt, and its decoy's leaf hash."""
    secret = SECRETS["rcp"]
    assert worked.expected["salt_rcp_addr"] == salt_of(secret, "addr").hex()
    decoy = field_hash("second", None, salt_of(secret, "second", is_decoy=True))
    assert worked.expected["decoy_rcp_second"] == decoy.hex()


def test_the_worked_vector_tree_of_two(worked) -> None:
    """Entry 1, 409 bytes, gives the handbook's root of size 2."""
    shipped = structs.replace(worked.statement, kind="shipped", outcome="delivered", intent=0)
    second = compose(
        shipped, time_ms=1767225601623, gateway="gw1", secrets=SECRETS, schema="xfer/1", table=worked.table
    )
    assert 409 == len(second.entry)
    assert worked.expected["root_2"] == Frontier().extend([worked.leaf.hash, second.hash]).root().hex()


def test_an_absent_class_differs_from_an_empty_one_of_another_secret() -> None:
    """Two entries without values share no class root: their shape tells only their kind."""
    assert class_root((), (), b"a" * 32) != class_root((), (), b"b" * 32)


def test_a_value_is_not_a_decoy() -> None:
    """A field with an empty value and a field without one are different commitments."""
    fields, secret = ("addr",), b"s" * 32
    assert class_root(fields, (("addr", ""),), secret) != class_root(fields, (), secret)


def test_a_field_outside_the_table_is_refused() -> None:
    """What the table does not list cannot be committed to."""
    with pytest.raises(ValueError, match="not fields"):
        class_root(("addr",), (("name", "x"),), b"s" * 32)


def test_every_fact_has_a_row_and_every_row_a_fact() -> None:
    """The table covers exactly what can happen, and always names the rule set."""
    assert set(KINDS) == set(FIELDS)
    assert all("ruleset" in fields["op"] and tuple(fields) == CLASSES for fields in FIELDS.values())
    assert set(OUTCOMES) < set(FIELDS)


ORDER = {
    "op": "rules ruleset decision purpose matter label retention reason",
    "snd": "addr name auth unit",
    "rcp": "addr name authz agency second keyfp reply receipt",
    "obj": "name subject desc media bytes.in sha256.in bytes.out sha256.out",
    "net": "src dst proto session msgid began ended",
    "sec": "tls cert hop e2e stripped scan",
}


@pytest.mark.parametrize("kind", sorted(FIELDS))
def test_each_kind_takes_a_sub_sequence(kind: str) -> None:
    """Fields come in the order of the schema, each once."""
    for cls, fields in FIELDS[kind].items():
        places = [ORDER[cls].split().index(field) for field in fields]
        assert sorted(set(places)) == places


def test_the_logs_own_kinds_have_no_classes() -> None:
    """A tick is schema `log/1`, without transfer, leg or commitments."""
    leaf = compose(Statement(kind="tick", public='{"n":3}'), time_ms=5, gateway="gw1", secrets={})
    assert b'{"d":{"n":3},"g":"gw1","k":"tick","s":"log/1","t":5,"v":1}' == leaf.entry
    assert () == leaf.roots


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "shipped", "x": bytes(16), "leg": 0, "outcome": "bounced"},
        {"kind": "shipped", "x": bytes(16), "leg": 0},
        {"kind": "sealed", "x": bytes(15), "leg": 0},
        {"kind": "sealed", "leg": 0},
        {"kind": "tick", "x": bytes(16)},
        {"kind": "tick", "leg": 0},
    ],
)
def test_a_statement_that_must_not_exist_cannot_be_built(said) -> None:
    """A wrong outcome, a missing id or an id where none belongs is refused when made."""
    with pytest.raises(ValueError, match=r"."):
        Statement(**said)


def test_a_short_secret_is_refused() -> None:
    """A class secret is 32 bytes."""
    secrets = dict.fromkeys(CLASSES, bytes(31))
    with pytest.raises(ValueError, match="32 bytes"):
        compose(Statement(kind="sealed", x=bytes(16), leg=0), time_ms=1, gateway="gw1", secrets=secrets)


def test_log_kinds_and_facts_are_strangers() -> None:
    """No word means both a fact and an entry of the log about itself."""
    assert not set(LOG_KINDS) & set(FIELDS)
