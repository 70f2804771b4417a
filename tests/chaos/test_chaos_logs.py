"""The log of a gateway that has been through everything holds no secret, subject, address or content."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from pathlib import Path

import pytest

from tests.chaos.counting import SENDER, indiscretions
from tests.chaos.sink import Sink
from tests.chaos.trial import GONE, Load, Round, kill
from tests.house import House
from tests.world import letter

STRANGER = "vic@stranger.test"


def _goes_wrong(house: House) -> None:
    """Everything a client can do that gets a line of its own somewhere."""
    staff = house.staff(SENDER)
    hostile = (
        (STRANGER, "[confidential] CANARY subject"),  # refused: no rule
        ("registry@court.test", "[case] CANARY subject"),  # waits: no key
        ("nobody@nowhere.test", "[office] CANARY subject"),
    )
    for recipient, subject in hostile:
        with suppress(*GONE):
            staff.sends(letter(SENDER, recipient, subject, "CANARY body\n"), [recipient])
    malformed = (b"Subject: CANARY\n\nbare LF CANARY\n", b"Subject CANARY\r\n\r\nno colon\r\n", b"\xff\x00CANARY\r\n")
    for content in malformed:
        with suppress(*GONE), staff.connected() as session:
            session.mail(SENDER)
            session.rcpt(STRANGER)
            session.data(content)
    for login, secret in ((SENDER, "CANARY password"), ("CANARY login", "CANARY password")):
        with suppress(*GONE), smtplib.SMTP("localhost", house.base + 587, timeout=10) as session:
            session.starttls(context=ssl.create_default_context(cafile=str(house.ca)))
            session.login(login, secret)
    with suppress(*GONE), smtplib.SMTP("localhost", house.base + 587, timeout=10) as session:
        session.docmd("CANARY command")
        session.docmd("MAIL FROM:<CANARY@x.test> CANARY=1")


@pytest.mark.chaos
def test_the_log_knows_nothing(tmp_path: Path) -> None:
    """Refused, held, malformed, unauthenticated, crashed and recovered: no line quotes any of it."""
    house = House.laid_out(tmp_path)
    certs = house.folder / "certs"
    sink = Sink(house.base + 2525, certs / "outside.pem", certs / "outside.key")
    sink.start()
    try:
        load = Load(house, 2)
        house.opens()
        load.start()
        _goes_wrong(house)
        round_ = Round(house, sink, load, [kill(house, "serve")])
        house.dies()
        house.opens()
        _goes_wrong(house)
        result = round_.settles()
    finally:
        house.dies()
        sink.stop()
    assert result.acknowledged > 0
    assert "kept=" in house.log(), "nothing was logged: this shows nothing"
    assert [] == indiscretions(house)
    assert result.is_clean, result.faults
