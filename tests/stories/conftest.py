"""Two houses for the stories: a `town` that many share, and a `house` for the story that needs one of its own.

After every story the house it was told in must be whole: `sealgate ledger fsck`, and no secret in the log.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.boxes import MISSING
from tests.house import House


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder is a story."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.stories)


@pytest.fixture(scope="session")
def _town() -> Iterator[House]:
    """The sample office, open, with a mail server outside. Mail to the court goes each recipient for itself."""
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        town = House.laid_out(Path(folder))
        try:
            town.changes("transfers.toml", 'id = "court-filing"', 'id = "court-filing"\nmixed = "lawful-part"')
            town.publishes()
            town.outside().start()
            town.opens()
            yield town
            assert 0 == town.closes()
        finally:
            town.ends()


@pytest.fixture(scope="module")
def town(_town: House) -> Iterator[House]:
    """The shared office, for one story; it writes to people of its own."""
    yield _town
    _town.is_whole()


@pytest.fixture
def house() -> Iterator[House]:
    """An office of the test's own, laid out and closed; the test says what time it is there."""
    yield from _laid_out()


@pytest.fixture(scope="module")
def closed_house() -> Iterator[House]:
    """An office of the story's own, laid out and closed; each test leaves it as it was."""
    yield from _laid_out()


def _laid_out() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        house = House.laid_out(Path(folder))
        house.keeps_its_own_time()
        try:
            yield house
            house.is_whole()
        finally:
            house.ends()


@pytest.fixture(scope="module")
def filing_town() -> Iterator[House]:
    """The sample office, open; its route to the court leads to the court's own `sshd`."""
    if MISSING:
        pytest.skip(f"OpenSSH's {' and '.join(MISSING)} must be installed")
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        town = House.laid_out(Path(folder))
        try:
            town.builds_a_box().opens()
            town.outside().start()
            town.opens()
            yield town
            town.is_whole()
            assert 0 == town.closes()
        finally:
            town.ends()


@pytest.fixture(scope="module")
def collecting_town() -> Iterator[House]:
    """The sample office, open; the court has no server of its own and comes for what is its."""
    if shutil.which("sftp") is None:
        pytest.skip("OpenSSH's sftp must be installed")
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        town = House.laid_out(Path(folder))
        try:
            town.lets_the_court_collect()
            town.outside().start()
            town.opens()
            yield town
            town.is_whole()
            assert 0 == town.closes()
        finally:
            town.ends()
