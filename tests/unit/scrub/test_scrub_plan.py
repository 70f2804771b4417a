"""The nouns of scrubbing."""

from __future__ import annotations

import pytest

from gateway.scrub.plan import Action, Finding, Kind, Place, Plan, Tier


def test_every_kind_has_the_tier_of_the_handbook() -> None:
    """Seven kinds of identity, four of history, six hidden, three active."""
    counts = [sum(kind.tier is tier for kind in Kind) for tier in Tier]

    assert [7, 4, 6, 3] == counts


def test_the_default_strips_what_the_document_survives() -> None:
    """Tiers 1 and 2 and links go; everything else waits."""
    held = {kind for kind in Kind if Plan().action(kind) is Action.HOLD}

    assert {
        Kind.HIDDEN,
        Kind.NOTES,
        Kind.CROPS,
        Kind.SOURCES,
        Kind.ATTACHED,
        Kind.NAMES,
        Kind.CODE,
        Kind.OBJECTS,
    } == held


def test_where_two_rules_speak_the_stricter_wins() -> None:
    """Whatever the order, less passes."""
    rules = ((Kind.NOTES, Action.KEEP), (Kind.NOTES, Action.STRIP))

    assert Action.STRIP is Plan(said=rules).action(Kind.NOTES)
    assert Action.STRIP is Plan(said=rules[::-1]).action(Kind.NOTES)


def test_a_finding_is_of_something() -> None:
    """A finding of nothing cannot be made."""
    with pytest.raises(ValueError, match="at least one"):
        Finding(kind=Kind.IDS, place=Place.BODY, count=0)
