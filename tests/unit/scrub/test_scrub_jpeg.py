"""JPEG read strictly: one picture, whole, and nothing that could be another."""

from __future__ import annotations

import pytest

from gateway.scrub import document
from gateway.scrub.plan import Code, Finding, Held, Kind, Place, Plan
from tests.corpus.jpeg_file import END, PLAIN_HEAD, SCAN, TABLES, dirty, plain, segment


def clean(content: bytes) -> bytes:
    """The clean copy."""
    result = document.clean(content, plan=Plan())
    assert not isinstance(result, Held), result
    return result[0]


def test_a_plain_picture_is_not_touched() -> None:
    """Nothing to strip: the same bytes."""
    assert plain() == clean(plain())


def test_fill_bytes_are_read_over() -> None:
    """Any number of FF bytes may stand before a marker (T.81 B.1.1.2)."""
    filled = PLAIN_HEAD + b"\xff\xff" + TABLES + SCAN + b"\xff\xff" + END

    assert plain() == clean(filled)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN_HEAD + PLAIN_HEAD + TABLES + SCAN + END,
        PLAIN_HEAD + TABLES + END,
        PLAIN_HEAD + TABLES + SCAN,
        PLAIN_HEAD + b"\xff\xd0" + TABLES + SCAN + END,
        PLAIN_HEAD + b"\xff\xfe\x00\x01" + TABLES + SCAN + END,
    ],
    ids=["two starts", "no scan", "no end", "restart outside", "length of one"],
)
def test_what_is_not_one_whole_picture_waits(content: bytes) -> None:
    """Damage is held, never mended."""
    assert Code.DAMAGED is getattr(document.clean(content, plan=Plan()), "code", None)


def test_a_comment_between_scans_goes() -> None:
    """The filter does not stop at the first scan."""
    late = PLAIN_HEAD + TABLES + SCAN + segment(0xFE, b"between us") + SCAN + END

    assert b"between us" not in clean(late)


def test_adobe_stays() -> None:
    """APP14 says how the colours are coded."""
    adobe = segment(0xEE, b"Adobe\x00\x64\x00\x00\x00\x00\x02")

    assert adobe in clean(PLAIN_HEAD + adobe + TABLES + SCAN + END)


def test_where_it_was_taken_is_told() -> None:
    """A GPS directory is a finding of its own kind."""
    findings = document.inspect(dirty().content).findings

    assert Finding(kind=Kind.LOCATION, place=Place.SEGMENT, count=1) in findings
    assert Finding(kind=Kind.THUMBNAILS, place=Place.TAIL, count=1) in findings
