"""Names that are mixed up, and names that are not: the guard must ask rarely."""

from __future__ import annotations

import pytest

from gateway.judge.resemblance import Acquainted, resembled


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("anna.kern@sample.test", "anna.kern@example.test"),
        ("annakern@sample.test", "anna.kern@example.test"),
        ("kern.anna@sample.test", "anna.kern@example.test"),
        ("anna_kern+private@sample.test", "anna.kern@example.test"),
        ("ana.kern@sample.test", "anna.kern@example.test"),
        ("anna.kerm@example.test", "anna.kern@example.test"),
        ("anna.kren@example.test", "anna.kern@example.test"),
        ("аnna.kern@sample.test", "anna.kern@example.test"),  # a Cyrillic a
        ("jan@sample.test", "jan@example.test"),
    ],
)
def test_nearly_the_same_name_is_asked_about(address: str, known: str) -> None:
    """Another host, another order, a slip of one letter, a letter of another script."""
    assert known == resembled(address, [Acquainted(address=known)])


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("anna.kern@example.test", "anna.kern@example.test"),
        ("info@sample.test", "info@example.test"),
        ("registry@sample.test", "registry@court.test"),
        ("post-office@sample.test", "postoffice.two@example.test"),
        ("a.smith@example.test", "b.smith@example.test"),
        ("mike@sample.test", "mika@example.test"),
        ("jo@sample.test", "jo@town.test"),
        ("anna.berg@sample.test", "anna.kern@example.test"),
    ],
)
def test_others_are_not(address: str, known: str) -> None:
    """The address itself, desks every house has, another initial, short names that differ, other people."""
    assert "" == resembled(address, [Acquainted(address=known)])


def test_a_person_is_known_by_their_name_too() -> None:
    """Whoever writes to jo.hart elsewhere may mean Jo Hart here, whose address does not say so."""
    colleague = Acquainted(address="jo@town.test", name="Jo Hart")

    assert "jo@town.test" == resembled("hart.jo@sample.test", [colleague])


def test_of_several_the_answer_is_always_the_same() -> None:
    """The order in which they are known does not matter."""
    known = [Acquainted(address=f"anna.kern@{host}.test") for host in ("b", "a", "c")]

    assert "anna.kern@a.test" == resembled("anna.kern@d.test", known) == resembled("anna.kern@d.test", known[::-1])
