"""The owner of a period hears what it will let go, in time, once a week, and of nothing else."""

from __future__ import annotations

from gateway.engine.attested import Attestations
from gateway.engine.clock import day
from gateway.engine.forgetting.disposing import Looker
from gateway.engine.forgetting.forewarning import QUIET_MS, Forewarning
from gateway.keep.beside import BlobsBeside
from tests.unit.engine.engine_world import DAY, NOON, PER, RUTH, Office, in_the_office, rules

WARNED = ("retention.toml", 'for = "30d"', f'for = "30d"\nowner = "{RUTH}"\nwarn = "14d"')


def forewarning(office: Office) -> Forewarning:
    looker = Looker(
        records=office.records,
        archive=office.archive,
        attestations=Attestations(office.records, office.archive, office.keyring),
        blobs=BlobsBeside(office.blobs, office.records),
    )
    return Forewarning(
        rules=office.in_force, looker=looker, archive=office.archive, scribe=office.writer, notes=office.notes,
        clock=office.clock, secret_key=office.keyring.index_key, began_ms=NOON - QUIET_MS,
    )  # fmt: skip


def told(office: Office) -> list[str]:
    """The letters about retention."""
    said = [" ".join(office.content(one).split()) for one in office.transfers()]
    return [one for one in said if "To be destroyed" in one]


@in_the_office(rulebook=lambda: rules(WARNED))
async def test_the_owner_hears_of_what_will_go(office: Office) -> None:
    """Which copy, from which day on, and what to do; neither name nor address of anybody it is about."""
    await office.trusts("registry@court.test")
    transfer = await office.accepts()
    await office.rests()
    office.clock.at_ms += 16 * DAY
    await forewarning(office).turn()
    await office.rests()

    (letter,) = told(office)
    first = day(NOON + 31 * DAY)
    assert f"{transfer}/0, from {first.day} {first:%B %Y} on: papers" in letter
    assert "needs a legal hold" in letter
    assert "court" not in letter
    assert RUTH == office.post.taken[-1].recipient


@in_the_office(rulebook=lambda: rules(WARNED))
async def test_what_is_far_off_is_not_told(office: Office) -> None:
    """Nobody is told of papers that have weeks to go."""
    await office.trusts("registry@court.test")
    await office.accepts()
    await office.rests()
    office.clock.at_ms += 8 * DAY
    await forewarning(office).turn()

    assert [] == told(office)


@in_the_office(rulebook=lambda: rules(WARNED))
async def test_a_week_is_told_once(office: Office) -> None:
    """However often the gateway starts; the week after, again."""
    await office.trusts("registry@court.test")
    await office.accepts()
    await office.rests()
    office.clock.at_ms += 16 * DAY
    for _ in range(2):
        await forewarning(office).turn()
    assert 1 == len(told(office))

    office.clock.at_ms += 7 * DAY
    await forewarning(office).turn()

    assert 2 == len(told(office))


@in_the_office(rulebook=lambda: rules((WARNED[0], WARNED[1], f'{WARNED[1]}\nwarn = "14d"')))
async def test_without_an_owner_whoever_may_publish_hears(office: Office) -> None:
    """For they can change the rule."""
    await office.trusts("registry@court.test")
    await office.accepts()
    await office.rests()
    office.clock.at_ms += 16 * DAY
    await forewarning(office).turn()
    await office.rests()

    assert {RUTH, PER} == {one.recipient for one in office.post.taken if "town.test" in one.recipient}
    assert 2 == len(told(office))


@in_the_office()
async def test_a_rule_without_warn_tells_nobody(office: Office) -> None:
    """As the sample has it."""
    await office.trusts("registry@court.test")
    await office.accepts()
    await office.rests()
    office.clock.at_ms += 29 * DAY
    await forewarning(office).turn()

    assert [] == told(office)
