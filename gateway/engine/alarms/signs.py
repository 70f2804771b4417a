"""What the watch observes: values made of facts that were written, and of tries to sign in.

A transfer's facts after the first do not name its sender, so who that is is remembered for a while; of one forgotten,
a late refusal is not counted. The gateway's own notes are nobody's work, and an outsider's mail is no habit of ours.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.facts import Collected, Declined, Fact, Judged, Outcome, Received
from gateway.judge import words

MOST_STREAMS = 8_192


class Did(StrEnum):
    """What somebody did, or met with."""

    SENT = "sent"
    """Handed something in that was accepted; one for each recipient."""
    REFUSED = "refused"
    """Was refused; once for a transfer, however many it was for."""
    COLLECTED = "collected"
    WRONG = "wrong"
    """A password, code or signature was wrong."""
    SIGNED_IN = "signed-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One thing that was observed."""

    did: Did
    who: str
    """A person's address, or `partner:ID`."""
    at_ms: int
    to: str = ""
    """Of what was sent: the recipient, for comparison."""


@dataclass(slots=True)
class Reader:
    """Reads signs off facts, stream by stream, in the order in which they were written."""

    _senders: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def signs(self, stream: str, facts: Iterable[Fact], at_ms: int) -> Iterator[Sign]:
        """What these facts, written together, say."""
        written = tuple(facts)
        for fact in written:
            match fact:
                case Received(transfer=transfer) if _is_known(transfer.sender.person):
                    self._remember(stream, transfer.sender.person)
                    if not _is_refused(written):
                        who = transfer.sender.person.lower()
                        yield from (
                            Sign(did=Did.SENT, who=who, at_ms=at_ms, to=leg.recipient.key) for leg in transfer.legs
                        )
                case Collected(by=by) if by.startswith(words.PARTNER):
                    yield Sign(did=Did.COLLECTED, who=by.lower(), at_ms=at_ms)
                case _:
                    pass
        sender = self._senders.get(stream, "")
        if sender and _is_refused(written):
            yield Sign(did=Did.REFUSED, who=sender, at_ms=at_ms)

    def _remember(self, stream: str, sender: str) -> None:
        self._senders[stream] = sender.lower()
        while len(self._senders) > MOST_STREAMS:
            self._senders.popitem(last=False)


def _is_known(sender: str) -> bool:
    """One of ours or a partner: neither the gateway itself, nor an outsider, who is only a network address."""
    return sender.startswith(words.PARTNER) or "@" in sender


def _is_refused(written: Sequence[Fact]) -> bool:
    return any(isinstance(fact, Declined) or _is_no(fact) for fact in written)


def _is_no(fact: Fact) -> bool:
    return isinstance(fact, Judged) and fact.outcome is Outcome.BLOCK
