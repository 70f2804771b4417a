"""Ways to sign in, and what several roles leave of them."""

from __future__ import annotations

import pytest

from gateway.judge.entrance import WAYS, left_by


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ([], WAYS),
        ([(), ()], WAYS),
        ([("key",), ()], ("key", "key+code")),
        ([("key+code",)], ("key+code",)),
        ([("key", "password"), ("key+code", "password+code")], ("key+code", "password+code")),
        ([("key",), ("password+code",)], ()),
        ([("certificate",)], ("certificate", "certificate+code")),
    ],
)
def test_what_all_of_the_roles_allow(said: list[tuple[str, ...]], left: tuple[str, ...]) -> None:
    """A code more than a role asks for satisfies it; one that says nothing allows all; nothing in common is nothing."""
    assert left == left_by(said)
