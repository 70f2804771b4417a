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

from gateway.doors.guard import Denied, Guard, network_of
from gateway.engine.admission import (
    Account,
    Attempt,
    Authority,
    Certificate,
    Factor,
    KeyTerms,
    PublicKey,
    SignIn,
    Way,
)

__all__ = ["Account", "Attempt", "Authority", "Chain", "CodeMemory", "Factor", "KeyTerms", "SignIn", "Way"]

WORDS = {Factor.KEY: "key", Factor.CERTIFICATE: "certificate", Factor.PASSWORD: "password", Factor.CODE: "code"}


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
        self._signature = Factor.KEY
        self.account: Account | None = None
        self.wrong = 0
        """How many proofs were wrong."""

    async def begin(self, name: str) -> None:
        """Another name: start again."""
        self._passed, self._proofs, self._evidence, self.account = (), (), "", None
        self.account = await self._sign_in.account(name)

    def offers(self, factor: Factor) -> bool:
        """Whether this comes next in a way; a certificate is shown as a key is."""
        following = self._next()
        return factor in following or (factor is Factor.KEY and Factor.CERTIFICATE in following)

    async def key_terms(self, key: PublicKey) -> KeyTerms | None:
        """Whether the key may sign for the claimed name."""
        return await self._sign_in.key_terms(self.account, key) if self.account else None

    async def authority(self, certificate: Certificate) -> Authority | None:
        """Whether the certificate's authority is ours."""
        return await self._sign_in.authority(self.account, certificate) if self.account else None

    def signed(self, evidence: str, *, is_right: bool, by: Factor = Factor.KEY) -> bool:
        """A signature was checked, of a key or of a certified one. It counts when `passed` is called for it."""
        self._evidence, self._signature = evidence, by
        if not is_right:
            self._record(by, is_right=False)
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
        if factor is Factor.KEY:
            factor = self._signature
        if account is None or factor not in self._next():
            return None
        if factor is Factor.CODE and account.person:
            self._memory.remember(account.person, self._source, self._proofs)
        self._passed = (*self._passed, factor)
        self._proofs = (*self._proofs, f"{factor}:{self._shown(factor)}")
        if Factor.CODE in self._next() and self._memory.knows(account.person, self._source, self._proofs):
            self._passed = (*self._passed, Factor.CODE)
        person = account.person if self._passed in account.ways else None
        self._record(factor, is_right=True, person=person)
        return person

    @property
    def signed_in_by(self) -> str:
        """The factors that counted, as the rules and the ledger know them: `key`, `password+code` …"""
        return "+".join(WORDS[factor] for factor in self._passed)

    @property
    def evidence(self) -> str:
        """The fingerprint of the key that was shown, or the certificate's number; empty if neither was."""
        return self._evidence

    def _shown(self, factor: Factor) -> str:
        """What was shown for a signature; nothing for the others."""
        return self._evidence if factor in {Factor.KEY, Factor.CERTIFICATE} else ""

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
        evidence = self._shown(factor)
        self._sign_in.attempted(
            Attempt(name=name, source=self._source, factor=factor, is_right=is_right, person=person, evidence=evidence)
        )
