"""How often rules were used: a leg counts once for each rule, towards whom it went, on the office's days."""

from __future__ import annotations

from datetime import timedelta

from gateway.engine.clock import day
from gateway.engine.lawmaking.decisions import Decisions
from gateway.engine.lawmaking.usage import HORIZON, NEVER, Tally, Usage, count, party_of
from gateway.journey import State
from gateway.transfer import Recipient
from tests.unit.engine.engine_world import (
    ALENA,
    CITIZEN,
    COURT,
    DAY,
    JO,
    NOON,
    Office,
    in_the_office,
    letter,
    to,
)

TODAY = day(NOON)


def usage(office: Office, days: int = 90) -> Usage:
    decisions = Decisions(office.records, office.archive)
    return count(decisions, office.rulebook, now_ms=office.clock.now_ms(), days=days)


async def public(office: Office, subject: str = "[public] hello") -> None:
    await office.accepts(letter(ALENA, (CITIZEN,), subject=subject), CITIZEN)
    await office.rests()


@in_the_office()
async def test_a_rule_is_used_by_the_leg_it_decided(office: Office) -> None:
    """The allow that let a letter out, towards strangers, today; no other rule was used."""
    await public(office)

    found = usage(office)

    assert {"letters-to-citizens"} == set(found.by_rule)
    assert (1, TODAY) == (found.of("letters-to-citizens").legs, found.of("letters-to-citizens").last)
    assert {"strangers": found.of("letters-to-citizens")} == found.parties("letters-to-citizens")
    assert NEVER == found.of("sealed-bundles")
    assert (1, 0) == (found.decisions, found.erased)


@in_the_office()
async def test_a_leg_that_was_judged_twice_counts_once(office: Office) -> None:
    """Held for want of a key, then sent: two decisions, one use; the last day is that of the second."""
    sent = await office.accepts(letter(JO, (COURT,)))
    await office.comes_to(sent, State.HELD)
    await office.passes(DAY)
    await office.trusts(COURT)
    await office.comes_to(sent, State.SHIPPED)

    found = usage(office)

    assert 2 == found.decisions
    assert (1, TODAY + timedelta(days=1)) == (found.of("court-filing", "court").legs, found.of("court-filing").last)


@in_the_office()
async def test_only_the_days_asked_for_are_counted_but_the_last_use_is_known(office: Office) -> None:
    """Two uses ten days apart: within five days there is one; without any, the last is still known."""
    await public(office)
    await office.passes(10 * DAY)
    await public(office, "[public] again")

    assert 2 == usage(office, days=11).of("letters-to-citizens").legs
    assert 1 == usage(office, days=10).of("letters-to-citizens").legs
    await office.passes(20 * DAY)
    later = usage(office, days=10)
    assert (0, TODAY + timedelta(days=10)) == (
        later.of("letters-to-citizens").legs,
        later.of("letters-to-citizens").last,
    )
    assert TODAY + timedelta(days=21) == later.first


@in_the_office()
async def test_a_use_beyond_the_horizon_is_none(office: Office) -> None:
    """Unused for so long is unused."""
    await public(office)
    office.clock.at_ms += int(HORIZON.total_seconds() + 86_400) * 1000

    assert NEVER == usage(office).of("letters-to-citizens")


@in_the_office()
async def test_counting_goes_on_where_it_stopped(office: Office) -> None:
    """The same as counting afresh, reading only what is new; put away and taken up."""
    await public(office)
    tally = Tally(zone="UTC")
    tally.advance(Decisions(office.records, office.archive), office.rulebook, now_ms=office.clock.now_ms())
    await office.passes(DAY)
    await public(office, "[public] again")
    again, seen = Decisions(office.records, office.archive), list[tuple[int, int]]()
    before = tally.at

    tally.advance(again, office.rulebook, now_ms=office.clock.now_ms(), progress=lambda *at: seen.append(at))

    whole = Tally(zone="UTC")
    whole.advance(Decisions(office.records, office.archive), office.rulebook, now_ms=office.clock.now_ms())
    assert whole == tally
    assert all(of == again.size - before for _, of in seen)
    assert seen


@in_the_office()
async def test_what_was_forgotten_counts_no_more(office: Office) -> None:
    """Its decisions are told as erased."""
    await public(office)
    office.records.forget(office.transfers()[0])

    found = usage(office)

    assert (0, 1, {}) == (found.decisions, found.erased, dict(found.by_rule))


def test_a_recipient_counts_for_the_party_it_belongs_to() -> None:
    """A partner by domain or box, a colleague, a stranger; an address nobody has in our own domain is none of these."""
    rulebook = Office().rulebook

    parties = [party_of(rulebook, one) for one in (to(COURT), Recipient(partner="court"), to(JO), to(CITIZEN))]

    assert ["court", "court", "staff", "strangers"] == parties
    assert "?" == party_of(rulebook, to("nobody@town.test"))
