"""A bug, as the log may tell it: its type and its place. Never its text, which could quote what somebody sent."""

from __future__ import annotations

import traceback

FRAMES = 4


def place_of(error: BaseException) -> str:
    """The innermost frames, nearest first, in one line: `error=KeyError at=read:41 < scan:90`."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    return f"error={type(error).__name__} at={where}"
