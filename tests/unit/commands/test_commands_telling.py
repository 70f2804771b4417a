"""An entry in words."""

from __future__ import annotations

from gateway.commands.telling import HEADLINES, details, headline, instant, printable
from gateway.ledger.leaf import FIELDS, LOG_KINDS, OUTCOMES


def test_every_kind_and_field_has_words() -> None:
    """Nothing the ledger can say is left out."""
    said = {f"{cls}.{field}" for kind in FIELDS.values() for cls, fields in kind.items() for field in fields}

    assert len(said) == len(details(dict.fromkeys(said, "x")))
    assert {*FIELDS, *LOG_KINDS} == HEADLINES.keys()


def test_waiting_and_refusing_are_told_apart() -> None:
    """The headline of a kind that ends in several ways says which."""
    judged = {headline("judged", outcome) for outcome in OUTCOMES["judged"]}

    assert {"Judged: may go", "Judged: waits", "Judged: refused"} == judged


def test_lists_are_spaced_and_a_persons_words_are_not_touched() -> None:
    """Only what the ledger joined is taken apart; sizes are grouped."""
    told = dict(details({"op.rules": "a;b", "obj.name": "a;b", "obj.bytes.in": "1048576;x"}))

    assert {"rules": "a; b", "file": "a;b", "bytes handed in": "1,048,576; x"} == told


def test_a_value_cannot_drive_the_terminal() -> None:
    """Escape sequences, line ends and marks that reorder text are shown as a mark."""
    assert "\ufffd[2Jfdp\ufffd.exe\ufffd" == printable("\x1b[2Jfdp\u202e.exe\n")


def test_any_number_is_an_instant() -> None:
    """A hostile bundle may say any time; it is told, not crashed on."""
    assert ("2026-01-01T00:00:00.123Z", "9007199254740991 ms after 1970") == (
        instant(1767225600123), instant(2**53 - 1),
    )  # fmt: skip
