"""What the sender is told."""

from __future__ import annotations

import datetime
import email
import email.policy

import pytest

from gateway.ship.bounce import Kind, Notice, compose
from gateway.transfer import (
    Address,
    BlobId,
    Digest,
    Envelope,
    Item,
    Leg,
    Notify,
    Party,
    Recipient,
    Transfer,
    Way,
    transfer_id,
)

AT = datetime.datetime(2026, 3, 1, 9, 30, tzinfo=datetime.UTC)
NOTE = transfer_id(bytes([7] * 16))
WHY = "The agreement with Smith & Day ended on 30 April 2026 (rule opposing-counsel). Ask Jo Hart."


def transfer(sender: str | None = "jo@town.test", recipient: str = "ann@smithday.test") -> Transfer:
    def address(text: str) -> Address:
        local, _, domain = text.partition("@")
        return Address(local=local, domain=domain)

    item = Item(name="", media="message/rfc822", size_bytes=3, digest=Digest.of(b"abc"), blob=BlobId("0" * 32))
    legs = (
        Leg(ordinal=0, recipient=Recipient(address=address(recipient)), original_recipient="rfc822;ann+40x@x.test"),
        Leg(ordinal=1, recipient=Recipient(address=address("secret-bcc@other.test"))),
    )
    return Transfer(
        id=transfer_id(bytes(16)), way=Way.MAIL, items=(item,), legs=legs, received_ms=1_772_000_000_000,
        sender=Party(person="jo@town.test", address=address(sender) if sender else None), label="office",
        purpose="none", envelope=Envelope(envid="Q-7", ret="FULL"),
    )  # fmt: skip


def note(kind: Kind = Kind.FAILED, whole: Transfer | None = None, **more) -> bytes:
    whole = whole or transfer()
    notice = Notice(kind=kind, leg=0, sentences=(WHY,), **more)
    return compose(
        notice, transfer=whole, leg=whole.legs[0], host="gate.town.test", office="Town of Test", at=AT, identity=NOTE
    )


def read(raw: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)  # type: ignore[return-value]


def fields(raw: bytes) -> dict[str, str]:
    """The per-message and per-recipient fields of the report, read by the standard library."""
    groups = list(read(raw).iter_parts())[1].get_payload()
    return {name: str(value) for group in groups for name, value in group.items()}  # type: ignore[union-attr]


def test_failed_note_says_everything():
    """People read what, which rule and who can help; machines read the same in the fields of RFC 3464."""
    raw = note(reply="550 5.1.1 nobody", remote_host="mx.smithday.test", status="5.1.1")

    message = read(raw)
    text = next(iter(message.iter_parts())).get_content()

    assert "did not reach ann@smithday.test" in text
    assert WHY in " ".join(text.split())
    assert "multipart/report" == message.get_content_type()
    assert "auto-replied" == message["Auto-Submitted"]
    assert "jo@town.test" == message["To"].addresses[0].addr_spec
    assert {
        "Reporting-MTA": "dns; gate.town.test",
        "Original-Envelope-Id": "Q-7",
        "Original-Recipient": "rfc822;ann+40x@x.test",
        "Final-Recipient": "rfc822; ann@smithday.test",
        "Action": "failed",
        "Status": "5.1.1",
        "Remote-MTA": "dns; mx.smithday.test",
        "Diagnostic-Code": "smtp; 550 5.1.1 nobody",
    }.items() <= fields(raw).items()


@pytest.mark.parametrize(
    ("kind", "action", "status"),
    [
        (Kind.FAILED, "failed", "5.0.0"),
        (Kind.DELAYED, "delayed", "4.0.0"),
        (Kind.HELD, "delayed", "4.7.1"),
        (Kind.RELAYED, "relayed", "2.0.0"),
        (Kind.DELIVERED, "delivered", "2.0.0"),
    ],
)
def test_every_kind_has_its_action(kind, action, status):
    """Each kind is one action of RFC 3464 §2.3.3."""
    found = fields(note(kind))

    assert (action, status) == (found["Action"], found["Status"])


def test_content_never_comes_back():
    """Only header fields return, whatever RET asked for, and no Bcc among them."""
    header = b"Subject: Bid\r\nBcc: secret-bcc@other.test,\r\n more@other.test\r\nTo: ann@smithday.test\r\n"

    raw = note(headers=header + b"\r\nThe bid is 4711.\r\n")

    assert b"Subject: Bid" in raw
    assert b"To: ann@smithday.test" in raw
    assert b"4711" not in raw
    assert b"other.test" not in raw


def test_other_recipients_are_not_named():
    """A note about one leg holds no other recipient."""
    assert b"secret-bcc" not in note()


@pytest.mark.parametrize("kind", list(Kind))
def test_notes_are_seven_bit_and_canonical(kind):
    """A note can pass any server: ASCII, CRLF, lines of at most 998."""
    whole = transfer(recipient="änn@smithday.test")

    raw = note(kind, whole, reply="550 \x1b na\u00efve\r\nX-Forged: yes", headers=b"Subject: na\xc3\xafve \x00\r\n" * 3)

    assert not set(raw.decode("ascii")) - set("\r\n") - {chr(c) for c in range(0x20, 0x7F)}
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert "\nX-Forged" not in raw.decode()
    assert "utf-8; \\x{E4}nn@smithday.test" == fields(raw)["Final-Recipient"]


def test_non_ascii_sentences_survive():
    """What a rule says in another alphabet reaches the reader."""
    whole = transfer()
    notice = Notice(kind=Kind.HELD, leg=0, sentences=("Čeká na schválení.",))

    raw = compose(notice, transfer=whole, leg=whole.legs[0], host="g.test", office="Město", at=AT, identity=NOTE)

    assert "Čeká na schválení." in next(iter(read(raw).iter_parts())).get_content()
    assert "Město mail gateway" == read(raw)["From"].addresses[0].display_name


def test_nobody_is_told_about_a_note():
    """A message from the null sender is never reported: two machines would talk for ever."""
    with pytest.raises(ValueError, match="nobody"):
        note(whole=transfer(sender=None))


@pytest.mark.parametrize(
    ("kind", "notify", "wanted"),
    [
        (Kind.FAILED, (Notify.FAILURE,), True),
        (Kind.FAILED, (Notify.NEVER,), False),
        (Kind.FAILED, (Notify.SUCCESS,), False),
        (Kind.DELAYED, (Notify.FAILURE,), False),
        (Kind.DELAYED, (Notify.DELAY,), True),
        (Kind.HELD, (Notify.FAILURE,), True),
        (Kind.HELD, (Notify.NEVER,), False),
        (Kind.RELAYED, (Notify.SUCCESS,), True),
        (Kind.DELIVERED, (Notify.FAILURE, Notify.DELAY), False),
    ],
)
def test_notes_follow_the_wish(kind, notify, wanted):
    """The sender hears what RFC 3461 NOTIFY asked for."""
    assert wanted == Notice(kind=kind, leg=0, sentences=()).is_wanted(notify)
