"""Where legs stand, from the open part of entries alone."""

from __future__ import annotations

import pytest

from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.engine.health.census import MOVES, WAITS, Census
from gateway.journey import CLOSED, NEXT, State
from tests.audited import Past, laid_out


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return laid_out(tmp_path_factory.mktemp("counted") / "office")


def test_the_census_agrees_with_the_journeys(past: Past) -> None:
    """Folded from entries without any key, each open leg stands where its decrypted facts say it stands."""
    census = Census()
    with opened(Setting(folder=past.folder)) as office:
        census.add_all(office.records.since(0, 10_000).leaves)
        stories = [office.archive.story(stream) for stream in (past.delivered, past.held, past.deferred)]

    expected = {
        (story.stream, leg.leg.ordinal): leg.state
        for story in stories
        if story is not None
        for leg in story.journey.legs
        if not leg.is_closed
    }
    assert expected == {(place.stream, place.leg): one.state for place, one in census.open.items()}
    assert {State.HELD, State.WAITING} == set(expected.values())


def test_what_has_ended_is_forgotten(past: Past) -> None:
    """The census holds what is open, so that it does not grow with the ledger."""
    census = Census()
    with opened(Setting(folder=past.folder)) as office:
        census.add_all(office.records.entries(past.delivered))

    assert {} == census.open


def test_every_state_is_counted_somewhere() -> None:
    """A state that is neither over, nor waits, nor moves would be counted by no gauge."""
    assert set(NEXT) == CLOSED | WAITS | MOVES | {State.OFFERED}
