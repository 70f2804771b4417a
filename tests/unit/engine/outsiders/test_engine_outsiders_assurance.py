"""Where the rules demand it, nothing leaves before a witness has vouched for its intent."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.commands.sample import sample_rules
from gateway.engine.dispatch import Dispatch
from gateway.engine.outcomes import Outcomes
from gateway.engine.outsiders.assurance import REASON, Assurance
from gateway.engine.outsiders.vouching import Outsider
from gateway.engine.publication import Publication
from gateway.journey import State
from gateway.judge.rulebook import Rulebook, read
from gateway.ledger.cosignature import Cosigner
from tests.unit.engine.engine_world import COURT, JumpingClock, Office, in_the_office, rules
from tests.unit.engine.witness_world import Round, places, witness

WITNESS = Cosigner("county.test/witness", b"w" * 32)
NAMED = f'witnesses = [{{ at = "https://county.test/w", key = "{WITNESS.vkey}" }}]'
HOUR_MS, WEEK_MS = 3_600_000, 7 * 24 * 3_600_000


def demanding() -> Rulebook:
    return rules(("gateway.toml", "ledger = { ", f"ledger = {{ {NAMED}, wait-for-witness = true, "))


def stands_before(office: Office, folder: Path) -> Publication:
    """The assurance, before the runner's stations; and what it reads."""
    publication = Publication(folder, office.records, office.signer.vkey)
    outcomes = Outcomes(vault=office.vault, clock=office.clock, rules=office.in_force, notes=office.notes)
    assurance = Assurance(rules=office.in_force, publication=publication, outcomes=outcomes)
    office.runner._stations = Dispatch(mail=office.stations, files=office.stations, assurance=assurance)
    return publication


def witnessed(office: Office, publication: Publication) -> None:
    """A witness vouches for all there is."""
    assert office.scribe.head is not None
    publication.publish(office.scribe.head)
    note = publication.checkpoint() or ""
    publication.vouch(note, [WITNESS.line(note.partition("\n\n")[0] + "\n", 1)])


@in_the_office(rulebook=demanding)
async def test_it_leaves_once_a_witness_has_vouched(office: Office, tmp_path: Path) -> None:
    """Not before, however much of the ledger before its intent is vouched for; then at its next turn (B90)."""
    publication = stands_before(office, tmp_path)
    await office.trusts(COURT)
    witnessed(office, publication)

    transfer = await office.accepts()
    await office.comes_to(transfer, State.WAITING)
    assert ([], "deferred") == (office.post.got(COURT), office.kinds(transfer)[-1])
    assert "attempted" not in office.kinds(transfer)
    await office.passes(HOUR_MS)
    assert [] == office.post.got(COURT)

    witnessed(office, publication)
    await office.passes(HOUR_MS)
    await office.comes_to(transfer, State.SHIPPED)
    assert 1 == len(office.post.got(COURT))


@in_the_office(rulebook=demanding)
@pytest.mark.parametrize("how", ["stale", "wrong"])
async def test_a_word_that_does_not_count_lets_nothing_leave(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """A witness whose line is of another time, or not by its key: an alarm; no byte leaves till it is right (B90)."""
    publication, round_, theirs = stands_before(office, tmp_path / "ledger"), Round(office, tmp_path), JumpingClock()
    await office.trusts(COURT)
    async with witness(office, places(tmp_path)("a"), office.signer.vkey, clock=theirs) as (one, _):
        asked = Outsider(at=one.at, key=WITNESS.vkey) if how == "wrong" else one
        await round_.grows()
        theirs.at_ms = office.clock.at_ms - (HOUR_MS if how == "stale" else 0)
        asking = round_.vouching(asked)
        transfer = await office.accepts()
        await office.comes_to(transfer, State.WAITING)
        for pause_ms in (0, HOUR_MS):
            await office.passes(pause_ms)
            theirs.at_ms += pause_ms
            await round_.grows()
            await asking.turn()
        await office.comes_to(transfer, State.WAITING)
        assert "not witnessed by" in caplog.text
        assert (None, []) == (publication.witnessed(), office.post.got(COURT))
        assert "attempted" not in office.kinds(transfer)

        theirs.at_ms = office.clock.at_ms
        await round_.grows()
        await round_.vouching(one).turn()
        await office.passes(HOUR_MS)
        await office.comes_to(transfer, State.SHIPPED)


@in_the_office(rulebook=demanding)
async def test_without_any_witness_it_ends_and_says_why(office: Office, tmp_path: Path) -> None:
    """After the schedule's patience; the sender is told, and not a byte has left."""
    stands_before(office, tmp_path)
    await office.trusts(COURT)
    transfer = await office.accepts()
    await office.comes_to(transfer, State.WAITING)

    await office.passes(WEEK_MS)

    await office.comes_to(transfer, State.UNDELIVERABLE)
    assert [] == office.post.got(COURT)
    assert REASON == office.legs(transfer)[-1].reason.code  # type: ignore[union-attr]
    assert any("No witness has vouched for it" in note for note in office.notes_about(transfer))


@in_the_office()
async def test_where_the_rules_do_not_ask_nobody_waits(office: Office, tmp_path: Path) -> None:
    """The usual office: witnesses follow."""
    stands_before(office, tmp_path)
    await office.trusts(COURT)
    transfer = await office.accepts()
    await office.comes_to(transfer, State.SHIPPED)


def test_waiting_for_nobody_is_refused() -> None:
    """Rules that wait for a witness name one."""
    texts = sample_rules()
    texts["gateway.toml"] = texts["gateway.toml"].replace("ledger = { ", "ledger = { wait-for-witness = true, ")
    found = read(texts)
    assert not isinstance(found, Rulebook)
    assert ["wait-for-witness" in str(problem) for problem in found if not problem.is_warning] == [True]
