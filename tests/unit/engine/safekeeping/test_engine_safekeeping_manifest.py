"""A manifest says what a backup holds, signed, and can be taken for nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from gateway.engine.safekeeping.manifest import (
    FIRST_LINE,
    LISTED,
    MANIFEST,
    Backup,
    Listed,
    Manifest,
    listing,
    opened_backup,
    signed,
)
from gateway.engine.safekeeping.sealing import write_plain
from gateway.errors import Tampering, Unreadable
from gateway.ledger.checkpoint import Signer, format_checkpoint, verify

SIGNER = Signer("town.test/ledger", b"\x01" * 32)
BLOBS = (Listed("ab" * 16, 7, "c" * 64), Listed("01" * 16, 9, "d" * 64))


def backup(folder: Path, signer: Signer = SIGNER) -> Path:
    """A backup that lists two blobs."""
    manifest = Manifest(
        origin=signer.name, at_ms=1, size=2, head="", rules="", records_at="r", blobs_at="b", blobs=2, blob_bytes=16,
        parts=(write_plain(folder / LISTED, listing(BLOBS)),),
    )  # fmt: skip
    (folder / MANIFEST).write_bytes(signed(manifest, signer))
    return folder


def test_it_says_what_was_written(tmp_path: Path) -> None:
    """Read back with the public key alone: the same parts, and the blobs in order."""
    found = opened_backup(backup(tmp_path), SIGNER.vkey)

    found.check(LISTED)

    assert tuple(sorted(BLOBS, key=lambda one: one.name)) == found.blobs()


def test_anybody_elses_signature_is_none(tmp_path: Path) -> None:
    """Another key under the same name, or the same key under another."""
    folder = backup(tmp_path, Signer("town.test/ledger", b"\x02" * 32))

    with pytest.raises(Tampering, match="not signed by"):
        opened_backup(folder, SIGNER.vkey)


def test_every_byte_of_it_counts(tmp_path: Path) -> None:
    """Whichever bit flips: it is no manifest any more, or not signed by us, and never one that says something else."""
    path = backup(tmp_path) / MANIFEST
    whole = path.read_bytes()
    true = opened_backup(tmp_path, SIGNER.vkey).manifest

    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            found = opened_backup(tmp_path, SIGNER.vkey).manifest
        except Tampering:
            continue
        assert true == found, f"byte {at}"


def test_a_head_is_no_manifest(tmp_path: Path) -> None:
    """Both are signed by the same key: neither can stand in for the other."""
    (tmp_path / MANIFEST).write_text(SIGNER.sign(format_checkpoint(SIGNER.name, 2, bytes(32))))
    with pytest.raises(Tampering, match="no manifest"):
        opened_backup(tmp_path, SIGNER.vkey)

    note = backup(tmp_path).joinpath(MANIFEST).read_text()
    with pytest.raises(Unreadable):
        verify(note, [SIGNER.vkey])


def test_no_ledger_is_called_like_that() -> None:
    """Or its heads could be read as manifests."""
    manifest = Manifest(
        origin=FIRST_LINE, at_ms=1, size=0, head="", rules="", records_at="", blobs_at="", parts=(), blobs=0,
        blob_bytes=0,
    )  # fmt: skip

    with pytest.raises(ValueError, match="no ledger"):
        signed(manifest, Signer(FIRST_LINE, b"\x01" * 32))


@pytest.mark.parametrize("damage", ["cut", "longer", "gone", "other"])
def test_a_part_that_is_not_what_was_written(damage: str, tmp_path: Path) -> None:
    """Said by name."""
    found: Backup = opened_backup(backup(tmp_path), SIGNER.vkey)
    content = (tmp_path / LISTED).read_bytes()
    match damage:
        case "cut":
            (tmp_path / LISTED).write_bytes(content[:-1])
        case "longer":
            (tmp_path / LISTED).write_bytes(content + b"\n")
        case "gone":
            (tmp_path / LISTED).unlink()
        case _:
            found = replace(found, manifest=msgspec.structs.replace(found.manifest, parts=()))

    with pytest.raises(Tampering, match=LISTED):
        found.check(LISTED)
