"""The gateway's own notes: to its own people and to partners on file, in the transaction of their fact, never about a
note."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from gateway.facts import Reason
from gateway.journey import State
from gateway.ledger.entry import read_entry
from gateway.ship import Never
from gateway.ship.bounce import Kind
from gateway.transfer import Notify, Party
from tests.playbook import Playbook, mail
from tests.unit.engine.engine_world import ALENA, COURT, Office, in_the_office
from tests.unit.engine.filing_world import FileOffice, in_the_file_office, no_address, no_route

NO_KEY = (Reason(code="no-key"),)


@in_the_office()
async def test_a_note_is_in_the_transaction_of_its_fact(office: Office) -> None:
    """No crash leaves an end without its note, or makes two: both stand behind the same signed head."""
    transfer = await office.accepts()
    await office.rests()

    assert "after judged received" in office.fuse.passed  # one append
    kinds = [read_entry(entry).kind for entry in office.entries()]
    assert kinds.index("judged") + 1 == [at for at, kind in enumerate(kinds) if kind == "received"][1]
    assert 1 == len(office.notes_about(transfer))


@in_the_office()
async def test_a_note_travels_like_any_mail(office: Office) -> None:
    """From the null sender, to the person, over verified transport, with an entry for each step."""
    transfer = await office.accepts()
    await office.rests()

    (note,) = (one for one in office.transfers() if office.journey(one).transfer.about == transfer)
    assert [State.SHIPPED] == office.states(note)
    (delivered,) = office.post.got(ALENA)
    assert "" == delivered.sender
    assert office.content(note).encode() == delivered.content


@in_the_office()
async def test_a_note_to_somebody_with_a_key_goes_all_the_same(office: Office) -> None:
    """It once was sealed again and again: made without the key, and wanted with it at the first byte."""
    await office.trusts(ALENA)
    transfer = await office.accepts()
    await office.rests()

    (note,) = (one for one in office.transfers() if office.journey(one).transfer.about == transfer)
    assert [State.SHIPPED] == office.states(note)


@in_the_office()
async def test_a_note_never_quotes_the_message(office: Office) -> None:
    """Fixed words and our sentences: neither body nor subject of a confidential paper leaves in a note."""
    transfer = await office.accepts()
    await office.rests()

    (note,) = office.notes_about(transfer)
    assert "CANARY" not in note
    assert "\r\nAuto-Submitted: auto-replied\r\n" in note


@in_the_office()
async def test_there_is_no_note_about_a_note(office: Office) -> None:
    """A note that cannot be delivered ends quietly; nobody is told that they could not be told."""
    office.post.answers.extend([Never(reason=Reason(code="remote-refused"), reply="550 no")])
    transfer = await office.accepts()
    await office.rests()

    (note,) = (one for one in office.transfers() if office.journey(one).transfer.about == transfer)
    assert [State.UNDELIVERABLE] == office.states(note)
    assert 2 == len(office.transfers())


@pytest.mark.parametrize(("notify", "count"), [((Notify.NEVER,), 0), ((Notify.SUCCESS,), 0), ((Notify.FAILURE,), 1)])
@in_the_office()
async def test_who_asked_not_to_hear_hears_nothing(office: Office, notify: tuple[Notify, ...], count: int) -> None:
    """RFC 3461 §4.1: what was not asked for is not sent."""
    transfer = await office.accepts(b"", COURT, notify=notify)
    await office.rests()

    assert count == len(office.notes_about(transfer))


@in_the_office()
async def test_a_sender_without_an_address_is_told_nothing(office: Office) -> None:
    """Null senders and the gateway itself have nobody to tell."""
    journey = Playbook(mail()).journey
    for sender in (Party(person=ALENA, address=None), Party(person="", address=journey.transfer.sender.address)):
        nobody = structs.replace(journey, transfer=replace(journey.transfer, sender=sender))

        assert () == await office.notes.about(nobody, 0, Kind.HELD, NO_KEY)

    assert {} == office.blobs.kept


@in_the_office()
async def test_the_status_is_the_reasons_own(office: Office) -> None:
    """A deferral's 4.x.x becomes 5.x.x at the end; without one the kind's own stands."""
    journey = Playbook(mail()).journey
    busy = Reason(code="remote-refused", about=(("status", "4.2.2"),))

    for kind, reason, status in (
        (Kind.DELAYED, busy, "4.2.2"),
        (Kind.FAILED, busy, "5.2.2"),
        (Kind.FAILED, Reason(code="no-key"), "5.0.0"),
    ):
        (write,) = await office.notes.about(journey, 0, kind, (reason,))
        item = write.facts[0].transfer.items[0]  # type: ignore[union-attr]
        assert write.data_key is not None
        note = b"".join(office.vault.pieces(item.blob, write.data_key)).decode()
        assert f"\r\nStatus: {status}\r\n" in note


@in_the_office()
async def test_words_for_who_decides(office: Office) -> None:
    """One reason of a waiting leg as a sentence, for the person asked to release it."""
    journey = Playbook(mail()).journey

    said = office.notes.words(journey.transfer, journey.legs[0].leg.recipient, Reason(code="no-key"))

    assert said.startswith("No verified key is known for clerk0@court.test")


@in_the_file_office(rulebook=no_route)
async def test_a_partner_is_told_that_something_lies_there(office: FileOffice) -> None:
    """Once, in the transaction of the offer, to the first address on file: who, when, how, until when; never what."""
    transfer = await office.drops(b"CANARY claim", name="CANARY.txt")
    await office.rests()

    assert "after offered received" in office.fuse.passed  # one append
    (delivered,) = office.post.got(COURT)
    note = " ".join(office.notes_about(transfer)[0].split())
    assert ("", True) == (
        delivered.sender,
        "of Town of Example has left something for you, on 23 November 2026" in note,
    )
    for said in ("sftp://files.town.test", "/inbox", "partner:court", "until 24 May 2027", transfer):
        assert said in note, said
    assert "CANARY" not in note


@in_the_file_office(rulebook=no_address)
async def test_a_partner_without_an_address_is_not_written_to(office: FileOffice) -> None:
    """Only domains are on file: nobody guesses a mailbox, and the file lies there all the same."""
    transfer = await office.drops()
    await office.rests()

    assert ([State.OFFERED], []) == (office.states(transfer), office.notes_about(transfer))
