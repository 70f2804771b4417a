"""What follows MAIL and RCPT: RFC 5321 §4.1.1.2-3 with the parameters of RFC 1870, 6152, 6531, 4954 and 3461.

Takes the bytes after the verb. Values keep their case and their xtext; a doubled or malformed parameter is a fault, an
unknown one a different fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.intake.address import mailbox
from gateway.intake.fault import Fault
from gateway.transfer import Address, Notify

_KEYWORD = re.compile(rb"[A-Za-z0-9][A-Za-z0-9-]*")  # RFC 5321 §4.1.2 esmtp-keyword
_VALUE = re.compile(rb"[!-<>-~]+")  # … and esmtp-value: %d33-60 / %d62-126
_XTEXT = re.compile(rb"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")  # RFC 3461 §4
_HEXCHAR = re.compile(rb"\+([0-9A-F]{2})")
_ATOM = re.compile(rb"[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFrom:
    """An accepted MAIL. `sender` None is the null sender `<>`."""

    sender: Address | None
    size_bytes: int = 0
    is_eight_bit: bool = False
    is_utf8: bool = False
    ret: str = ""
    envid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RcptTo:
    """An accepted RCPT. `notify` is empty when nothing was asked for."""

    recipient: Address
    notify: tuple[Notify, ...] = ()
    original_recipient: str = ""


def mail_from(untrusted_args: bytes, utf8: bool = False) -> MailFrom | Fault:
    """The meaning of `MAIL untrusted_args`; `utf8` says whether SMTPUTF8 is offered here."""
    taken = _MAIL if utf8 else {word: read for word, read in _MAIL.items() if word != "SMTPUTF8"}
    path, values = _split(untrusted_args, b"FROM:", taken)
    if isinstance(values, Fault):
        return values
    wants_utf8 = "SMTPUTF8" in values
    sender = None if not path else mailbox(path, utf8=wants_utf8)
    if isinstance(sender, Fault):
        return sender
    return MailFrom(
        sender=sender,
        size_bytes=int(values.get("SIZE", b"0")),
        is_eight_bit=values.get("BODY", b"").upper() == b"8BITMIME",
        is_utf8=wants_utf8,
        ret=values.get("RET", b"").decode("ascii").upper(),
        envid=values.get("ENVID", b"").decode("ascii"),
    )


def rcpt_to(untrusted_args: bytes, utf8: bool = False) -> RcptTo | Fault:
    """The meaning of `RCPT untrusted_args`; `utf8` says whether this transaction's MAIL asked for SMTPUTF8."""
    path, values = _split(untrusted_args, b"TO:", _RCPT)
    if isinstance(values, Fault):
        return values
    # GAP: `RCPT TO:<Postmaster>` without a domain (RFC 5321 §4.1.1.3) is refused until the gateway takes inbound mail.
    recipient = mailbox(path, utf8=utf8)
    if isinstance(recipient, Fault):
        return recipient
    words = values.get("NOTIFY", b"").decode("ascii").upper()
    return RcptTo(
        recipient=recipient,
        notify=tuple(Notify(word) for word in words.split(",") if word),
        original_recipient=values.get("ORCPT", b"").decode("ascii"),
    )


def _split(
    untrusted_args: bytes, keyword: bytes, table: Mapping[str, Callable[[bytes], bool]]
) -> tuple[bytes, dict[str, bytes] | Fault]:
    """The path without its brackets, and the parameters, each read by its own line of the table."""
    args = untrusted_args.rstrip(b" \t")  # RFC 5321 §4.1.1: trailing white space SHOULD be tolerated
    head, closing, tail = args[len(keyword) :].partition(b">")
    if args[: len(keyword)].upper() != keyword or not head.startswith(b"<") or not closing:
        return b"", Fault.of("syntax", "syntax.path", keyword=keyword.decode())
    values: dict[str, bytes] = {}
    if tail and not tail.startswith(b" "):
        return b"", Fault.of("syntax", "syntax.space")
    for parameter in tail[1:].split(b" ") if tail else ():
        fault = _take(parameter, table, values)
        if fault:
            return b"", fault
    return head[1:], values


def _take(parameter: bytes, table: Mapping[str, Callable[[bytes], bool]], values: dict[str, bytes]) -> Fault | None:
    word, equals, value = parameter.partition(b"=")
    if not _KEYWORD.fullmatch(word) or (equals and not _VALUE.fullmatch(value)):
        return Fault.of("parameter")
    name = word.decode("ascii").upper()
    read = table.get(name)
    if read is None:
        return Fault.of("parameter-unknown", name=name[:40])
    if name in values:
        return Fault.of("parameter", "parameter.twice", name=name)
    if not read(value) or (not equals and name != "SMTPUTF8"):
        return Fault.of("parameter", "parameter.value", name=name)
    values[name] = value
    return None


def _is_xtext(value: bytes) -> bool:
    """RFC 3461 §4.2, §4.4: decoded it is printable ASCII, so that it can stand in a note's header."""
    return bool(_XTEXT.fullmatch(value)) and all(0x20 <= int(h, 16) < 0x7F for h in _HEXCHAR.findall(value))


def _is_original_recipient(value: bytes) -> bool:
    kind, semicolon, name = value.partition(b";")
    return bool(semicolon and name and _ATOM.fullmatch(kind)) and len(value) <= 500 and _is_xtext(name)


def _is_notify(value: bytes) -> bool:
    words = value.upper().split(b",")
    if words == [b"NEVER"]:
        return True  # RFC 3461 §4.1: NEVER stands alone
    return set(words) <= {b"SUCCESS", b"FAILURE", b"DELAY"} and len(set(words)) == len(words)


# AUTH= (RFC 4954 §5) is accepted and ignored: who signed in decides, not who they say they are.
# GAP: REQUIRETLS (RFC 8689) is not offered and refused as unknown: nothing behind this door carries the demand yet.
_MAIL: Mapping[str, Callable[[bytes], bool]] = {
    "SIZE": lambda value: value.isdigit() and len(value) <= 20,  # RFC 1870 §4
    "BODY": lambda value: value.upper() in (b"7BIT", b"8BITMIME"),  # RFC 6152 §2
    "SMTPUTF8": lambda value: not value,  # RFC 6531 §3.4
    "AUTH": lambda value: len(value) <= 500 and bool(_XTEXT.fullmatch(value)),
    "RET": lambda value: value.upper() in (b"FULL", b"HDRS"),  # RFC 3461 §4.3
    "ENVID": lambda value: len(value) <= 100 and _is_xtext(value),  # RFC 3461 §4.4
}
_RCPT: Mapping[str, Callable[[bytes], bool]] = {"NOTIFY": _is_notify, "ORCPT": _is_original_recipient}
