"""A skeleton from a worker that was taken over points nowhere outside its message."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.engine.workshop import plausible
from gateway.intake.fault import Fault
from gateway.intake.mail import skeleton
from gateway.skeleton import Field, Limits, Part, Skeleton

MESSAGE = (
    b"From: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n"
)
SIZE = len(MESSAGE)


def honest() -> Skeleton:
    found = skeleton(MESSAGE, Limits())
    assert not isinstance(found, Fault)
    return found


def with_part(index: int, part: Part) -> Skeleton:
    parts = list(honest().parts)
    parts[index] = part
    return replace(honest(), parts=tuple(parts))


def test_an_honest_skeleton_passes() -> None:
    """Unchanged."""
    assert honest() == plausible.check(honest(), SIZE)


LIES = {
    "another size": replace(honest(), size_bytes=SIZE + 1),
    "no parts": replace(honest(), parts=()),
    "not the whole message": with_part(0, replace(honest().parts[0], end=SIZE - 1)),
    "inside itself": with_part(0, replace(honest().parts[0], parent=0)),
    "its own parent": with_part(1, replace(honest().parts[1], parent=1)),
    "nobody's child": with_part(1, replace(honest().parts[1], parent=-1)),
    "beyond the end": with_part(2, replace(honest().parts[2], end=SIZE + 1)),
    "before its parent's body": with_part(1, replace(honest().parts[1], start=0)),
    "backwards": with_part(1, replace(honest().parts[1], body=honest().parts[1].end + 1)),
    "a field in the body": with_part(
        0, replace(honest().parts[0], fields=(Field(name="x", start=0, value=1, end=SIZE),))
    ),
    "a negative field": with_part(0, replace(honest().parts[0], fields=(Field(name="x", start=-5, value=1, end=2),))),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused(lie: str) -> None:
    """Every offset lies inside the message and every part inside its parent."""
    with pytest.raises(ValueError, match=r"skeleton|inside|outside|ends"):
        plausible.check(LIES[lie], SIZE)
