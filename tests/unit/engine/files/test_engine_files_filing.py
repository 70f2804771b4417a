"""A file's voyage, told as stories: the same runner, rules, ledger and notes as mail; another way out."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image

from gateway.engine.attested import Attestations
from gateway.engine.files import filing
from gateway.engine.files.pushing import is_in_question, name_of
from gateway.engine.questions.searching import Query, search
from gateway.errors import Misconfigured
from gateway.facts import Attempted, Deferred, Offered, Outcome, Reason, Scrubbed, Sealed, Shipped, Undeliverable
from gateway.journey import State
from gateway.ship import InDoubt, Never, NotNow
from gateway.transfer import Item, Party, Seal
from tests.corpus import jpeg_file, pptx_file
from tests.playbook import ITEM
from tests.unit.engine.engine_world import (
    COURT,
    DAY,
    HOUR,
    MINUTE,
    PER,
    Fuse,
    party,
    rules,
    to,
)
from tests.unit.engine.filing_world import (
    BOX,
    FINGERPRINT,
    HOP,
    PAPER,
    SECRET,
    FileOffice,
    in_the_file_office,
    no_route,
    outsiders_may,
    outsiders_may_not,
)

BUSY = NotNow(reason=Reason(code="unreachable", about=(("host", HOP.host), ("status", "4.4.1"))))
NOT_THE_SAME = InDoubt(reason=Reason(code="name-taken", about=(("host", HOP.host), ("status", "4.2.0"))))
CANNOT_LOOK = InDoubt(reason=Reason(code="cannot-compare", about=(("host", HOP.host), ("status", "4.4.2"))))
GONE = InDoubt(reason=Reason(code="gone-after-rename", about=(("host", HOP.host), ("status", "4.2.0"))))
REFUSED = Never(reason=Reason(code="remote-refused", about=(("host", HOP.host), ("status", "5.7.1"))), reply="SFTP 3")
CUT = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog"
SCRIPT = b"<html><head><script>go()</script></head><body><p>Dear sirs</p></body></html>"


def from_court() -> Party:
    """The court, signed in at the file door."""
    return Party(person="partner:court", address=None, name="County Court", signed_in_by="publickey")


# ── out: cleaned, sealed, put into the box ───────────────────────────────────────────────────────────────────────────


@in_the_file_office()
async def test_an_allowed_file_goes_cleaned_into_the_box(office: FileOffice) -> None:
    """What the rules strip is gone from what arrives; intent, attempt and outcome stand in the ledger in this order."""
    transfer = await office.drops(jpeg_file.dirty().content, name="photo.jpg", media="image/jpeg")
    await office.rests()

    assert ["received", "judged", "scrubbed", "sealed", "attempted", "shipped"] == office.kinds(transfer)
    (scrubbed,) = (fact for fact in office.facts(transfer) if isinstance(fact, Scrubbed))
    assert scrubbed.removed
    assert ["photo.jpg"] == list(office.box.files)
    assert b"CANARY" not in office.box.files["photo.jpg"]
    assert [] == office.post.taken


@in_the_file_office()
async def test_the_box_is_reached_as_the_rules_say(office: FileOffice) -> None:
    """Pinned keys, user and secret come from the route and its credential; the evidence is the key that was shown."""
    transfer = await office.drops()
    await office.rests()

    (route,) = office.box.routes
    assert [FINGERPRINT] == [pin.fingerprint for pin in route.pins]
    assert ("town", SECRET) == (route.login.user, route.login.secret_key)
    (shipped,) = (fact for fact in office.facts(transfer) if isinstance(fact, Shipped))
    assert "key-pinned" == shipped.hop.verdict


@in_the_file_office()
async def test_where_no_encryption_is_demanded_the_file_stays_readable(office: FileOffice) -> None:
    """A partner's program finds the file itself in its box, though the office knows a key."""
    await office.trusts(COURT)

    transfer = await office.drops()
    await office.rests()

    assert {"claim.txt": PAPER} == office.box.files
    (sealed,) = (fact for fact in office.facts(transfer) if isinstance(fact, Sealed))
    assert Seal.TRANSPORT is sealed.parcel.seal


@in_the_file_office()
async def test_a_confidential_file_is_encrypted_to_a_key_of_the_partner(office: FileOffice) -> None:
    """Where the rules demand it, any address in the partner's domains that has a verified key will serve."""
    await office.trusts(COURT)

    transfer = await office.drops(label="confidential")
    await office.rests()

    ((name, content),) = office.box.files.items()
    assert "claim.txt.pgp" == name
    assert content[0] & 0x80, "packets, not armour"  # RFC 9580 §4.2: the top bit of a packet's first octet
    assert PAPER not in content
    (sealed,) = (fact for fact in office.facts(transfer) if isinstance(fact, Sealed))
    assert Seal.OPENPGP is sealed.parcel.seal


@in_the_file_office()
async def test_without_a_key_a_confidential_file_waits_and_goes_when_one_comes(office: FileOffice) -> None:
    """P2: nothing goes weaker than demanded; nobody has to drop it again."""
    transfer = await office.drops(label="confidential")
    await office.rests()
    assert ([State.HELD], ["no-key"]) == (office.states(transfer), office.reasons(transfer))
    (note,) = office.notes_about(transfer)
    assert "Your file 'claim.txt'" in note

    await office.trusts(COURT)
    await office.comes_to(transfer, State.SHIPPED)

    assert ["claim.txt.pgp"] == list(office.box.files)


@in_the_file_office()
async def test_a_large_file_goes_as_a_stream(office: FileOffice) -> None:
    """What is too large to be held in memory is encrypted piece by piece, and is the same file."""
    await office.trusts(COURT)
    much = b"line of text\r\n" * 200_000

    transfer = await office.drops(much, label="confidential")
    await office.rests()

    assert [State.SHIPPED] == office.states(transfer)
    assert b"line of text" not in office.box.files["claim.txt.pgp"]


# ── out: held and refused ────────────────────────────────────────────────────────────────────────────────────────────


@in_the_file_office()
async def test_what_no_rule_allows_is_refused(office: FileOffice) -> None:
    """A clerk may not send sealed papers: nothing leaves, and the sender hears why."""
    transfer = await office.drops(label="sealed")
    await office.rests()

    assert [State.REFUSED] == office.states(transfer)
    assert {} == office.box.files
    (note,) = office.notes_about(transfer)
    assert "Not delivered: County Court" in note


@in_the_file_office()
async def test_a_file_that_cannot_be_cleaned_waits(office: FileOffice) -> None:
    """P3: a type nobody can clean is held with its name; a person's release lets it go as it came."""
    transfer = await office.drops(b"\x00\x01\x02 something", name="claim.bin", media="application/octet-stream")
    await office.rests()
    assert ([State.HELD], ["document"]) == (office.states(transfer), office.reasons(transfer))

    done = await office.orders.release(transfer, None, party(PER), "looked at it on paper")

    assert isinstance(done, tuple), done
    await office.comes_to(transfer, State.SHIPPED)
    assert {"claim.bin": b"\x00\x01\x02 something"} == office.box.files


@in_the_file_office()
async def test_a_file_that_stops_in_the_middle_waits(office: FileOffice) -> None:
    """Version 3 of SFTP declares no length, so a cut file can be closed cleanly: its format tells, and it is held."""
    transfer = await office.drops(CUT, name="claim.pdf", media="application/pdf")
    await office.rests()

    assert ([State.HELD], ["seems-cut"]) == (office.states(transfer), office.reasons(transfer))
    (note,) = office.notes_about(transfer)
    assert "'claim.pdf' seems to stop in the middle" in note


@in_the_file_office()
async def test_a_cut_file_that_is_whole_after_all_may_be_released(office: FileOffice) -> None:
    """Whoever answers for it has seen that reason, and it is not asked again."""
    transfer = await office.drops(CUT, name="claim.pdf", media="application/pdf")
    await office.rests()

    await office.orders.release(transfer, None, party(PER), "it opens")
    await office.comes_to(transfer, State.SHIPPED)

    assert {"claim.pdf": CUT} == office.box.files


@in_the_file_office()
async def test_what_was_meant_twice_waits(office: FileOffice) -> None:
    """A name that says two purposes says none: the file waits, and its sender hears what to mend."""
    tags = '"[case]" = "litigation"'
    await office.publishes(BOX, ("labels.toml", tags, f'{tags}, "[x]" = "general"'))

    transfer = await office.drops(name="[case] [x] claim.txt", purpose="")
    await office.rests()

    assert [State.HELD] == office.states(transfer)
    assert "purpose-conflict" in office.reasons(transfer)


@in_the_file_office()
async def test_what_is_too_large_to_be_opened_waits(office: FileOffice) -> None:
    """It is read once, in constant memory, and never handed to the workshop."""
    whole, filing.LARGEST_OPENED = filing.LARGEST_OPENED, 100
    try:
        transfer = await office.drops(PAPER * 10)
        await office.rests()
    finally:
        filing.LARGEST_OPENED = whole

    judged = office.journey(transfer).legs[0].judged
    assert judged is not None
    assert ["limit"] == [reason.get("why") for reason in judged.reasons]
    assert 0 == office.bench.opened


@in_the_file_office()
async def test_the_rules_are_asked_again_before_the_first_byte(office: FileOffice) -> None:
    """P1: rules that change while a box cannot be reached count when it can."""
    office.box.no_line.append(BUSY)
    transfer = await office.drops()
    await office.comes_to(transfer, State.WAITING)

    await office.publishes(BOX, ("partners.toml", "until = 2028-01-31", "until = 2026-11-22"))
    await office.passes(6 * MINUTE)

    assert [State.REFUSED] == office.states(transfer)
    assert {} == office.box.files


# ── out: again, and in doubt ─────────────────────────────────────────────────────────────────────────────────────────


@in_the_file_office()
async def test_a_box_that_is_away_is_tried_again(office: FileOffice) -> None:
    """The second try sends the very parcel that was sealed, and asks no question: no byte had left."""
    office.box.no_line.append(BUSY)
    transfer = await office.drops()
    await office.comes_to(transfer, State.WAITING)

    await office.passes(6 * MINUTE)

    assert [State.SHIPPED] == office.states(transfer)
    assert 1 == len([fact for fact in office.facts(transfer) if isinstance(fact, Sealed)])
    assert 0 == office.box.asked


@in_the_file_office()
async def test_it_is_given_up_and_the_sender_told(office: FileOffice) -> None:
    """After the office's patience it is over, in the same transaction as the note."""
    office.box.no_line.extend([BUSY] * 3)
    transfer = await office.drops()
    await office.comes_to(transfer, State.WAITING)
    await office.passes(2 * HOUR)
    await office.passes(6 * DAY)

    assert [State.UNDELIVERABLE] == office.states(transfer)
    assert any("Your file 'claim.txt' did not reach" in note for note in office.notes_about(transfer))


@in_the_file_office()
async def test_a_refusal_for_good_ends_it(office: FileOffice) -> None:
    """A box we may not write into is not knocked at for days."""
    office.box.answers.append(REFUSED)

    transfer = await office.drops()
    await office.rests()

    (ended,) = (fact for fact in office.facts(transfer) if isinstance(fact, Undeliverable))
    assert ("remote-refused", "SFTP 3") == (ended.reason.code, ended.reply)
    assert any("Diagnostic-Code: x-sftp; SFTP 3" in note for note in office.notes_about(transfer))


@in_the_file_office()
async def test_a_credential_that_is_missing_loses_nothing(office: FileOffice) -> None:
    """What is ours to mend defers: the file goes once the key is there."""
    del office.secrets["court-box"]
    transfer = await office.drops()
    await office.comes_to(transfer, State.WAITING)
    (deferred,) = (fact for fact in office.facts(transfer) if isinstance(fact, Deferred))
    assert "route-unusable" == deferred.reason.code

    office.secrets["court-box"] = SECRET
    await office.passes(6 * MINUTE)

    assert [State.SHIPPED] == office.states(transfer)


@in_the_file_office()
async def test_a_key_that_cannot_be_read_loses_nothing(office: FileOffice) -> None:
    """The carrier says so before it connects; the leg waits."""
    office.box.no_line.append(Misconfigured("not a key"))

    transfer = await office.drops()
    await office.comes_to(transfer, State.WAITING)

    assert "attempted" not in office.kinds(transfer)


@in_the_file_office()
async def test_a_lost_answer_costs_a_question_and_no_second_copy(office: FileOffice) -> None:
    """What lies there with the same digest was delivered: the entry says so, and nothing is sent again."""
    await office.trusts(COURT)
    office.box.loses_answers = 1

    transfer = await office.drops(label="confidential")
    await office.rests()

    assert [State.SHIPPED] == office.states(transfer)
    assert (1, 1) == (office.box.asked, len(office.box.files))
    (shipped,) = (fact for fact in office.facts(transfer) if isinstance(fact, Shipped))
    assert "lies there" == shipped.reply


@in_the_file_office()
async def test_a_doubt_outlives_a_box_that_is_away(office: FileOffice) -> None:
    """Nobody has looked yet, so it is still a question at the next line."""
    office.box.loses_answers = 1
    office.box.no_line.extend([None, BUSY])
    transfer = await office.drops()
    await office.comes_to(transfer, State.WAITING)
    await office.rests()
    assert is_in_question(office.journey(transfer).legs[0])

    await office.passes(2 * HOUR)

    assert [State.SHIPPED] == office.states(transfer)
    assert 1 == office.box.asked


@in_the_file_office()
async def test_what_cannot_be_looked_at_is_asked_again(office: FileOffice) -> None:
    """A connection that breaks over the question answers nothing: no copy is sent, and it is asked at the next turn."""
    office.box.loses_answers = 1
    office.box.settles.append(CANNOT_LOOK)
    transfer = await office.drops()
    await office.rests()
    assert [State.WAITING] == office.states(transfer)

    await office.passes(2 * HOUR)

    assert [State.SHIPPED] == office.states(transfer)
    assert (2, 1) == (office.box.asked, len(office.box.files))


@in_the_file_office()
async def test_a_stranger_under_the_name_is_for_a_person_and_their_word_sends_it(office: FileOffice) -> None:
    """What lies there may be ours, changed: parked whatever the label. A release sends without asking once more."""
    office.box.loses_answers = 1
    office.box.settles.append(NOT_THE_SAME)
    transfer = await office.drops()
    await office.rests()
    assert [State.PARKED] == office.states(transfer)
    assert any("Something else lies under this name" in note for note in office.notes_about(transfer))
    office.box.files.clear()

    await office.orders.release(transfer, None, party(PER), "they have not got it")
    await office.comes_to(transfer, State.SHIPPED)

    assert (1, 1) == (office.box.asked, len(office.box.files))


@in_the_file_office()
async def test_what_was_whole_and_is_gone_is_for_a_person(office: FileOffice) -> None:
    """Looking again would not tell; a file of the lowest label is parked like any other."""
    office.box.answers.append(GONE)

    transfer = await office.drops(label="office")
    await office.comes_to(transfer, State.PARKED)

    assert any("somebody may have collected it" in note.replace("\r\n", " ") for note in office.notes_about(transfer))


def test_a_crash_after_the_file_arrived_makes_no_second_copy() -> None:
    """The attempt without an outcome is looked for at the next start, and found."""

    async def told() -> None:
        office = FileOffice(fuse=Fuse())
        async with office.opens():
            transfer = await office.drops()
            await office.rests()
            borders = office.fuse.passed.index("answered") + 1
        office = FileOffice(fuse=Fuse(borders))
        transfers = []
        async with office.opens():

            async def story() -> None:
                transfers.append(await office.drops())
                await office.rests()

            await office.until_it_dies(story())
        office.has(Fuse())
        office.clock.at_ms += DAY // 4
        async with office.opens():
            (transfer,) = transfers
            await office.comes_to(transfer, State.SHIPPED)
        assert (1, 1) == (office.box.asked, len(office.box.files))
        assert 2 == len([fact for fact in office.facts(transfer) if isinstance(fact, Attempted)])

    asyncio.run(told())


# ── out: onto the shelf ──────────────────────────────────────────────────────────────────────────────────────────────


@in_the_file_office(rulebook=no_route)
async def test_a_partner_without_a_box_collects(office: FileOffice) -> None:
    """The parcel is durable before it is offered, for as long as the rules keep it; no connection is opened."""
    transfer = await office.drops()
    await office.rests()

    (offered,) = (fact for fact in office.facts(transfer) if isinstance(fact, Offered))
    assert [State.OFFERED] == office.states(transfer)
    assert office.clock.now_ms() + 26 * 7 * DAY == offered.until_ms
    sealed = office.journey(transfer).legs[0].sealed
    story = office.archive.story(transfer)
    assert sealed is not None
    assert story is not None
    assert PAPER == b"".join(office.vault.pieces(sealed.parcel.blob, story.key))
    assert [] == office.box.routes


@in_the_file_office(rulebook=no_route)
async def test_what_nobody_collects_lapses(office: FileOffice) -> None:
    """After the time the rules give it is offered no more, by itself, and its sender is told."""
    transfer = await office.drops()
    await office.rests()

    await office.passes(26 * 7 * DAY + MINUTE)

    assert [State.EXPIRED] == office.states(transfer)
    (_, note) = office.notes_about(transfer)  # the first told the court that it is there
    assert "Nobody collected it in time" in note


KEPT = (
    '[[allow]]\nid = "kept"\nto = ["courts"]\nkeep = ["device"]\nuntil = 2027-03-31\nowner = "ruth@town.test"\n'
    'because = "They ask which camera it was."\n'
)
CUT_OUT = '[[strip]]\nid = "cut-out"\nwhat = ["hidden"]\nbecause = "Nobody shows it."\n'


def photo() -> bytes:
    """A photograph that names the telephone it was taken with."""
    exif, content = Image.Exif(), io.BytesIO()
    exif[0x0110] = "Telephone 7"
    Image.linear_gradient("L").resize((32, 32)).save(content, "jpeg", exif=exif)
    return content.getvalue()


@in_the_file_office(rulebook=lambda: rules(BOX, metadata=KEPT))
async def test_a_file_leaves_as_the_rules_of_the_first_byte_say(office: FileOffice) -> None:
    """P3: the box was away when the rules tightened; what is put there then is cleaned again, and is one copy."""
    office.box.no_line.append(BUSY)
    transfer = await office.drops(photo(), name="site.jpg", media="image/jpeg")
    await office.rests()

    await office.publishes(BOX)
    await office.passes(10 * MINUTE)

    (content,) = office.box.files.values()
    assert ([State.SHIPPED], 2) == (office.states(transfer), office.kinds(transfer).count("scrubbed"))
    assert (True, False) == (b"Telephone 7" in photo(), b"Telephone 7" in content)


@in_the_file_office(rulebook=lambda: rules(BOX, metadata=CUT_OUT))
async def test_a_file_that_may_no_longer_leave_as_it_is_waits(office: FileOffice) -> None:
    """It never goes as it came instead: what a rule would have cut out, and no rule does any more, a person decides."""
    office.box.no_line.append(BUSY)
    transfer = await office.drops(pptx_file.dirty(hidden=' hidden="1"').content, name="a.pptx", media="")
    await office.rests()
    assert [State.WAITING] == office.states(transfer), office.reasons(transfer)

    await office.publishes(BOX)
    await office.passes(10 * MINUTE)

    assert ([State.HELD], ["document"], {}) == (office.states(transfer), office.reasons(transfer), office.box.files)


@in_the_file_office(rulebook=no_route)
async def test_rules_that_end_are_seen_when_it_is_collected(office: FileOffice) -> None:
    """P1: the door asks before it hands anything out; an agreement that ended meanwhile says no."""
    transfer = await office.drops()
    await office.rests()
    journey = office.journey(transfer)
    assert None is await office.inquiry.at_the_first_byte(journey, 0, None)

    await office.publishes(BOX, ("partners.toml", "until = 2028-01-31", "until = 2026-11-22"))

    verdict = await office.inquiry.at_the_first_byte(journey, 0, None)
    assert verdict is not None
    assert Outcome.BLOCK is verdict.outcome


# ── in ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@in_the_file_office(rulebook=outsiders_may)
async def test_what_a_partner_hands_in_lies_ready_as_it_came_and_its_reader_is_told(office: FileOffice) -> None:
    """It is their paper: looked into, left alone, offered to the colleague it is for, who hears of it by mail."""
    photo = jpeg_file.dirty().content

    transfer = await office.drops(photo, name="photo.jpg", media="image/jpeg", sender=from_court(), to=to(PER))
    await office.rests()

    sealed = office.journey(transfer).legs[0].sealed
    assert sealed is not None
    assert ([State.OFFERED], sealed.original.digest) == (office.states(transfer), sealed.parcel.digest)
    (note,) = office.post.got(PER)
    assert b"County Court handed in 'photo.jpg' for you." in note.content
    assert b"from/court" in note.content


@in_the_file_office(rulebook=outsiders_may)
async def test_what_could_act_waits(office: FileOffice) -> None:
    """A page with a script in it is not put before a colleague without somebody's word."""
    transfer = await office.drops(SCRIPT, name="page.html", media="text/html", sender=from_court(), to=to(PER))
    await office.rests()

    assert ([State.HELD], ["document"]) == (office.states(transfer), office.reasons(transfer))


@in_the_file_office(rulebook=outsiders_may_not)
async def test_without_a_rule_nothing_comes_in(office: FileOffice) -> None:
    """Deny by default holds at this door too."""
    transfer = await office.drops(sender=from_court(), to=to(PER))
    await office.rests()

    assert [State.REFUSED] == office.states(transfer)


# ── asked for later ──────────────────────────────────────────────────────────────────────────────────────────────────


@in_the_file_office()
@pytest.mark.parametrize(
    "query", [{"partner": "court"}, {"recipient": "partner:court"}, {"name": "claim.txt"}, {"outcome": "delivered"}]
)
async def test_an_auditor_finds_it(office: FileOffice, query: dict[str, str]) -> None:
    """By partner, box, name and outcome, as a mail is found."""
    transfer = await office.drops()
    await office.rests()

    attestations = Attestations(records=office.records, archive=office.archive, keyring=office.keyring)
    (found,) = search(office.records, attestations, Query(**query))

    assert (transfer, "partner:court", "court", "delivered") == (
        found.transfer, found.recipient, found.partner, found.outcome,
    )  # fmt: skip


# ── beside mail ──────────────────────────────────────────────────────────────────────────────────────────────────────


@in_the_file_office()
async def test_mail_goes_as_ever(office: FileOffice) -> None:
    """The same runner carries both, each by its own stations."""
    await office.trusts(COURT)

    mail, file = await office.accepts(), await office.drops()
    await office.rests()

    assert ([State.SHIPPED], [State.SHIPPED]) == (office.states(mail), office.states(file))
    assert (1, 1) == (len(office.post.got(COURT)), len(office.box.files))


@pytest.mark.parametrize(
    ("given", "seal", "expected"),
    [
        ("claim.pdf", Seal.TRANSPORT, "claim.pdf"),
        ("claim.pdf", Seal.OPENPGP, "claim.pdf.pgp"),
        ("../../claim\u202e.pdf", Seal.TRANSPORT, "claim.pdf"),
        ("con.pdf", Seal.TRANSPORT, "_con.pdf"),
    ],
)
def test_a_file_arrives_under_a_name_every_system_takes(given: str, seal: Seal, expected: str) -> None:
    """No path, no hidden direction, no reserved name; an encrypted one says what it is."""
    item = Item(name=given, media="", size_bytes=0, digest=ITEM.digest, blob=ITEM.blob)

    assert expected == name_of(item, seal)
