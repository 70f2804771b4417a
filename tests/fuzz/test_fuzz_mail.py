"""Invariant: any bytes become a skeleton or a fault; what is composed from a sound message reads in the same parts.

The first is fed pieces of mail dealt out in any order, with damage; the second sound trees of parts.
"""

from __future__ import annotations

import zlib

from hypothesis import assume, given, settings
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


LEAVES = st.builds(
    lambda fields, body: b"".join(fields) + b"\r\n" + body,
    st.lists(
        st.sampled_from(
            (
                b"Content-ID: <image001.png@01D5>\r\n",
                b"Content-Description: x\r\n",
                b"X-Odd: y\r\n",
                b"Content-Type: text/html; charset=utf-8; name*=utf-8''%C3%A9\r\n",
                b'Content-Disposition: attachment;\r\n filename="a b.pdf"\r\n',
            )
        ),
        unique=True,
    ),
    st.lists(st.sampled_from((b"text", b"\r\n", b".", b"-", b"From ", b" ", b"caf\xe9"))).map(b"".join),
)


def _inside(children: list[bytes]) -> bytes:
    """A multipart whose boundary is its own: as long as every other, and different."""
    name = b"%04x" % (zlib.crc32(b"".join(children)) & 0xFFFF)
    parts = b"".join(b"--" + name + b"\r\n" + child + b"\r\n" for child in children)
    return b"Content-Type: multipart/mixed; boundary=" + name + b"\r\n\r\n" + parts + b"--" + name + b"--"


def _message(inner: bytes) -> bytes:
    return b"Bcc: secret@x.example\r\nReceived: lan\r\nFrom: c@d.example\r\nMIME-Version: 1.0\r\n" + inner


ENTITIES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(_inside)
        | inner.map(lambda entity: b"Content-Type: message/rfc822\r\n\r\n" + _message(entity))
    ),
    max_leaves=6,
)
SOUND = ENTITIES.map(lambda entity: _message(entity) + b"\r\n")


@settings(max_examples=200)
@given(SOUND)
def test_what_leaves_reads_as_what_came(message: bytes) -> None:
    """P3.2: the copy has the same parts with the same bodies, no Bcc, no client Received and no ambiguity."""
    found = skeleton(message, Limits())
    assert isinstance(found, Skeleton), found
    assume(not found.ambiguities)
    copy = b"".join(compose(message, found, MailPlan(received="", seed=bytes(16))).whole())
    again = skeleton(copy, Limits())
    assert isinstance(again, Skeleton), again
    assert [(p.path, p.media) for p in found.parts] == [(p.path, p.media) for p in again.parts]
    assert () == again.ambiguities
    assert _bodies(message, found) == _bodies(copy, again)
    assert not {f.name for part in again.parts for f in part.fields} & {"bcc", "received", "x-odd"}


def _bodies(message: bytes, found: Skeleton) -> list[bytes]:
    parents = {part.parent for part in found.parts}
    return [message[part.body : part.end] for i, part in enumerate(found.parts) if i not in parents]
