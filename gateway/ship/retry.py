"""When to try again, when to tell the sender, when to stop. Pure: the clock and the dice are handed in.

5, 10, 20, 40 minutes, then hourly, each ±10 % so that what failed together does not return together.
"""

from __future__ import annotations

from dataclasses import dataclass

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
_SPREAD = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The office's patience; the keys of `mail` in `routes.toml`."""

    first_retry_ms: int = 5 * MINUTE_MS
    give_up_ms: int = 5 * DAY_MS
    note_after_ms: int = HOUR_MS

    def __post_init__(self) -> None:
        if self.first_retry_ms <= 0 or self.give_up_ms <= 0 or self.note_after_ms <= 0:
            raise ValueError("waiting takes time")


def next_try_ms(schedule: Schedule, *, attempts: int, since_ms: int, now_ms: int, dice: float) -> int | None:
    """When to try again after `attempts` failed ones (at least 1), or None: give up.

    `since_ms` is when the leg was first sealed, `dice` is in [0, 1). The last try falls on the day's end, not after.
    """
    if attempts < 1 or not 0 <= dice < 1:
        raise ValueError("attempts are counted from 1; dice lie in [0, 1)")
    end_ms = since_ms + schedule.give_up_ms
    if now_ms >= end_ms:
        return None
    doubled = schedule.first_retry_ms << min(attempts - 1, 32)
    pause_ms = min(doubled, max(HOUR_MS, schedule.first_retry_ms))
    return min(now_ms + round(pause_ms * (1 - _SPREAD + 2 * _SPREAD * dice)), end_ms)


def owes_note(schedule: Schedule, *, since_ms: int, now_ms: int, is_told: bool) -> bool:
    """True if the sender should hear now that the leg is late. Once a leg is enough."""
    return not is_told and now_ms - since_ms >= schedule.note_after_ms
