"""PNG read strictly: known chunks, in order, with the checksum they say."""

from __future__ import annotations

import pytest

from gateway.scrub import document
from gateway.scrub.plan import Code, Held, Plan
from tests.corpus.png_file import chunk, plain

HEAD_END = 8 + 25


def with_chunk(extra: bytes) -> bytes:
    """The plain picture with one chunk more after its header."""
    return plain()[:HEAD_END] + extra + plain()[HEAD_END:]


def test_a_plain_picture_is_not_touched() -> None:
    """Nothing to strip: the same bytes."""
    result = document.clean(plain(), plan=Plan())

    assert not isinstance(result, Held)
    assert plain() == result[0]


def test_what_makes_the_picture_stays() -> None:
    """Gamma and resolution are kept."""
    extra = chunk(b"gAMA", b"\x00\x00\xb1\x8f") + chunk(b"pHYs", bytes(9))

    result = document.clean(with_chunk(extra), plan=Plan())

    assert not isinstance(result, Held)
    assert extra in result[0]


@pytest.mark.parametrize(
    "extra", [chunk(b"gAMA", b"longer than four"), chunk(b"prVt", b"x"), chunk(b"sPLT", b"x\0\x08")]
)
def test_what_is_unknown_or_unlike_itself_goes(extra: bytes) -> None:
    """A chunk that is not on the list, or is not what its name says, is dropped."""
    result = document.clean(with_chunk(extra), plan=Plan())

    assert not isinstance(result, Held)
    assert plain() == result[0]


def test_an_unknown_critical_chunk_waits() -> None:
    """Without it the picture cannot be shown; with it nobody knows what leaves."""
    assert Code.UNKNOWN is getattr(document.clean(with_chunk(chunk(b"NeEd", b"x")), plan=Plan()), "code", None)


def test_a_wrong_checksum_waits() -> None:
    """A damaged chunk is held."""
    content = bytearray(plain())
    content[20] ^= 1

    assert Code.DAMAGED is getattr(document.clean(bytes(content), plan=Plan()), "code", None)
