"""An office with a past, for tests that read what the scribe wrote."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.audited import Past, laid_out


@pytest.fixture(scope="session")
def laid_out_once(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return laid_out(tmp_path_factory.mktemp("audited") / "office")


@pytest.fixture
def past(laid_out_once: Past, tmp_path: Path) -> Past:
    """A copy of its own for each test."""
    folder = tmp_path / "office"
    shutil.copytree(laid_out_once.folder, folder, ignore=shutil.ignore_patterns("*.sock"))
    return replace(laid_out_once, folder=folder)
