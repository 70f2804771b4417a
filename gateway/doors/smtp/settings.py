"""What an office may turn about its mail door; the defaults are DESIGN §9 and RFC 5321 §4.5.3.2."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.catalogue.texts import ENGLISH, Texts
from gateway.skeleton import Limits


class Role(StrEnum):
    """Whom a listener is for."""

    SUBMISSION = "submission"
    """Staff: TLS and sign-in first, the sender must be theirs (RFC 6409)."""
    INBOUND = "inbound"
    """Other servers. GAP: takes no mail yet; it answers RCPT for our domains "later", all else "no", never relays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One listener's."""

    hostname: str
    """What we call ourselves in the greeting and in EHLO."""
    domains: tuple[str, ...] = ()
    """The office's own, lower case: what INBOUND answers "later" for."""
    role: Role = Role.SUBMISSION
    is_utf8: bool = False
    """Offer SMTPUTF8 (RFC 6531)."""
    texts: Texts = ENGLISH
    """What people read, in the office's language."""
    limits: Limits = field(default_factory=Limits)
    recipients: int = 1_000
    connections: int = 500
    connections_per_source: int = 50
    junk_commands: int = 20
    idle_commands: int = 100
    """NOOP, RSET, HELO and EHLO between two messages."""
    sign_ins: int = 3
    handshake_seconds: float = 10
    command_seconds: float = 300
    data_seconds: float = 180
    """Without a byte of the message."""
    data_grace_seconds: float = 60
    data_bytes_per_second: int = 512
    """Averaged over the message once the grace is over."""
    reply_seconds: float = 60
    """Until the peer has read what we said."""
