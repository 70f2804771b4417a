"""A password is stolen.

Alena typed her password into a page that was not ours. At three in the night somebody else writes from her account to
people the town has never heard of. The watch must notice and tell Ruth; Ruth must be able to stop it at once, half
asleep, before anybody has changed a rule; she must see what has left and what has not, and find the letters half
written that the law will ask her for. What Alena had sent herself must not be lost. And it takes another than Ruth to
open the door again.
"""

from __future__ import annotations

import csv
import json
import smtplib
from email import message_from_bytes, policy

import pytest

from tests.house import ALENA, JO, PER, RUTH, House
from tests.world import eventually, letter

CLERK, BUYER = "registry@court.test", "buyer@far.test"
STRANGERS = [BUYER, "one@far.test", "two@far.test", "three@far.test"]
ALARMS = """
[alarms]
new-recipients = { hour = 4 }
"""


@pytest.fixture(scope="module")
def town(closed_house: House) -> House:
    """The office, open, watched, where Ruth may look into the ledger. It is three in the night."""
    closed_house.changes(
        "people.toml", 'powers = ["publish", "break-glass"],', 'powers = ["publish", "break-glass", "audit"],'
    )
    closed_house.adds("gateway.toml", ALARMS)
    closed_house.publishes()
    closed_house.outside().start()
    closed_house.opens()
    closed_house.meets(CLERK)
    _send(closed_house, CLERK, "[case] Of this morning")
    closed_house.outside().awaits(CLERK)
    closed_house.becomes(hour=3)
    return closed_house


def test_the_watch_wakes_ruth(town: House) -> None:
    """Four strangers at night: she gets what was seen, and the command that stops it; Alena's mailbox gets nothing."""
    for stranger in STRANGERS:
        _send(town, stranger, "[office] For you")

    assert eventually(lambda: len(_alarms(town, RUTH)) == 2)
    told = " ".join(_alarms(town, RUTH))
    assert "Alena Novak wrote to 4 outside recipients within an hour" in told
    assert "outside working hours and at a time they never work at" in told
    assert f"sealgate contain person {ALENA} --because '...' --as YOU" in told
    assert ([], 2) == (_alarms(town, ALENA), len(_alarms(town, PER)))


def test_ruth_stops_it_at_once(town: House) -> None:
    """The thief is shown out in the middle of a session and does not come back; nothing new goes to Alena either."""
    with town.staff(ALENA).connected() as thief:
        said = town.asks("contain", "person", ALENA, "--because", "She is asleep; I rang her", by=RUTH)

        assert "Contained: nothing of it goes on, from now." in said
        assert 421 == thief.noop()[0]
    with pytest.raises(smtplib.SMTPAuthenticationError):
        _send(town, BUYER, "[office] More")
    refused = town.staff(JO).hands_in(letter(JO, ALENA, "Are you awake?", "CANARY\n"), [ALENA]).refused[ALENA]
    assert "Nothing goes from or to Alena Novak until further notice" in refused
    assert "Ask Ruth Okafor or Per Lind." in refused


def test_she_sees_what_could_have_been_theirs(town: House) -> None:
    """Every letter of that night, and of the morning; in a list, and in drafts of the letters the law asks for."""
    folder = town.folder / "incidents" / _incident(town)
    rows = list(csv.DictReader((folder / "affected.csv").read_text().splitlines()))
    authority = " ".join((folder / "letter-authority.txt").read_text().split())

    assert {*STRANGERS, CLERK} <= {row["recipient"] for row in rows}
    assert "GDPR ART. 33" in authority
    assert "She is asleep; I rang her" in authority
    assert "[[ name and contact of the data protection officer ]]" in authority
    assert CLERK in (folder / "letter-partner-court.txt").read_text()
    assert [] == [path.name for path in folder.iterdir() if path.stat().st_mode & 0o077]


def test_a_restart_forgets_nothing(town: House) -> None:
    """Killed and opened again: she still does not come in, the doctor tells why, and no letter wakes Ruth again."""
    before = len(_alarms(town, RUTH))
    town.dies()
    town.opens()

    with pytest.raises(smtplib.SMTPAuthenticationError):
        _send(town, BUYER, "[office] More")
    said = town.asks("doctor", may_fail=True)
    assert "The person alena@town.test is contained" in said
    assert "Nobody has looked at the alarm about alena@town.test" in said
    assert before == len(_alarms(town, RUTH))


def test_another_opens_the_door_again(town: House) -> None:
    """Ruth cannot undo her own order; Per can, and looks at the alarms; then Alena works."""
    stop = _incident(town)
    own = town.asks("contain", "lift", stop, "--because", "Fine", by=RUTH, may_fail=True)
    town.asks("contain", "lift", stop, "--because", "She has a new password", by=PER)
    alarms = json.loads(town.asks("contain", "alarms", "--json", may_fail=True))
    for alarm in alarms:
        town.asks("contain", "looked", alarm["id"], "--because", "Stolen; see the incident", by=PER)
    _send(town, CLERK, "[case] Of the next morning")

    assert "Nobody lifts what they contained themselves. Ask Per Lind." in own
    assert {"hours", "new-recipients"} == {alarm["kind"] for alarm in alarms}
    assert "Nothing is contained." in town.asks("contain", "list")
    assert 2 == len(town.outside().awaits(CLERK, 2))


def _send(town: House, to: str, subject: str) -> None:
    """Somebody with Alena's password writes a letter, and is told that it is kept."""
    sent = town.staff(ALENA).hands_in(letter(ALENA, to, subject, "CANARY\n"), [to])
    assert 250 == sent.code, sent


def _alarms(town: House, to: str) -> list[str]:
    """What the watch has written to somebody about Alena."""
    messages = (message_from_bytes(one, policy=policy.default) for one in town.outside().received(to))
    bodies = (one.get_body() for one in messages if one["Subject"] == "Alarm: Alena Novak")
    return [" ".join(body.get_content().split()) for body in bodies if body]


def _incident(town: House) -> str:
    """The one there is, by its folder."""
    (folder,) = (town.folder / "incidents").iterdir()
    return folder.name
