"""What stands outside a seal and what goes inside."""

from __future__ import annotations

import pytest

from gateway.errors import Unreadable
from gateway.seal.headers import part

HEADER = (
    b"Received: from a\r\n\tby b\r\n"
    b"From: Jo <jo@town.test>\r\nTo: ann@a.test,\r\n bob@b.test\r\nSubject: The secret\r\n bid\r\n"
    b"Keywords: bid\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed;\r\n boundary=x\r\nContent-Transfer-Encoding: 7bit\r\n"
)


def test_the_secret_goes_inside():
    """Subject, keywords and structure stand inside alone; what routes and threads stands on both sides."""
    found = part(HEADER)

    assert (
        b"Received: from a\r\n\tby b\r\nFrom: Jo <jo@town.test>\r\nTo: ann@a.test,\r\n bob@b.test\r\n"
        b"Subject: [...]\r\nMIME-Version: 1.0\r\n"
    ) == found.outer
    assert (
        b"From: Jo <jo@town.test>\r\nHP-Outer: From: Jo <jo@town.test>\r\n"
        b"To: ann@a.test,\r\n bob@b.test\r\nHP-Outer: To: ann@a.test,\r\n bob@b.test\r\n"
        b"Subject: The secret\r\n bid\r\nHP-Outer: Subject: [...]\r\nKeywords: bid\r\n"
        b'Content-Type: multipart/mixed;\r\n boundary=x;\r\n hp="cipher"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n'
    ) == found.inner


@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_the_empty_line_is_not_needed(end):
    """A header is parted alike with and without the line that ends it."""
    assert part(HEADER) == part(HEADER + end)


def test_a_message_without_a_type_gets_the_default_one():
    """RFC 2045 §5.2: no Content-Type is plain text; inside a seal it must say so."""
    assert part(b"From: a@b.test\r\n").inner.endswith(
        b'Content-Type: text/plain; charset="us-ascii"; hp="cipher"\r\n\r\n'
    )


@pytest.mark.parametrize("given", [b'; hp="clear"', b";\r\n HP=clear", b" ; hp = cipher; charset=utf-8"])
def test_there_is_one_claim_of_protection(given):
    """A sender's own `hp` does not stand beside ours."""
    inner = part(b"Content-Type: text/plain" + given + b"\r\n").inner

    assert 1 == inner.lower().count(b"hp")
    assert b'hp="cipher"' in inner


def test_a_senders_claim_about_the_outside_is_dropped():
    """Only the gateway says what stands outside."""
    assert b"Forged" not in part(b"HP-Outer: Subject: Forged\r\nFrom: a@b.test\r\n").inner


@pytest.mark.parametrize("header", [b"no field\r\n", b" folded first\r\n", b"A: b\nC: d\r\n", b"A: b\rC: d\r\n"])
def test_what_is_no_field_is_refused(header):
    """A line that is no field could mean one thing outside and another inside."""
    with pytest.raises(Unreadable):
        part(header)
