"""What the mail door answers: outcome to code and enhanced code, as one table (handbook `email.md` §2).

The sentence of each stands in the catalogue.

RFC 5321 §4.2 and RFC 3463. Every line is ASCII, holds no CR or LF and is at most 512 bytes with its end; the first line
stands alone, for many clients show no other. Nothing but this table and sentences made for a reader reaches a peer:
never the text of an exception.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from gateway.catalogue.texts import Texts

MAX_LINE = 510  # RFC 5321 §4.5.3.1.5, without CRLF


class Say(StrEnum):
    """What happened, in the door's words."""

    GREETING = "greeting"
    HELLO = "hello"
    OK = "ok"
    SENDER_OK = "sender-ok"
    RECIPIENT_OK = "recipient-ok"
    GO_AHEAD = "go-ahead"
    KEPT = "kept"
    BYE = "bye"
    HELP = "help"
    START_TLS = "start-tls"
    SIGNED_IN = "signed-in"
    CHALLENGE = "challenge"
    CLOSING = "closing"
    TOO_SLOW = "too-slow"
    TOO_MUCH_JUNK = "too-much-junk"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    TOO_FAST = "too-fast"
    AWAY = "away"
    BROKEN = "broken"
    UNKNOWN_COMMAND = "unknown-command"
    NOT_OFFERED = "not-offered"
    LINE_TOO_LONG = "line-too-long"
    NO_LINE_END = "no-line-end"
    BAD_LINE = "bad-line"
    SYNTAX = "syntax"
    BAD_PARAMETER = "bad-parameter"
    UNKNOWN_PARAMETER = "unknown-parameter"
    WRONG_ORDER = "wrong-order"
    TOO_EARLY = "too-early"
    TLS_FIRST = "tls-first"
    SIGN_IN_FIRST = "sign-in-first"
    AUTH_BEFORE_TLS = "auth-before-tls"
    AUTH_UNKNOWN = "auth-unknown"
    AUTH_CANCELLED = "auth-cancelled"
    AUTH_UNREADABLE = "auth-unreadable"
    AUTH_WRONG = "auth-wrong"
    AUTH_LATER = "auth-later"
    NOT_YOURS = "not-yours"
    FROM_NOT_YOURS = "from-not-yours"
    SENDER_GRAMMAR = "sender-grammar"
    RECIPIENT_GRAMMAR = "recipient-grammar"
    ADDRESS_NOT_ASCII = "address-not-ascii"
    RECIPIENT_REFUSED = "recipient-refused"
    NO_RELAY = "no-relay"
    NOT_YET_INBOUND = "not-yet-inbound"
    TOO_MANY_RECIPIENTS = "too-many-recipients"
    TOO_MANY_RECIPIENTS_NOW = "too-many-recipients-now"
    NO_RECIPIENTS = "no-recipients"
    RECIPIENTS_SHORT = "recipients-short"
    REFUSED = "refused"
    SIZE = "size"
    LIMITS = "limits"
    LOOP = "loop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A code, an enhanced code (empty where RFC 2034 §4 has none) and the sentence when nothing better is known."""

    code: int
    enhanced: str
    sentence: str = ""

    def lines(self, *sentences: str) -> bytes:
        """The reply on the wire. The first sentence is the first line as far as it fits."""
        lead = f"{self.enhanced} " if self.enhanced else ""
        given = [_plain(one) for one in sentences if one] or [self.sentence]
        wrapped = [line for one in given for line in _wrapped(one, MAX_LINE - 4 - len(lead))]
        last = len(wrapped) - 1
        return b"".join(
            f"{self.code}{' ' if i == last else '-'}{lead}{line}\r\n".encode("ascii") for i, line in enumerate(wrapped)
        )


def _plain(sentence: str) -> str:
    """Printable ASCII, whatever came in: a reply cannot be split and cannot raise."""
    return "".join(c if " " <= c <= "~" else "?" for c in sentence)


def _wrapped(sentence: str, width: int) -> Sequence[str]:
    return textwrap.wrap(sentence, width=width, break_long_words=True) or [""]


_CODES: Mapping[Say, Reply] = {
    Say.GREETING: Reply(code=220, enhanced=""),
    Say.HELLO: Reply(code=250, enhanced=""),
    Say.OK: Reply(code=250, enhanced="2.0.0"),
    Say.SENDER_OK: Reply(code=250, enhanced="2.1.0"),
    Say.RECIPIENT_OK: Reply(code=250, enhanced="2.1.5"),
    Say.GO_AHEAD: Reply(code=354, enhanced=""),
    Say.KEPT: Reply(code=250, enhanced="2.0.0"),
    Say.BYE: Reply(code=221, enhanced="2.0.0"),
    Say.HELP: Reply(code=214, enhanced="2.0.0"),
    Say.START_TLS: Reply(code=220, enhanced="2.0.0"),
    Say.SIGNED_IN: Reply(code=235, enhanced="2.7.0"),
    Say.CHALLENGE: Reply(code=334, enhanced=""),
    Say.CLOSING: Reply(code=421, enhanced="4.3.2"),
    Say.TOO_SLOW: Reply(code=421, enhanced="4.4.2"),
    Say.TOO_MUCH_JUNK: Reply(code=421, enhanced="4.7.0"),
    Say.TOO_MANY_CONNECTIONS: Reply(code=421, enhanced="4.7.0"),
    Say.TOO_FAST: Reply(code=450, enhanced="4.7.1"),
    Say.AWAY: Reply(code=451, enhanced="4.3.0"),
    Say.BROKEN: Reply(code=451, enhanced="4.3.0"),
    Say.UNKNOWN_COMMAND: Reply(code=500, enhanced="5.5.2"),
    Say.NOT_OFFERED: Reply(code=502, enhanced="5.5.1"),
    Say.LINE_TOO_LONG: Reply(code=500, enhanced="5.5.2"),
    Say.NO_LINE_END: Reply(code=500, enhanced="5.5.2"),
    Say.BAD_LINE: Reply(code=500, enhanced="5.5.2"),
    Say.SYNTAX: Reply(code=501, enhanced="5.5.2"),
    Say.BAD_PARAMETER: Reply(code=501, enhanced="5.5.4"),
    Say.UNKNOWN_PARAMETER: Reply(code=555, enhanced="5.5.4"),
    Say.WRONG_ORDER: Reply(code=503, enhanced="5.5.1"),
    Say.TOO_EARLY: Reply(code=554, enhanced="5.5.0"),
    Say.TLS_FIRST: Reply(code=530, enhanced="5.7.0"),
    Say.SIGN_IN_FIRST: Reply(code=530, enhanced="5.7.0"),
    Say.AUTH_BEFORE_TLS: Reply(code=538, enhanced="5.7.11"),
    Say.AUTH_UNKNOWN: Reply(code=504, enhanced="5.5.4"),
    Say.AUTH_CANCELLED: Reply(code=501, enhanced="5.7.0"),
    Say.AUTH_UNREADABLE: Reply(code=501, enhanced="5.5.2"),
    Say.AUTH_WRONG: Reply(code=535, enhanced="5.7.8"),
    Say.AUTH_LATER: Reply(code=454, enhanced="4.7.0"),
    Say.NOT_YOURS: Reply(code=553, enhanced="5.7.1"),
    Say.FROM_NOT_YOURS: Reply(code=554, enhanced="5.7.1"),
    Say.SENDER_GRAMMAR: Reply(code=501, enhanced="5.1.7"),
    Say.RECIPIENT_GRAMMAR: Reply(code=501, enhanced="5.1.3"),
    Say.ADDRESS_NOT_ASCII: Reply(code=553, enhanced="5.6.7"),
    Say.RECIPIENT_REFUSED: Reply(code=550, enhanced="5.7.1"),
    Say.NO_RELAY: Reply(code=550, enhanced="5.7.1"),
    Say.NOT_YET_INBOUND: Reply(code=454, enhanced="4.7.1"),
    Say.TOO_MANY_RECIPIENTS: Reply(code=550, enhanced="5.5.3"),
    # RFC 5321 §4.5.3.1.10: the other server sends the rest later; for staff that would break all-or-nothing.
    Say.TOO_MANY_RECIPIENTS_NOW: Reply(code=452, enhanced="4.5.3"),
    Say.NO_RECIPIENTS: Reply(code=554, enhanced="5.5.1"),
    Say.RECIPIENTS_SHORT: Reply(code=554, enhanced="5.5.1"),
    Say.REFUSED: Reply(code=554, enhanced="5.7.1"),
    Say.SIZE: Reply(code=552, enhanced="5.3.4"),
    Say.LIMITS: Reply(code=554, enhanced="5.6.0"),
    Say.LOOP: Reply(code=554, enhanced="5.4.6"),
}


@dataclass(frozen=True, slots=True)
class Replies:
    """The replies, their sentences in a language."""

    texts: Texts

    def __getitem__(self, say: Say) -> Reply:
        return replace(_CODES[say], sentence=self.texts.say(f"reply.{say}"))


# What `intake` found, as what the door says. A code that is not here is about the message: LIMITS.
FAULTS: Mapping[str, Say] = {
    "syntax": Say.SYNTAX,
    "parameter": Say.BAD_PARAMETER,
    "parameter-unknown": Say.UNKNOWN_PARAMETER,
    "address-not-ascii": Say.ADDRESS_NOT_ASCII,
    "too-big": Say.SIZE,
    "loop": Say.LOOP,
}
