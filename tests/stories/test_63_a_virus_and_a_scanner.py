"""A virus, and a scanner that is not always there.

Jo forwards an invoice that is none. The office has a virus scanner, a program of somebody else's, which may find it,
may be wrong about it, may be updated in the middle of the day, may hang. What it finds goes nowhere. What it has not
looked at goes nowhere either, whoever is in a hurry; and nobody has to remember what waited when it is back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.house import JO, PER, RUTH, House, Waits
from tests.scanner import HARMLESS, VirusScanner
from tests.world import attached, letter

COURT = "registry@court.test"


@pytest.fixture(scope="module")
def scanner(closed_house: House) -> Iterator[VirusScanner]:
    """A real one, beside the office."""
    scanner = VirusScanner.beside(closed_house)
    scanner.starts()
    yield scanner
    scanner.stops()


@pytest.fixture(scope="module")
def guarded(closed_house: House, scanner: VirusScanner) -> House:
    """The sample office with the scanner in its rules, open; the registry's key is known."""
    closed_house.changes("gateway.toml", "[door]", f'scan = {{ clamd = "{scanner.socket}" }}\n[door]')
    closed_house.publishes()
    closed_house.outside().start()
    closed_house.opens()
    closed_house.meets(COURT)
    return closed_house


@pytest.fixture(scope="module")
def waits(guarded: House) -> Waits:
    """Jo's invoice, found out."""
    guarded.staff(JO).sends(invoice(COURT), [COURT])
    return guarded.awaits(COURT, "virus")


def invoice(to: str) -> EmailMessage:
    return attached(letter(JO, to, "[case] CANARY"), "invoice.txt", HARMLESS + b"\r\n", "text/plain")


def test_what_is_clean_goes_and_an_auditor_reads_who_looked(guarded: House) -> None:
    """Nobody notices the scanner but the ledger: program and database stand in the entry of the cleaning."""
    _, said = guarded.staff(JO).sends(letter(JO, COURT, "[case] CANARY"), [COURT])

    guarded.outside().awaits(COURT)
    assert "ClamAV" in guarded.asks("ledger", "show", said.split()[3], by=PER)


def test_what_is_found_goes_nowhere_and_everybody_is_told(guarded: House, waits: Waits) -> None:
    """Jo is told which file; who keeps the rules, which signature and where it lies. The file itself is in no note."""
    assert any("'invoice.txt' holds a virus" in why for why in waits.why)
    assert 1 == len(guarded.outside().received(COURT))
    (to_ruth,) = guarded.outside().awaits(RUTH)
    assert b"Subject: A virus was found: " in to_ruth
    assert waits.transfer.encode() in to_ruth
    assert not any(HARMLESS in note for note in (*guarded.outside().received(RUTH), *guarded.outside().received(JO)))
    assert "virus=Sealgate.Test.Harmless" in guarded.asks("ledger", "show", waits.transfer, by=PER)


def test_no_release_lets_it_go(guarded: House, waits: Waits) -> None:
    """Not even by who may release everything else: the scanner has to be told, not the gateway."""
    assert "A release cannot mend this" in guarded.releases(waits, by=RUTH)


def test_while_the_scanner_is_away_mail_waits_and_goes_when_it_is_back(guarded: House, scanner: VirusScanner) -> None:
    """It is acknowledged, it waits and says for what; nobody does anything, and it arrives."""
    scanner.stops()
    assert 250 == guarded.staff(JO).sends(letter(JO, COURT, "[case] CANARY away"), [COURT])[0]
    missing = guarded.awaits(COURT, "unscanned")
    assert ["It waits for the virus scanner: it does not answer, and is asked again by itself."] == missing.why
    assert 1 == len(guarded.outside().received(COURT))
    assert [("wrong", "systemctl restart clamav-daemon")] == doctor_on_it(guarded)

    scanner.starts()

    assert 2 == len(guarded.outside().awaits(COURT, 2))


def test_a_false_alarm_goes_by_itself_once_the_scanner_is_told(guarded: House, scanner: VirusScanner) -> None:
    """Jo's first invoice was one after all: its owner has the scanner ignore the signature, and it arrives."""
    arrived = len(guarded.outside().received(COURT))

    scanner.is_told_to_ignore_it()
    guarded.passes(minutes=16)

    assert arrived + 1 == len(guarded.outside().awaits(COURT, arrived + 1))


def doctor_on_it(house: House) -> list[tuple[str, str]]:
    """What `sealgate doctor` finds of the scanner, and what it says mends that."""
    told = json.loads(house.asks("doctor", "--json", may_fail=True))
    return [(one["grade"], one["mend"]) for one in told["findings"] if one["check"] == "antivirus"]
