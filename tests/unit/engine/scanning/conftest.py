"""A real clamd for the tests of this folder: one, for the whole run, with one signature. Skipped aloud without it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.commands.demo.scanner import Scanner


@pytest.fixture(scope="session")
def _daemon() -> Iterator[Scanner]:
    if not Scanner.is_installed():
        pytest.skip("clamd must be installed (Debian: clamav-daemon)")
    with tempfile.TemporaryDirectory(prefix="s") as folder:  # short: a socket's path has 108 bytes
        scanner = Scanner(Path(folder))
        try:
            scanner.starts()
            yield scanner
        finally:
            scanner.stops()


@pytest.fixture
def scanner(_daemon: Scanner) -> Iterator[Scanner]:
    """It answers; a test that stops it gets it back."""
    yield _daemon
    _daemon.goes_on()
    if not _daemon.socket.exists():
        _daemon.starts()
