"""PGP/MIME as RFC 3156 has it."""

from __future__ import annotations

import email
import email.policy

import pytest

from gateway.errors import Ours
from gateway.seal.openpgp import wrap

ARMOUR = b"-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n"
BOUNDARY = "b0UNDARYb0UNDARY"


def wrapped(*pieces: bytes, outer: bytes = b"From: jo@town.test\r\nSubject: [...]\r\n") -> bytes:
    return b"".join(wrap(outer, pieces, BOUNDARY))


def test_structure_is_that_of_the_standard():
    """Two parts: the version, then the ciphertext, under multipart/encrypted (RFC 3156 §4)."""
    message = email.message_from_bytes(wrapped(ARMOUR), policy=email.policy.default)

    version, ciphertext = message.iter_parts()

    assert "multipart/encrypted" == message.get_content_type()
    assert "application/pgp-encrypted" == message.get_param("protocol")
    assert ("application/pgp-encrypted", "application/octet-stream") == (
        version.get_content_type(), ciphertext.get_content_type(),
    )  # fmt: skip
    assert "Version: 1" == version.get_payload().strip()
    assert ARMOUR == ciphertext.get_payload(decode=True).replace(b"\r\n", b"\n")
    assert (b"[...]", []) == (message["Subject"].encode(), message.defects)


@pytest.mark.parametrize("cut", [0, 1, 27, 28, 29, len(ARMOUR)])
def test_pieces_do_not_matter(cut):
    """However the pen cuts its output, the message is the same, in canonical CRLF."""
    found = wrapped(ARMOUR[:cut], ARMOUR[cut:])

    assert wrapped(ARMOUR) == found
    assert found.count(b"\r\n") == found.count(b"\n") == found.count(b"\r")
    assert wrapped(ARMOUR.rstrip()) == found


def test_mime_version_stands_once():
    """A MIME-Version that is there is not said again."""
    assert 1 == wrapped(ARMOUR).lower().count(b"mime-version:")
    assert 1 == wrapped(ARMOUR, outer=b"Mime-Version: 1.0\r\n").lower().count(b"mime-version:")


@pytest.mark.parametrize(
    "boundary", ["", "short", "with space and more", 'quote"quotequotequote', "a\r\nb" * 6, "x" * 61]
)
def test_a_boundary_is_random_letters_and_digits(boundary):
    """Nothing that could end a header, or be guessed at a glance, is a boundary."""
    with pytest.raises(ValueError, match="boundary"):
        list(wrap(b"", [ARMOUR], boundary))


def test_lines_that_are_already_crlf_are_refused():
    """Line ends are made canonical once."""
    with pytest.raises(Ours):
        wrapped(ARMOUR.replace(b"\n", b"\r\n"))
