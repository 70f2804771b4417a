"""OpenPGP framing, read strictly."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Unreadable
from gateway.seal.packets import (
    KEPT,
    MAX_PACKETS,
    PKESK,
    SEIPD,
    Dearmour,
    Walker,
    check_certificate,
    check_message,
    dearmor,
    key_ids,
    walk,
)

KEY_ID = "0123456789ABCDEF"
SESSION_KEY = b"\x03" + bytes.fromhex(KEY_ID) + b"\x12" + b"k" * 20


def new(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, 255]) + len(body).to_bytes(4, "big") + body


def old(tag: int, body: bytes) -> bytes:
    return bytes([0x80 | tag << 2 | 1]) + len(body).to_bytes(2, "big") + body


def message(*packets: bytes) -> bytes:
    return b"".join(packets)


GOOD = message(new(PKESK, SESSION_KEY), new(SEIPD, b"\x01" + b"c" * 99))


def test_a_good_message_passes():
    """One session key for the vouched key, one sealed body."""
    check_message(walk(GOOD), (KEY_ID,))


@pytest.mark.parametrize(
    "bad",
    [
        message(new(PKESK, SESSION_KEY), new(PKESK, SESSION_KEY), new(SEIPD, b"\x01c")),
        message(new(SEIPD, b"\x01c")),
        message(new(PKESK, SESSION_KEY)),
        message(new(PKESK, SESSION_KEY), new(SEIPD, b"\x01c"), new(SEIPD, b"\x01c")),
        message(new(PKESK, SESSION_KEY), new(SEIPD, b"\x01c"), new(11, b"clear text")),
        message(new(PKESK, SESSION_KEY), new(SEIPD, b"\x02c")),
        message(new(PKESK, SESSION_KEY), new(SEIPD, b"")),
        message(new(PKESK, SESSION_KEY), new(9, b"\x01c")),
        message(new(PKESK, SESSION_KEY), new(20, b"\x01c")),
        message(new(PKESK, b"\x06" + SESSION_KEY[1:]), new(SEIPD, b"\x01c")),
        message(new(PKESK, b"\x03" + bytes(8) + b"\x12k"), new(SEIPD, b"\x01c")),
        message(new(PKESK, b"\x03"), new(SEIPD, b"\x01c")),
        message(new(3, b"\x04password"), new(PKESK, SESSION_KEY), new(SEIPD, b"\x01c")),
    ],
    ids=[
        "two-readers", "no-reader", "no-body", "two-bodies", "clear-behind", "version-2", "empty", "no-integrity",
        "aead", "version-6", "hidden-reader", "short", "password",
    ],
)  # fmt: skip
def test_any_other_message_is_refused(bad):
    """A second reader, a body others cannot read, or anything behind it: not what was demanded."""
    with pytest.raises(Unreadable):
        check_message(walk(bad), (KEY_ID,))


@pytest.mark.parametrize("cut", range(1, len(GOOD)))
def test_a_message_cut_short_is_refused(cut):
    """Data that ends inside a packet, or without its body, is never whole."""
    with pytest.raises(Unreadable):
        check_message(walk(GOOD[:cut]), (KEY_ID,))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"hello",
        bytes([0xC0 | PKESK, 224 + 10]) + bytes(1024) + b"\x00",  # a partial length outside a data packet
        bytes([0xC0 | SEIPD, 224 + 2]) + bytes(4) + b"\x00",  # a first partial length under 512
        bytes([0xC0 | SEIPD, 224 + 9]) + bytes(512),  # no last length
        bytes([0x80 | 8 << 2 | 3]) + b"to the end",  # an indeterminate length
    ],
)
def test_framing_that_reads_two_ways_is_refused(data):
    """Framing that another reader might read otherwise, or that has no end, is refused."""
    with pytest.raises(Unreadable):
        walk(data)


def test_partial_lengths_are_followed():
    """A body in partial lengths is one packet of the sum of its pieces."""
    data = bytes([0xC0 | SEIPD, 224 + 9]) + b"\x01" + bytes(511) + bytes([224 + 3]) + bytes(8) + bytes([5]) + bytes(5)

    (packet,) = walk(data)

    assert (SEIPD, 525, 1, KEPT) == (packet.tag, packet.size_bytes, packet.version, len(packet.head))


def test_the_number_of_packets_is_bounded():
    """Ten thousand tiny packets are the most that is read."""
    with pytest.raises(Unreadable, match="too many"):
        walk(new(13, b"") * (MAX_PACKETS + 1))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, len(GOOD)), max_size=6))
def test_cutting_into_pieces_changes_nothing(cuts):
    """However the bytes arrive, the same packets are read."""
    walker = Walker()
    edges = [0, *sorted(cuts), len(GOOD)]
    for start, end in pairwise(edges):
        walker.feed(GOOD[start:end])

    assert list(walk(GOOD)) == list(walker.close())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_anything_else_is_unreadable_and_nothing_worse(data):
    """Hostile bytes are read or refused."""
    with suppress(Unreadable):
        assert walk(data)


# ── certificates ─────────────────────────────────────────────────────────────────────────────────────────────────────

PRIMARY = b"\x04primary key"
CERTIFICATE = message(old(6, PRIMARY), new(13, b"Ann"), new(2, b"\x04s"), new(14, b"\x04sub"), new(2, b"\x04s"))


def fingerprint(body: bytes) -> str:
    return hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body).hexdigest().upper()


def test_a_certificate_is_named_by_its_fingerprint():
    """The fingerprint of RFC 9580 §5.5.4.2, and its subkeys' key ids."""
    assert fingerprint(PRIMARY) == check_certificate(CERTIFICATE)
    assert (fingerprint(b"\x04sub")[-16:],) == key_ids(CERTIFICATE)
    assert (fingerprint(PRIMARY)[-16:],) == key_ids(old(6, PRIMARY))


@pytest.mark.parametrize(
    "bad",
    [
        CERTIFICATE + CERTIFICATE,
        CERTIFICATE[2:],
        CERTIFICATE + new(7, b"\x04secret"),
        message(old(5, b"\x04secret"), new(13, b"Ann")),
        message(new(13, b"Ann"), old(6, PRIMARY)),
        old(6, PRIMARY),
        message(old(6, b"\x06primary"), new(13, b"Ann")),
        message(old(6, b""), new(13, b"Ann")),
        CERTIFICATE + new(14, b"\x03sub"),
        CERTIFICATE + new(SEIPD, b"\x01"),
    ],
    ids=["two", "cut", "secret-sub", "secret", "order", "no-user", "version-6", "empty", "version-3", "message"],
)
def test_what_is_not_one_public_certificate_is_refused(bad):
    """Secret keys, several certificates, other versions and stray packets stop before any other program sees them."""
    with pytest.raises(Unreadable):
        check_certificate(bad)


# ── armour ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def armour(raw: bytes, kind: bytes = b"MESSAGE", headers: bytes = b"", checksum: bytes = b"=AAAA\n") -> bytes:
    text = base64.b64encode(raw)
    lines = b"".join(text[at : at + 64] + b"\n" for at in range(0, len(text), 64))
    return b"-----BEGIN PGP %s-----\n%s\n%s%s-----END PGP %s-----\n" % (kind, headers, lines, checksum, kind)


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=1, max_size=400), st.integers(1, 90), st.booleans())
def test_armour_comes_off(raw, step, is_crlf):
    """Whatever stands inside armour comes out, in whatever pieces it arrives."""
    text = armour(raw, headers=b"Comment: x\n")
    text = text.replace(b"\n", b"\r\n") if is_crlf else text
    reader = Dearmour()

    found = b"".join(reader.feed(text[at : at + step]) for at in range(0, len(text), step)) + reader.close()

    assert raw == found == dearmor(text)


def test_bare_bytes_are_left_alone():
    """What is not armoured is taken as it is."""
    assert GOOD == dearmor(GOOD)


@pytest.mark.parametrize(
    "text",
    [
        armour(b"x")[:-20],
        armour(b"x") + b"clear text\n",
        armour(b"x") + armour(b"y"),
        armour(b"x").replace(b"END PGP MESSAGE", b"END PGP SIGNATURE"),
        armour(b"x").replace(b"\n\n", b"\n", 1),
        armour(b"x" * 90).replace(b"eHh4", b"e#h4", 1),
        armour(b"x" * 90).replace(b"eHh4\n", b"eHh\n", 1),
        b"-----BEGIN CERTIFICATE-----\n\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PGP MESSAGE-----\n\n" + b"A" * 5000,
    ],
    ids=["cut", "behind", "two", "other-end", "no-blank", "junk", "short", "x509", "endless-line"],
)
def test_odd_armour_is_refused(text):
    """Armour that another reader might read otherwise is refused."""
    with pytest.raises(Unreadable):
        dearmor(text)
