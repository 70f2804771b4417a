"""Envelope addresses: refused, or kept byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.address import mailbox
from gateway.intake.fault import Fault
from gateway.transfer import Address

GOOD = (
    b"a@b.example",
    b"A.Novak@Town.Example",
    b"o'brien@x.example",
    b"first.last+tag@sub.x.example",
    b"prvs=1234567890=user@x.example",
    b"SRS0#hash=x=y.example=user@z.example",
    b"a/b_c~d-e=f@x.example",
    b"1@2.example",
    b"a@xn--bcher-kva.example",
    b"x" * 64 + b"@b.example",
    b"a@" + b"d" * 63 + b".example",
)

BAD = (
    b"", b"a", b"@", b"a@", b"@b.example", b"a@b", b"a@b.", b"a@.b.example", b"a@b..example", b".a@b.example",
    b"a.@b.example", b"a..b@c.example", b"a@b@c.example", b"a@-b.example", b"a@b-.example", b"a@b_c.example",
    b"a@b.123", b"a@127.0.0.1", b"a@[127.0.0.1]", b"a@[IPv6:::1]", b"a b@c.example", b"a@b c.example",
    b" a@b.example", b"a@b.example ", b"a\t@b.example", b"a@b.example\r\n", b"a\r\nRCPT@b.example", b"a\0@b.example",
    b"a@b.example\0", b'"a b"@c.example', b'"a@b"@c.example', b'"a"@c.example', b'"\\"@c.example', b"a(x)@b.example",
    b"a@b.example(x)", b"(x)a@b.example", b"@r.example:a@b.example", b"@a,@b:c@d.example", b"a%b@c.example",
    b"b!a@c.example", b"a%b@", b"|sh@b.example", b"`id`@b.example", b"$(id)@b.example", b"a;id@b.example",
    b"a&b@c.example", b"a*@b.example", b"a?b@c.example", b"a{b}@c.example", b"a^b@c.example", b"a<b@c.example",
    b"a>b@c.example", b"a\\b@c.example", b"-oQ/tmp@b.example", b"/etc/passwd@b.example", b"~root@b.example",
    b"a,b@c.example", b"a:b@c.example", b"a@=?utf-8?q?evil.example?=", b"=?utf-8?q?a?=@b.example",
    b"a@b\xe3\x80\x82example", "ü@b.example".encode(), "a@bücher.example".encode(), b"\xff@b.example",
    "а@b.example".encode(), "a@ехample.com".encode(), b"x" * 65 + b"@b.example", b"a@" + b"d" * 64 + b".example",
    b"a@" + b".".join([b"d" * 50] * 6) + b".example",
)  # fmt: skip


@pytest.mark.parametrize("raw", GOOD)
def test_what_is_taken_is_kept_to_the_byte(raw: bytes) -> None:
    """A good address comes out as it went in, with and without SMTPUTF8."""
    for utf8 in (False, True):
        address = mailbox(raw, utf8=utf8)
        assert isinstance(address, Address)
        assert raw == str(address).encode()


@pytest.mark.parametrize("raw", BAD)
def test_what_readers_disagree_about_is_refused(raw: bytes) -> None:
    """B9, B10: no route, quote, comment, shell character, encoded word, control character or look-alike dot passes."""
    assert isinstance(mailbox(raw), Fault)


@pytest.mark.parametrize("raw", ["ü@b.example", "a@bücher.example", "josé.garcía@correo.example", "用户@例子.example"])
def test_international_addresses_pass_where_they_were_asked_for(raw: str) -> None:
    """RFC 6531: letters of any script in normal form, and a domain that IDNA 2008 knows."""
    address = mailbox(raw.encode(), utf8=True)
    assert isinstance(address, Address)
    assert raw == str(address)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff@b.example",
        "u\u0308@b.example".encode(),
        "a\u202eb@c.example".encode(),
        "a\u200bb@c.example".encode(),
        "a\u00a0b@c.example".encode(),
        "a@b\u3002example".encode(),
        "a@\uff45xample.example".encode(),
        "ü|sh@b.example".encode(),
        "a\u0085b@c.example".encode(),
        ("ü" * 33 + "@b.example").encode(),
    ],
)
def test_international_tricks_are_refused(raw: bytes) -> None:
    """Broken UTF-8, other forms of a letter, direction marks, wide letters and dots that are none."""
    assert isinstance(mailbox(raw, utf8=True), Fault)


@given(st.binary(max_size=80))
def test_any_bytes_are_refused_or_kept(raw: bytes) -> None:
    """There is no third way."""
    for utf8 in (False, True):
        address = mailbox(raw, utf8=utf8)
        assert isinstance(address, Fault) or raw == str(address).encode()


@given(st.text(alphabet="aB1.@-_+'%!\"()<>[]=?: |;é", max_size=30))
def test_address_like_text_is_refused_or_kept(text: str) -> None:
    """There is no third way near the grammar's edges either."""
    address = mailbox(text.encode(), utf8=True)
    assert isinstance(address, Fault) or text == str(address)
