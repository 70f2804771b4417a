"""Carrying it out: the last steps of a leg, and what the other side said.

- `resolve`  where mail for a domain goes
- `smtp`     the carrier for mail; `transaction` is one message over one of its lines
- `sftp`     the carrier for files, into a partner's own box
- `retry`    when to try again, when to say so, when to stop (pure)
- `bounce`   what the sender is told, as RFC 3464 reports (pure)

A carrier opens no connection without the `Receipt` of `Sealed` and sends no byte of a transaction without that of
`Attempted`. What a peer does is a value here, one of four outcomes; an exception is a fault of ours.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from gateway.facts import Hop, Reason, Receipt
from gateway.seal.hop import Demand
from gateway.transfer import Address, Notify, Parcel

_PARAMETER = re.compile(r"[!-~]{0,600}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The next server took responsibility for it."""

    reply: str
    is_notifying: bool
    """True if it also took over telling the sender of success (RFC 3461 §4.1); else we say `relayed`, when asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNow:
    """Surely not delivered; trying again may help."""

    reason: Reason
    reply: str = ""
    is_line_stale: bool = False
    """A warm line's server had left before it answered anything. The next line asked for has answered: try at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """Surely not delivered, and trying again does not help."""

    reason: Reason
    reply: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """The end of the message was sent and no answer came: they may have it. A person or the rules decide."""

    reason: Reason


Outcome = Taken | NotNow | Never | InDoubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One server to go to: the name it is looked up by, and the addresses that were checked. Only those are dialled."""

    host: str
    port: int
    addresses: tuple[str, ...]
    is_tls_at_once: bool = False
    """TLS from the first byte (RFC 8314 §3.3) instead of STARTTLS."""

    def __post_init__(self) -> None:
        if not self.addresses or not 0 < self.port < 65536:
            raise ValueError("a target has an address and a port")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """The SMTP envelope of one leg."""

    sender: Address | None
    """None is the null sender (RFC 5321 §4.5.5)."""
    recipient: Address
    is_eight_bit: bool = False
    is_utf8: bool = False
    ret: str = ""
    envid: str = ""
    notify: tuple[Notify, ...] = ()
    original_recipient: str = ""

    def __post_init__(self) -> None:
        if not (_PARAMETER.fullmatch(self.envid) and _PARAMETER.fullmatch(self.original_recipient)):
            raise ValueError("a parameter holds no blanks and no controls")
        if self.ret not in ("", "FULL", "HDRS"):
            raise ValueError("RET is FULL or HDRS")  # RFC 3461 §4.3


class Line(Protocol):
    """An open connection whose server has proved itself. It serves one delivery."""

    @property
    def hop(self) -> Hop:
        """What the server proved; goes into `Attempted` and `Shipped`."""
        ...

    async def deliver(
        self, parcel: Parcel, slip: Slip, chunks: Iterable[bytes] | AsyncIterable[bytes], attempted: Receipt
    ) -> Outcome:
        """One transaction. `chunks` are the parcel's bytes, canonical, in pieces; they are read once.

        Whatever fails before the final dot is surely not delivered; what fails behind it is `InDoubt`. Cancelling it
        closes the connection; then, too, the delivery is in doubt.
        """
        ...


class FileLine(Protocol):
    """An open session whose server holds a pinned key. It serves one delivery."""

    @property
    def hop(self) -> Hop:
        """What the server proved; goes into `Attempted` and `Shipped`."""
        ...

    async def settle(self, parcel: Parcel, name: str) -> Taken | InDoubt | None:
        """What became of an earlier attempt of which nobody knows. Sends no byte of it. None: it was not delivered."""
        ...

    async def deliver(
        self, parcel: Parcel, name: str, chunks: Iterable[bytes] | AsyncIterable[bytes], attempted: Receipt
    ) -> Outcome:
        """One file. `chunks` are the parcel's bytes in pieces; they are read once.

        Whatever fails before the rename is surely not delivered; what fails behind it is `InDoubt`. Cancelling it
        closes the connection; then, too, the delivery is in doubt.
        """
        ...


class Carrier(Protocol):
    """Opens lines.

    What an attacker who is the next server, or sits before it, can do: refuse, delay up to the carrier's patience,
    and lie in replies once it has proved itself. Before that it sees our name and TLS, nothing of any transfer.
    """

    def line(
        self, demand: Demand, targets: tuple[Target, ...], sealed: Receipt
    ) -> AbstractAsyncContextManager[Line | NotNow]:
        """A line to the first target that can be reached and proves what is demanded, or why there is none."""
        ...

    async def close(self) -> None:
        """Close what is idle."""
        ...
