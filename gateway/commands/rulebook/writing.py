"""Writes the rule folder: for a rollback, and for what `rules edit` found in order.

Each file is replaced whole. The folder as a whole is not: while it is being written it may be a mixture, which is why
nothing in it counts until it is published.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.errors import Misconfigured

_SUFFIX = ".toml"
_MODE = 0o644


def write_rules(folder: Path, files: Mapping[str, str]) -> None:
    """Make the rule files in `folder` these and no others; what lies beside them stays. Raises `Misconfigured`."""
    try:
        for name, text in files.items():
            path = folder / name
            if path.is_symlink() or not path.is_file() or path.read_bytes() != text.encode():
                _replace(path, text)
        for path in folder.iterdir():
            if path.name.endswith(_SUFFIX) and not path.name.startswith(".") and path.name not in files:
                path.unlink()
    except OSError as why:
        raise Misconfigured(f"{folder} cannot be written: {why.strerror}") from why


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")  # a dot: `rulefolder` does not read it
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE), "wb") as file:
        file.write(text.encode())
        os.fchmod(file.fileno(), path.stat().st_mode & 0o775 if path.is_file() else _MODE)
    new.replace(path)
