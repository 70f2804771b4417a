"""Passwords a person can read off a screen and type."""

from __future__ import annotations

import pytest

from gateway.commands.passwords import readable_password


def test_a_password_is_four_groups_of_four() -> None:
    """Ten random bytes become sixteen letters and digits, in fours."""
    assert "aaaa-aaaa-aaaa-aaaa" == readable_password(bytes(10))
    assert "7777-7777-7777-7777" == readable_password(b"\xff" * 10)


def test_too_little_randomness_is_refused() -> None:
    """Fewer than 80 random bits never become a password."""
    with pytest.raises(ValueError, match="ten random bytes"):
        readable_password(bytes(9))
