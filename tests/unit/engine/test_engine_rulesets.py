"""The sets that were ever published, read back by digest and by day."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from gateway.engine import rulesets
from gateway.errors import Misconfigured
from gateway.ledger.entry import read_entry
from tests.unit.engine.engine_world import DAY, Office, in_the_office, rules

SHORTER = ("transfers.toml", "until = 2027-03-31", "until = 2027-02-28")
LONDON = ZoneInfo("Europe/London")


@in_the_office()
async def test_every_set_can_be_read_again(office: Office) -> None:
    """To the byte, with who signed and why, and the entry of the ledger that says so."""
    first = office.in_force.rulebook
    second = rules(SHORTER)
    await office.rulemaking.enact(second, ("ruth@town.test",), "shorter")

    found = rulesets.every(office.archive)

    assert [first.digest, second.digest] == [one.digest for one in found]
    assert second.files == found[1].rulebook().files
    assert (("ruth@town.test",), "shorter") == (found[1].published.signers, found[1].published.why)
    assert "published" == read_entry(office.entries()[found[1].entry]).kind


@in_the_office()
async def test_a_set_is_found_by_the_beginning_of_its_digest(office: Office) -> None:
    """Six digits or more, in any case; a set published twice is one set."""
    first = office.in_force.rulebook
    await office.rulemaking.enact(rules(SHORTER), ("ruth@town.test",), "")
    await office.rulemaking.enact(first, ("ruth@town.test",), "back")
    found = rulesets.every(office.archive)

    assert first.digest == rulesets.by_digest(found, first.digest[:8].upper()).digest
    assert "back" == rulesets.by_digest(found, first.digest).published.why
    for unknown in (first.digest[:5], "", "0" * 64):
        with pytest.raises(Misconfigured):
            rulesets.by_digest(found, unknown)


@in_the_office()
async def test_a_day_has_the_set_that_was_in_force_at_its_end(office: Office) -> None:
    """The day of a change has the new one; before the first there is none."""
    first = office.in_force.rulebook
    office.clock.at_ms += DAY
    second = rules(SHORTER)
    await office.rulemaking.enact(second, ("ruth@town.test",), "")
    found = rulesets.every(office.archive)

    assert first.digest == rulesets.on_day(found, date(2026, 11, 23), LONDON).digest
    assert second.digest == rulesets.on_day(found, date(2026, 11, 24), LONDON).digest
    assert second.digest == rulesets.on_day(found, date(2030, 1, 1), LONDON).digest
    with pytest.raises(Misconfigured):
        rulesets.on_day(found, date(2026, 11, 22), LONDON)
