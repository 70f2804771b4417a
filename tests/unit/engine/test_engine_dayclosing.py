"""Days are closed once each, when they are over, however long no gateway ran; and then absence can be proved."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from gateway.engine.dayclosing import DayCloser, closed, last_closed
from gateway.engine.entries import Write
from gateway.engine.publication import Publication
from gateway.engine.questions.absence import Answering
from gateway.errors import Misconfigured, Tampering
from gateway.facts import Received
from gateway.journey import begin
from gateway.ledger.absence import FILE, Absence, check
from gateway.ledger.audit import Severity, audit
from gateway.ledger.composing import compose
from gateway.ledger.dayindex import DayIndex, index_of
from gateway.ledger.entry import read_entry
from gateway.ledger.proof import parse_bundle
from gateway.ledger.statement import tick_statement
from gateway.ledger.verify import Verdict, verify_bundle
from gateway.transfer import Address, Leg, Recipient, transfer_id
from tests.audited import cleaned, intent, judged
from tests.playbook import Outcome, mail
from tests.unit.engine.engine_world import DAY, NOON, Office, in_the_office

MONDAY, TUESDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 27)
COURT, CLERK, NOBODY = "registry@court.test", "clerk@court.test", "nobody@else.test"


async def sealed_for(office: Office, address: str, number: int) -> None:
    """Something is about to leave for somebody."""
    leg = Leg(ordinal=0, recipient=Recipient(address=Address.of(address)))
    transfer = replace(mail(), id=transfer_id(bytes([number]) * 16), legs=(leg,), received_ms=office.clock.now_ms())
    journey = begin(Received(transfer=transfer))
    facts = (Received(transfer=transfer), judged(0, Outcome.SEND, "rule"), cleaned(0), intent(journey, 0))
    await office.scribe.append(Write(stream=transfer.id, facts=facts, expected=0))


def closer(office: Office) -> DayCloser:
    return DayCloser(records=office.records, archive=office.archive, scribe=office.scribe, clock=office.clock)


async def later(office: Office, days: int) -> None:
    """Time passes, and the gateway says that it lives."""
    office.clock.at_ms = NOON + days * DAY
    await office.scribe.tick()


def indexes(office: Office) -> list[tuple[date, int]]:
    found = (DayIndex.of(read_entry(entry)) for entry in office.entries())
    return [(index.day, index.count) for index in found if index]


@in_the_office()
async def test_a_day_is_closed_when_it_is_over(office: Office) -> None:
    """Not before midnight; after it once, with the number of its intents, and nothing of the next day."""
    await sealed_for(office, COURT, 1)
    await sealed_for(office, CLERK, 2)
    chore = closer(office)
    await chore.turn()
    before = indexes(office)
    await later(office, 1)
    await sealed_for(office, COURT, 3)
    await chore.turn()
    await chore.turn()
    await closer(office).turn()

    assert ([], [(MONDAY, 2)]) == (before, indexes(office))


@in_the_office()
async def test_days_nobody_ran_are_closed_one_by_one(office: Office) -> None:
    """After a long weekend every day has its index, the empty ones too, and the audit finds nothing wrong."""
    await sealed_for(office, COURT, 1)
    await later(office, 4)
    await closer(office).turn()

    assert [(MONDAY, 1), (TUESDAY, 0), (date(2026, 11, 25), 0), (date(2026, 11, 26), 0)] == indexes(office)
    assert [] == [
        one for one in audit(office.entries(), now_ms=office.clock.now_ms()) if one.severity is Severity.FAILED
    ]
    assert last_closed(office.records) is not None
    assert None is closed(office.records, FRIDAY)


@in_the_office()
async def test_a_day_that_counts_wrong_is_found(office: Office) -> None:
    """Whoever closes a day with one intent less is found out by anybody who reads the entries."""
    await sealed_for(office, COURT, 1)
    await later(office, 1)
    entries, now_ms = office.entries(), office.clock.now_ms()
    index = index_of(MONDAY, 0, len(entries) - 1, [], day_key=bytes(32))
    false = compose(tick_statement(index=index.to_json()), time_ms=now_ms, gateway="gw1", secrets={}).entry

    failed = [one.words for one in audit([*entries, false], now_ms=now_ms) if one.severity is Severity.FAILED]

    assert ["closes a day that is not as it says"] == failed


def answering(office: Office, folder: str) -> Answering:
    publication = Publication(Path(folder), office.records, office.signer.vkey)
    assert office.scribe.head is not None
    publication.publish(office.scribe.head)
    return Answering(records=office.records, archive=office.archive, publication=publication, vkey=office.signer.vkey)


@in_the_office()
async def test_absence_is_proved_and_presence_is_told(office: Office) -> None:
    """Over three days, one of them empty: whoever got nothing is absent, whoever got something got only that."""
    for number, address in enumerate((COURT, CLERK, COURT, "judge@court.test"), start=1):
        await sealed_for(office, address, number)
    await later(office, 2)
    await sealed_for(office, COURT, 9)
    await later(office, 3)
    await closer(office).turn()
    with tempfile.TemporaryDirectory() as folder:
        answers = answering(office, folder)
        bundles = {name: answers.bundle(name, MONDAY, date(2026, 11, 25)) for name in (NOBODY, COURT)}

    reports = {name: verify_bundle(bundle, [office.signer.vkey]) for name, bundle in bundles.items()}
    said = {name: [one.words for one in report.findings if one.step == 7] for name, report in reports.items()}
    assert [Verdict.TRUE] * 2 == [report.verdict for report in reports.values()]
    assert [f"nothing was sealed for {NOBODY} from 2026-11-23 to 2026-11-25 (UTC)"] == said[NOBODY]
    sealed = [index for index, entry in enumerate(office.entries()) if b'"k":"sealed"' in entry]
    expected = ", ".join(str(sealed[at]) for at in (0, 2, 4))
    assert said[COURT][0].endswith(f"only what entries {expected} tell")


@in_the_office()
async def test_a_day_left_out_proves_nothing(office: Office) -> None:
    """An answer that skips a day, or asks about other days than it answers, is false."""
    await sealed_for(office, COURT, 1)
    await later(office, 3)
    await closer(office).turn()
    with tempfile.TemporaryDirectory() as folder:
        evidence = parse_bundle(answering(office, folder).bundle(NOBODY, MONDAY, date(2026, 11, 25)))
    absence = Absence.read(evidence.file(FILE) or b"")

    def verdict(change: Absence) -> bool | None:
        return check(replace(evidence, attached=((FILE, change.to_bytes()),)))[0]

    assert True is verdict(absence)
    assert [False] * 3 == [
        verdict(replace(absence, answers=absence.answers[:1] + absence.answers[2:])),
        verdict(replace(absence, answers=absence.answers[::-1])),
        verdict(replace(absence, last=date(2026, 11, 26))),
    ]


@in_the_office()
async def test_a_day_whose_key_is_gone_proves_nothing(office: Office) -> None:
    """After an address of that day was erased, nobody's absence on it can be proved, and that is said."""
    await sealed_for(office, COURT, 1)
    await later(office, 1)
    await closer(office).turn()
    office.records.forget("index/2026-11-23")
    with tempfile.TemporaryDirectory() as folder, pytest.raises(Misconfigured, match="nothing any more"):
        answering(office, folder).bundle(NOBODY, MONDAY, MONDAY)
    with tempfile.TemporaryDirectory() as folder, pytest.raises(Misconfigured, match="not closed"):
        answering(office, folder).bundle(NOBODY, TUESDAY, TUESDAY)


@in_the_office()
async def test_records_that_say_otherwise_are_not_used(office: Office) -> None:
    """If what is kept no longer gives the day's root, no evidence is made of it."""
    await sealed_for(office, COURT, 1)
    await later(office, 1)
    await closer(office).turn()
    office.records.forget(transfer_id(bytes([1]) * 16))
    with tempfile.TemporaryDirectory() as folder, pytest.raises(Tampering, match="not those of its closing tick"):
        answering(office, folder).bundle(NOBODY, MONDAY, MONDAY)
