"""What the engine does for a door, and the nouns they speak in.

A door speaks its protocol, bounds and parses what comes in, and asks a `Reception` everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.facts import Mixed, Reason, Receipt
from gateway.transfer import Envelope, Leg, Party, Recipient, TransferId, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A certain no. `sentence` is one ASCII line a clerk can act on: what, which rule, what would make it pass, who."""

    reasons: tuple[Reason, ...]
    sentence: str
    mixed: Mixed = Mixed.ALL_OR_NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A leg that was kept but does not travel yet, and why, in one ASCII sentence."""

    recipient: Recipient
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The transfer is durable; its receipt permits the acknowledgement."""

    transfer: TransferId
    receipt: Receipt
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a door hands over beside the content: the envelope, exactly as it was spoken."""

    way: Way
    sender: Party
    legs: tuple[Leg, ...]
    envelope: Envelope
    name: str = ""
    """A file's name; empty for mail."""
    refused: tuple[tuple[Recipient, Refusal], ...] = ()
    """Recipients already refused in this transaction: under all-or-nothing they refuse the rest."""


class Deposit(Protocol):
    """Content being handed in: hashed and sealed as it comes, in constant memory, invisible until accepted."""

    async def write(self, untrusted_data: bytes) -> None:
        """Add content. Raises `StoreAway` when it cannot be kept."""
        ...

    def drop(self) -> None:
        """Forget it. Harmless after acceptance, and when called twice."""
        ...


class Reception(Protocol):
    """What the engine does for a door.

    `accept` belongs to the engine's task group: it completes whether or not the caller is still there, and a caller
    that is cancelled leaves all or nothing. Raises `StoreAway` (answer "try again") and nothing else by design.
    """

    async def sign_in(self, login: str, secret_password: str, source: str) -> Party | None:
        """The person, or None: unknown and wrong take the same time and leave the same trace."""
        ...

    def owns(self, sender: Party, address: str) -> bool:
        """True if the address (any case) is the signed-in person's own or one of their `also` addresses."""
        ...

    async def foresee(self, sender: Party, recipient: Recipient, way: Way) -> Refusal | None:
        """A refusal that is already certain, contents unseen; None lets the recipient through for now."""
        ...

    async def begin(self) -> Deposit:
        """Start a deposit. Raises `StoreAway` when there is no room for the largest message."""
        ...

    async def refuse(self, submission: Submission, reason: Reason) -> None:
        """Enter a message that came whole and that the door turns away, whatever the rules; keep none of it."""
        ...

    async def accept(self, deposit: Deposit, submission: Submission) -> Kept | Refusal:
        """Judge what was deposited; keep it durably with its facts, leaves and signed head, or keep nothing."""
        ...
