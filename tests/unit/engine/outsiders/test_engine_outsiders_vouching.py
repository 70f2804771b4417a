"""The office asks its witnesses: real witnesses behind a real door on loopback, one of them at times not honest."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.doors.witness import WitnessDoor
from gateway.engine.outsiders import vouching
from gateway.engine.outsiders.anchors import Anchors
from gateway.engine.outsiders.vouching import LAG_MS, Outsider, Vouching, consult, standing_at
from gateway.engine.outsiders.witness import Witness
from gateway.engine.publication import Publication
from gateway.errors import Failure, Misconfigured, PeerTemporary, RolledBack, Tampering
from gateway.keep.witnessed import Witnessed
from gateway.ledger.checkpoint import Signer, format_checkpoint, verify
from gateway.ledger.cosignature import cosignatures
from gateway.ledger.merkle import EMPTY_ROOT
from gateway.ship.web import Web
from tests.unit.engine.engine_world import MINUTE, Office, in_the_office

WEB = Web(patience_s=10)


@dataclass
class Round:
    """One office's side, and what stopped it."""

    office: Office
    folder: Path
    fatal: list[Failure] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.publication = Publication(self.folder / "ledger", self.office.records, self.office.signer.vkey)
        self.anchors = Anchors(self.folder / "anchors", vkey=self.office.signer.vkey, published=self.folder / "ledger")

    def vouching(self, *witnesses: Outsider) -> Vouching:
        return Vouching(
            witnesses=lambda: witnesses, publication=self.publication, anchors=self.anchors,
            vkey=self.office.signer.vkey, clock=self.office.clock, web=WEB, place=self.folder / "witnesses.json",
            signed=lambda: self.office.scribe.head, on_fatal=self.fatal.append,
        )  # fmt: skip

    async def grows(self) -> int:
        """Some entries more, published; the size."""
        await self.office.accepts()
        head = self.office.scribe.head
        assert head is not None
        self.publication.publish(head)
        return head.size


@asynccontextmanager
async def witness(office: Office, folder: Path, *vkeys: str) -> AsyncIterator[tuple[Outsider, Witness]]:
    """A witness of its own, which vouches for these logs; how it is named in the rules, and itself."""
    kept = Witnessed.made(folder / "witness", name=f"{folder.name}.test/witness", entropy=os.urandom)
    for vkey in vkeys:
        kept.vouch_for(vkey)
    one = Witness(kept, office.clock)
    door = WitnessDoor(one)
    port = await door.listen("127.0.0.1", 0)
    try:
        yield Outsider(at=f"http://127.0.0.1:{port}", key=one.cosigner.vkey), one
    finally:
        await door.close()


def places(tmp_path: Path) -> Callable[[str], Path]:
    def place(name: str) -> Path:
        (tmp_path / name).mkdir(exist_ok=True, mode=0o700)
        return tmp_path / name

    return place


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
    """A witness that merely claims to have seen more, shows a stranger's head, or signs with another key: an alarm."""
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
async def test_a_line_of_another_time_does_not_count(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stale: made long ago and played again, or by a clock that is wrong."""
    place, round_ = places(tmp_path), Round(office, tmp_path)
    async with witness(office, place("a"), office.signer.vkey) as (a, _):
        await round_.grows()
        monkeypatch.setattr(vouching, "SKEW_S", -1)
        await round_.vouching(a).turn()

    assert "stale" in standing_at(tmp_path / "witnesses.json")[0].trouble
    assert round_.publication.witnessed() is None


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
