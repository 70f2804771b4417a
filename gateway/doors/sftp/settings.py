"""What an office may turn about its file door; the defaults are DESIGN §9 and handbook `files.md` §5.

The algorithms are not settings: a list somebody can lengthen is a list somebody will.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.catalogue.texts import ENGLISH, Texts
from gateway.doors.sftp.session import Bounds

# Clients prefer their own first choice: what is not here cannot be chosen. No chacha20 (Terrapin, and slow in Python),
# no CBC, no finite-field or NIST key exchange, no SHA-1, no compression.
KEX = ("mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org")
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr", "aes128-ctr")
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")
SIGNATURES = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "rsa-sha2-256",
    "rsa-sha2-512",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Startups:
    """How many may be connected without having signed in: OpenSSH's MaxStartups, start:rate:full."""

    start: int = 10
    rate_percent: int = 30
    full: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalties:
    """What a source owes for bad manners, and when it is made to pay."""

    wrong_seconds: float = 5
    breach_seconds: float = 90
    """For what no client of anybody's does before it has signed in."""
    silent_seconds: float = 1
    """For coming and never trying."""
    enforced_from_seconds: float = 15
    longest_seconds: float = 600
    sources: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One file door's."""

    name: str = "Sealgate"
    """After `SSH-2.0-`; says no version."""
    texts: Texts = ENGLISH
    """What people read, in the office's language."""
    bounds: Bounds = field(default_factory=Bounds)
    handles_per_person: int = 256
    connections: int = 500
    connections_per_person: int = 16
    channels: int = 8
    window_bytes: int = 8 << 20
    """What a client may send ahead, per channel; the most of its input that is ever held."""
    least_window_bytes: int = 1 << 20
    """The same where there are many channels, and before anything was sent."""
    windows_bytes: int = 40 << 20
    """What all may send ahead together, as long as the least leaves it at that."""
    packet_bytes: int = 128 << 10
    early_packet_bytes: int = 35_000
    """Before sign-in (RFC 4253 §6.1)."""
    late_packet_bytes: int = 256 << 10
    early_out_bytes: int = 64 << 10
    """Answers that wait before sign-in, before nothing more is read."""
    late_out_bytes: int = 4 << 20
    blocked_in_bytes: int = 512 << 10
    """What is read on while a sign-in is being checked."""
    sign_in_seconds: float = 30
    tries: int = 6
    requests: int = 30
    """Of sign-in, counting probes of keys and `none`."""
    code_memory_seconds: float = 300
    """FileZilla signs in twice: a code that was right counts for the same person, first factor and source so long."""
    rekey_bytes: int = 1 << 30
    rekey_seconds: float = 3600
    rekeys_per_minute: int = 10
    must_be_strict: bool = False
    """Refuse peers without strict key exchange (Terrapin)."""
    idle_seconds: float = 900
    least_bytes_per_second: int = 64
    """While a message is on its way in."""
    longest_seconds: float = 24 * 3600
    beat_seconds: float = 30
    startups: Startups = field(default_factory=Startups)
    penalties: Penalties = field(default_factory=Penalties)
    is_paced: bool = True
    """Use the faster paths of `pace`."""
