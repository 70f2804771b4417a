"""The message that leaves: allow-listed on top, byte-exact where nobody cleaned, new where it must be."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest

from gateway.intake.mail import skeleton
from gateway.scrub.header import clean_name, utc_date
from gateway.scrub.mail import Composed, MailPlan, Replacement, compose
from gateway.scrub.messageid import MessageIds
from gateway.skeleton import Limits, Skeleton

PLAN = MailPlan(received="by gw.town.example; Wed, 1 Apr 2026 08:00:00 +0000", seed=b"leg-0-seed-bytes")
TOP = (
    b"Received: from pc.lan (10.0.0.7) by relay.lan\r\nBcc: secret@x.example\r\nX-Originating-IP: 10.0.0.7\r\n"
    b"From: Ann <a@town.example>\r\nTo: b@x.example,\r\n c@x.example\r\nSubject: Plan\r\n"
    b"Date: Wed, 1 Apr 2026 10:00:00 +0200 (CEST)\r\nMessage-ID: <1@pc.lan>\r\nUser-Agent: TB\r\n"
    b"Thread-Topic: Plan\r\nMIME-Version: 1.0 (Apple Message framework v1)\r\n"
)
BODIES = (
    b"--outlook_0001.01D5\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhi  \r\n.\r\nFrom here\r\n"
    b'--outlook_0001.01D5\r\nContent-Type: image/png; name="C:\\Users\\ann\\x.png"\r\n'
    b'Content-Disposition: attachment; filename=x.png; creation-date="Wed, 1 Apr 2026 10:00:00 +0200"\r\n'
    b"Content-Transfer-Encoding: base64\r\nContent-Description: Ann's picture\r\n\r\nYWJj\r\n"
    b"--outlook_0001.01D5--\r\nepilogue\r\n"
)
MIXED = TOP + b'Content-Type: multipart/mixed; boundary="outlook_0001.01D5"\r\n\r\npreamble\r\n' + BODIES


def read(message: bytes) -> Skeleton:
    found = skeleton(message, Limits())
    assert isinstance(found, Skeleton), found
    return found


def made(message: bytes, plan: MailPlan = PLAN) -> Composed:
    return compose(message, read(message), plan)


def whole(message: bytes, plan: MailPlan = PLAN) -> bytes:
    return b"".join(made(message, plan).whole())


def test_only_listed_fields_leave() -> None:
    """Bcc, client Received, addresses, clients and threads stay; our own Received stands first; folds are kept."""
    outer = made(MIXED).outer
    names = re.findall(rb"(?m)^([A-Za-z-]+):", outer)
    assert [b"Received", b"From", b"To", b"Subject", b"Date", b"Message-ID"] == names
    assert b"To: b@x.example,\r\n c@x.example\r\n" in outer
    for secret in (b"secret@", b"10.0.0.7", b"pc.lan (", b"TB", b"CEST"):
        assert secret not in outer


def test_what_was_removed_is_counted_by_kind() -> None:
    """Counts and closed words, never a name or a value."""
    removed = {(one.kind, one.place): one.count for one in made(MIXED).removed}
    assert {
        ("device", "header"): 2,
        ("people", "header"): 1,
        ("location", "header"): 1,
        ("history", "header"): 1,
        ("dates", "header"): 1,
        ("names", "attachment"): 1,
        ("names", "part"): 1,
    } == removed


def test_bodies_are_slices_and_boundaries_are_new() -> None:
    """Untouched bodies come out to the byte; nothing tells the old boundary, and each leg has its own."""
    first, second = whole(MIXED), whole(MIXED, MailPlan(received="", seed=b"leg-1-seed-bytes"))
    again = read(first)
    assert b"hi  \r\n.\r\nFrom here" == first[again.parts[1].body : again.parts[1].end]
    assert b"YWJj" == first[again.parts[2].body : again.parts[2].end]
    for leftover in (b"outlook_", b"01D5", b"preamble", b"epilogue", b"Users", b"creation-date", b"picture", b"Apple"):
        assert leftover not in first
    assert again.parts[0].parameter("boundary") != read(second).parts[0].parameter("boundary")
    assert () == again.ambiguities


def test_the_same_plan_makes_the_same_bytes() -> None:
    """No clock and no randomness inside."""
    assert whole(MIXED) == whole(MIXED)


def test_scrubbing_what_is_scrubbed_removes_nothing_more() -> None:
    """A clean copy is clean: but for the hop's own Received there is nothing left to take."""
    plan = MailPlan(received="", seed=PLAN.seed)
    once = whole(MIXED, plan)
    assert once == whole(once, plan)
    assert () == made(once, plan).removed


def test_a_replaced_part_is_base64_in_lines_of_76() -> None:
    """What was cleaned is written anew, with its new type and name; its neighbours are not touched."""
    content = bytes(range(256)) * 500
    plan = MailPlan(
        received="",
        seed=PLAN.seed,
        replaced=(Replacement(path="2", content=content, media="image/jpeg", name="y.jpg"),),
    )
    message = whole(MIXED, plan)
    part = read(message).parts[2]
    body = message[part.body : part.end]
    assert content == base64.b64decode(body, validate=False)
    assert {76} == {len(line) for line in body.split(b"\r\n")[:-2]}
    assert ("image/jpeg", "base64", ("y.jpg",)) == (part.media, part.encoding, part.names)
    assert () == read(message).ambiguities


def test_a_replacement_without_its_part_is_a_bug() -> None:
    """A cleaned part that finds no place must not vanish, nor one under a signature be changed."""
    for path in ("9", ""):
        with pytest.raises(ValueError, match="can be replaced"):
            made(MIXED, MailPlan(received="", seed=PLAN.seed, replaced=(Replacement(path=path, content=b""),)))


def test_signed_parts_leave_to_the_byte() -> None:
    """Under multipart/signed nothing changes, its inner boundaries and odd headers included."""
    signed = b"Content-Type: multipart/mixed; boundary=zz; name=x\r\nX-Odd: kept\r\n\r\n--zz\r\n\r\nhi  \r\n--zz--\r\n"
    signature = b"Content-Type: application/pgp-signature; name=s.asc\r\n\r\nsig"
    message = (
        TOP + b'Content-Type: multipart/signed; boundary=a; micalg=pgp-sha256;\r\n protocol="application/pgp-signature'
        b'"\r\n\r\n--a\r\n' + signed + b"\r\n--a\r\n" + signature + b"\r\n--a--\r\n"
    )
    out = whole(message)
    root, *children = read(out).parts
    assert signed == out[children[0].start : children[0].end]
    assert signature == out[children[-1].start : children[-1].end]
    assert ("pgp-sha256", "application/pgp-signature") == (root.parameter("micalg"), root.parameter("protocol"))


def test_an_attached_message_loses_what_the_outer_one_would() -> None:
    """A forwarded mail's Bcc, Received and client go too; its text stays."""
    inner = b"Received: from lan\r\nBcc: s@x.example\r\nFrom: c@d.example\r\nX-Mailer: y\r\n\r\ninner\r\n"
    message = TOP + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n"
    out = whole(message + inner + b"\r\n--a--\r\n")
    part = read(out).parts[2]
    assert ["from", "mime-version", "content-type"] == [field.name for field in part.fields]
    assert b"inner\r\n" == out[part.body : part.end]


def test_inner_hosts_leave_in_no_id() -> None:
    """Message-ID, In-Reply-To and References, also of an attached message, name no machine of the office."""
    top = TOP + b"In-Reply-To: <2@PC17>\r\nReferences: <0@mail.gmail.com> <2@PC17>\r\n"
    inner = b"Message-ID: <1@pc.lan>\r\nFrom: c@d.example\r\n\r\ninner\r\n"
    message = top + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n"
    plan = replace(PLAN, ids=MessageIds(secret_key=bytes(32), domains=("town.example",)))

    out = whole(message + inner + b"\r\n--a--\r\n", plan)

    assert b"pc" not in b"".join(line for line in out.lower().splitlines() if b"@" in line)
    assert b"<0@mail.gmail.com>" in out
    removed = made(message + inner + b"\r\n--a--\r\n", plan).removed
    assert 4 == sum(one.count for one in removed if (one.kind, one.place) == ("ids", "header"))


def test_subject_message_id_and_date_follow_the_plan() -> None:
    """Each is kept, replaced or dropped as the plan says; a Date nobody can read gives way to the plan's."""
    plan = MailPlan(received="", seed=PLAN.seed, subject="[...]", message_id="<T-1@town.example>", date="D")
    outer = made(MIXED, plan).outer
    assert b"Subject: [...]\r\n" in outer
    assert b"Message-ID: <T-1@town.example>\r\n" in outer
    assert b"Date: Wed, 1 Apr 2026 08:00:00 +0000\r\n" in outer
    dropped = made(MIXED, MailPlan(received="", seed=PLAN.seed, subject=""))
    assert b"Subject" not in dropped.outer
    unread = made(b"From: a@x.example\r\nDate: yesterday\r\n\r\n", plan).outer
    assert b"Date: D\r\n" in unread
    assert b"Message-ID: <T-1@town.example>\r\n" in unread


def test_the_entity_is_what_a_seal_protects() -> None:
    """Content-* fields and body alone; around them the outer fields make the whole."""
    composed = made(MIXED)
    entity = b"".join(composed.entity())
    assert entity.startswith(b"Content-Type: multipart/mixed;")
    assert composed.outer + b"MIME-Version: 1.0\r\n" + entity == b"".join(composed.whole())


@pytest.mark.parametrize("text", ["by x\r\nBcc: y", "by x\n y", "by \x00", "by ü", "by x\r\n"])
def test_a_plan_cannot_add_a_field(text: str) -> None:
    """A header body that would end its field cannot be planned."""
    with pytest.raises(ValueError, match="folded ASCII"):
        MailPlan(received=text, seed=PLAN.seed)


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("brief.pdf", "brief.pdf"),
        ("C:\\Users\\ann\\brief.pdf", "brief.pdf"),
        ("../../etc/passwd", "passwd"),
        ("brief\u202efdp.exe", "brieffdp.exe"),
        ("a\u200bb.pdf", "ab.pdf"),
        ("x.pdf:hidden", "x.pdf_hidden"),
        ("a\r\nb.pdf", "a__b.pdf"),
        ("brief.pdf. . ", "brief.pdf"),
        ("CON.txt", "_CON.txt"),
        ("u\u0308ber.pdf", "über.pdf"),
        ("...", "attachment"),
        ("x" * 300 + ".pdf", "x" * 100 + ".pdf"),
    ],
)
def test_file_names_are_cleaned(given: str, clean: str) -> None:
    """B45: no path, stream, control, direction mark, reserved name or endless name; cleaning twice changes nothing."""
    assert clean == clean_name(given)
    assert clean == clean_name(clean)


@pytest.mark.parametrize(
    ("given", "utc"),
    [
        ("Wed, 1 Apr 2026 00:30:00 +0200", "Tue, 31 Mar 2026 22:30:00 +0000"),
        ("1 Apr 2026 10:00 -0330", "Wed, 1 Apr 2026 13:30:00 +0000"),
        ("Wed, 01 Apr 2026 08:00:00 GMT", "Wed, 1 Apr 2026 08:00:00 +0000"),
        ("Wed, 1 Apr 2026 08:00:60 +0000 (UTC)", "Wed, 1 Apr 2026 08:00:59 +0000"),
        ("31 Feb 2026 08:00:00 +0000", None),
        ("1 Apr 2026 08:00:00 +9900", None),
        ("1 Jan 0001 00:00:00 +1200", None),
        ("tomorrow", None),
    ],
)
def test_dates_are_told_in_utc(given: str, utc: str | None) -> None:
    """The zone would tell where the sender sits; what is no date is none."""
    assert utc == utc_date(given)
