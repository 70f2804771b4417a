"""What vouches for an answer that left the office."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.errors import Tampering, Unreadable
from gateway.ledger.checkpoint import LARGEST_NOTE, Signer, format_checkpoint, verify
from gateway.ledger.manifest import MOST_GUARDED, Manifest, read

SIGNER = Signer("ledger.town.test/2026", bytes(32))
MANIFEST = Manifest(
    query="find recipient=a@b.test", by="per@town.test", role="auditor", why="a complaint", at_ms=1_000, size=7,
    origin=SIGNER.name, root=bytes(32), count=2, form="csv", file_sha256="f" * 64, values_sha256="e" * 64,
    guarded=((1, "names", "=1+1"),),
)  # fmt: skip


def test_what_is_signed_is_read_back() -> None:
    """Every field stands in it, the true value of a guarded cell too."""
    said: dict[str, Any] = dict(read(MANIFEST.signed(SIGNER), [SIGNER.vkey]))

    assert ("find recipient=a@b.test", "auditor", 2, "e" * 64, [[1, "names", "=1+1"]], 7) == (
        said["query"], said["role"], said["count"], said["values_sha256"], said["guarded"], said["as_of"]["size"],
    )  # fmt: skip


def test_every_turned_letter_is_seen() -> None:
    """A manifest with one letter changed is read by nobody."""
    note = MANIFEST.signed(SIGNER)
    for at in range(0, len(note), 7):
        turned = note[:at] + chr(ord(note[at]) ^ 1) + note[at + 1 :]
        with pytest.raises((Unreadable, Tampering)):
            read(turned, [SIGNER.vkey])


def test_nobody_else_can_sign_one() -> None:
    """Under another key, or none, it is nobody's word."""
    stranger = Signer(SIGNER.name, b"\x01" * 32)

    for keys in ([stranger.vkey], []):
        with pytest.raises(Tampering):
            read(MANIFEST.signed(SIGNER), keys)


def test_a_checkpoint_is_no_manifest_and_a_manifest_no_checkpoint() -> None:
    """The same key signs both, and neither can be shown as the other."""
    checkpoint = SIGNER.sign(format_checkpoint(SIGNER.name, 7, bytes(32)))

    with pytest.raises(Unreadable):
        read(checkpoint, [SIGNER.vkey])
    with pytest.raises(Unreadable):
        verify(MANIFEST.signed(SIGNER), [SIGNER.vkey])


def test_it_stays_a_note_however_much_was_guarded() -> None:
    """More cells than there is room for, or cells no note may hold, are left to the digest."""
    cells = tuple((row, "names", "=" + "\u20ac" * 95) for row in range(MOST_GUARDED + 100))
    note = replace(MANIFEST, guarded=(*cells, (1, "names", "=\x7f"), (2, "names", "=" * 500)), why="a\nb").signed(
        SIGNER
    )

    said: dict[str, Any] = dict(read(note, [SIGNER.vkey]))

    assert (True, MOST_GUARDED, "a\ufffdb") == (len(note) <= LARGEST_NOTE, len(said["guarded"]), said["why"])
