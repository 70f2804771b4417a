"""Who it is: keys, certificates, passwords and codes, one at a time or in a chain.

1. The name comes first; whatever was proved for another name is forgotten (`begin`).
2. Only the methods are offered that come next in a way this person may sign in.
3. A factor counts once its proof was checked, for the name that was claimed when it was asked for.
4. A key that is only shown, unsigned, proves nothing.
5. When a way is complete, the person is signed in; until then the answer is "partial success" (RFC 4252 §5.1).

Unknown people are asked for the same things, with the same words, at the same cost: `SignIn` says so.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.doors.guard import Denied, Guard, network_of
from gateway.doors.sftp.credentials import Certificate, PublicKey


class Factor(StrEnum):
    """Something that proves who one is; the values are SSH's names of the methods."""

    KEY = "publickey"
    PASSWORD = "password"
    CODE = "keyboard-interactive"


Way = tuple[Factor, ...]
"""Factors, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a name stands for."""

    name: str
    person: str | None
    """None: nobody. Everything else is as if there were somebody."""
    ways: tuple[Way, ...]
    """How one may sign in; for nobody, as for most people of the office."""


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

    async def authority(self, certificate: Certificate) -> Authority | None:
        """Whether the certificate claims an authority of ours and its serial is not revoked."""
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


class CodeMemory:
    """Which codes were right just now, so that the same person from the same place is not asked again."""

    def __init__(self, seconds: float, now: Callable[[], float], most: int = 10_000) -> None:
        self._seconds = seconds
        self._now = now
        self._most = most
        self._until: OrderedDict[tuple[str, str, tuple[str, ...]], float] = OrderedDict()

    def remember(self, person: str, source: str, before: tuple[str, ...]) -> None:
        """The code was right, after these proofs."""
        key = (person, source, before)
        self._until.pop(key, None)
        self._until[key] = self._now() + self._seconds
        if len(self._until) > self._most:
            self._until.popitem(last=False)

    def knows(self, person: str | None, source: str, before: tuple[str, ...]) -> bool:
        """Whether it was, a moment ago."""
        return person is not None and self._until.get((person, source, before), 0.0) > self._now()


class Chain:
    """One connection's sign-in, from the first name to the last factor."""

    def __init__(self, sign_in: SignIn, *, source: str, guard: Guard, memory: CodeMemory) -> None:
        self._sign_in = sign_in
        self._source = source
        self._guard = guard
        self._memory = memory
        self._passed: Way = ()
        self._proofs: tuple[str, ...] = ()
        self._evidence = ""
        self.account: Account | None = None
        self.wrong = 0
        """How many proofs were wrong."""

    async def begin(self, name: str) -> None:
        """Another name: start again."""
        self._passed, self._proofs, self._evidence, self.account = (), (), "", None
        self.account = await self._sign_in.account(name)

    def offers(self, factor: Factor) -> bool:
        """Whether this comes next in a way."""
        return factor in self._next()

    async def key_terms(self, key: PublicKey) -> KeyTerms | None:
        """Whether the key may sign for the claimed name."""
        return await self._sign_in.key_terms(self.account, key) if self.account else None

    async def authority(self, certificate: Certificate) -> Authority | None:
        """Whether the certificate's authority is ours."""
        return await self._sign_in.authority(certificate)

    def signed(self, evidence: str, *, is_right: bool) -> bool:
        """A signature was checked. It counts when `passed` is called for it."""
        self._evidence = evidence
        if not is_right:
            self._record(Factor.KEY, is_right=False)
        return is_right

    async def password(self, secret_password: str) -> bool:
        """Whether it is the one; slowed down for a source that guesses."""
        return await self._check(Factor.PASSWORD, secret_password)

    async def code(self, secret_code: str) -> bool:
        """Whether it is a code of now."""
        return await self._check(Factor.CODE, secret_code)

    def passed(self, factor: Factor) -> str | None:
        """The factor's proof was right: count it. The person, once that completes a way."""
        account = self.account
        if account is None or factor not in self._next():
            return None
        if factor is Factor.CODE and account.person:
            self._memory.remember(account.person, self._source, self._proofs)
        self._passed = (*self._passed, factor)
        self._proofs = (*self._proofs, f"{factor}:{self._evidence if factor is Factor.KEY else ''}")
        if Factor.CODE in self._next() and self._memory.knows(account.person, self._source, self._proofs):
            self._passed = (*self._passed, Factor.CODE)
        person = account.person if self._passed in account.ways else None
        self._record(factor, is_right=True, person=person)
        return person

    def _next(self) -> frozenset[Factor]:
        done = len(self._passed)
        ways = self.account.ways if self.account else ()
        return frozenset(way[done] for way in ways if len(way) > done and way[:done] == self._passed)

    async def _check(self, factor: Factor, secret: str) -> bool:
        account = self.account
        if account is None:
            return False
        ask = self._sign_in.check_password if factor is Factor.PASSWORD else self._sign_in.check_code

        async def check() -> bool | None:
            return await ask(account, secret) or None

        # Codes are counted apart: a right password must not forgive the guesses at a code.
        source = self._source if factor is Factor.PASSWORD else f"code {network_of(self._source)}"
        is_right = not isinstance(await self._guard.attempt(source, check), Denied)
        if not is_right:
            self._record(factor, is_right=False)
        return is_right

    def _record(self, factor: Factor, *, is_right: bool, person: str | None = None) -> None:
        self.wrong += not is_right
        name = self.account.name if self.account else ""
        evidence = self._evidence if factor is Factor.KEY else ""
        self._sign_in.attempted(
            Attempt(name=name, source=self._source, factor=factor, is_right=is_right, person=person, evidence=evidence)
        )
