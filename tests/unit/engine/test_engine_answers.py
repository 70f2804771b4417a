"""A reply to the gateway's question is an order: taken from who sent it, alone, in person, and in plain words."""

from __future__ import annotations

import base64

import pytest

from gateway.engine.answers import Answers
from gateway.engine.reception import Kept, Refusal, Submission
from gateway.engine.returnaddress import answer_address
from gateway.facts import Approved, Recalled
from gateway.journey import State
from gateway.transfer import Envelope, Leg, TransferId, Way
from tests.unit.engine.engine_world import (
    ALENA,
    CITIZEN,
    HOST,
    JO,
    Office,
    in_the_office,
    letter,
    party,
    rules,
    to,
)

ASKS = (
    '[[require]]\nid = "ask"\nto = ["strangers"]\nwhen = ["first-contact"]\nthen = ["confirmation-by-sender"]\n'
    'because = "Sure?"\n'
)
HTML = "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"
MIXED = 'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="b"\r\n'


def asking() -> dict[str, object]:
    return {"rulebook": lambda: rules(transfers=ASKS)}


async def waits(office: Office) -> TransferId:
    transfer = await office.accepts(letter(recipients=(CITIZEN,), subject="[office] x"), CITIZEN)
    await office.rests()
    assert [State.HELD] == office.states(transfer)
    return transfer


async def replies(
    office: Office, transfer: str, body: str, *, extra: str = "", sender: str = ALENA, also: tuple[str, ...] = ()
) -> Kept | Refusal:
    """What the door hands over when somebody presses Reply."""
    answers = Answers(desk=office.desk, orders=office.orders, host=HOST)
    address = answer_address(TransferId(transfer), HOST)
    assert None is await answers.foresee(party(sender), to(address), Way.MAIL)
    deposit = await answers.begin()
    await deposit.write(letter(sender, (address,), subject="Re: Waiting", extra=extra, body=body))
    legs = tuple(Leg(ordinal=n, recipient=to(one)) for n, one in enumerate((address, *also)))
    return await answers.accept(deposit, Submission(way=Way.MAIL, sender=party(sender), legs=legs, envelope=Envelope()))


@in_the_office(**asking())
async def test_yes_is_the_senders_own_approval(office: Office) -> None:
    """It stands in the ledger under their name, covers nothing but the question, and then the letter goes."""
    transfer = await waits(office)

    kept = await replies(office, transfer, "Yes\r\n\r\n> reply YES\r\n")
    await office.comes_to(transfer, State.SHIPPED)

    assert isinstance(kept, Kept)
    assert transfer == kept.transfer == kept.receipt.stream
    (approved,) = [fact for fact in office.facts(transfer) if isinstance(fact, Approved)]
    assert (ALENA, ("confirmed",)) == (approved.by, approved.covers)


@in_the_office(**asking())
async def test_no_takes_it_back(office: Office) -> None:
    """The letter goes nowhere, and the ledger says who took it back."""
    transfer = await waits(office)

    assert isinstance(await replies(office, transfer, "No!\r\n"), Kept)

    assert [State.RECALLED] == office.states(transfer)
    assert Recalled(leg=0, by=ALENA) == office.facts(transfer)[-1]
    assert [] == office.post.got(CITIZEN)


@pytest.mark.parametrize(
    ("body", "extra", "is_taken"),
    [
        ("<p>Yes</p><blockquote>No</blockquote>", HTML, True),
        (
            "--b\r\nContent-Type: text/plain\r\n\r\nyes\r\n--b\r\nContent-Type: text/html\r\n\r\nno\r\n--b--\r\n",
            MIXED,
            True,
        ),
        (
            base64.b64encode(b"Yes\r\n").decode() + "\r\n",
            "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n",
            True,
        ),
        ("I am away.\r\n", "", False),
        ("\r\n", "", False),
        ("> Yes\r\n", "", False),
        ("Yes\r\n", "Auto-Submitted: auto-replied\r\n", False),
        ("Yes\r\n", "Precedence: bulk\r\n", False),
        ("Yes\r\n", "Auto-Submitted: no\r\n", True),
        ("%PDF-1.7", "MIME-Version: 1.0\r\nContent-Type: application/pdf\r\n", False),
    ],
)
@in_the_office(**asking())
async def test_only_plain_words_of_a_person_count(office: Office, body: str, extra: str, is_taken: bool) -> None:
    """However a mail program packs them; a machine's yes is none, and what is unclear says what to write."""
    transfer = await waits(office)

    done = await replies(office, transfer, body, extra=extra)

    assert is_taken is isinstance(done, Kept)
    if isinstance(done, Refusal):
        assert "Begin your reply with YES to send it, or with NO to take it back." == done.sentence
        assert [State.HELD] == office.states(transfer)


@in_the_office(**asking())
async def test_nobody_answers_for_another(office: Office) -> None:
    """Neither yes nor no: it is Alena who knows whom she meant."""
    transfer = await waits(office)

    for words, sentence in (("yes", "Only who sent it can confirm it."), ("no", "Only who sent it can take it back.")):
        done = await replies(office, transfer, words, sender=JO)

        assert isinstance(done, Refusal)
        assert sentence == done.sentence
    assert [State.HELD] == office.states(transfer)


@in_the_office(**asking())
async def test_an_answer_is_no_circular(office: Office) -> None:
    """With other recipients it might be meant as a message: nothing is done, and nothing is sent."""
    transfer = await waits(office)

    done = await replies(office, transfer, "Yes", also=(CITIZEN,))

    assert isinstance(done, Refusal)
    assert done.sentence.startswith("An answer goes to the gateway alone")
    assert [transfer] == [one for one in office.transfers() if not office.journey(one).transfer.sender.is_gateway]


@in_the_office(**asking())
async def test_what_nobody_asked_needs_no_answer(office: Office) -> None:
    """An answer twice, to what has gone, to what never was."""
    transfer = await waits(office)
    await replies(office, transfer, "Yes")
    await office.comes_to(transfer, State.SHIPPED)

    again = await replies(office, transfer, "Yes")
    never = await replies(office, "T-" + "A" * 26, "Yes")

    assert isinstance(again, Refusal)
    assert "waits for a decision" in again.sentence
    assert isinstance(never, Refusal)
    assert "There is no transfer" in never.sentence


@in_the_office(**asking())
async def test_everything_else_goes_to_the_desk(office: Office) -> None:
    """A letter is a letter, and a refusal at RCPT one."""
    answers = Answers(desk=office.desk, orders=office.orders, host=HOST)
    deposit = await answers.begin()
    await deposit.write(letter(recipients=(CITIZEN,), subject="[office] x"))
    legs = (Leg(ordinal=0, recipient=to(CITIZEN)),)

    kept = await answers.accept(deposit, Submission(way=Way.MAIL, sender=party(ALENA), legs=legs, envelope=Envelope()))

    assert isinstance(kept, Kept)
    assert isinstance(await answers.foresee(party(JO), to("day@smithday.test"), Way.MAIL), Refusal)


@in_the_office(**asking())
async def test_the_note_says_where_to_answer(office: Office) -> None:
    """Its Reply-To is this transfer's own address; a note that asks nothing has none."""
    transfer = await waits(office)

    (note,) = office.notes_about(transfer)

    assert f"Reply-To: <{answer_address(transfer, HOST)}>" in note
    assert "reply YES to the gateway's note if you mean" in " ".join(note.split())
    await office.publishes(transfers=ASKS.replace("confirmation-by-sender", "approval-by head"))
    other = await office.accepts(letter(recipients=(CITIZEN,), subject="[office] y"), CITIZEN)
    await office.rests()
    assert "Reply-To" not in office.notes_about(other)[0]
