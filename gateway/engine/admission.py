"""What the file door and the engine say to each other about who somebody is.

A door proves possession (a signature, that a text was typed); a `SignIn` says whether that counts, and for whom. The
nouns of mail's simpler question stand in `reception`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key somebody shows. `blob` is its wire form; the fingerprint is what `ssh-keygen -l` prints."""

    algorithm: str
    blob: bytes
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A user certificate as it claims to be; nothing in it is checked yet."""

    blob: bytes
    authority: bytes
    """The public key that is said to have signed it."""
    serial: int


class Factor(StrEnum):
    """Something that proves who one is; the values are SSH's names of the methods, and one for which SSH has none."""

    KEY = "publickey"
    PASSWORD = "password"
    CODE = "keyboard-interactive"
    CERTIFICATE = "certificate"
    """A key that an authority of the office certified; for SSH that is `publickey` too."""


Way = tuple[Factor, ...]
"""Factors, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a name stands for."""

    name: str
    person: str | None
    """None: nobody. Everything else is as if there were somebody."""
    ways: tuple[Way, ...]
    """How one signs in; for nobody, as for most people of the office.

    Lists the same first factors for everybody, or it would tell who is somebody: one that a person may not use is
    never right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """A key is this person's, and what else its signature must show."""

    must_verify: bool = False
    """`verify-required`: the security key asked for a PIN or a finger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A certificate authority of the office."""

    longest_seconds: float = 24 * 3600
    """What is left of a certificate's life may not be more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try, for the security log: never with what was tried."""

    name: str
    source: str
    factor: Factor
    is_right: bool
    person: str | None
    """Set when this try completed a way."""
    evidence: str = ""
    """The key's fingerprint, or the certificate's serial."""


class SignIn(Protocol):
    """What the engine knows of people. An attacker who holds it can try passwords; nothing here hands out secrets.

    Each method must take as long and cost as much for nobody as for somebody.
    """

    async def account(self, name: str) -> Account:
        """Whom the name stands for; never fails for an unknown one."""
        ...

    async def key_terms(self, account: Account, key: PublicKey) -> KeyTerms | None:
        """Whether the key is one of this account's."""
        ...

    async def authority(self, account: Account, certificate: Certificate) -> Authority | None:
        """Whether this account may use one, it claims an authority of ours, and its serial is not revoked."""
        ...

    async def check_password(self, account: Account, secret_password: str) -> bool:
        """Whether it is the password. One argon2 whatever the account."""
        ...

    async def check_code(self, account: Account, secret_code: str) -> bool:
        """Whether it is a one-time code of now, not used before."""
        ...

    def attempted(self, attempt: Attempt) -> None:
        """For the record. Returns at once."""
        ...
