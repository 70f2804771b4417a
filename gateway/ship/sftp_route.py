"""A partner's SFTP box as the rules describe it, and what a file may be called there.

Pure values. A route is built by whoever read `routes.toml` and resolved its host; a secret arrives as a value and shows
in no representation.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
import unicodedata
from dataclasses import dataclass, field

from gateway.ship import Target
from gateway.ship.resolve import is_public
from gateway.transfer import Parcel

LONGEST_NAME_BYTES = 255
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}", re.ASCII)
_WINDOWS = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A host key that counts, from the one day to the other, both included. A second pin is how a partner rotates."""

    fingerprint: str
    """As OpenSSH shows it: `SHA256:` and 43 characters."""
    since: datetime.date | None = None
    until: datetime.date | None = None

    def __post_init__(self) -> None:
        if not _FINGERPRINT.fullmatch(self.fingerprint):
            raise ValueError("a host key is pinned by its SHA-256 fingerprint")

    def counts_on(self, day: datetime.date) -> bool:
        """True on the days it is meant for."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who we are there: one private key (OpenSSH or PEM, not locked by a passphrase) or one password."""

    user: str
    secret_key: bytes = field(default=b"", repr=False)
    secret_password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.user or bool(self.secret_key) == bool(self.secret_password):
            raise ValueError("a login is a user and either a key or a password")


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpRoute:
    """`[[route]]` by SFTP. `folder` is where files go, seen from where the sign-in lands, or absolute."""

    id: str
    target: Target
    pins: tuple[Pin, ...]
    login: Login
    folder: str = ""
    sweeps: bool = False
    """The partner takes files away at once: one that is gone after its rename was taken, not lost."""

    def __post_init__(self) -> None:
        if not self.pins:
            raise ValueError("a route pins a host key: there is no trust on first use")
        if ".." in self.folder.split("/") or any(ord(c) < 0x20 or ord(c) == 0x7F for c in self.folder):
            raise ValueError("a folder is a plain path")

    @property
    def addresses(self) -> tuple[str, ...]:
        """Those that may be dialled: public ones, and an inward one only where the route itself names it."""
        host = self.target.host
        return tuple(
            address
            for address in self.target.addresses
            if is_public(address)
            or address == host
            or (host == "localhost" and ipaddress.ip_address(address).is_loopback)
        )

    def path(self, name: str) -> str:
        """Where a file of that name lies."""
        return f"{self.folder.rstrip('/')}/{name}" if self.folder else name


def part_name(parcel: Parcel) -> str:
    """What a parcel is called until it is whole: the leg's id, so that one found there can only be ours."""
    return f".{parcel.transfer}.{parcel.leg}.part"


def is_speakable(name: str) -> bool:
    """True for a name that means one file, in one folder, on any server.

    No separators, no device or stream of Windows, nothing hidden (our unfinished files are), nothing that looks like
    something else: control and formatting characters, blanks at its ends, letters not composed (NFC).
    """
    try:
        size_bytes = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return False
    return (
        0 < size_bytes <= LONGEST_NAME_BYTES
        and not name.startswith((".", " "))
        and not name.endswith((".", " "))
        and not any(c in '/\\<>:"|?*' or unicodedata.category(c)[0] == "C" for c in name)
        and not _WINDOWS.fullmatch(name)
        and unicodedata.is_normalized("NFC", name)
    )
