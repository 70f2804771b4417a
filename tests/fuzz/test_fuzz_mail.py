"""Invariant: any bytes become a skeleton or a fault; what is composed from a skeleton reads in the same parts.

Random mutants of real shapes: pieces of mail dealt out in any order, with damage.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.intake.fault import Fault
from gateway.intake.mail import skeleton
from gateway.scrub.mail import MailPlan, compose
from gateway.skeleton import Limits, Skeleton

PIECES = (
    b"From: a@x.example\r\n", b"To: (((b@x.example\r\n", b"Subject: =?utf-8?b?w6k=?=\r\n", b"MIME-Version: 1.0\r\n",
    b"Content-Type: multipart/mixed; boundary=a\r\n", b'Content-Type: multipart/signed; boundary="a b"\r\n',
    b"Content-Type: message/rfc822\r\n", b"Content-Type: text/html; charset=utf-8; name*0*=utf-8''%C3; name*1*=%A9\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Content-Disposition: attachment; filename=x; filename*=utf-8''y%0A\r\n", b"Bcc: s@x.example\r\n",
    b"\r\n", b"\r\n\r\n", b"--a\r\n", b"--a--\r\n", b"--a b\r\n", b"--a b--\r\n", b"--ab\r\n", b"YWJj\r\n", b"=3D=\r\n",
    b"text\r\n", b" folded\r\n", b": x\r\n", b"\xff", b"\r", b"\n", b"\0", b";", b'"', b"(", b"=", b"<", b",",
)  # fmt: skip
MESSAGES = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join) | st.binary(max_size=200)
LIMITS = Limits(mime_depth=5, mime_parts=20, comment_depth=2)
PLAN = MailPlan(received="by gw", seed=bytes(16))


@settings(max_examples=400)
@given(MESSAGES)
def test_any_bytes_are_a_skeleton_or_a_fault(message: bytes) -> None:
    """Nothing raises, offsets stand in order inside the message, and parents come before children."""
    found = skeleton(message, LIMITS)
    if isinstance(found, Fault):
        return
    for index, part in enumerate(found.parts):
        assert 0 <= part.start <= part.body <= part.end <= len(message)
        assert part.parent < index
        if part.parent >= 0:
            assert found.parts[part.parent].body <= part.start


@settings(max_examples=400)
@given(MESSAGES)
def test_what_leaves_reads_as_what_came(message: bytes) -> None:
    """P3.2: composed from an unambiguous skeleton, the copy has the same parts, no Bcc and no ambiguity."""
    found = skeleton(message, LIMITS)
    if isinstance(found, Fault) or found.ambiguities:
        return
    copy = b"".join(compose(message, found, PLAN).whole())
    again = skeleton(copy, Limits())
    assert isinstance(again, Skeleton), again
    assert [(p.path, p.media) for p in found.parts] == [(p.path, p.media) for p in again.parts]
    assert () == again.ambiguities
    assert not any(field.name == "bcc" for part in again.parts if not part.is_frozen for field in part.fields)
