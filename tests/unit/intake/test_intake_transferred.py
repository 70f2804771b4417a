"""Transfer encodings, across the border between two chunks."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake import transferred
from gateway.intake.fault import Fault
from gateway.intake.mail import skeleton
from gateway.intake.transferred import decode_part, flaw_of
from gateway.skeleton import Limits, Skeleton


@given(st.binary(max_size=200), st.integers(8, 64))
def test_base64_reads_the_same_in_any_chunks(content: bytes, size: int) -> None:
    """However the body falls into chunks, a good one decodes and one cut by a character does not."""
    body = base64.encodebytes(content).replace(b"\n", b"\r\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transferred, "_CHUNK", size)
        assert content == b"".join(transferred._pieces(body, 0, len(body), "base64"))
        shorter = body.rstrip(b"\r\n")[:-1]
        assert not shorter or flaw_of(shorter, 0, len(shorter), "base64") == "base64-junk"
        behind = body + b"YQ==\r\n"
        assert (flaw_of(behind, 0, len(behind), "base64") != "") == (b"=" in body)


@given(st.binary(max_size=200).filter(lambda b: b"\r" not in b and b"\n" not in b), st.integers(8, 64))
def test_quoted_printable_reads_the_same_in_any_chunks(content: bytes, size: int) -> None:
    """However the body falls into chunks, what an encoder made comes back."""
    body = quopri.encodestring(content, quotetabs=True).replace(b"\n", b"\r\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transferred, "_CHUNK", size)
        assert content == b"".join(transferred._pieces(body, 0, len(body), "quoted-printable"))


@pytest.mark.parametrize(
    ("encoding", "body", "expected"),
    [
        (b"base64", b"YWJj\r\nZA==\r\n", b"abcd"),
        (b"base64", b"", b""),
        (b"quoted-printable", b"a=3D=\r\nb=e9", b"a=b\xe9"),
        (b"8bit", b"caf\xe9", b"caf\xe9"),
        (b"base64", b"YW Jj", None),
        (b"base64", b"=YWJj", None),
        (b"quoted-printable", b"a=", None),
        (b"quoted-printable", b"a=3", None),
        (b"x-odd", b"a", None),
    ],
)
def test_a_part_is_decoded_or_refused(encoding: bytes, body: bytes, expected: bytes | None) -> None:
    """B40, B41: strictly, or not at all."""
    message = b"From: a@x.example\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body
    found = skeleton(message, Limits())
    assert isinstance(found, Skeleton)
    content = decode_part(message, found.parts[0])
    assert content == expected if expected is not None else isinstance(content, Fault)
