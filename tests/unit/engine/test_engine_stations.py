"""The stations of a voyage: what holds a leg, and that what is missing, once there, lets it go."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image

from gateway.engine.workshop import WorkshopFailed
from gateway.errors import Tampering
from gateway.facts import Judged, Outcome, Scrubbed, Sealed, Truth
from gateway.journey import State
from gateway.ship import Taken
from gateway.transfer import Notify, Seal, TransferId
from tests.corpus import docx_file
from tests.unit.engine.engine_world import (
    ALENA,
    CITIZEN,
    COURT,
    JUDGE,
    PER,
    Office,
    certificate,
    in_the_office,
    letter,
    party,
    rules,
    with_document,
)

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BROKEN = b"%PDF-1.7 and nothing else"


def picture() -> bytes:
    """A photograph that names the telephone it was taken with."""
    exif, content = Image.Exif(), io.BytesIO()
    exif[0x0110] = "Telephone 7"
    Image.linear_gradient("L").resize((32, 32)).save(content, "jpeg", exif=exif)
    return content.getvalue()


@in_the_office()
async def test_without_a_key_it_waits_and_goes_when_the_key_arrives(office: Office) -> None:
    """P2: no key, no clear text. The sender is told once, and nobody has to send it again."""
    transfer = await office.accepts()
    await office.rests()
    assert ([State.HELD], ["no-key"]) == (office.states(transfer), office.reasons(transfer))

    await office.trusts(COURT)
    await office.comes_to(transfer, State.SHIPPED)

    assert 1 == len(office.post.got(COURT))
    (note,) = office.notes_about(transfer)
    assert "Waiting: registry@court.test" in note


@in_the_office()
async def test_a_candidate_is_no_key(office: Office) -> None:
    """A certificate nobody vouched for lets nothing go; its reason says so."""
    await office.orders.admit(certificate(COURT), party(PER), "")

    transfer = await office.accepts()
    await office.rests()

    assert [State.HELD] == office.states(transfer)
    assert ["no-key", "key-unverified"] == office.reasons(transfer)


@in_the_office()
async def test_one_leg_without_a_key_holds_the_other(office: Office) -> None:
    """All-or-nothing: who could have it waits with who cannot, and goes with them."""
    await office.trusts(JUDGE)
    transfer = await office.accepts(b"", COURT, JUDGE)
    await office.rests()
    assert [State.HELD, State.HELD] == office.states(transfer)
    assert ["others-wait"] == office.reasons(transfer, 1)

    await office.trusts(COURT)

    await office.comes_to(transfer, State.SHIPPED, State.SHIPPED)


@in_the_office()
async def test_looking_again_says_nothing_twice(office: Office) -> None:
    """A leg that still waits for the same reason gets no new entry and no new note, however often it is looked at."""
    transfer = await office.accepts()
    await office.rests()
    before = office.kinds(transfer)

    for _ in range(5):
        await office.passes(16 * 60_000)

    assert before == office.kinds(transfer)
    assert 1 == len(office.notes_about(transfer))


@in_the_office()
async def test_a_document_is_cleaned(office: Office) -> None:
    """P3: what the rules strip is gone from the copy, and the entry says what and how much, never the value."""
    await office.trusts(COURT)

    transfer = await office.accepts(with_document("photo.jpg", "image/jpeg", picture()))
    await office.rests()

    (scrubbed,) = (fact for fact in office.facts(transfer) if isinstance(fact, Scrubbed))
    assert [State.SHIPPED] == office.states(transfer)
    assert scrubbed.removed
    assert ("none: a test",) == scrubbed.confinement
    assert "Telephone" not in str(scrubbed)


@in_the_office()
async def test_a_document_is_opened_once_for_legs_with_equal_plans(office: Office) -> None:
    """Two recipients under the same rules share the work."""
    await office.trusts(COURT)
    await office.trusts(JUDGE)

    await office.accepts(with_document("photo.jpg", "image/jpeg", picture()), COURT, JUDGE)
    await office.rests()

    assert 1 == office.bench.opened


@in_the_office()
async def test_a_document_that_cannot_be_cleaned_waits(office: Office) -> None:
    """It is held with its name and the reason; whether it hides something stays unknown."""
    await office.trusts(COURT)

    transfer = await office.accepts(with_document("claim.pdf", "application/pdf", BROKEN))
    await office.rests()

    assert ([State.HELD], ["document"]) == (office.states(transfer), office.reasons(transfer))
    assert [] == office.post.got(COURT)
    (note,) = office.notes_about(transfer)
    assert "'claim.pdf' waits" in note
    known = {one.name: one.value for one in office.journey(transfer).legs[0].judged.known}  # type: ignore[union-attr]
    assert Truth.YES is not known.get("hidden-content-found", Truth.UNKNOWN)


@in_the_office()
async def test_what_reads_two_ways_waits(office: Office) -> None:
    """An ambiguity the scanner names holds the leg, and no document in it is opened."""
    await office.trusts(COURT)
    twice = letter(extra="MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\n")

    transfer = await office.accepts(twice)
    await office.rests()

    assert ([State.HELD], ["ambiguous"]) == (office.states(transfer), office.reasons(transfer))
    assert 0 == office.bench.opened


@in_the_office()
async def test_what_the_sender_sealed_waits(office: Office) -> None:
    """Nobody can look into what the sender encrypted, so it is held."""
    await office.trusts(COURT)
    armoured = office.bench.pen.encrypt(b"CANARY", certificate(COURT)).decode().replace("\n", "\r\n")
    mime = (
        'MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\r\n'
    )
    body = (
        "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
        f"--b\r\nContent-Type: application/octet-stream\r\n\r\n{armoured}\r\n--b--\r\n"
    )

    transfer = await office.accepts(letter(extra=mime, body=body))
    await office.rests()

    assert ([State.HELD], ["sender-sealed"]) == (office.states(transfer), office.reasons(transfer))


def test_an_original_that_changed_is_never_sent() -> None:
    """A blob that no longer opens is tampering: the engine stops rather than send anything."""
    office = Office()

    async def waits() -> TransferId:
        async with office.opens():
            transfer = await office.accepts(letter(body="The statement of claim.\r\n" * 1_000))  # too much to be light
            await office.rests()
            return transfer

    async def goes_on() -> None:
        async with asyncio.timeout(20), office.opens():
            await office.trusts(COURT)
            await asyncio.Event().wait()

    transfer = asyncio.run(waits())
    (blob,) = (item.blob for item in office.journey(transfer).transfer.items)
    kept = office.blobs.kept[blob]
    office.blobs.kept[blob] = kept[:-1] + bytes([kept[-1] ^ 1])

    with pytest.raises(BaseExceptionGroup) as stopped:
        asyncio.run(goes_on())

    assert stopped.group_contains(Tampering)
    assert ([State.HELD], []) == (office.states(transfer), office.post.got(COURT))


@in_the_office()
async def test_a_pen_that_will_not_write_holds(office: Office) -> None:
    """What the workshop cannot encrypt waits for a person; it does not go in clear."""
    await office.trusts(COURT)
    office.bench.fails.extend([None, WorkshopFailed("the pen died")])

    transfer = await office.accepts()
    await office.rests()

    assert ([State.HELD], ["unsealed"]) == (office.states(transfer), office.reasons(transfer))
    assert [] == office.post.got(COURT)
    assert 1 == len(office.notes_about(transfer))


@in_the_office()
async def test_a_low_label_travels_in_verified_transport(office: Office) -> None:
    """Where the floor is a proved connection and no key is known, the clean copy itself is the parcel."""
    transfer = await office.accepts(letter(ALENA, (CITIZEN,), subject="[office] Opening hours"), CITIZEN)
    await office.rests()

    (sealed,) = (fact for fact in office.facts(transfer) if isinstance(fact, Sealed))
    assert (Seal.TRANSPORT, "verified-transport") == (sealed.parcel.seal, sealed.floor)
    (delivered,) = office.post.got(CITIZEN)
    assert b"the statement of claim" in delivered.content
    assert b"Bcc" not in delivered.content


@in_the_office()
async def test_the_rules_of_the_scrubber_are_named(office: Office) -> None:
    """The entry names what kept something, and the verdict names rules, demands and the set of rules."""
    await office.trusts(COURT)
    transfer = await office.accepts()
    await office.rests()

    (judged,) = (fact for fact in office.facts(transfer) if isinstance(fact, Judged))
    assert (Outcome.SEND, ("court-filing", "encrypt-above-office"), office.rulebook.digest) == (
        judged.outcome, judged.rules, judged.ruleset,
    )  # fmt: skip
    assert {"encrypt-to-recipient", "strip-metadata"} <= set(judged.demands)


@in_the_office()
async def test_a_note_about_what_was_relayed(office: Office) -> None:
    """A sender who asked for success hears that the next server does not report further, unless it promised to."""
    await office.trusts(COURT)
    wanted = (Notify.SUCCESS, Notify.FAILURE)

    told = await office.accepts(notify=wanted)
    await office.rests()
    office.post.answers.append(Taken(reply="250 ok", is_notifying=True))
    promised = await office.accepts(notify=wanted)
    await office.rests()

    assert ["Passed on"] == ["Passed on" for note in office.notes_about(told) if "Passed on" in note]
    assert [] == office.notes_about(promised)


LINKED = (
    '[[allow]]\nid = "linked"\nto = ["courts"]\nkeep = ["links"]\nuntil = 2027-03-31\nowner = "ruth@town.test"\n'
    'because = "They read from our share."\n'
)


@in_the_office(rulebook=lambda: rules(metadata=LINKED))
async def test_what_a_rule_keeps_does_not_hold_the_document(office: Office) -> None:
    """The second reading knows the plan: links stay and the letter goes; all else that gives us away is gone."""
    await office.trusts(COURT)
    dirty = docx_file.dirty().content

    transfer = await office.accepts(with_document("letter.docx", WORD, dirty))
    await office.rests()

    assert [State.SHIPPED] == office.states(transfer), office.reasons(transfer)
    (scrubbed,) = (fact for fact in office.facts(transfer) if isinstance(fact, Scrubbed))
    kinds = {one.kind for one in scrubbed.removed}
    assert (("linked",), False, True) == (scrubbed.kept_by, "links" in kinds, {"people", "paths", "ids"} <= kinds)
