"""What the mail door answers: outcome to code, enhanced code and sentence, as one table (handbook `email.md` §2).

RFC 5321 §4.2 and RFC 3463. Every line is ASCII, holds no CR or LF and is at most 512 bytes with its end; the first line
stands alone, for many clients show no other. Nothing but this table and sentences made for a reader reaches a peer:
never the text of an exception.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

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
    sentence: str

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


REPLIES: Mapping[Say, Reply] = {
    Say.GREETING: Reply(code=220, enhanced="", sentence="ESMTP"),
    Say.HELLO: Reply(code=250, enhanced="", sentence="Hello"),
    Say.OK: Reply(code=250, enhanced="2.0.0", sentence="Fine."),
    Say.SENDER_OK: Reply(code=250, enhanced="2.1.0", sentence="Sender taken."),
    Say.RECIPIENT_OK: Reply(code=250, enhanced="2.1.5", sentence="Recipient taken."),
    Say.GO_AHEAD: Reply(code=354, enhanced="", sentence="End the message with CR LF . CR LF"),
    Say.KEPT: Reply(code=250, enhanced="2.0.0", sentence="Kept."),
    Say.BYE: Reply(code=221, enhanced="2.0.0", sentence="Goodbye."),
    Say.HELP: Reply(code=214, enhanced="2.0.0", sentence="This is a submission server; see RFC 5321 and RFC 6409."),
    Say.START_TLS: Reply(code=220, enhanced="2.0.0", sentence="Start TLS now."),
    Say.SIGNED_IN: Reply(code=235, enhanced="2.7.0", sentence="Signed in."),
    Say.CHALLENGE: Reply(code=334, enhanced="", sentence=""),
    Say.CLOSING: Reply(code=421, enhanced="4.3.2", sentence="The gateway is stopping. Try again in a few minutes."),
    Say.TOO_SLOW: Reply(code=421, enhanced="4.4.2", sentence="Nothing came for too long, or too slowly."),
    Say.TOO_MUCH_JUNK: Reply(code=421, enhanced="4.7.0", sentence="Too many commands that lead nowhere."),
    Say.TOO_MANY_CONNECTIONS: Reply(code=421, enhanced="4.7.0", sentence="Too many connections. Try again later."),
    Say.TOO_FAST: Reply(code=450, enhanced="4.7.1", sentence="Too many messages. Try again later."),
    Say.AWAY: Reply(code=451, enhanced="4.3.0", sentence="The gateway cannot keep mail right now. Try again later."),
    Say.BROKEN: Reply(code=451, enhanced="4.3.0", sentence="Something went wrong here. Nothing was sent."),
    Say.UNKNOWN_COMMAND: Reply(code=500, enhanced="5.5.2", sentence="Unknown command."),
    Say.NOT_OFFERED: Reply(code=502, enhanced="5.5.1", sentence="This is not offered here."),
    Say.LINE_TOO_LONG: Reply(code=500, enhanced="5.5.2", sentence="The line is too long."),
    Say.NO_LINE_END: Reply(code=500, enhanced="5.5.2", sentence="No CR LF in 64 KiB. Goodbye."),
    Say.BAD_LINE: Reply(code=500, enhanced="5.5.2", sentence="A command is ASCII and ends with CR LF. Goodbye."),
    Say.SYNTAX: Reply(code=501, enhanced="5.5.2", sentence="The command is malformed."),
    Say.BAD_PARAMETER: Reply(code=501, enhanced="5.5.4", sentence="A parameter is malformed."),
    Say.UNKNOWN_PARAMETER: Reply(code=555, enhanced="5.5.4", sentence="A parameter is not offered here."),
    Say.WRONG_ORDER: Reply(code=503, enhanced="5.5.1", sentence="Not now: another command comes first."),
    Say.TOO_EARLY: Reply(code=554, enhanced="5.5.0", sentence="Wait for the reply before you go on. Goodbye."),
    Say.TLS_FIRST: Reply(code=530, enhanced="5.7.0", sentence="Start TLS first."),
    Say.SIGN_IN_FIRST: Reply(code=530, enhanced="5.7.0", sentence="Sign in first."),
    Say.AUTH_BEFORE_TLS: Reply(code=538, enhanced="5.7.11", sentence="Start TLS first."),
    Say.AUTH_UNKNOWN: Reply(code=504, enhanced="5.5.4", sentence="Sign in with PLAIN or LOGIN."),
    Say.AUTH_CANCELLED: Reply(code=501, enhanced="5.7.0", sentence="Sign-in cancelled."),
    Say.AUTH_UNREADABLE: Reply(code=501, enhanced="5.5.2", sentence="The sign-in could not be read."),
    Say.AUTH_WRONG: Reply(code=535, enhanced="5.7.8", sentence="Name or password is wrong."),
    Say.AUTH_LATER: Reply(code=454, enhanced="4.7.0", sentence="Too many sign-ins. Try again in a minute."),
    Say.NOT_YOURS: Reply(code=553, enhanced="5.7.1", sentence="This address is not yours."),
    Say.FROM_NOT_YOURS: Reply(code=554, enhanced="5.7.1", sentence="The From of this message is not yours."),
    Say.SENDER_GRAMMAR: Reply(code=501, enhanced="5.1.7", sentence="This address cannot exist."),
    Say.RECIPIENT_GRAMMAR: Reply(code=501, enhanced="5.1.3", sentence="This address cannot exist."),
    Say.ADDRESS_NOT_ASCII: Reply(code=553, enhanced="5.6.7", sentence="This gateway takes ASCII addresses only."),
    Say.RECIPIENT_REFUSED: Reply(code=550, enhanced="5.7.1", sentence="No rule allows this recipient."),
    Say.NO_RELAY: Reply(code=550, enhanced="5.7.1", sentence="This office takes mail for its own people only."),
    Say.NOT_YET_INBOUND: Reply(code=454, enhanced="4.7.1", sentence="This office takes no mail here yet."),
    Say.TOO_MANY_RECIPIENTS: Reply(code=550, enhanced="5.5.3", sentence="Too many recipients. Nothing will be sent."),
    # RFC 5321 §4.5.3.1.10: the other server sends the rest later; for staff that would break all-or-nothing.
    Say.TOO_MANY_RECIPIENTS_NOW: Reply(code=452, enhanced="4.5.3", sentence="Too many recipients at once."),
    Say.NO_RECIPIENTS: Reply(code=554, enhanced="5.5.1", sentence="There is no valid recipient."),
    Say.RECIPIENTS_SHORT: Reply(
        code=554, enhanced="5.5.1", sentence="A recipient could not be taken, so nothing is. Send it again without."
    ),
    Say.REFUSED: Reply(code=554, enhanced="5.7.1", sentence="No rule allows this message."),
    Say.SIZE: Reply(code=552, enhanced="5.3.4", sentence="The message is too big."),
    Say.LIMITS: Reply(code=554, enhanced="5.6.0", sentence="The message cannot be read safely."),
    Say.LOOP: Reply(code=554, enhanced="5.4.6", sentence="Been here before."),
}

# What `intake` found, as what the door says. A code that is not here is about the message: LIMITS.
FAULTS: Mapping[str, Say] = {
    "syntax": Say.SYNTAX,
    "parameter": Say.BAD_PARAMETER,
    "parameter-unknown": Say.UNKNOWN_PARAMETER,
    "address-not-ascii": Say.ADDRESS_NOT_ASCII,
    "too-big": Say.SIZE,
    "loop": Say.LOOP,
}
