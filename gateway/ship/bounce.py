"""What the sender is told: delivery status notifications (RFC 3464 in RFC 6522) that explain themselves in plain words.

Pure. A note carries fixed words, the caller's sentences and the original's header; never its content, whatever RET
asked for, and never another recipient's fate. It is pure 7-bit, so it can go anywhere, and says that a machine wrote it
(RFC 3834 §5), so that none answers. The envelope's sender is the null one: that is the transfer's affair.

Header fields name everyone in To and Cc. To anybody but our own sender compose with `headers` empty.
"""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from enum import StrEnum

from gateway.catalogue.texts import ENGLISH, Texts
from gateway.transfer import Address, Leg, Notify, Transfer, TransferId, Way

LARGEST_HEADER = 64 * 1024
_BREAKS = re.compile(r"[\x00-\x1f\x7f]+")
_UNSAFE = re.compile(r"[^ -~]+")
_HIDDEN = (b"bcc:", b"resent-bcc:")


class Kind(StrEnum):
    """What happened to the leg."""

    FAILED = "failed"
    DELAYED = "delayed"
    HELD = "held"
    RELAYED = "relayed"
    DELIVERED = "delivered"


_ACTION = {Kind.HELD: "delayed"}  # RFC 3464 §2.3.3 knows no "held"; the sentences say who can release it
_STATUS = {
    Kind.FAILED: "5.0.0", Kind.DELAYED: "4.0.0", Kind.HELD: "4.7.1", Kind.RELAYED: "2.0.0", Kind.DELIVERED: "2.0.0",
}  # fmt: skip
_WANTED = {
    Kind.FAILED: {Notify.FAILURE},
    Kind.DELAYED: {Notify.DELAY},
    Kind.HELD: {Notify.DELAY, Notify.FAILURE},  # whoever asked for either must know that nothing has left
    Kind.RELAYED: {Notify.SUCCESS},
    Kind.DELIVERED: {Notify.SUCCESS},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What to tell about one leg. `sentences` say why, by which rule and who can help, each a line of its own."""

    kind: Kind
    leg: int
    sentences: tuple[str, ...]
    status: str = ""
    """RFC 3463; empty: the kind's own."""
    remote_host: str = ""
    reply: str = ""
    """What the other server said."""
    retry_until_ms: int | None = None
    headers: bytes = b""
    """The original's header; anything from its empty line on is ignored."""
    called: str = ""
    """What people call the recipient; empty: as it is addressed."""
    answer_to: str = ""
    """Where the sender's answer goes, if the gateway asks something."""

    def __post_init__(self) -> None:
        if self.status and not re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", self.status, re.ASCII):
            raise ValueError("not an enhanced status code")

    def is_wanted(self, notify: tuple[Notify, ...]) -> bool:
        """True if the sender asked to hear this (RFC 3461 §4.1)."""
        return bool(_WANTED[self.kind].intersection(notify))


def compose(
    notice: Notice,
    *,
    transfer: Transfer,
    leg: Leg,
    host: str,
    office: str,
    at: datetime,
    identity: TransferId,
    texts: Texts = ENGLISH,
) -> bytes:
    """The whole note, canonical and 7-bit. `identity` is the note's own transfer: it gives Message-ID and boundary."""
    if transfer.sender.address is None:
        raise ValueError("nobody is told about a note")  # RFC 3464 §2: no report about a null sender's message
    boundary = "note-" + identity.removeprefix("T-")
    recipient = notice.called or str(leg.recipient)
    header = (
        *_header(
            texts.say(f"note.title.{notice.kind}", recipient=recipient),
            transfer.sender.address,
            host,
            texts.say("note.from", office=office),
            at,
            identity,
        ),
        *((("Reply-To", f"<{_line(notice.answer_to)}>"),) if notice.answer_to else ()),
        ("Content-Type", f'multipart/report; report-type=delivery-status;\r\n boundary="{boundary}"'),
    )
    parts = [_words(notice, transfer, recipient, texts), _status(notice, transfer, leg, host, at)]
    if notice.headers:
        parts.append(_headers(notice.headers))
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return ("".join(f"{name}: {value}\r\n" for name, value in header) + f"\r\n{body}--{boundary}--\r\n").encode("ascii")


def announce(
    sentences: Iterable[str],
    *,
    to: Address,
    title: str,
    host: str,
    office: str,
    at: datetime,
    identity: TransferId,
    texts: Texts = ENGLISH,
    attached: tuple[str, str] | None = None,
) -> bytes:
    """A whole note to one of ours that reports no delivery: that something came, say. Canonical and 7-bit.

    `attached`: a text that must arrive to the letter, under its file name, which is plain ASCII.
    """
    header = _header(title, to, host, texts.say("note.from", office=office), at, identity)
    body = _text(sentences)
    if attached is not None:
        boundary = "note-" + identity.removeprefix("T-")
        parts = "".join(f"--{boundary}\r\n{part}\r\n" for part in (body, _attachment(*attached)))
        body = f'Content-Type: multipart/mixed;\r\n boundary="{boundary}"\r\n\r\n{parts}--{boundary}--\r\n'
    return ("".join(f"{name}: {value}\r\n" for name, value in header) + body).encode("ascii")


def _attachment(name: str, text: str) -> str:
    coded = "\r\n".join(textwrap.wrap(base64.b64encode(text.encode("utf-8")).decode("ascii"), 76))
    return (
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n{coded}\r\n'
    )


def _header(
    title: str, to: Address, host: str, writer: str, at: datetime, identity: TransferId
) -> tuple[tuple[str, str], ...]:
    return (
        ("Date", format_datetime(at)),
        ("From", f"{_phrase(writer)} <mailer-daemon@{_line(host)}>"),
        ("To", f"<{_ascii_address(str(to))}>"),
        ("Subject", _unstructured(title)),
        ("Message-ID", f"<{identity}@{_line(host)}>"),
        ("Auto-Submitted", "auto-replied"),
        ("MIME-Version", "1.0"),
    )


def _words(notice: Notice, transfer: Transfer, recipient: str, texts: Texts) -> str:
    """For people."""
    code = f"note.{notice.kind}{'' if transfer.way is Way.MAIL else '.file'}"
    name = transfer.items[0].name if transfer.items else ""
    said = [texts.say(code, recipient=recipient, name=name), *notice.sentences]
    if notice.reply:
        said.append(texts.say("note.remote", reply=notice.reply))
    if notice.retry_until_ms is not None:
        said.append(texts.say("note.until", moment=format_datetime(_moment(notice.retry_until_ms))))
    said.append(texts.say("note.transfer", transfer=transfer.id))
    return _text(said)


def _text(said: Iterable[str]) -> str:
    """Paragraphs as a text part, header and all."""
    shown = (textwrap.wrap(_BREAKS.sub(" ", line), 76, break_on_hyphens=False) for line in said)
    text = "\r\n\r\n".join("\r\n".join(lines) for lines in shown) + "\r\n"
    if text.isascii():
        return f"Content-Type: text/plain; charset=us-ascii\r\n\r\n{text}"
    coded = "\r\n".join(textwrap.wrap(base64.b64encode(text.encode("utf-8")).decode("ascii"), 76))
    return f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}\r\n"


def _status(notice: Notice, transfer: Transfer, leg: Leg, host: str, at: datetime) -> str:
    """For machines: RFC 3464 §2.2 and §2.3."""
    message = [("Reporting-MTA", f"dns; {host}")]
    if transfer.envelope.envid:
        message.append(("Original-Envelope-Id", transfer.envelope.envid))
    message.append(("Arrival-Date", format_datetime(_moment(transfer.received_ms))))
    recipient: list[tuple[str, str]] = []
    if leg.original_recipient:
        recipient.append(("Original-Recipient", leg.original_recipient))
    recipient += [
        ("Final-Recipient", _typed_address(leg)),
        ("Action", _ACTION.get(notice.kind, notice.kind.value)),
        ("Status", notice.status or _STATUS[notice.kind]),
    ]
    if notice.remote_host:
        recipient.append(("Remote-MTA", f"dns; {notice.remote_host}"))
    if notice.reply:
        kind = "smtp" if transfer.way is Way.MAIL else "x-sftp"
        recipient.append(("Diagnostic-Code", f"{kind}; {notice.reply}"))
    recipient.append(("Last-Attempt-Date", format_datetime(at)))
    if notice.retry_until_ms is not None:
        recipient.append(("Will-Retry-Until", format_datetime(_moment(notice.retry_until_ms))))
    groups = ("".join(f"{name}: {_line(value)}\r\n" for name, value in group) for group in (message, recipient))
    return "Content-Type: message/delivery-status\r\n\r\n" + "\r\n".join(groups)


def _headers(untrusted: bytes) -> str:
    """The original's fields up to its empty line, in 7 bits."""
    block = untrusted[:LARGEST_HEADER].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    kept: list[str] = []
    is_hidden = False
    for line in block.split(b"\n"):
        if not line.startswith((b" ", b"\t")):
            is_hidden = line.lower().startswith(_HIDDEN)
        if line and not is_hidden:
            kept.append(_UNSAFE.sub("?", line.decode("ascii", "replace").replace("\t", " "))[:998])
    return "Content-Type: text/rfc822-headers\r\n\r\n" + "".join(f"{line}\r\n" for line in kept)


def _typed_address(leg: Leg) -> str:
    address = leg.recipient.address
    if address is None:
        return f"x-partner; {leg.recipient.partner}"
    text = str(address)
    return f"rfc822; {text}" if text.isascii() else f"utf-8; {_ascii_address(text)}"


def _ascii_address(text: str) -> str:
    """The address; beyond ASCII in the escapes of RFC 6533 §3."""
    return "".join(c if " " <= c <= "~" else f"\\x{{{ord(c):X}}}" for c in text)


def _phrase(text: str) -> str:
    """A display name, quoted or RFC 2047 encoded where it must be."""
    if not text.isascii():
        return _unstructured(text)
    return '"' + re.sub(r'(["\\\\])', r"\\\1", _line(text)) + '"'


def _unstructured(text: str) -> str:
    return _line(text) if text.isascii() else Header(_BREAKS.sub(" ", text), "utf-8", 70).encode(linesep="\r\n")


def _line(text: str) -> str:
    """One line of printable ASCII: no value can start a field of its own."""
    return _UNSAFE.sub(" ", text.replace("\n", " / "))[:900]


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC)
