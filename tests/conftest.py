"""Always on: the same run every time, and no secret in any log line."""

from __future__ import annotations

import logging
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

CANARY = "CANARY"
"""The word a test puts into every secret, subject, body and file name it makes up, and no log line may ever hold."""

hypothesis.settings.register_profile("house", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("house")


class _Listener(logging.Handler):
    """Hears every line of every logger, whole: message, arguments and traceback."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if CANARY in line:
            self.leaks.append(f"{record.name} {record.levelname}: {line}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """What a run may leave behind."""
    parser.addoption("--write-matrix", action="store_true", help="write docs/sftp-clients.md from what was found")


@pytest.fixture(autouse=True)
def _no_secret_in_any_log_line() -> Iterator[None]:
    listener, root = _Listener(), logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    yield
    root.setLevel(level)
    root.removeHandler(listener)
    assert [] == listener.leaks


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder like `tmp_path`, whose path is short: sockets lie in it, and the path of one has 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="t-") as name:
        yield Path(name)


@pytest.fixture(autouse=True)
def _the_same_dice() -> None:
    random.seed(20261123)
