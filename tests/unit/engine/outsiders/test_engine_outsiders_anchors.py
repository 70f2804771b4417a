"""The boot rule: what is anchored elsewhere must be in the ledger, or nothing is signed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.engine.outsiders.anchors import ELSEWHERE, OWN, Anchors
from gateway.errors import Failure, Misconfigured, RolledBack, Tampering
from gateway.keep import Head
from gateway.ledger.checkpoint import Signer, format_checkpoint
from gateway.ledger.merkle import leaf_hash, root_of

OURS = Signer("town.test/ledger", b"l" * 32)
LEAVES = [leaf_hash(bytes([n])) for n in range(20)]


def head(size: int, leaves: list[bytes] = LEAVES, signer: Signer = OURS) -> Head:
    root = root_of(leaves[:size])
    return Head(size=size, root=root, note=signer.sign(format_checkpoint(signer.name, size, root)))


def root_at(size: int) -> bytes:
    return root_of(LEAVES[:size])


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


@pytest.fixture
def anchors(tmp_path: Path, disk: Path) -> Anchors:
    (tmp_path / "ledger").mkdir()
    return Anchors(tmp_path / "anchors", vkey=OURS.vkey, published=tmp_path / "ledger", elsewhere=disk)


def test_a_ledger_that_goes_on_may(anchors: Anchors) -> None:
    """At the anchored size, or beyond it, with the anchored entries in it; and with no anchor at all."""
    anchors.check(None, root_at)
    anchors.note(head(7))
    assert anchors.has_own
    anchors.check(head(7), root_at)
    anchors.check(head(12), root_at)


@pytest.mark.parametrize("kept", [None, *range(1, 7)])
def test_every_older_copy_is_refused(anchors: Anchors, kept: int | None) -> None:
    """Whatever its age: below the anchor nothing is signed (B89)."""
    anchors.note(head(7))
    with pytest.raises(RolledBack, match="7 were signed"):
        anchors.check(head(kept) if kept else None, root_at)


def test_a_second_history_is_refused(anchors: Anchors) -> None:
    """Longer than the anchor, but another tree below it."""
    anchors.note(head(7))
    other = [leaf_hash(b"x"), *LEAVES[1:]]
    with pytest.raises(RolledBack, match="second history"):
        anchors.check(head(12, other), lambda size: root_of(other[:size]))


@pytest.mark.parametrize("where", ["disk", "anchors", "ledger", "witness", "operator"])
def test_each_place_counts_alone(where: str, tmp_path: Path, disk: Path, anchors: Anchors) -> None:
    """The other disk, our own note, the published head, a witness's, a copy somebody sent."""
    anchors.note(head(1))
    match where:
        case "disk":
            (disk / ELSEWHERE).write_text(head(7).note)
        case "anchors":
            (tmp_path / "anchors" / OWN).write_text(head(7).note)
        case "ledger":
            (tmp_path / "ledger" / "checkpoint").write_text(head(7).note)
        case "witness":
            anchors.learn("http://w.test", head(7).note + "— w.test AAAAAAAA\n")
        case _:
            (tmp_path / "anchors" / "by-letter").write_text(head(7).note)

    with pytest.raises(RolledBack):
        anchors.check(head(6), root_at)
    anchors.check(head(7), root_at)


def test_an_anchor_that_says_nothing_true_is_no_anchor(anchors: Anchors, tmp_path: Path) -> None:
    """Cut, flipped, or by another key under our name: nothing is signed. Another log's is passed by."""
    anchors.note(head(7))
    place, note = tmp_path / "anchors" / "found", head(3).note
    for wrong in (note[:-3], note.replace("\n3\n", "\n2\n"), head(3, signer=Signer(OURS.name, b"z" * 32)).note, ""):
        place.write_text(wrong)
        with pytest.raises(Tampering, match="found"):
            anchors.check(head(7), root_at)
    place.write_text(head(9, signer=Signer("before.test/ledger", b"l" * 32)).note)
    anchors.check(head(7), root_at)


def test_the_other_disk_must_be_there(anchors: Anchors, disk: Path) -> None:
    """An anchor on a disk that is not mounted cannot be read: one sentence, and no start."""
    anchors.note(head(7))
    (disk / ELSEWHERE).unlink()
    disk.rmdir()
    with pytest.raises(Misconfigured, match="mount it"):
        anchors.check(head(7), root_at)
    with pytest.raises(Misconfigured):
        anchors.note(head(8))


def test_notes_only_go_forward(anchors: Anchors, tmp_path: Path) -> None:
    """An older head never replaces a newer one, and what is noted is the head's own note."""
    anchors.note(head(7))
    anchors.note(head(3))
    assert head(7).note == (tmp_path / "anchors" / OWN).read_text()


def test_a_disk_that_takes_nothing_is_told(anchors: Anchors, disk: Path) -> None:
    """Somebody put a folder in the anchor's place: the caretaker hears it and tries again."""
    (disk / (ELSEWHERE + ".new")).mkdir()
    with pytest.raises(Failure, match="writing"):
        anchors.note(head(7))
