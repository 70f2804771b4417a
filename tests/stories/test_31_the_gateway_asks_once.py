"""The gateway asks once.

Letters go to the wrong Anna because a mail program completed the name. The office lets the gateway ask: before the
first letter to a stranger, and before a letter to somebody who is called nearly like somebody else. A question must
cost a clerk one reply, must never be asked twice, and must never be answered by a machine, or by anybody but who sent
it.
"""

from __future__ import annotations

import email
import smtplib
from email.message import EmailMessage

import pytest

from tests.house import ALENA, JO, PER, House
from tests.world import letter

ANNA, OTHER_ANNA, BORIS = "anna.kern@example.test", "anna.kern@sample.test", "boris@example.test"
ASKS = """
[[require]]
id = "ask-a-stranger"
to = ["strangers"]
when = ["first-contact"]
then = ["confirmation-by-sender"]
because = "A first letter is often a wrong address."

[[require]]
id = "ask-about-names"
when = ["similar-name"]
then = ["confirmation-by-sender"]
because = "There are two Annas."
"""


@pytest.fixture(scope="module")
def asking(closed_house: House) -> House:
    """The sample office with the two questions in force, open."""
    closed_house.adds("transfers.toml", ASKS)
    closed_house.publishes()
    closed_house.outside().start()
    closed_house.opens()
    return closed_house


def test_a_first_letter_asks_and_a_reply_sends_it(asking: House) -> None:
    """Alena writes to somebody new: it waits, the note says what to do, and YES is all it takes."""
    said = _sends(asking, ALENA, BORIS)
    (note,) = asking.outside().awaits(ALENA)

    assert "reply YES to the gateway's note if you mean boris@example.test; nobody here has written there" in said
    assert [] == asking.outside().received(BORIS)
    assert "250" in _replies(asking, ALENA, note, "Yes\n")
    assert 1 == len(asking.outside().awaits(BORIS))


def test_what_was_answered_is_never_asked_again(asking: House) -> None:
    """The second letter to Boris just goes, from Alena and, for the office knows him now, from Jo."""
    assert "waits" not in _sends(asking, ALENA, BORIS)
    assert 2 == len(asking.outside().awaits(BORIS, 2))


def test_two_people_of_one_name_are_told_apart(asking: House) -> None:
    """Alena knows one Anna. The other one's address is nearly the same, and the question names whom she writes to."""
    asking.asks("held", "confirm", _waits(asking, _sends(asking, ALENA, ANNA)), by=ALENA)
    asking.outside().awaits(ANNA)

    said = _sends(asking, ALENA, OTHER_ANNA)

    assert f"if you mean {OTHER_ANNA}, not {ANNA}; you have not written there before" in said


def test_no_takes_it_back(asking: House) -> None:
    """NO, and the letter to the wrong Anna goes nowhere; the ledger says that it was taken back."""
    waits = asking.awaits(OTHER_ANNA, "waits")
    note = next(one for one in asking.outside().received(ALENA) if waits.transfer.encode() in one)

    assert "250" in _replies(asking, ALENA, note, "No!! Wrong Anna.\n\n> if you mean anna.kern@sample.test\n")
    assert [] == asking.waiting(OTHER_ANNA)
    assert [] == asking.outside().received(OTHER_ANNA)
    assert '"recalled"' in asking.asks("ledger", "show", waits.transfer, "--json")


@pytest.mark.parametrize(
    ("who", "words", "extra", "answer"),
    [
        (JO, "Yes\n", {}, "Only who sent it can confirm it."),
        (ALENA, "I am away until Monday.\n", {}, "Begin your reply with YES to send it, or with NO to take it back."),
        (ALENA, "Yes\n", {"Auto-Submitted": "auto-replied"}, "Begin your reply with YES"),
    ],
)
def test_only_the_sender_answers_and_only_in_person(
    who: str, words: str, extra: dict[str, str], answer: str, asking: House
) -> None:
    """A colleague's yes, a machine's, and words that are neither yes nor no leave it where it is."""
    to = f"carla.{who[:2]}.{len(words)}.{len(extra)}@example.test"
    _sends(asking, ALENA, to)
    transfer = asking.awaits(to, "waits").transfer

    with pytest.raises(smtplib.SMTPDataError, match=answer[:40]):
        _sends_reply(asking, who, f"confirm+{transfer[2:].lower()}@mail.town.test", words, extra)

    assert 1 == len(asking.waiting(to))


def test_nobody_releases_in_the_senders_place(asking: House) -> None:
    """The registrar's release is refused: it is the sender who knows whom they meant."""
    _sends(asking, ALENA, "dora@example.test")

    said = asking.releases(asking.awaits("dora@example.test", "waits"), by=PER)

    assert "This waits for 'confirmation-by-sender', which no release replaces." == said


def _sends(house: House, sender: str, to: str) -> str:
    """What the gateway said to a letter."""
    return house.staff(sender).hands_in(letter(sender, to, "[office] CANARY", "CANARY\n"), [to]).reply


def _waits(house: House, said: str) -> str:
    """The transfer a reply speaks of."""
    return said.split("Kept as ")[1].split(";")[0].split()[0]


def _replies(house: House, who: str, note: bytes, words: str) -> str:
    """Press Reply in an ordinary mail program, type, send: where the answer goes, the note's own header says."""
    to = str(email.message_from_bytes(note)["Reply-To"]).strip("<>")
    return _sends_reply(house, who, to, words, {})


def _sends_reply(house: House, who: str, to: str, words: str, extra: dict[str, str]) -> str:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = who, to, "Re: Waiting"
    for name, value in extra.items():
        message[name] = value
    message.set_content(words)
    code, said = house.staff(who).sends(message, [to])
    return f"{code} {said}"
