"""A mark says when something last ended well."""

from __future__ import annotations

from pathlib import Path

from gateway.engine.health.marks import Duty, Mark, Marks


def test_a_mark_is_what_was_made_last(tmp_path: Path) -> None:
    """Each duty has its own; a later one replaces it."""
    marks = Marks(tmp_path / "marks")
    marks.make(Duty.VERIFIED, Mark(at_ms=1, size=5))
    marks.make(Duty.VERIFIED, Mark(at_ms=2, size=7))

    assert Mark(at_ms=2, size=7) == marks.last(Duty.VERIFIED)
    assert marks.last(Duty.BACKUP) is None


def test_what_cannot_be_read_never_was(tmp_path: Path) -> None:
    """A mark that somebody damaged must not look like one that is fresh."""
    marks = Marks(tmp_path / "marks")
    marks.make(Duty.VERIFIED, Mark(at_ms=1))
    (tmp_path / "marks" / "verified").write_bytes(b'{"at_ms": "soon"}')

    assert marks.last(Duty.VERIFIED) is None
