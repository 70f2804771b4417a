"""A parcel says what went by, and only when all of it has."""

from __future__ import annotations

import pytest

from gateway.errors import Unreadable
from gateway.seal.parcel import Packing
from gateway.seal.plain import as_they_are
from gateway.transfer import BlobId, Digest, Parcel, Seal, transfer_id

TRANSFER, BLOB = transfer_id(bytes(16)), BlobId("0" * 32)


def test_a_parcel_is_what_was_written():
    """Size and digest are those of the bytes that went by."""
    packing = Packing([b"ab", b"c\r\n"])

    written = b"".join(packing)

    expected = Parcel(
        transfer=TRANSFER, leg=1, blob=BLOB, size_bytes=5, digest=Digest.of(b"abc\r\n"), seal=Seal.OPENPGP,
        key_fingerprint="F",
    )  # fmt: skip
    assert b"abc\r\n" == written
    assert expected == packing.parcel(transfer=TRANSFER, leg=1, blob=BLOB, seal=Seal.OPENPGP, key_fingerprint="F")


def test_half_a_message_is_no_parcel():
    """Before the last piece there is no parcel."""
    packing = Packing([b"ab", b"c"])
    next(iter(packing))

    with pytest.raises(ValueError, match="all its bytes"):
        packing.parcel(transfer=TRANSFER, leg=0, blob=BLOB, seal=Seal.TRANSPORT)


def test_plain_bytes_leave_as_they_are():
    """Without a seal of its own a message is what the scrubber left."""
    assert [b"a\r", b"\nb\r", b"\n"] == list(as_they_are([b"a\r", b"\nb\r", b"\n"]))


@pytest.mark.parametrize("pieces", [[], [b"a"], [b"a\n"], [b"a\r\n", b"b"]])
def test_plain_bytes_end_in_crlf(pieces):
    """A message without its end is not sealed."""
    with pytest.raises(Unreadable):
        list(as_they_are(pieces))
