"""What two people signed, as it is kept: read back whatever they wrote, and for the time it is meant for alone."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine.glass import LASTS_MS, Allow, Glass, allow_id
from gateway.facts import Consulted, Outcome
from gateway.judge.case import Case
from gateway.judge.expect import recipient_of
from gateway.transfer import Way, transfer_id
from tests.unit.engine.engine_world import ALENA, DAY, NOON, PER, RUTH, rules

WARD = "ward@hospital.test"
TRANSFER, NEXT, THIRD = (transfer_id(bytes([n]) * 16) for n in (1, 2, 3))


def allow(name: str = "a", *, because: str = "A life", is_for_next: bool = True, at_ms: int = NOON) -> Allow:
    return Allow(
        id=name, transfer=TRANSFER, leg=0, who=ALENA, to=WARD, label="office", at_ms=at_ms, until_ms=at_ms + LASTS_MS,
        is_for_next=is_for_next, because=because,
    )  # fmt: skip


def glass(*allows: Allow) -> Glass:
    return Glass(one.published((RUTH, PER)) for one in allows)


def outcome(broken: Glass, transfer: str, *, at_ms: int = NOON, label: str = "office", who: str = ALENA) -> Outcome:
    case = Case(
        sender_person=who, recipient=recipient_of(WARD), by=Way.SFTP, label=label, purpose="general",
        on=date(2026, 11, 23), at_ms=at_ms,
    )  # fmt: skip
    return broken.decide(BOOK, case, transfer).outcome


BOOK = rules()
"""The sample lets no letter go to a stranger by SFTP."""


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs")), max_size=200))
def test_whatever_the_reason_the_allow_is_read_back(because: str) -> None:
    """Quotes, braces, other scripts: the file is TOML that anybody can read, and says the same again."""
    fact = allow(because=because).published((RUTH, PER))
    ((_, text),) = fact.files

    (one,) = Glass([fact]).all
    assert (allow(because=because), (RUTH, PER)) == (one.allow, one.signers)
    assert because == tomllib.loads(text)["allow"][0]["because"]


def test_one_transfer_takes_it() -> None:
    """The first that is let go by it; at a door, where a transfer has no name yet, nobody takes it."""
    broken = glass(allow())

    assert Outcome.SEND is outcome(broken, "")
    assert (Outcome.SEND, Outcome.SEND, Outcome.BLOCK) == (
        outcome(broken, NEXT), outcome(broken, NEXT), outcome(broken, THIRD),
    )  # fmt: skip
    assert NEXT == broken.all[0].taken_by


def test_two_signed_twice_serve_two() -> None:
    """Each allow is one transfer's."""
    broken = glass(allow("a"), allow("b"))

    assert [Outcome.SEND, Outcome.SEND, Outcome.BLOCK] == [
        outcome(broken, transfer) for transfer in (NEXT, THIRD, TRANSFER)
    ]


@pytest.mark.parametrize(
    ("at_ms", "may"), [(NOON - 1, False), (NOON, True), (NOON + LASTS_MS, True), (NOON + LASTS_MS + 1, False)]
)
def test_it_counts_from_when_it_was_signed_for_a_day(at_ms: int, may: bool) -> None:
    """Not for what was decided before, which a replay asks about; and not for ever."""
    assert may is (outcome(glass(allow()), NEXT, at_ms=at_ms) is Outcome.SEND)


def test_what_it_was_taken_for_it_serves_to_the_end() -> None:
    """A delivery may take days; what was let go in time is not stopped by the clock."""
    broken = glass(allow())
    outcome(broken, NEXT)

    assert Outcome.SEND is outcome(broken, NEXT, at_ms=NOON + 5 * DAY)


def test_it_lets_no_other_sender_and_no_higher_label_go() -> None:
    """Nor is it taken by what it cannot let go."""
    broken = glass(allow())

    assert Outcome.BLOCK is outcome(broken, NEXT, who="jo@town.test")
    assert Outcome.BLOCK is outcome(broken, NEXT, label="confidential")
    assert "" == broken.all[0].taken_by


def test_only_a_review_of_it_lifts_what_it_costs() -> None:
    """Another's review does not; its own does, whoever of the two is asked."""
    broken = glass(allow("a"), allow("b", at_ms=NOON + DAY))

    assert None is broken.suspended_by(RUTH, NOON + DAY, DAY)
    assert "a" == broken.suspended_by(PER, NOON + DAY + 1, DAY).allow.id  # type: ignore[union-attr]
    broken.add(Consulted(by="fay", question="review of a", why="right", size=1))
    assert None is broken.suspended_by(RUTH, NOON + DAY + 1, DAY)
    assert "b" == broken.suspended_by(RUTH, NOON + 3 * DAY, DAY).allow.id  # type: ignore[union-attr]
    assert None is broken.suspended_by(ALENA, NOON + 30 * DAY, DAY)


def test_names_are_never_used_twice() -> None:
    """For the same leg of the same transfer, signed again."""
    assert allow_id(TRANSFER, 0, b"\0\0\0\1") != allow_id(TRANSFER, 0, b"\0\0\0\2")
