"""An auditor asks what left in March.

Papers went to the court by mail, and a case file with a courier; one letter went to the wrong address and was stopped.
Months later the auditor asks what left in one month, to whom and under which rule. They take the answer away in a file,
and somebody else can check that it is what the ledger said. Who is not an auditor learns nothing of it; and that the
auditor looked is itself in the ledger.

"March" is the days around the one on which this story is told: the ledger keeps the machine's own time.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.engine.clock import SystemClock, day
from tests.house import ALENA, JO, PER, RUTH, House
from tests.world import letter

REGISTRY, JUDGE, WRONG = "registry@court.test", "judge@court.test", "registry@c0urt.test"
TODAY = day(SystemClock().now_ms())
MARCH = ("--from", str(TODAY - timedelta(days=3)), "--to", str(TODAY + timedelta(days=3)))
FEBRUARY = ("--from", str(TODAY - timedelta(days=40)), "--to", str(TODAY - timedelta(days=10)))
NEW_COURIER_RULE = (
    'by = ["mail", "sftp"]\nfor = ["litigation"]',
    'by = ["mail", "sftp", "courier"]\nfor = ["litigation"]',
)


@pytest.fixture
def town(house: House) -> House:
    """The office, open, with a rule that lets couriers carry what is for the court."""
    house.changes("transfers.toml", *NEW_COURIER_RULE)
    house.publishes()
    house.outside().start()
    house.opens()
    for recipient in (REGISTRY, JUDGE):
        house.meets(recipient)
    return house


def sent(town: House, to: str) -> str:
    """Jo sends something, and it arrives."""
    transfer = town.staff(JO).hands_in(letter(JO, to, "[case] CANARY", "CANARY\n"), [to]).transfer
    town.outside().awaits(to)
    town.comes_to_rest(transfer)
    return transfer


def by_courier(town: House) -> str:
    """A courier takes a case file from Alena; Ruth hears from the court that it came."""
    told = town.asks(
        "ledger", "record", "--what", "CANARY case file", "--seal", "AB-1234", "--courier", "R. Jones", "--from",
        "Town hall", "--to", REGISTRY, "--label", "confidential", "--purpose", "litigation", "--json", by=ALENA,
    )  # fmt: skip
    transfer = str(json.loads(told)["subjects"][0])
    town.asks("ledger", "confirm", transfer, "--found", "AB-1234 intact", by=RUTH)
    return transfer


def test_what_left_in_march(town: House, tmp_path: Path) -> None:
    """Exactly what left in that month, by wire and by hand, with its rule; in a file that a stranger can check."""
    stopped = town.staff(JO).hands_in(letter(JO, WRONG, "[case] CANARY", "CANARY\n"), [WRONG])
    in_march = {sent(town, REGISTRY), sent(town, JUDGE), by_courier(town)}

    what_left = ("ledger", "find", "--partner", "court", "--outcome", "delivered", "--why", "the yearly audit")
    asked = (*what_left, *MARCH)
    found = json.loads(town.asks(*asked, "--json", by=PER))
    before = json.loads(town.asks(*what_left, *FEBRUARY, "--json", by=PER))
    file = tmp_path / "march.csv"
    town.asks(*asked, "--csv", "--out", str(file), by=PER)
    checked = town.asks("ledger", "verify-answer", str(file), "--key", town.ledger_key)
    exceptions = json.loads(town.asks("ledger", "report", "exceptions", *MARCH, "--json", by=PER))

    assert [WRONG] == list(stopped.refused)
    assert (in_march, []) == ({one["transfer"] for one in found}, before)
    assert {"court-filing"} == {rule for one in found for rule in one["rules"] if not rule.startswith("encrypt")}
    assert ("TRUE:", True) == (checked[:5], "the yearly audit" in checked)
    assert [WRONG] == [one["recipient"] for one in exceptions if "refused" in one["what"]]
    looked = json.loads(town.asks("ledger", "report", "access", "--json", by=PER))
    assert (PER, "auditor", "the yearly audit") in [(one["who"], one["role"], one["why"]) for one in looked]


def test_who_is_no_auditor_learns_nothing(town: House) -> None:
    """The machine's user may not ask whom it went to; a colleague sees their own, not Jo's."""
    town.ends_its_trial()
    sent(town, REGISTRY)

    operator = town.asks("ledger", "find", "--recipient", REGISTRY, may_fail=True)
    colleague = town.asks("ledger", "find", by=ALENA)

    assert "you may not ask about recipients" in operator
    assert (True, False) == ("1 found." in colleague, REGISTRY in colleague)
