"""The power fails between any two steps of an erasure: before, or after, each thing that somebody changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

CHANGES = ("swap", "redact", "forget", "compact", "shrink")
"""What an erasure asks of the records."""


class PowerCut(Exception):
    """Whoever worked here died."""


@dataclass
class Fuse:
    """Counts every step of an erasure; at `blows_at` nothing goes on, nor after."""

    blows_at: int = 0
    passed: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        self.passed.append(name)
        if self.blows_at and len(self.passed) >= self.blows_at:
            raise PowerCut(name)


class Fused:
    """Somebody who works, cut off before or after each thing they change."""

    def __init__(self, worker: Any, fuse: Fuse, verbs: Iterable[str]) -> None:
        self._worker, self._fuse, self._verbs = worker, fuse, frozenset(verbs)

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._worker, name)
        if name not in self._verbs:
            return verb

        def cut(*given: Any, **named: Any) -> Any:
            self._fuse.step(f"before {name}")
            done = verb(*given, **named)
            self._fuse.step(f"after {name}")
            return done

        return cut


class NoRing:
    """A ring of keys that only remembers what left it."""

    def __init__(self) -> None:
        self.dropped: list[str] = []

    def drop(self, fingerprint: str, now_ms: int) -> None:
        self.dropped.append(fingerprint)
