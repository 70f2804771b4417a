"""Writing a file that discloses personal data: for this user alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gateway.errors import Misconfigured


def write_private(path: Path, content: bytes) -> None:
    """Write it, mode 0600. Raises `Misconfigured` if it cannot be."""
    with private_file(path) as file:
        file.write(content)


@contextmanager
def private_file(path: Path) -> Iterator[BinaryIO]:
    """The same for what comes piece by piece. Raises `Misconfigured` as above."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            yield file
    except OSError as why:
        raise Misconfigured(f"{path} cannot be written: {why.strerror}") from why
