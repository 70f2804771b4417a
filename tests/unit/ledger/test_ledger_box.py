"""Boxes open for their entry and class alone, and not at all once changed."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import Tampering
from gateway.ledger import box

KEY, SECRET, R, X = b"k" * 32, b"s" * 32, b"r" * 16, bytes(range(16))
PLACE = {"x": X, "leg": 0, "kind": "sealed", "cls": "rcp"}
VALUES = (("addr", "day@court.test"), ("agency", "court"))
SEALED = box.seal_box(KEY, **PLACE, secret=SECRET, values=VALUES, r=R)


def test_what_was_sealed_opens() -> None:
    """The secret and the values come back."""
    assert box.Opened(SECRET, VALUES) == box.open_box(KEY, **PLACE, box=SEALED)


def test_the_key_is_hkdf_as_the_handbook_has_it() -> None:
    """Our two HMACs are RFC 5869 with r as salt and entry and class as info."""
    info = b"sealgate-ledger/box/v1\x00" + X + bytes(4) + b"sealed\x00rcp"
    expected = HKDF(algorithm=SHA256(), length=32, salt=R, info=info).derive(KEY)
    assert expected == box._key(KEY, R, X, 0, "sealed", "rcp")


@pytest.mark.parametrize("place", [{"x": bytes(16)}, {"leg": 1}, {"leg": None}, {"kind": "shipped"}, {"cls": "snd"}])
def test_a_box_moved_elsewhere_does_not_open(place) -> None:
    """Another transfer, leg, kind or class is another key."""
    with pytest.raises(Tampering):
        box.open_box(KEY, **{**PLACE, **place}, box=SEALED)


def test_no_flipped_bit_opens() -> None:
    """Every byte of a box is under its tag or its key."""
    for i in range(len(SEALED)):
        flipped = bytearray(SEALED)
        flipped[i] ^= 1
        with pytest.raises(Tampering):
            box.open_box(KEY, **PLACE, box=bytes(flipped))


@pytest.mark.parametrize("length", [0, 15, 16, 31, len(SEALED) - 1])
def test_a_cut_box_does_not_open(length: int) -> None:
    """Erased or cut bytes are not a box."""
    with pytest.raises(Tampering):
        box.open_box(KEY, **PLACE, box=SEALED[:length])


def test_another_class_key_does_not_open() -> None:
    """Destroying the class key erases the class."""
    with pytest.raises(Tampering):
        box.open_box(b"x" * 32, **PLACE, box=SEALED)
