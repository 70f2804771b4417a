"""Since when outsiders vouch, and for how much: by a real witness and a real time-stamp authority."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.engine.outsiders.stamping import Stamping
from gateway.engine.outsiders.testimony import NOBODY, OK, WRONG, Outside, Word
from gateway.engine.publication import Publication
from gateway.keep import Head
from gateway.ledger.checkpoint import own_note
from gateway.ledger.cosignature import Cosigner
from gateway.ship.web import Web
from tests.unit.engine.engine_world import Office, in_the_office
from tests.unit.engine.outsiders.test_engine_outsiders_stamping import Authority

WITNESS = Cosigner("witness.other.test", bytes(range(32)))
AT_S = 1_800_000_000


def outside(office: Office, folder: Path, *, roots: Path | None = None, witnesses: tuple[str, ...] = ()) -> Outside:
    """The office's ledger, published, and who is named to vouch for it."""
    publication, head = Publication(folder / "ledger", office.records, office.signer.vkey), office.scribe.head
    assert head is not None
    publication.publish(head)
    return Outside(
        publication=publication, head=head, vkey=office.signer.vkey, witnesses=dict.fromkeys(witnesses, "at.test"),
        stamps=folder / "ledger" / "stamps", roots=roots,
    )  # fmt: skip


def cosigned(one: Outside) -> None:
    """The witness signs the published head."""
    note = own_note(one.publication.checkpoint() or "", one.vkey)
    one.publication.vouch(note, [WITNESS.line(note.partition("\n\n")[0] + "\n", AT_S)])


def grown(one: Outside, office: Office) -> Outside:
    head = office.scribe.head
    assert head is not None
    one.publication.publish(head)
    return replace(one, head=head)


@in_the_office()
async def test_without_anybody_it_says_so(office: Office, tmp_path: Path) -> None:
    """Nobody is named, or nobody has signed yet: only this machine vouches."""
    alone = outside(office, tmp_path).testimonies()
    not_yet = outside(office, tmp_path, witnesses=(WITNESS.vkey,)).testimonies()

    assert [NOBODY, NOBODY] == [alone[0].verdict, not_yet[0].verdict]
    assert ("names no witness" in alone[0].says, "not" in not_yet[0].says or "nobody" in not_yet[0].says) == (
        True,
        True,
    )


@in_the_office()
async def test_a_witness_vouches_for_what_it_saw(office: Office, tmp_path: Path) -> None:
    """As many entries as it saw, since the second it signed, however much came later."""
    await office.accepts()
    one = outside(office, tmp_path, witnesses=(WITNESS.vkey,))
    cosigned(one)
    seen = one.head.size
    await office.accepts()

    found = grown(one, office).testimonies()

    expected = f"the first {seen:,} entries are as they were at 2027-01-15T08:00:00.000Z"
    assert (Word(about="witness.other.test (at.test)", verdict=OK, says=expected),) == found


@in_the_office()
async def test_a_ledger_the_witness_did_not_see_is_wrong(office: Office, tmp_path: Path) -> None:
    """Another root under the same size, or fewer entries than it saw."""
    await office.accepts()
    one = outside(office, tmp_path, witnesses=(WITNESS.vkey,))
    cosigned(one)
    other = Head(size=one.head.size, root=bytes(32), note=one.head.note)
    younger = Head(size=1, root=bytes(32), note=one.head.note)

    assert [WRONG, WRONG] == [replace(one, head=head).testimonies()[0].verdict for head in (other, younger)]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: no authority here")
@in_the_office()
async def test_the_oldest_stamp_says_since_when(office: Office, tmp_path: Path) -> None:
    """The first and the last of many stamps, checked again; one over another note is wrong."""
    made = Authority(tmp_path / "authority")
    sizes = []
    async with made.listens() as at:
        one = outside(office, tmp_path, roots=made.roots)
        stamping = Stamping(
            publication=one.publication,
            vkey=one.vkey,
            at=at,
            roots=made.roots,
            folder=one.stamps,
            web=Web(patience_s=10),
        )
        for _ in range(3):
            await office.accepts()
            one = grown(one, office)
            sizes.append(one.head.size)
            await stamping.turn()
    true = one.testimonies()
    shutil.copy(one.stamps / f"{sizes[0]}.note", one.stamps / f"{sizes[-1]}.note")

    assert [OK, OK] == [found.verdict for found in true]
    assert [True, True] == [f"{size:,}" in found.says for size, found in zip((sizes[0], sizes[-1]), true, strict=True)]
    assert [OK, WRONG] == [found.verdict for found in one.testimonies()]
