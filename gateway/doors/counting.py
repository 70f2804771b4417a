"""Who hears that a door has said no: a reply code, or the hint of a file operation. Names nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Refused: TypeAlias = Callable[[int | str], None]


def nobody_counts(code: int | str) -> None:
    """Where nothing is measured."""
