"""How a bug is told in the log."""

from __future__ import annotations

from gateway.engine.incident import place_of


def test_a_bug_is_told_by_its_place() -> None:
    """Type and innermost frames, never the text: it could quote what somebody sent."""

    def inner() -> None:
        raise ValueError("CANARY")

    try:
        inner()
    except ValueError as bug:
        told = place_of(bug)

    assert told.startswith("error=ValueError at=inner:")
    assert "CANARY" not in told
