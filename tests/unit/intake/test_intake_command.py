"""MAIL and RCPT, parameter by parameter."""

from __future__ import annotations

import pytest

from gateway.intake.command import MailFrom, RcptTo, mail_from, rcpt_to
from gateway.intake.fault import Fault
from gateway.transfer import Address, Notify

ANN = Address(local="Ann", domain="Town.example")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (b"FROM:<>", MailFrom(sender=None)),
        (b"from:<Ann@Town.example>", MailFrom(sender=ANN)),
        (b"FROM:<Ann@Town.example>  ", MailFrom(sender=ANN)),
        (b"FROM:<> SIZE=00012", MailFrom(sender=None, size_bytes=12)),
        (b"FROM:<> size=12 body=8bitmime", MailFrom(sender=None, size_bytes=12, is_eight_bit=True)),
        (b"FROM:<> BODY=7BIT", MailFrom(sender=None)),
        (b"FROM:<> RET=hdrs ENVID=QQ+3D1", MailFrom(sender=None, ret="HDRS", envid="QQ+3D1")),
        (b"FROM:<Ann@Town.example> AUTH=<>", MailFrom(sender=ANN)),
        (b"FROM:<Ann@Town.example> AUTH=a+40b", MailFrom(sender=ANN)),
    ],
)
def test_mail_is_understood(args: bytes, expected: MailFrom) -> None:
    """Keywords in any case; values keep theirs where it means something; the null sender is a type."""
    assert expected == mail_from(args)


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (b"", "syntax"),
        (b"FROM:", "syntax"),
        (b"FROM: <a@b.example>", "syntax"),
        (b"FROM:a@b.example", "syntax"),
        (b"FROM:<a@b.example", "syntax"),
        (b"FROM:<a@b.example>SIZE=1", "syntax"),
        (b"TO:<a@b.example>", "syntax"),
        (b"FROM:<a@b@c.example>", "address"),
        ("FROM:<ü@b.example>".encode(), "address-not-ascii"),
        (b"FROM:<>  SIZE=1", "parameter"),
        (b"FROM:<> SIZE", "parameter"),
        (b"FROM:<> SIZE=", "parameter"),
        (b"FROM:<> SIZE=-1", "parameter"),
        (b"FROM:<> SIZE=1x", "parameter"),
        (b"FROM:<> SIZE=" + b"9" * 21, "parameter"),
        (b"FROM:<> SIZE=1 size=2", "parameter"),
        (b"FROM:<> BODY=BINARYMIME", "parameter"),
        (b"FROM:<> RET=ALL", "parameter"),
        (b"FROM:<> ENVID=a+0D+0Ab", "parameter"),
        (b"FROM:<> ENVID=a+3d", "parameter"),
        (b"FROM:<> ENVID=" + b"a" * 101, "parameter"),
        (b"FROM:<> AUTH=+", "parameter"),
        (b"FROM:<> =1", "parameter"),
        (b"FROM:<> SIZE==1", "parameter"),
        (b"FROM:<> SMTPUTF8", "parameter-unknown"),
        (b"FROM:<> REQUIRETLS", "parameter-unknown"),
        (b"FROM:<> NOTIFY=NEVER", "parameter-unknown"),
        (b"FROM:<> XFOO=1", "parameter-unknown"),
    ],
)
def test_mail_is_refused(args: bytes, code: str) -> None:
    """B12: each malformed, doubled or unknown parameter has its code."""
    fault = mail_from(args)
    assert isinstance(fault, Fault)
    assert code == fault.code


def test_smtputf8_counts_where_it_is_offered() -> None:
    """RFC 6531: the keyword lets other letters into this address, takes no value, and is unknown elsewhere."""
    mail = mail_from("FROM:<ü@b.example> SMTPUTF8".encode(), utf8=True)
    assert isinstance(mail, MailFrom)
    assert mail.is_utf8
    for args in ("FROM:<ü@b.example>", "FROM:<ü@b.example> SMTPUTF8=1"):
        assert isinstance(mail_from(args.encode(), utf8=True), Fault)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (b"TO:<Ann@Town.example>", RcptTo(recipient=ANN)),
        (b"TO:<Ann@Town.example> NOTIFY=never", RcptTo(recipient=ANN, notify=(Notify.NEVER,))),
        (
            b"TO:<Ann@Town.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Ann+2BX@Town",
            RcptTo(recipient=ANN, notify=(Notify.SUCCESS, Notify.DELAY), original_recipient="rfc822;Ann+2BX@Town"),
        ),
    ],
)
def test_rcpt_is_understood(args: bytes, expected: RcptTo) -> None:
    """RFC 3461: NOTIFY as a set, ORCPT as it was given."""
    assert expected == rcpt_to(args)


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (b"TO:<>", "address"),
        (b"TO:<Postmaster>", "address"),
        (b"TO:<a@b.example> NOTIFY=NEVER,DELAY", "parameter"),
        (b"TO:<a@b.example> NOTIFY=DELAY,DELAY", "parameter"),
        (b"TO:<a@b.example> NOTIFY=", "parameter"),
        (b"TO:<a@b.example> ORCPT=Ann", "parameter"),
        (b"TO:<a@b.example> ORCPT=rfc822;", "parameter"),
        (b"TO:<a@b.example> ORCPT=rfc822;a+0Ab", "parameter"),
        (b"TO:<a@b.example> ORCPT=rfc822;" + b"a" * 500, "parameter"),
        (b"TO:<a@b.example> SIZE=1", "parameter-unknown"),
    ],
)
def test_rcpt_is_refused(args: bytes, code: str) -> None:
    """A set that contradicts itself, an xtext that hides a line end, a parameter of MAIL."""
    fault = rcpt_to(args)
    assert isinstance(fault, Fault)
    assert code == fault.code
