"""The glass is broken.

At night a ward asks for a patient's paper. No rule lets a clerk send it there, and whoever could change the rules needs
a day. Two people may break the glass for this one letter. It must help at once, it must not open the door to a second
letter, it must not lift what nobody may lift, and nobody may be able to forget that it happened.
"""

from __future__ import annotations

import json

import pytest

from tests.house import ALENA, JO, PER, RUTH, House
from tests.world import letter

WARD = "ward.nine@hospital.test"
AUDITOR = 'auditor = { may-handle = "public", powers = ["audit"] }\n\n[person]\n'
NEVER = """
[[never]]
id = "no-sealed-to-strangers"
to = ["strangers"]
labels = ["sealed"]
because = "Standing order 6."
"""


@pytest.fixture(scope="module")
def night(closed_house: House) -> House:
    """The sample office, where Jo audits too and a standing order keeps sealed papers in; open."""
    closed_house.changes("people.toml", "[person]\n", AUDITOR)
    closed_house.changes("people.toml", 'roles = ["solicitor"]', 'roles = ["solicitor", "auditor"]')
    closed_house.adds("transfers.toml", NEVER)
    closed_house.publishes()
    closed_house.outside().start()
    closed_house.opens()
    return closed_house


def test_two_people_let_one_letter_go(night: House) -> None:
    """Refused, released by Ruth and Per against the rules, sent again: it arrives, encrypted like any other."""
    transfer = _is_refused(night, "CANARY bed 4")
    ward = night.meets(WARD)

    said = _breaks(night, transfer)
    code, _ = night.staff(ALENA).sends(letter(ALENA, WARD, "CANARY bed 4", "CANARY\n"), [WARD])

    assert "The glass is broken: it may be sent again, once, within a day." in said
    assert 250 == code
    (arrived,) = night.outside().awaits(WARD)
    assert b"CANARY" not in arrived
    assert b"CANARY" in ward.opens(arrived).as_bytes()


def test_a_second_letter_is_refused_again(night: House) -> None:
    """It was for one."""
    _is_refused(night, "CANARY bed 5")

    assert 1 == len(night.outside().received(WARD))


def test_everybody_with_the_power_hears_of_it(night: House) -> None:
    """Ruth and Per each have the alarm, with the reason; Alena heard that she might send it again."""
    for who in (RUTH, PER):
        (alarm,) = [one for one in night.outside().awaits(who) if b"The glass was broken" in one]
        assert b"A patient waits for it" in b" ".join(alarm.split())
    assert any(b"Send it again" in one for one in night.outside().awaits(ALENA))


@pytest.mark.parametrize(
    ("by", "second", "more", "answer"),
    [
        (RUTH, RUTH, [], "two different people"),
        (RUTH, JO, [], "Jo Hart may not break the glass. Ask Ruth Okafor and Per Lind."),
        (RUTH, PER, ["--label", "sealed"], "No emergency lifts this."),
    ],
)
def test_what_is_not_lifted(by: str, second: str, more: list[str], answer: str, night: House) -> None:
    """One person's two signatures, somebody without the power, a standing order."""
    said = _breaks(night, _is_refused(night, "CANARY bed 6"), *more, by=by, second=second)

    assert answer in said


def test_it_stays_open_until_somebody_else_has_looked(night: House) -> None:
    """`review break-glass` shows it; neither signer nor sender closes it, Jo does, and the ledger has it all."""
    (before,) = json.loads(night.asks("review", "break-glass", "--json", may_fail=True))
    by_a_signer = night.asks("review", "break-glass", before["id"], "--why", "fine", by=RUTH, may_fail=True)
    night.asks("review", "break-glass", before["id"], "--why", "The ward confirmed it.", by=JO)
    (after,) = json.loads(night.asks("review", "break-glass", "--json"))

    assert ([RUTH, PER], "", "Nobody reviews what they signed or sent. Ask somebody else.") == (
        before["signers"], before["reviewed_by"], by_a_signer.strip(),
    )  # fmt: skip
    assert (JO, "The ward confirmed it.") == (after["reviewed_by"], after["finding"])
    assert before["id"] in night.asks("ledger", "show", after["taken_by"], "--json", by=PER)


def _is_refused(house: House, subject: str) -> str:
    """Alena writes to the ward and is refused; the transfer, as the registrar finds it in the ledger."""
    sent = house.staff(ALENA).hands_in(letter(ALENA, WARD, subject, "CANARY\n"), [WARD])
    assert 554 == sent.code, sent
    found = json.loads(house.asks("ledger", "find", "--recipient", WARD, "--outcome", "refused", "--json", by=PER))
    return str(found[0]["transfer"])


def _breaks(house: House, transfer: str, *more: str, by: str = RUTH, second: str = PER) -> str:
    """`sealgate held release ID --break-glass`, for a confidential paper unless told otherwise; what it said."""
    label = more or ("--label", "confidential")
    return house.breaks_the_glass(transfer, *label, by=by, second=second, reason="A patient waits for it")
