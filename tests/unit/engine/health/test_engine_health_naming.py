"""What a doctor says of an office's names in the DNS."""

from __future__ import annotations

import pytest

from gateway.engine.health.checkup import Grade
from gateway.engine.health.naming import names

HOST = "mail.town.org"
WELL: dict[tuple[str, str], tuple[str, ...] | None] = {
    ("town.org", "MX"): ("10 mail.town.org.",),
    ("town.org", "TXT"): ('"v=spf1 mx -all"', '"something=else"'),
    ("_dmarc.town.org", "TXT"): ('"v=DMARC1; p=reject"',),
    (HOST, "A"): ("192.0.2.1",),
}


def said(**changes: tuple[str, ...] | None) -> list[tuple[Grade, str]]:
    """By kind of record, `MX`, `TXT`, `A`, or `DMARC`."""
    places = {
        "MX": ("town.org", "MX"),
        "TXT": ("town.org", "TXT"),
        "DMARC": ("_dmarc.town.org", "TXT"),
        "A": (HOST, "A"),
    }
    zone = WELL | {places[kind]: value for kind, value in changes.items()}
    return [(one.grade, one.mend) for one in names(("town.org",), HOST, lambda *asked: zone.get(asked, ()))]


def test_names_that_are_well_are_fine() -> None:
    """One finding, and nothing to do."""
    assert [(Grade.FINE, "")] == said()


@pytest.mark.parametrize(
    ("kind", "value", "grade", "mend"),
    [
        ("MX", (), Grade.WRONG, "publish: town.org. MX 10 mail.town.org."),
        ("MX", ("10 mx.provider.example.",), Grade.NOTE, "dig +short MX town.org"),
        ("TXT", ('"something=else"',), Grade.WRONG, 'publish: town.org. TXT "v=spf1 mx -all"'),
        ("TXT", ('"v=spf1 -all"', '"v=spf1 mx -all"'), Grade.WRONG, "dig +short TXT town.org"),
        ("TXT", ('"v=spf10 -all"',), Grade.WRONG, "publish"),
        ("DMARC", (), Grade.NOTE, "publish: _dmarc.town.org."),
        ("A", (), Grade.WRONG, "dig +short A mail.town.org"),
        ("MX", None, Grade.WRONG, "resolvectl status"),
    ],
)
def test_what_is_missing_is_named(kind: str, value: tuple[str, ...] | None, grade: Grade, mend: str) -> None:
    """One thing missing is one finding, with the record to publish."""
    ((found, command),) = said(**{kind: value})

    assert grade is found
    assert mend in command


def test_a_policy_in_pieces_is_one_policy() -> None:
    """RFC 7208 §3.3: strings of one record are put together without a space."""
    assert [(Grade.FINE, "")] == said(TXT=('"v=spf1 m" "x -all"',))


def test_what_could_not_be_asked_is_not_called_missing() -> None:
    """One name server that fails for one name says nothing about it."""
    assert [(Grade.FINE, "")] == said(TXT=None, DMARC=None, A=None)


def test_names_nobody_owns_are_not_asked_about() -> None:
    """A sample office asks no name server anything."""

    def ask(name: str, kind: str) -> tuple[str, ...]:
        raise AssertionError(f"{name} was asked about")

    assert [] == list(names(("town.test",), "mail.town.test", ask))
