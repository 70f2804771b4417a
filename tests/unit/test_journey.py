"""The journey's table: what may follow what, and what is left to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.facts import Approved, Collected, Declined, Offered, Outcome, Recalled, Received
from gateway.journey import CLOSED, NEXT, Encrypt, Judge, Lapse, Reconsider, Scrub, Settle, Ship, State, Unlawful, fold
from tests.playbook import Playbook, attempted, deferred, judged, mail, scrubbed, sealed, shipped


def test_a_mail_is_judged_cleaned_sealed_and_shipped() -> None:
    """The straight road: each fact calls for exactly the next work, and the last one for none."""
    play = Playbook(mail())
    play << [Judge(legs=(0,))]
    play >> judged(0) << [Scrub(leg=0)]
    play >> scrubbed(0) << [Encrypt(leg=0)]
    play >> sealed(0) << [Ship(leg=0)]
    play >> attempted(0) << [Settle(leg=0)]
    play >> shipped(0) << []
    assert play.journey.is_closed


def test_what_is_offered_lapses_unless_it_is_collected() -> None:
    """Until its last day there is nothing to do but wait for whoever collects it."""
    play = Playbook(mail()) >> judged(0) >> scrubbed(0) >> sealed(0)
    play >> Offered(leg=0, until_ms=9) << [Lapse(leg=0, not_before_ms=9)]
    play >> Collected(leg=0, by="partner:court", source="192.0.2.9") << []


def test_what_is_offered_may_be_prepared_again() -> None:
    """Until somebody has come for it, rules or a key that changed send it back; nothing of before may leave."""
    play = Playbook(mail()) >> judged(0) >> scrubbed(0) >> sealed(0) >> Offered(leg=0, until_ms=9)
    play >> judged(0) << [Scrub(leg=0)]
    assert play.journey.legs[0].sealed is None


def test_legs_go_their_own_ways() -> None:
    """One leg may ship while another waits and a third is refused."""
    play = Playbook(mail(to=3))
    play >> judged(0) >> judged(1, Outcome.HOLD) >> judged(2, Outcome.BLOCK)
    play << [Reconsider(legs=(1,)), Scrub(leg=0)]
    assert [State.CLEARED, State.HELD, State.REFUSED] == [leg.state for leg in play.journey.legs]


def test_a_deferred_leg_waits_until_its_time() -> None:
    """A retry is shipping again, not before the time the fact names."""
    play = Playbook(mail()) >> judged(0) >> scrubbed(0) >> sealed(0) >> attempted(0) >> deferred(0, until_ms=99)
    play << [Ship(leg=0, not_before_ms=99)]
    assert 1 == play.journey.legs[0].attempts


def test_a_doubt_waits_for_a_person() -> None:
    """When the remote may have it, nothing moves until somebody says so; then it goes at once."""
    play = Playbook(mail()) >> judged(0) >> scrubbed(0) >> sealed(0) >> attempted(0) >> deferred(0, is_in_doubt=True)
    play << []
    play >> Approved(leg=0, by="ruth@town.test", why="they have not got it", covers=("in-doubt",))
    play << [Ship(leg=0)]


def test_a_release_is_judged_again() -> None:
    """A person's word does not send anything: it is one more fact for the judge."""
    play = Playbook(mail()) >> judged(0, Outcome.HOLD)
    play >> Approved(leg=0, by="ruth@town.test", why="seen", covers=("approval",)) << [Judge(legs=(0,))]


def test_a_verdict_that_changes_before_the_first_byte_stops_the_parcel() -> None:
    """Between sealing and shipping the rules may still say no."""
    play = Playbook(mail()) >> judged(0) >> scrubbed(0) >> sealed(0) >> judged(0, Outcome.BLOCK)
    play << []
    assert State.REFUSED is play.journey.legs[0].state


def test_a_parcel_that_was_lost_is_made_again() -> None:
    """A small parcel lives in memory until it leaves; after a crash the leg starts over under a new verdict."""
    play = Playbook(mail()) >> judged(0) >> scrubbed(0) >> sealed(0) >> judged(0)
    play << [Scrub(leg=0)]


def test_a_new_verdict_forgets_the_old_parcel() -> None:
    """What was sealed under an older verdict can never be shipped under a newer one."""
    play = Playbook(mail()) >> judged(0) >> scrubbed(0) >> sealed(0) >> judged(0, Outcome.HOLD) >> judged(0)
    assert play.journey.legs[0].sealed is None
    play << [Scrub(leg=0)]


@pytest.mark.parametrize("state", sorted(CLOSED - {State.COLLECTED}))
def test_nothing_follows_the_end(state: State) -> None:
    """A closed leg stays closed."""
    assert {} == NEXT[state]


def test_shipping_needs_an_attempt_in_the_ledger() -> None:
    """`shipped` cannot follow `sealed`: the first byte's fact must stand between them."""
    with pytest.raises(Unlawful, match="shipped cannot follow sealed"):
        Playbook(mail()) >> judged(0) >> scrubbed(0) >> sealed(0) >> shipped(0)


def test_an_attempt_under_way_cannot_be_recalled_or_declined() -> None:
    """Once bytes may be on their way nobody can claim they were not."""
    play = Playbook(mail()) >> judged(0) >> scrubbed(0) >> sealed(0) >> attempted(0)
    for fact in (Recalled(leg=0, by="alena@town.test"), Declined(leg=0, by="ruth@town.test", why="")):
        with pytest.raises(Unlawful):
            play >> fact


def test_only_sealed_leads_to_an_attempt() -> None:
    """No state but those after `sealed` lists `attempted`."""
    assert {State.SEALED, State.WAITING} == {state for state, words in NEXT.items() if "attempted" in words}


def test_a_history_starts_with_received_once() -> None:
    """A history without a beginning, or with two, is no history."""
    received = Received(transfer=mail())
    for facts in ([], [judged(0)], [received, received]):
        with pytest.raises(Unlawful):
            fold(facts)


def test_a_leg_that_does_not_exist_is_refused() -> None:
    """A fact about leg 7 of a transfer with one leg is a bug, not a new leg."""
    with pytest.raises(Unlawful, match="has no leg 7"):
        Playbook(mail()) >> replace(judged(0), leg=7)


def test_the_table_names_every_state() -> None:
    """A new state needs a row."""
    assert set(State) == set(NEXT)
