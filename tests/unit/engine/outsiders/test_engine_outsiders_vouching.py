"""The office asks its witnesses: real witnesses behind a real door on loopback, one at times not honest (B90)."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.engine.outsiders.vouching import LAG_MS, SKEW_S, Outsider, consult, standing_at
from gateway.errors import Misconfigured, PeerTemporary, RolledBack, Tampering
from gateway.ledger.checkpoint import Signer, format_checkpoint, verify
from gateway.ledger.cosignature import cosignatures
from gateway.ledger.merkle import EMPTY_ROOT
from tests.unit.engine.engine_world import MINUTE, JumpingClock, Office, in_the_office
from tests.unit.engine.witness_world import WEB, Round, places, witness


@in_the_office()
async def test_two_witnesses_vouch_and_their_lines_are_published(office: Office, tmp_path: Path) -> None:
    """Each new head is shown with its proof; the published checkpoint bears both lines and is the office's still."""
    place, round_ = places(tmp_path), Round(office, tmp_path)
    vkey = office.signer.vkey
    async with witness(office, place("a"), vkey) as (a, _), witness(office, place("b"), vkey) as (b, seen):
        asking = round_.vouching(a, b)
        for _ in range(3):
            size = await round_.grows()
            await asking.turn()

    note = round_.publication.checkpoint()
    assert note is not None
    assert note == round_.publication.witnessed()
    assert {a.key, b.key} == {one.vkey for one in cosignatures(note, [a.key, b.key])}
    assert (vkey,) == verify(note, [vkey]).signers
    assert [(size, "")] * 2 == [(one.size, one.trouble) for one in standing_at(tmp_path / "witnesses.json")]
    assert seen.kept.head(office.signer.name) is not None
    assert [] == round_.fatal


@in_the_office()
async def test_a_witness_that_is_away_holds_up_nobody(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The other's line is published; after a while its absence is an alarm; when it is back it catches up."""
    place, round_ = places(tmp_path), Round(office, tmp_path)
    async with witness(office, place("b"), office.signer.vkey) as (b, _):
        async with witness(office, place("a"), office.signer.vkey) as (a, _):
            pass
        asking = round_.vouching(a, b)
        await round_.grows()
        await asking.turn()
        assert (b.key,) == tuple(one.vkey for one in cosignatures(round_.publication.witnessed() or "", [a.key, b.key]))
        assert "ERROR" not in caplog.text

        office.clock.at_ms += LAG_MS + MINUTE
        await asking.turn()

    assert "not witnessed by" in caplog.text
    assert [True, False] == [bool(one.trouble) for one in standing_at(tmp_path / "witnesses.json")]


@in_the_office()
async def test_a_witness_that_forgot_is_told_again(office: Office, tmp_path: Path) -> None:
    """Restored to an older head, or with none at all, it says what it holds and is shown the way from there."""
    place, round_ = places(tmp_path), Round(office, tmp_path)
    async with witness(office, place("a"), office.signer.vkey) as (a, one):
        asking = round_.vouching(a)
        await round_.grows()
        await asking.turn()
        older = one.kept.head(office.signer.name)
        await round_.grows()
        await asking.turn()
        one.kept.remember(office.signer.name, older or "")

        size = await round_.grows()
        await asking.turn()

    assert [(size, "")] == [(one.size, one.trouble) for one in standing_at(tmp_path / "witnesses.json")]


@in_the_office()
async def test_a_witness_that_saw_more_of_us_stops_the_gateway(office: Office, tmp_path: Path) -> None:
    """It shows a head that our key signed and we do not have: rolled back. The next start meets it as an anchor."""
    place, round_ = places(tmp_path), Round(office, tmp_path)
    async with witness(office, place("a"), office.signer.vkey) as (a, one):
        size = await round_.grows()
        later = office.signer.sign(format_checkpoint(office.signer.name, size + 9, b"r" * 32))
        one.kept.remember(office.signer.name, later)
        await round_.vouching(a).turn()

    assert [RolledBack] == [type(why) for why in round_.fatal]
    with pytest.raises(RolledBack):
        round_.anchors.check(office.scribe.head, lambda size: EMPTY_ROOT)


@in_the_office()
async def test_a_second_history_of_the_same_size_stops_the_gateway(office: Office, tmp_path: Path) -> None:
    """Another root at our very size, signed by our key: the key signed twice."""
    place, round_ = places(tmp_path), Round(office, tmp_path)
    async with witness(office, place("a"), office.signer.vkey) as (a, one):
        size = await round_.grows()
        other = office.signer.sign(format_checkpoint(office.signer.name, size, b"r" * 32))
        one.kept.remember(office.signer.name, other)
        await round_.vouching(a).turn()

    assert [RolledBack] == [type(why) for why in round_.fatal]


@in_the_office()
async def test_a_liar_stops_nobody(office: Office, tmp_path: Path) -> None:
    """A witness that merely claims to have seen more, shows a stranger's head, signs with another key: alarms (B90)."""
    place, round_ = places(tmp_path), Round(office, tmp_path)
    stranger = Signer(office.signer.name, b"z" * 32)
    async with witness(office, place("a"), office.signer.vkey, stranger.vkey) as (a, one):
        await round_.grows()
        one.kept.remember(office.signer.name, stranger.sign(format_checkpoint(office.signer.name, 99, b"r" * 32)))
        await round_.vouching(a).turn()
        (told,) = standing_at(tmp_path / "witnesses.json")
        assert "no checkpoint of ours" in told.trouble
        with pytest.raises(Tampering):
            await consult(a, anchors=round_.anchors, vkey=office.signer.vkey, web=WEB)
    async with witness(office, place("b"), office.signer.vkey) as (b, one):
        await round_.vouching(Outsider(at=b.at, key=a.key)).turn()
        (told,) = standing_at(tmp_path / "witnesses.json")
        assert "no line of its answer" in told.trouble

    assert [] == round_.fatal
    assert round_.publication.witnessed() is None


@in_the_office()
@pytest.mark.parametrize("wrong_s", [-SKEW_S - 1, SKEW_S + 1])
async def test_a_line_of_another_time_does_not_count(office: Office, tmp_path: Path, wrong_s: int) -> None:
    """Stale: made long ago and played again, or by a clock that is wrong, either way; of now it counts (B90)."""
    place, round_, theirs = places(tmp_path), Round(office, tmp_path), JumpingClock()
    async with witness(office, place("a"), office.signer.vkey, clock=theirs) as (a, _):
        await round_.grows()
        theirs.at_ms = office.clock.at_ms + wrong_s * 1000
        await round_.vouching(a).turn()
        assert "stale" in standing_at(tmp_path / "witnesses.json")[0].trouble
        assert round_.publication.witnessed() is None

        theirs.at_ms = office.clock.at_ms
        await round_.vouching(a).turn()
        assert "" == standing_at(tmp_path / "witnesses.json")[0].trouble
        assert round_.publication.witnessed() is not None


@in_the_office()
async def test_before_a_start_each_witness_is_asked(office: Office, tmp_path: Path) -> None:
    """What it saw becomes an anchor; what it never saw is none; one that is away says so."""
    place, round_ = places(tmp_path), Round(office, tmp_path)
    async with witness(office, place("a"), office.signer.vkey) as (a, _):
        assert not await consult(a, anchors=round_.anchors, vkey=office.signer.vkey, web=WEB)
        size = await round_.grows()
        await round_.vouching(a).turn()
        assert await consult(a, anchors=round_.anchors, vkey=office.signer.vkey, web=WEB)
    assert size in [anchor.head.size for anchor in round_.anchors.known() if "witness" in anchor.where]
    with pytest.raises(PeerTemporary):
        await consult(a, anchors=round_.anchors, vkey=office.signer.vkey, web=WEB)


def test_a_key_that_is_none_is_refused_at_once() -> None:
    """A ledger's key is no witness's: the sentence names the file."""
    with pytest.raises(Misconfigured, match=r"gateway\.toml"):
        Outsider(at="http://w.test", key=Signer("w.test", b"z" * 32).vkey)
