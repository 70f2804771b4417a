"""The published ledger: made from the store, readable by anyone, and enough to resume from."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.engine.entries import Write
from gateway.engine.publication import Publication
from gateway.errors import StoreAway, Tampering
from gateway.facts import Consulted
from gateway.keep import Head
from gateway.ledger.checkpoint import Signer, verify
from gateway.ledger.merkle import Frontier
from tests.unit.engine.engine_world import Office, in_the_office


def publication(office: Office, folder: Path) -> Publication:
    return Publication(folder, office.records, office.signer.vkey)


async def entries(office: Office, count: int) -> Head:
    """That many more; the head."""
    fact = Consulted(by="per", question="?", why="", size=0)
    await office.scribe.append(*(Write(stream=f"consulted/{n}", facts=(fact,)) for n in range(count)))
    assert office.scribe.head is not None
    return office.scribe.head


@in_the_office()
async def test_what_is_published_is_the_signed_head(office: Office, tmp_path: Path) -> None:
    """The checkpoint is the head's own note, and the folder says how far it goes."""
    published = publication(office, tmp_path)
    assert (0, None) == (published.size(), published.checkpoint())
    head = await entries(office, 5)

    assert head.size == published.publish(head)

    assert (head.size, head.note) == (published.size(), published.checkpoint())
    assert verify(head.note, [office.signer.vkey]).checkpoint.root == head.root
    assert 0 == published.publish(head)


@in_the_office()
async def test_it_grows_and_drops_partial_tiles(office: Office, tmp_path: Path) -> None:
    """Beyond a tile's width the partial one goes once the full one is there; the frontier resumes from tiles."""
    published = publication(office, tmp_path)
    published.publish(await entries(office, 200))
    partial = list(tmp_path.rglob("*.p"))
    assert partial

    head = await entries(office, 400)
    published.publish(head)

    assert not [path for path in partial if path.exists()]
    assert (head.size, head.root) == (published.frontier(head).size, published.frontier(head).root())


@in_the_office()
async def test_a_frontier_without_tiles_comes_from_the_store(office: Office, tmp_path: Path) -> None:
    """Published files may be lost or damaged: the entries themselves give the same root."""
    published = publication(office, tmp_path)
    head = await entries(office, 300)
    assert head.root == published.frontier(head).root()
    published.publish(head)

    for path in (tmp_path / "tile").rglob("*"):
        if path.is_file():
            path.unlink()

    assert head.root == published.frontier(head).root()
    assert Frontier() == published.frontier(None)


@in_the_office()
async def test_a_store_that_does_not_give_the_signed_root_is_tampering(office: Office, tmp_path: Path) -> None:
    """A changed entry, or one that is gone, shows before anything is signed again."""
    published = publication(office, tmp_path)
    head = await entries(office, 5)
    leaves = office.records._leaves  # a test may reach into the store as a thief would

    kept, leaves[3:4] = leaves[3:4], leaves[2:3]
    with pytest.raises(Tampering):
        published.frontier(head)
    leaves[3:4] = kept
    gone = leaves.pop()
    with pytest.raises(Tampering, match="missing"):
        published.frontier(head)
    leaves.append(gone)


@in_the_office()
async def test_anothers_checkpoint_is_tampering(office: Office, tmp_path: Path) -> None:
    """Only this ledger's key may have signed what lies in the folder."""
    published = publication(office, tmp_path)
    published.publish(await entries(office, 5))
    other = Publication(tmp_path, office.records, Signer("town.test/ledger", b"x" * 32).vkey)

    with pytest.raises(Tampering):
        other.size()


@in_the_office()
async def test_a_full_disk_is_said(office: Office, tmp_path: Path) -> None:
    """Nothing of a promise depends on publishing: it is tried again later."""
    (tmp_path / "tile").write_bytes(b"in the way")

    with pytest.raises(StoreAway):
        publication(office, tmp_path).publish(await entries(office, 5))
