"""The rules in force, as the stations ask for them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.engine.policy import InForce
from gateway.scrub.plan import Action, Kind, Plan
from gateway.seal.hop import Level
from gateway.ship.retry import Schedule
from gateway.transfer import Recipient
from tests.unit.engine.engine_world import CITIZEN, COURT, DAY, DAY_OF_SMITH, MINUTE, NOON, rules, to

PIN = '[[hop]]\nto = ["courts"]\nlevel = "pin"\npin = ["' + "ab" * 32 + '"]\n'


def in_force(*changes: tuple[str, str, str], **more: str) -> InForce:
    return InForce(rules(*changes, **more), private_ca="PEM")


def test_rules_are_swapped_whole() -> None:
    """From one question to the next another set is in force, in every respect."""
    before, other = in_force(), rules(("routes.toml", 'give-up = "5d"', 'give-up = "2d"'))

    before.swap(other)

    assert (other, 2 * DAY) == (before.rulebook, before.schedule.give_up_ms)


@pytest.mark.parametrize(
    ("label", "floor"),
    [("public", "verified-transport"), ("sealed", "encrypt-to-recipient"), ("", "verified-transport"), ("secret", "")],
)
def test_each_label_has_its_floor(label: str, floor: str) -> None:
    """A label the rules do not know has none, and what has no floor waits; a note has one of its own."""
    assert floor == in_force().floor(label)


@pytest.mark.parametrize(
    ("label", "parks"), [("public", False), ("office", False), ("confidential", True), ("sealed", True), ("", False)]
)
def test_doubts_are_parked_from_a_label_up(label: str, parks: bool) -> None:
    """The sample parks from confidential on; a note is never parked."""
    assert parks == in_force().parks(label)


def test_patience_is_the_rules() -> None:
    """First retry and giving up as `routes.toml` says."""
    assert Schedule(first_retry_ms=5 * MINUTE, give_up_ms=5 * DAY) == in_force().schedule


def test_what_a_hop_must_prove() -> None:
    """By MX the recipient's domain; by a named relay that name too, and the office's own authority."""
    by_mx = in_force().demand(to(COURT), "mx")
    by_relay = in_force().demand(to(COURT), "relay.town.test:587")

    assert (("court.test",), "") == (by_mx.names, by_mx.ca_pem)
    assert (("relay.town.test", "court.test"), "PEM") == (by_relay.names, by_relay.ca_pem)
    assert Level.BEST is by_mx.level


def test_a_pin_is_for_whom_the_rules_pin() -> None:
    """A `[[hop]]` counts for its groups and for nobody else."""
    pinned = in_force(protection=PIN)

    assert (Level.PIN, ("ab" * 32,)) == (pinned.level(to(COURT)), pinned.demand(to(COURT), "mx").spki_sha256)
    assert Level.PIN is not pinned.level(to(CITIZEN))


def test_what_may_stay_in_a_document_depends_on_the_recipient() -> None:
    """Law firms keep tracked changes by a rule with an id; for anybody else nothing is said."""
    plan, ids = in_force().plan(to(DAY_OF_SMITH), "office", NOON)

    assert ("redlines",) == ids
    assert Plan(said=((Kind.CHANGES, Action.KEEP),)) == plan
    assert (Plan(), ()) == in_force().plan(to(COURT), "office", NOON)


def test_what_may_stay_ends_with_its_last_day() -> None:
    """On its last day a rule that keeps something counts, in the office's zone; on the next no more."""
    last = int(datetime(2027, 3, 31, 23, 59, tzinfo=ZoneInfo("Europe/London")).timestamp() * 1000)

    assert ("redlines",) == in_force().plan(to(DAY_OF_SMITH), "office", last)[1]
    assert (Plan(), ()) == in_force().plan(to(DAY_OF_SMITH), "office", last + 60_000)


def test_what_may_stay_in_one_family_goes_from_the_others() -> None:
    """A rule for pictures lets nothing pass in a PDF."""
    office = in_force(
        metadata='[[allow]]\nid = "maps"\nkeep = ["location"]\nfamilies = ["image"]\nuntil = 2027-03-31\n'
        'owner = "ruth@town.test"\nbecause = "Survey photos."\n'
    )

    plan, ids = office.plan(to(COURT), "office", NOON)

    assert ("maps",) == ids
    assert Action.KEEP is plan.within("image").action(Kind.LOCATION)
    assert Action.STRIP is plan.within("pdf").action(Kind.LOCATION)
    assert Action.STRIP is plan.action(Kind.LOCATION)


def test_a_strip_rule_counts_for_its_labels() -> None:
    """What waits for a person by default is removed where a rule says so, and only under that label."""
    office = in_force(
        metadata='[[strip]]\nid = "plain"\nlabels = ["office"]\nwhat = ["hidden"]\nas = "strip"\nbecause = "Plain."\n'
    )

    assert ("plain",) == office.plan(to(COURT), "office", NOON)[1]
    assert () == office.plan(to(COURT), "confidential", NOON)[1]


def test_whose_partner() -> None:
    """A recipient's partner by id; a stranger has none."""
    office = in_force()

    assert ("court", "smith-and-day", "", "court") == tuple(
        office.partner(one) for one in (to(COURT), to(DAY_OF_SMITH), to(CITIZEN), Recipient(partner="court"))
    )


def test_limits_and_marks() -> None:
    """What is enforced before parsing, and which header carries a label."""
    limits = in_force().limits

    assert (50 * 1024 * 1024, "x-sealgate-label") == (limits.message_bytes, limits.mark_fields[0])
    assert "Europe/London" == str(in_force().zone)
    assert "mx" == in_force().via(to(COURT))
