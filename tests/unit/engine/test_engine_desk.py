"""The desk: what is accepted is kept with its facts, what is refused leaves an entry and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from gateway.engine.reception import Kept, Refusal, Submission
from gateway.engine.workshop import WorkshopAway, WorkshopFailed
from gateway.errors import StoreAway
from gateway.facts import Mixed, Outcome, Reason
from gateway.journey import State
from gateway.transfer import Envelope, Leg, Way
from tests.unit.engine.engine_world import (
    ALENA,
    CITIZEN,
    COURT,
    DAY_OF_SMITH,
    JO,
    JUDGE,
    PASSWORD,
    Fuse,
    Office,
    in_the_office,
    letter,
    party,
    rules,
    to,
)

LAWFUL_PART = ("transfers.toml", 'id = "court-filing"\n', 'id = "court-filing"\nmixed = "lawful-part"\n')


@in_the_office()
async def test_kept_is_durable_before_it_is_said(office: Office) -> None:
    """The receipt of an acceptance names entries that the signed head covers."""
    kept = await office.hands_in()

    assert isinstance(kept, Kept)
    head = office.records.since(0, 0).head
    assert head is not None
    assert kept.receipt.indexes[-1] < kept.receipt.size <= head.size
    assert kept.transfer == kept.receipt.stream


@in_the_office()
async def test_a_refusal_at_rcpt_is_a_sentence_and_an_entry(office: Office) -> None:
    """An agreement that has lapsed is told at RCPT, with the rule and who can help; the ledger has it."""
    refusal = await office.desk.foresee(party(JO), to(DAY_OF_SMITH), Way.MAIL)

    assert refusal is not None
    assert "opposing-counsel" in refusal.sentence
    assert refusal.sentence.isascii()
    (transfer,) = office.transfers()
    assert ["received", "judged"] == office.kinds(transfer)
    assert [State.REFUSED] == office.states(transfer)
    assert (office.journey(transfer).transfer.items, {}) == ((), office.blobs.kept)


@in_the_office()
async def test_what_is_not_certain_at_rcpt_is_let_through(office: Office) -> None:
    """Before the content is seen only a certain no is said; nothing is written for the rest."""
    assert await office.desk.foresee(party(ALENA), to(COURT), Way.MAIL) is None
    assert [] == office.transfers()


@in_the_office()
async def test_a_refused_message_leaves_an_entry_and_no_content(office: Office) -> None:
    """A no at DATA is one entry a leg; not a byte of the message stays."""
    refusal = await office.hands_in(letter(subject="Lunch"))  # a purpose the rule does not allow

    assert isinstance(refusal, Refusal)
    assert "court-filing" in refusal.sentence
    (transfer,) = office.transfers()
    assert [State.REFUSED] == office.states(transfer)
    assert {} == office.blobs.kept


@in_the_office()
async def test_all_or_nothing_refuses_the_lawful_part_too(office: Office) -> None:
    """One recipient the rules refuse stops the message for all, and each leg's entry says so."""
    refusal = await office.hands_in(b"", COURT, CITIZEN)

    assert isinstance(refusal, Refusal)
    assert Mixed.ALL_OR_NOTHING is refusal.mixed
    assert "Another recipient" not in refusal.sentence  # what is wrong, not what follows from it
    (transfer,) = office.transfers()
    assert [State.REFUSED, State.REFUSED] == office.states(transfer)
    assert "others-refused" in office.reasons(transfer, 0)


@in_the_office()
async def test_a_recipient_refused_at_rcpt_counts_at_data(office: Office) -> None:
    """A client that goes on after a 550 gets nothing sent to the others."""
    refusal = await office.hands_in(b"", COURT, refused=(CITIZEN,))

    assert isinstance(refusal, Refusal)
    assert {} == office.blobs.kept


@in_the_office(rulebook=lambda: rules(LAWFUL_PART))
async def test_the_lawful_part_goes_by_rule(office: Office) -> None:
    """Where the rule says so the lawful leg is delivered, the other refused with a note."""
    await office.trusts(COURT)

    transfer = await office.accepts(b"", COURT, CITIZEN)
    await office.rests()

    assert [State.SHIPPED, State.REFUSED] == office.states(transfer)
    assert [COURT] == [one.recipient for one in office.post.taken if one.transfer == transfer]
    (note,) = office.notes_about(transfer)
    assert "Not delivered: anna@example.test" in note


@in_the_office()
async def test_what_waits_is_kept_and_said_at_once(office: Office) -> None:
    """The answer to DATA names each leg that waits and why."""
    kept = await office.hands_in()

    assert isinstance(kept, Kept)
    (waiting,) = kept.waiting
    assert COURT == str(waiting.recipient)
    assert "No verified key is known" in waiting.sentence


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (letter(extra="broken header\r\n"), "no-colon"),
        (letter().replace(b"claim", b"cl\naim"), "bare-line-end"),
        (letter(extra="Content-Type: message/partial; id=1; number=1\r\nMIME-Version: 1.0\r\n"), "message-partial"),
    ],
)
@in_the_office()
async def test_what_cannot_be_read_is_refused(office: Office, content: bytes, code: str) -> None:
    """A message no reader could read is a refusal with a sentence, and leaves no content."""
    refusal = await office.hands_in(content)

    assert isinstance(refusal, Refusal)
    assert [code] == [reason.code for reason in refusal.reasons]
    assert {} == office.blobs.kept


@in_the_office()
async def test_what_cannot_be_read_is_an_entry_too(office: Office) -> None:
    """A mail refused by its reader leaves who tried to send to whom, and why not; nothing of its content."""
    await office.hands_in(b"no colon here\r\n\r\nbody\r\n")

    (transfer,) = office.transfers()
    assert ["received", "judged"] == office.kinds(transfer)
    assert [State.REFUSED] == office.states(transfer)
    assert {} == office.blobs.kept


@in_the_office()
async def test_what_the_door_turns_away_is_an_entry_too(office: Office) -> None:
    """Who tried to send to whom, and why not: the same for a message that only the door has read."""
    submission = Submission(
        way=Way.MAIL, sender=party(ALENA), legs=(Leg(ordinal=0, recipient=to(COURT)),), envelope=Envelope()
    )

    await office.desk.refuse(submission, Reason(code="bare-line-end"))

    (transfer,) = office.transfers()
    assert ["received", "judged"] == office.kinds(transfer)
    assert [State.REFUSED] == office.states(transfer)
    (judged,) = [leg.judged for leg in office.journey(transfer).legs]
    assert judged is not None
    assert ["bare-line-end"] == [reason.code for reason in judged.reasons]


@in_the_office()
async def test_a_reader_that_dies_refuses(office: Office) -> None:
    """No honest mail kills its reader: it is refused, and nothing of it stays."""
    office.bench.fails.append(WorkshopFailed("it died"))

    refusal = await office.hands_in()

    assert isinstance(refusal, Refusal)
    assert ["unreadable"] == [reason.code for reason in refusal.reasons]
    assert {} == office.blobs.kept


@pytest.mark.parametrize("failure", [WorkshopAway("busy"), RuntimeError("a bug of ours CANARY")])
@in_the_office()
async def test_what_cannot_be_done_now_is_never_acknowledged(office: Office, failure: Exception) -> None:
    """A workshop that is away, or a bug, is "try again", and nothing was kept."""
    office.bench.fails.append(failure)

    with pytest.raises(StoreAway):
        await office.hands_in()

    assert ([], {}) == (office.transfers(), office.blobs.kept)


@in_the_office()
async def test_light_content_is_kept_with_its_facts(office: Office) -> None:
    """A small message is sealed into the records, in the transaction of its facts; there is no file beside it."""
    transfer = await office.accepts(letter(body="CANARY\r\n"))

    (item,) = office.journey(transfer).transfer.items
    sealed = office.records.content(item.blob)
    assert sealed is not None
    assert b"CANARY" not in sealed
    assert {} == office.blobs.kept


@pytest.mark.parametrize("lines", [1, 1_000], ids=["light", "stored"])
@in_the_office()
async def test_a_disk_that_is_full_is_never_acknowledged(office: Office, lines: int) -> None:
    """When the facts cannot be appended the content does not stay behind, and the next message is taken again."""
    office.records.is_away = True
    with pytest.raises(StoreAway):
        await office.hands_in(letter(body="The statement of claim.\r\n" * lines))
    office.records.is_away = False

    assert ([], {}) == (office.transfers(), office.blobs.kept)
    await office.accepts()


@in_the_office()
async def test_blobs_that_are_away_are_never_acknowledged(office: Office) -> None:
    """The same when the content cannot be kept: no fact, no blob."""
    office.blobs.is_away = True
    with pytest.raises(StoreAway):
        await office.hands_in()
    office.blobs.is_away = False

    assert ([], {}) == (office.transfers(), office.blobs.kept)


@in_the_office()
async def test_a_session_that_leaves_cuts_nothing(office: Office) -> None:
    """P5.4: cancelled at any await, a session leaves all of its message or nothing, and the engine goes on."""
    await office.trusts(COURT)
    for border in range(1, 12):
        office.has(_Watched(border))
        office.vault._fuse = office.writer._fuse = office.fuse
        async with asyncio.TaskGroup() as sessions:
            session = sessions.create_task(office.hands_in())
            office.fuse.then = session.cancel
        await office.rests()
    await office.hands_in()  # behind whatever a session that left had begun
    await office.rests()

    mails = [one for one in office.transfers() if not office.journey(one).transfer.sender.is_gateway]
    assert [[State.SHIPPED]] * len(mails) == [office.states(one) for one in mails]
    assert len(mails) == len(office.post.taken)


class _Watched(Fuse):
    """Does something at a border, and lets whoever came there go on."""

    def __init__(self, border: int) -> None:
        super().__init__()
        self._border = border
        self.then = lambda: None

    async def pass_(self, border: str) -> None:
        self.passed.append(border)
        if len(self.passed) == self._border:
            self.then()


@in_the_office()
async def test_a_large_message_streams_through(office: Office) -> None:
    """Over a megabyte is scanned from where it will stay, sealed by the streaming pen, and its parcel is stored."""
    await office.trusts(COURT)

    transfer = await office.accepts(letter(body=("x" * 76 + "\r\n") * 20_000))
    await office.rests()

    assert [State.SHIPPED] == office.states(transfer)
    (delivered,) = office.post.taken
    assert b"-----BEGIN PGP MESSAGE-----" in delivered.content


@in_the_office()
async def test_a_large_message_that_is_refused_leaves_nothing(office: Office) -> None:
    """It was stored to be looked at; refused, it is gone."""
    refusal = await office.hands_in(letter(subject="Lunch", body=("x" * 76 + "\r\n") * 20_000))

    assert isinstance(refusal, Refusal)
    assert {} == office.blobs.kept


@in_the_office()
async def test_a_label_that_reads_two_ways_holds(office: Office) -> None:
    """A mark that names no label of ours holds the message, then and later: it is never sent as if it had none."""
    await office.trusts(COURT)

    kept = await office.hands_in(letter(extra="X-Sealgate-Label: secret\r\n"))
    await office.rests()

    assert isinstance(kept, Kept)
    assert "It is marked 'secret'" in " ".join(one.sentence for one in kept.waiting)
    assert [State.HELD] == office.states(kept.transfer)
    assert {"unknown", "label-conflict"} == set(office.reasons(kept.transfer))
    assert [] == office.post.got(COURT)


@in_the_office()
async def test_two_purposes_hold(office: Office) -> None:
    """So does a subject that names a purpose it cannot have."""
    await office.publishes(("labels.toml", 'purpose = { "[case]"', 'purpose = { "[lunch]" = "general", "[case]"'))
    await office.trusts(COURT)

    kept = await office.hands_in(letter(subject="[case] [lunch] Claim"))
    await office.rests()

    assert isinstance(kept, Kept)
    assert [State.HELD] == office.states(kept.transfer)


@in_the_office()
async def test_people_sign_in_and_own_their_addresses(office: Office) -> None:
    """Signing in gives the person; any case of their address is theirs, nobody else's is."""
    jo = await office.desk.sign_in("Jo@Town.test", PASSWORD, "192.0.2.1")

    assert jo is not None
    assert (JO, "Jo Hart", "password") == (jo.person, jo.name, jo.signed_in_by)
    assert [True, True, False, False] == [
        office.desk.owns(jo, address) for address in (JO, "JO@town.TEST", ALENA, "jo@court.test")
    ]


@in_the_office()
async def test_only_its_own_deposit_is_taken(office: Office) -> None:
    """A deposit from elsewhere is a bug, not a message."""

    class Other:
        async def write(self, untrusted_data: bytes) -> None: ...

        def drop(self) -> None: ...

    with pytest.raises(TypeError):
        await office.desk.accept(Other(), None)  # type: ignore[arg-type]


@in_the_office()
async def test_more_than_all_crews_can_carry_is_not_lost(office: Office) -> None:
    """A burst larger than the queue is delivered to the last message."""
    await office.trusts(COURT)
    await office.trusts(JUDGE)

    kept = [await office.accepts() for _ in range(40)]
    await office.rests()

    assert 40 == len(set(kept)) == len(office.post.taken)
    assert Outcome.SEND is office.journey(kept[0]).legs[0].judged.outcome  # type: ignore[union-attr]
