"""What need not be kept any longer goes.

The town keeps papers for a week and the record of who sent what to whom for a month. Alena writes to Bob, and to Anna,
whose roof is before the court: nothing about Anna may be destroyed before the case is over. A third letter waits for a
key. Nobody has to remember any of this. Every night what is due goes, and only that: the ledger says so, names the
rule, and whatever it proved before it still proves. At the end nothing of Bob's letter is left but that there was one.
"""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

from tests.house import ALENA, JO, PER, House
from tests.world import letter

BOB, ANNA, CLERK = "bob@example.test", "anna@example.test", "clerk@court.test"
DAY = 24 * 60
HOLD = """
[[hold]]
id = "roof"
because = "The dispute about the roof."
owner = "ruth@town.test"
until = {until}
addresses = ["anna@example.test"]
"""


def test_a_month_passes(house: House) -> None:
    """After a week Bob's papers go; Anna's when the hold has ended; after a month the record; what waits stays."""
    today = date.fromisoformat(json.loads(house.asks("retention", "plan", "--json"))["on"])
    house.changes("retention.toml", 'for = "30d"', 'for = "1w"')
    house.changes("retention.toml", 'for = "10y"', 'for = "1mo"')
    house.adds("retention.toml", HOLD.format(until=today + timedelta(days=10)))
    house.publishes()
    house.keeps_its_own_time()
    house.outside().start()
    house.opens()
    for one in (BOB, ANNA):
        house.meets(one)
    roof, floor = (
        house.staff(ALENA).hands_in(letter(ALENA, to, f"[office] The {what}", f"About the {what}.\n" * 2000), [to])
        for to, what in ((ANNA, "roof"), (BOB, "floor"))
    )
    house.staff(JO).hands_in(letter(JO, CLERK, "[case] The door"), [CLERK])
    for sent in (roof, floor):
        house.comes_to_rest(sent.transfer)
    waiting = house.awaits(CLERK, "no-key").transfer
    proof = house.proves(floor.transfer)

    house.passes(minutes=8 * DAY)
    planned = json.loads(house.asks("retention", "plan", "--json"))
    goes, stays = ({(line["transfer"], line["part"]) for line in planned[fate]} for fate in ("goes", "stays"))
    assert (floor.transfer, "papers") in goes
    assert {(roof.transfer, "papers"), (waiting, "papers")} <= stays
    assert {"papers"} == {part for _, part in goes}
    assert "keeps 1 transfer; 1 would lose something today" in house.asks("retention", "holds")

    first = json.loads(house.asks("retention", "run", "--json"))
    assert (len(goes), 0, 1) == (first["papers"], first["values"], len(first["certificates"]))
    assert "Nothing was due." in house.asks("retention", "run")
    assert BOB in house.asks("ledger", "show", floor.transfer, by=PER)

    house.dies()
    house.passes(minutes=3 * DAY)
    second = json.loads(house.asks("retention", "run", "--json"))
    assert 1 == second["papers"]

    house.opens()
    house.passes(minutes=22 * DAY)
    last = json.loads(house.asks("retention", "run", "--json"))
    told = house.asks("retention", "report")
    for sent in (roof, floor):
        assert "forgotten on purpose" in house.asks("ledger", "show", sent.transfer, may_fail=True)
        assert [1, 1] == [len(re.findall(rf"{sent.transfer}/0 .*  {rule}  ", told)) for rule in ("content", "record")]
    for ran in (first, second, last):
        code, words = house.auditor().verifies(Path(ran["certificates"][0]).read_bytes())
        assert (0, True, False) == (code, "Erased on purpose" in words, "example.test" in words)
    assert 0 == house.auditor().verifies(proof)[0]
