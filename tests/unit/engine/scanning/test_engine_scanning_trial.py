"""Trying the scanner: whether it finds what every scanner finds."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.commands.demo.scanner import Scanner
from gateway.engine.scanning.answer import Found, Unscanned, Why
from gateway.engine.scanning.clamd import Clamd
from gateway.engine.scanning.trial import HARMLESS, tried


def test_a_scanner_that_is_well_finds_it(scanner: Scanner) -> None:
    """Who it is, and the file by its name."""
    version, answer = asyncio.run(tried(Clamd(str(scanner.socket))))

    assert isinstance(version, str)
    assert Found(scanner.finds) == answer


def test_one_that_is_away_is_not_tried(tmp_path: Path) -> None:
    """Nobody answers, so nothing is known."""
    away = Unscanned(Why.AWAY)

    assert (away, away) == asyncio.run(tried(Clamd(str(tmp_path / "none"))))


def test_no_file_of_ours_holds_it_whole() -> None:
    """Or every scanner that reads our code would call it by its name."""
    root = Path(__file__).parents[4]
    ours = [path for folder in ("gateway", "tests", "docs") for path in (root / folder).rglob("*.*") if path.is_file()]

    assert [] == [str(path) for path in ours if HARMLESS in path.read_bytes()]
