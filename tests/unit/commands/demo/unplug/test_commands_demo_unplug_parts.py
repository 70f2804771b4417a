"""The words of the unplug table: the same in the code, in the run that is kept, and in the README."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.commands.demo.unplug.breaking import ACTS
from gateway.commands.demo.unplug.parts import PARTS
from tests import readme

ROOT = Path(__file__).parents[5]


def test_every_part_can_be_broken() -> None:
    """What is promised is shown by an act of the same name, in the same order."""
    assert list(PARTS) == list(ACTS)


def test_the_run_that_is_kept_shows_what_is_promised_now() -> None:
    """Who changes a promise breaks the part again: `sealgate demo --break all`; see `tests/readme.py`."""
    promised = [(name, part.breaks, part.happens, part.mended) for name, part in PARTS.items()]

    assert promised == [(row.part, row.breaks, row.happens, row.mended) for row in readme.unplugged().rows]


def test_the_run_that_is_kept_went_well() -> None:
    """Every part was broken, none was otherwise than promised, and each has evidence."""
    run = readme.unplugged()

    assert run.ok
    assert [] == [row.part for row in run.rows if not (row.ok and row.is_played and row.evidence)]


def test_the_readme_shows_that_run() -> None:
    """`python -m tests.readme` was run after it."""
    text = (ROOT / "README.md").read_text("utf-8")

    assert readme.with_part(text, "unplug", readme.unplug(readme.unplugged())) == text


@pytest.mark.parametrize("wrong", [(b'"ok":true', b'"ok":false'), (b'"is_played":true', b'"is_played":false')])
def test_a_run_that_shows_less_is_not_kept(
    wrong: tuple[bytes, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that was left out, or was not as promised, does not become a row of the README."""
    kept = tmp_path / "unplug.json"
    monkeypatch.setattr(readme, "UNPLUGGED", kept)
    run = b"".join((ROOT / "docs" / "unplug.json").read_bytes().replace(b'": ', b'":').split(b"\n"))

    with pytest.raises(SystemExit):
        readme.keep(run.replace(*wrong, 1))

    assert not kept.exists()
