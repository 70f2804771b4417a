"""Rules that wait for a second signature: durable, the office's own, and few."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.engine.lawmaking.proposals import MOST, Proposal, Proposals
from gateway.errors import Misconfigured, Tampering


@pytest.fixture
def kept(tmp_path: Path) -> Proposals:
    return Proposals(tmp_path / "proposals", b"i" * 32)


def proposal(number: int = 1) -> Proposal:
    digest = f"{number:064x}"[::-1]
    return Proposal(
        digest=digest, files={"people.toml": "é\n"}, before="f" * 64, by="ruth@town.test", why="w", at_ms=number,
        widening=("More.",),
    )  # fmt: skip


def test_what_is_kept_is_found_again_by_its_beginning(kept: Proposals) -> None:
    """By another process too, oldest first; nothing is there before."""
    assert () == kept.all()
    kept.keep(proposal(2))
    kept.keep(proposal(1))

    again = Proposals(kept.folder, kept.index_key)

    assert (proposal(1), proposal(2)) == again.all()
    assert proposal(2) == again.find(proposal(2).id[:6])
    assert proposal(2) == again.find(proposal(2).digest.upper())
    assert again.find("") is None
    assert again.find("e") is None


def test_what_is_dropped_is_gone_and_may_be_dropped_again(kept: Proposals) -> None:
    """Signed, or withdrawn, or both at once."""
    kept.keep(proposal())

    kept.drop(proposal())
    kept.drop(proposal())

    assert () == kept.all()


def test_the_same_set_is_one_proposal(kept: Proposals) -> None:
    """A later signature takes the place of the earlier."""
    kept.keep(proposal())
    kept.keep(proposal())

    assert 1 == len(kept.all())


def test_only_the_office_writes_them(kept: Proposals) -> None:
    """One byte touched, or another office's key: tampering, not somebody's signature."""
    kept.keep(proposal())
    (path,) = kept.folder.iterdir()
    path.write_bytes(path.read_bytes().replace(b"ruth", b"mary"))

    with pytest.raises(Tampering):
        kept.all()
    path.unlink()
    kept.keep(proposal())
    with pytest.raises(Tampering):
        Proposals(kept.folder, b"j" * 32).all()


def test_nobody_else_may_read_them(kept: Proposals) -> None:
    """Rules name people: the folder and its files are for the gateway's user alone."""
    kept.keep(proposal())
    (path,) = kept.folder.iterdir()

    assert (0o700, 0o600) == (kept.folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777)
    path.chmod(0o644)
    with pytest.raises(Misconfigured):
        kept.all()


def test_there_are_never_very_many(kept: Proposals) -> None:
    """One that waits already may be signed again; one more may not be made."""
    for number in range(MOST):
        kept.keep(proposal(number))

    kept.keep(proposal(0))
    with pytest.raises(Misconfigured):
        kept.keep(proposal(MOST))
