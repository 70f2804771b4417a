"""How somebody may sign in at the file door, by what their roles, or a partner's table, say: `sign-in = ["key"]`.

What says nothing allows every way. Who holds several roles must satisfy each of them; a code behind what a role
allows without one satisfies it too.
"""

from __future__ import annotations

from collections.abc import Iterable

CODE = "+code"
FIRST = ("key", "password", "certificate")
"""What one signs in with, alone or with a one-time code behind it."""
WAYS = (*FIRST, *(first + CODE for first in FIRST))


def left_by(said: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The ways that all of these roles' lists allow; an empty list allows all."""
    lists = [one for one in said if one]
    return tuple(way for way in WAYS if all(way in one or way.removesuffix(CODE) in one for one in lists))
