"""The skeleton: what is found, what is held because it reads two ways, what is refused, and every limit at its edge."""

from __future__ import annotations

import base64
import mmap
import tempfile

import msgspec
import pytest

from gateway.intake.fault import Fault
from gateway.intake.mail import skeleton
from gateway.skeleton import Limits, Skeleton
from gateway.transfer import Address

TOP = b"From: Ann <a@town.example>\r\nTo: b@x.example\r\nSubject: Plan\r\nMessage-ID: <1@x>\r\nMIME-Version: 1.0\r\n"


def mixed(*parts: bytes, head: bytes = b"", boundary: bytes = b"b1") -> bytes:
    """A multipart/mixed message of these entities."""
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    kind = b"Content-Type: multipart/mixed; boundary=" + boundary + b"\r\n"
    return TOP + head + kind + b"\r\n" + body + b"--" + boundary + b"--\r\n"


def text(fields: bytes = b"", body: bytes = b"hello") -> bytes:
    return TOP + fields + b"\r\n" + body + b"\r\n"


def read(message: bytes, limits: Limits | None = None) -> Skeleton:
    found = skeleton(message, limits or Limits())
    assert isinstance(found, Skeleton), found
    return found


def test_every_part_is_found_where_it_stands() -> None:
    """Paths, media, names and offsets; a body ends before the CRLF of the next delimiter."""
    message = mixed(
        b"Content-Type: text/plain; charset=utf-8\r\n\r\nhi",
        b"Content-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n\r\nA\r\n--in\r\n"
        b"Content-Type: text/html\r\n\r\n"
        b"<b>\r\n--in--\r\n",
        b"Content-Type: message/rfc822\r\n\r\nFrom: c@d.example\r\nSubject: inner\r\n\r\ninner text",
        b"Content-Type: application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename=\"y.pdf\"; filename*=utf-8''z%20z.pdf\r\n\r\nYQ==",
    )
    found = read(message)
    assert () == found.ambiguities
    assert [
        ("", "multipart/mixed"),
        ("1", "text/plain"),
        ("2", "multipart/alternative"),
        ("2.1", "text/plain"),
        ("2.2", "text/html"),
        ("3", "message/rfc822"),
        ("3.1", "text/plain"),
        ("4", "application/pdf"),
    ] == [(part.path, part.media) for part in found.parts]
    bodies = {part.path: message[part.body : part.end] for part in found.parts}
    assert (b"hi", b"A", b"<b>", b"inner text", b"YQ==") == tuple(bodies[p] for p in ("1", "2.1", "2.2", "3.1", "4"))
    assert ("z z.pdf", "y.pdf", "x.pdf") == found.parts[-1].names
    assert "utf-8" == found.parts[1].charset


def test_the_heading_is_read() -> None:
    """Decoded Subject, addresses out of names, groups and comments, and how often it has been received."""
    message = (
        b"Received: a\r\nReceived: b\r\nMessage-ID: <1@x>\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\n =?utf-8?b?IG9r?=\r\n"
        b'From: "Novak, A" (at (home)) <a@town.example>\r\nCc: Team: b@x.example, C <c@x.example>;\r\n'
        b"To: undisclosed-recipients:;\r\n\r\n"
    )
    heading = read(message).heading
    assert ("<1@x>", "Caf\u00e9 ok", 2) == (heading.message_id, heading.subject, heading.received)
    assert (Address(local="a", domain="town.example"),) == heading.authors
    assert ["b@x.example", "c@x.example"] == [str(address) for address in heading.cc]
    assert () == heading.to


def test_a_skeleton_survives_its_journey() -> None:
    """What a confined worker finds arrives as it was, by msgpack."""
    found = read(mixed(b"\r\nhi", b"Content-Type: image/png; name=a.png\r\n\r\nx"))
    assert found == msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Skeleton)


def test_bytes_views_and_maps_read_the_same() -> None:
    """One reading whatever holds the message."""
    message = mixed(b"\r\nhi")
    with tempfile.TemporaryFile() as file:
        file.write(message)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert skeleton(message, Limits()) == skeleton(mapped, Limits())
    assert skeleton(message, Limits()) == skeleton(memoryview(message), Limits())


HELD = {
    "two boundaries": (TOP + b"Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n",
                       "content-type-doubled"),
    "two Content-Type": (text(b"Content-Type: text/plain\r\nContent-Type: text/html\r\n"), "content-type-doubled"),
    "two CTE": (text(b"Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n"),
                "content-transfer-encoding-doubled"),
    "two From": (text(b"From: c@town.example\r\n"), "from-doubled"),
    "two Subject": (text(b"Subject: other\r\n"), "subject-doubled"),
    "many authors": (b"From: a@x.example, b@x.example\r\n\r\n", "from-many"),
    "no From": (b"Subject: x\r\n\r\n", "from-missing"),
    "CTE with comment": (text(b"Content-Transfer-Encoding: base64 (x)\r\n"), "encoding-unknown"),
    "odd CTE": (text(b"Content-Transfer-Encoding: x-uuencode\r\n"), "encoding-unknown"),
    "comment in Content-Type": (text(b"Content-Type: text/plain; charset=utf-8 (x)\r\n"), "content-type-comment"),
    "malformed Content-Type": (text(b"Content-Type: text\r\n"), "content-type-malformed"),
    "odd charset": (text(b"Content-Type: text/plain; charset=utf-7\r\n"), "charset"),
    "odd charset in a word": (b"From: a@x.example\r\nSubject: =?utf-7?q?x?=\r\n\r\n", "header-charset"),
    "encoded boundary": (
        TOP + b'Content-Type: multipart/mixed; boundary="=?utf-8?q?a?="\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n',
        "content-type-encoded"),
    "boundary in RFC 2231 form": (
        TOP + b"Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\r\n\r\n--ab\r\n\r\nx\r\n--ab--\r\n",
        "boundary-encoded"),
    "no boundary": (TOP + b"Content-Type: multipart/mixed\r\n\r\nx\r\n", "boundary-malformed"),
    "unclosed": (mixed(b"\r\nhi")[:-8], "boundary-unclosed"),
    "empty multipart": (TOP + b"Content-Type: multipart/mixed; boundary=a\r\n\r\ntext\r\n", "multipart-empty"),
    "longer delimiter": (mixed(b"\r\nhi\r\n--b1x\r\n"), "boundary-prefix"),
    "shared prefix": (
        mixed(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--"), "boundary-prefix"),
    "part in the epilogue": (mixed(b"\r\nhi") + b"--b1\r\n\r\nhidden\r\n--b1--\r\n", "epilogue-part"),
    "part in the preamble": (
        TOP + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--x\r\n\r\nhidden\r\n--a\r\n\r\nx\r\n--a--\r\n",
        "preamble-part"),
    "base64 junk": (text(b"Content-Transfer-Encoding: base64\r\n", b"YWJj!ZGVm"), "base64-junk"),
    "early padding": (text(b"Content-Transfer-Encoding: base64\r\n", b"YQ==\r\nYWJj"), "base64-junk"),
    "stray bits": (text(b"Content-Transfer-Encoding: base64\r\n", b"YR=="), "base64-junk"),
    "cut base64": (text(b"Content-Transfer-Encoding: base64\r\n", b"YWJjZ"), "base64-junk"),
    "broken QP": (text(b"Content-Transfer-Encoding: quoted-printable\r\n", b"a=ZZ"), "quoted-printable-broken"),
    "8-bit in QP": (text(b"Content-Transfer-Encoding: quoted-printable\r\n", b"caf\xe9"), "quoted-printable-broken"),
    "encoded container": (
        TOP + b"Content-Type: multipart/mixed; boundary=a\r\nContent-Transfer-Encoding: base64\r\n\r\n--a\r\n\r\nx\r\n"
        b"--a--\r\n", "container-encoded"),
    "encoded message": (mixed(b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ=="),
                        "container-encoded"),
    "three parts under a signature": (
        TOP + b"Content-Type: multipart/signed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a\r\n"
        b"Content-Type: application/pgp-signature\r\n\r\ns\r\n--a\r\n\r\nbehind\r\n--a--\r\n", "signature-shape"),
    "uuencode in text": (text(b"", b"see\r\nbegin 644 a.exe\r\nM...\r\nend"), "uuencoded"),
    "blank continuation": (text(b"X-A: b\r\n \r\n"), "blank-fold"),
    "space before colon": (text(b"X-A : b\r\n"), "space-before-colon"),
    "8-bit header": (text(b"X-A: \xff\r\n"), "header-eight-bit"),
    "no MIME-Version": (b"From: a@x.example\r\nContent-Type: text/html\r\n\r\n", "mime-version"),
    "MIME 2.0": (b"From: a@x.example\r\nMIME-Version: 2.0\r\n\r\n", "mime-version"),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_two_readings_are_held(name: str) -> None:
    """B37 to B42, B49, B52: what two readers see differently is named."""
    message, code = HELD[name]
    assert code in read(message).ambiguities


REFUSED = {
    "no colon": (b"From: a@x.example\r\nhello\r\n\r\n", "no-colon"),
    "continuation first": (b" x\r\nFrom: a@x.example\r\n\r\n", "no-colon"),
    "NUL": (text(b"", b"a\0b"), "bare-line-end"),
    "bare CR": (text(b"", b"a\rb"), "bare-line-end"),
    "bare LF": (text(b"X: a\nb\r\n"), "bare-line-end"),
    "partial": (text(b"Content-Type: message/partial; id=x; number=1\r\n"), "message-partial"),
    "external": (mixed(b"Content-Type: message/external-body; access-type=url\r\n\r\n"), "message-external-body"),
    "CR LF by decoding": (b"From: a@x.example\r\nSubject: =?utf-8?q?a=0D=0ABcc:_x?=\r\n\r\n", "smuggled"),
    "CR LF in a file name": (text(b"Content-Disposition: attachment; filename*=utf-8''a%0D%0Ab\r\n"), "smuggled"),
    "loop": (b"Received: x\r\n" * 50 + text(), "loop"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_certainly_wrong_is_refused(name: str) -> None:
    """B46, B48, B50, B21."""
    message, code = REFUSED[name]
    found = skeleton(message, Limits())
    assert isinstance(found, Fault)
    assert code == found.code


def nested(depth: int) -> bytes:
    """A text inside `depth` multiparts."""
    entity = b"\r\nhi"
    for level in range(depth):
        name = b"level-%03d-end" % level
        entity = (
            b"Content-Type: multipart/mixed; boundary=" + name + b"\r\n\r\n--" + name + b"\r\n" + entity
            + b"\r\n--" + name + b"--"
        )  # fmt: skip
    return TOP + entity + b"\r\n"


EDGES = {
    "depth": (lambda n: nested(n), 20, "mime-depth"),
    "parts": (lambda n: mixed(*[b"\r\nx"] * (n - 1)), 1_000, "mime-parts"),
    "fields": (lambda n: b"X: y\r\n" * (n - 1) + b"From: a@x.example\r\n\r\n", 1_000, "header-fields"),
    "header": (lambda n: (b"X: " + b"y" * 995 + b"\r\n") * (n // 1000) + b"X:" + b"y" * (n % 1000 - 4) + b"\r\n\r\n",
               262_144, "header-too-big"),
    "field": (lambda n: text(b"X:" + b"y" * (n - 4) + b"\r\n"), 16 * 1024, "field-too-long"),
    "words": (lambda n: b"From: a@x.example\r\nSubject:" + b" =?utf-8?q?x?=" * n + b"\r\n\r\n", 100, "encoded-words"),
    "comments": (lambda n: b"From: a@x.example " + b"(" * n + b")" * n + b"\r\n\r\n", 5, "comment-depth"),
    "size": (lambda n: text(b"", b"x" * (n - len(text(b"", b"")))), 5_000, "too-big"),
}  # fmt: skip


@pytest.mark.parametrize("name", EDGES)
def test_each_limit_holds_at_its_edge(name: str) -> None:
    """DESIGN §9, B43, B47: the last good value passes, one more is a fault."""
    make, limit, code = EDGES[name]
    limits = Limits(message_bytes=5_000) if name == "size" else Limits()
    assert isinstance(skeleton(make(limit), limits), Skeleton)
    found = skeleton(make(limit + 1), limits)
    assert isinstance(found, Fault)
    assert code == found.code


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (text(b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n",
              base64.b64encode(bytes.fromhex("3082010006092a864886f70d010703a0820100"))), "smime"),
        (text(b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n",
              base64.b64encode(bytes.fromhex("3082010006092a864886f70d010702a0820100"))), ""),
        (text(b"", b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA0000000AQf/\r\n"), "openpgp"),
        (text(b"", b"-----BEGIN PGP MESSAGE-----\r\n\r\nyQEMA0000000AQf/\r\n"), ""),
        (text(b"Subject-Note: encrypted\r\n", b"ENCRYPTED"), ""),
    ],
)  # fmt: skip
def test_packets_decide_whether_it_is_encrypted(message: bytes, expected: str) -> None:
    """Enveloped data and session keys count; signed data, unprotected packets and labels do not."""
    assert expected == read(message).encrypted


def test_what_stands_under_a_signature_is_frozen() -> None:
    """Both children of multipart/signed, and all below them, leave byte for byte."""
    message = (
        TOP + b"Content-Type: multipart/signed; boundary=a; micalg=pgp-sha256\r\n\r\n--a\r\n"
        b"Content-Type: multipart/mixed; boundary=zz\r\n\r\n--zz\r\n\r\nx\r\n--zz--\r\n--a\r\n"
        b"Content-Type: application/pgp-signature\r\n\r\ns\r\n--a--\r\n"
    )
    found = read(message)
    assert () == found.ambiguities
    assert [False, True, True, True] == [part.is_frozen for part in found.parts]
