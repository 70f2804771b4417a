"""Where time and randomness come from; everything else receives them as values.

In tests a jumping clock and seeded entropy take their place.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Protocol


class Clock(Protocol):
    """Time and randomness."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC by the wall clock."""
        ...

    def random(self, size: int) -> bytes:
        """That many unpredictable bytes. Raises if the system has none: there is no fallback."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock and the kernel's randomness."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000

    def random(self, size: int) -> bytes:
        """Bytes from the kernel."""
        return os.urandom(size)


def moment(at_ms: int, zone: tzinfo = UTC) -> datetime:
    """The instant as an aware datetime."""
    return datetime.fromtimestamp(at_ms / 1000, tz=zone)


def instant(at_ms: int) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return moment(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day(at_ms: int, zone: tzinfo = UTC) -> date:
    """The calendar day of the instant, in the office's zone."""
    return moment(at_ms, zone).date()
