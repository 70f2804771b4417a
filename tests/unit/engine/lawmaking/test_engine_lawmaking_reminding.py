"""People hear in time, once at each stage, and not from a gateway that has only just started."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from gateway.engine.lawmaking.reminding import QUIET_MS, Reminding, of_endings, of_rights
from gateway.engine.lawmaking.rights import Right
from gateway.judge.expiries import Expiry
from tests.unit.engine.engine_world import DAY, NOON, PER, RUTH, Office, in_the_office

TODAY = date(2026, 11, 23)


def ends(in_days: int, owners: tuple[str, ...] = (RUTH,), what: str = "court-filing") -> Expiry:
    return Expiry(
        last=TODAY + timedelta(days=in_days), kind="rule", what=what, owners=owners, mend="rules/transfers.toml:12"
    )


def right(proposal: str, *, owner: str = RUTH, last: date | None = None) -> Right:
    return Right(
        rule="court-filing", place="rules/transfers.toml:9", owner=owner, until=TODAY, since=date(2026, 1, 1),
        last=last, legs=0, idle_days=90, proposal=proposal, towards=(),
    )  # fmt: skip


def reminding(office: Office, ending: Sequence[Expiry] = (), rights: Sequence[Right] = ()) -> Reminding:
    return Reminding(
        rules=office.in_force, archive=office.archive, scribe=office.writer, notes=office.notes, clock=office.clock,
        index_key=office.keyring.index_key, ending=lambda: ending, rights=lambda: rights, began_ms=NOON - QUIET_MS,
    )  # fmt: skip


def told(office: Office) -> list[str]:
    return [" ".join(office.content(one).split()) for one in office.transfers()]


@pytest.mark.parametrize(("left", "stage"), [(30, 30), (29, 30), (15, 30), (14, 14), (2, 7), (1, 1), (0, 0)])
def test_an_end_is_told_at_the_stage_it_has_reached(left: int, stage: int) -> None:
    """Two days before the end it is the stage of seven, told once for all of its days."""
    (reminder,) = of_endings([ends(left)], TODAY)

    assert reminder.about.endswith(f" at {stage}")


@pytest.mark.parametrize("left", [-1, 31, 400])
def test_what_is_far_off_or_over_is_not_told(left: int) -> None:
    """It was told before its last day, and the list still shows it."""
    assert [] == list(of_endings([ends(left)], TODAY))


def test_every_owner_hears_and_what_to_do_stands_in_it() -> None:
    """Title, last day, and the line that mends it."""
    one, other = of_endings([ends(1, (RUTH, PER))], TODAY)

    assert {RUTH, PER} == {one.to, other.to}
    assert "Ends tomorrow: the rule 'court-filing'" == one.title
    assert ("The rule 'court-filing' ends tomorrow: 24 November 2026 is its last day.") == one.said[0]
    assert "To renew it: rules/transfers.toml:12" == one.said[1]


def test_rights_nobody_uses_are_their_owners_affair() -> None:
    """Each proposal has its own words; a right that is used, none."""
    said = [next(iter(of_rights([right(one)]))).said[1] for one in ("warn", "watch", "remove")]

    assert 3 == len(set(said))
    assert 'mode = "watch"' in said[1]
    assert [] == list(of_rights([right("")]))


def test_used_again_it_may_be_told_again() -> None:
    """The stage counts from the last use: after another one, the same stage is another."""
    before, after = (next(iter(of_rights([right("warn", last=last)]))) for last in (None, date(2026, 9, 1)))

    assert before.about != after.about


@in_the_office()
async def test_each_stage_is_told_once_whoever_asks(office: Office) -> None:
    """Again the same day, after a restart, the next day at the same stage: nothing more; at the next stage, once."""
    await reminding(office, [ends(9)]).turn()
    await office.rests()
    await reminding(office, [ends(9)]).turn()
    office.clock.at_ms += DAY
    await reminding(office, [ends(9)]).turn()
    assert 1 == len(told(office))

    office.clock.at_ms += 2 * DAY
    await reminding(office, [ends(9)]).turn()
    await office.rests()

    assert 2 == len(told(office))
    assert "ends in 6 days: 2 December 2026" in told(office)[-1]
    assert [RUTH, RUTH] == [one.recipient for one in office.post.taken]


@in_the_office()
async def test_a_day_is_done_once(office: Office) -> None:
    """Until tomorrow nobody looks again: counting uses is work."""
    asked: list[int] = []
    chore = reminding(office)
    chore = Reminding(
        rules=chore.rules, archive=chore.archive, scribe=chore.scribe, notes=chore.notes, clock=chore.clock,
        index_key=chore.index_key, ending=lambda: asked.append(1) or (), rights=lambda: (), began_ms=chore.began_ms,
    )  # fmt: skip

    for _ in range(3):
        await chore.turn()
    office.clock.at_ms += DAY
    await chore.turn()

    assert 2 == len(asked)


@in_the_office()
async def test_a_gateway_that_has_just_started_waits(office: Office) -> None:
    """It has other things to do, and one that is only tried tells nobody anything."""
    chore = reminding(office, [ends(1)])
    office.clock.at_ms -= 1
    await chore.turn()
    assert [] == told(office)

    office.clock.at_ms += 1
    await chore.turn()

    assert 1 == len(told(office))


@in_the_office()
async def test_who_has_left_is_told_nothing(office: Office) -> None:
    """The rule's owner may be gone; mail to them would go to nobody, or to whoever has the address now."""
    await reminding(office, [ends(1, ("gone@town.test",))], [right("warn", owner="gone@town.test")]).turn()

    assert [] == told(office)
