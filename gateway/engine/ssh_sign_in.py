"""Who is it, over SSH? Keys, passwords and one-time codes of `accounts.json`, and certificates of the office's own CA.

Promises: only somebody in the rules in force signs in, a person until their last day, a partner as long as it is one;
each in a way that all their roles, or the partner's table, allow (`sign-in`); whoever has a one-time-code secret needs
a code behind whatever comes first; a code counts once; unknown people are asked for the same things at the same cost.
Every attempt is one line in the security log, which names only who is known, and those as short as they sign in. Does
not judge what anybody may send.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyotp

from gateway.engine.admission import Account, Attempt, Authority, Certificate, Factor, KeyTerms, PublicKey, Way
from gateway.engine.clock import Clock, day
from gateway.engine.containment.contained import Containments
from gateway.engine.policy import InForce
from gateway.engine.signing_in import Attempted, nobody_listens
from gateway.errors import Failure
from gateway.judge import entrance
from gateway.judge.words import PARTNER
from gateway.keep.accounts import Account as Means
from gateway.keep.accounts import Accounts
from gateway.keep.keyline import KeyLine, read_line

log = logging.getLogger("gateway.security")

WORDS = {"key": Factor.KEY, "password": Factor.PASSWORD, "certificate": Factor.CERTIFICATE}
"""What the rules call the first factor of a way."""
WAYS: tuple[Way, ...] = tuple((factor,) for factor in WORDS.values())
WITH_CODE: tuple[Way, ...] = tuple((*way, Factor.CODE) for way in WAYS)
STEP_S = 30
SKEW_STEPS = 1
"""How many steps a telephone's clock may be off (RFC 6238 §5.2)."""
LONGEST_NAME = 320
LARGEST_FILE = 1 << 20

_NOBODYS_SECRET = "A" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Certifiers:
    """Whose certificates count: a file of public keys, and one of revoked serials, a line each. Both may be absent.

    Read at every certificate, so that a revocation counts at once. A list that is there and cannot be read revokes all.
    """

    keys: Path
    revoked: Path

    def takes(self, certificate: Certificate) -> bool:
        """Whether an authority of ours is said to have signed it, and its serial is not revoked."""
        trusted = [line.blob for line in map(read_line, _lines(self.keys)) if line]
        if certificate.authority not in trusted:
            return False
        # A serial of 0 is what a CA that numbers nothing writes: it could never be revoked by it.
        return certificate.serial != 0 and str(certificate.serial) not in _lines(self.revoked)


@dataclass(frozen=True, slots=True, kw_only=True)
class SshSignIn:
    """Signs people and partners in; the door's `SignIn`."""

    rules: InForce
    clock: Clock
    accounts: Accounts
    certifiers: Certifiers
    containments: Containments = field(default_factory=Containments)
    heard: Attempted = nobody_listens

    # ── whom a name stands for ───────────────────────────────────────────────────────────────────────────────────

    async def account(self, name: str) -> Account:
        """Whom the name stands for; for nobody, as if there were somebody."""
        person = self._whom(name)
        try:
            ways: tuple[Way, ...] = tuple(
                (factor, Factor.CODE) if self._way(person, word) == word + entrance.CODE else (factor,)
                for word, factor in WORDS.items()
            )
        except Failure as why:  # without the accounts nobody knows who needs a code: nobody comes in
            _cannot_read(why)
            person, ways = None, WAYS
        return Account(name=name, person=person, ways=ways)

    def _way(self, person: str | None, word: str) -> str | None:
        """The way that begins with this, as the rules call it; None if the person may not begin so.

        Raises `Failure` when the accounts cannot be read.
        """
        book, name = self.rules.rulebook, person or ""
        known = book.partners.get(name.removeprefix(PARTNER)) if name.startswith(PARTNER) else book.person(name)
        allowed = known.sign_in if known else entrance.WAYS
        if word in allowed and not self._means(person).secret_totp:
            return word
        return word + entrance.CODE if word + entrance.CODE in allowed else None

    def _whom(self, name: str) -> str | None:
        """Whom a name stands for, unless they are contained: then it stands for nobody."""
        found = self._somebody(name)
        return None if found is None or self.containments.bars(found) else found

    def _somebody(self, name: str) -> str | None:
        """`partner:ID`, or the person's address; also by a short name, where it is one's alone."""
        if len(name) > LONGEST_NAME:
            return None
        name = name.lower()
        if name.startswith(PARTNER):
            return name if name.removeprefix(PARTNER) in self.rules.rulebook.partners else None
        return self._person(name) if "@" in name else self._by_short_name(name)

    def _person(self, address: str) -> str | None:
        person = self.rules.rulebook.person(address)
        is_in_office = person is not None and day(self.clock.now_ms(), self.rules.zone) <= person.until
        return person.address.lower() if person is not None and is_in_office else None

    def _by_short_name(self, name: str) -> str | None:
        book = self.rules.rulebook
        found = [person.address for person in book.people.everyone if person.address.lower().split("@")[0] == name]
        partners = [PARTNER + name] if name in book.partners else []
        match found, partners:
            case [[address], []]:
                return self._person(address)
            case [[], [partner]]:
                return partner
        return None

    def _means(self, person: str | None) -> Means:
        """What they prove it with; empty for nobody. Raises `Failure` when the accounts cannot be read."""
        return (self.accounts.of(person) if person else None) or Means()

    # ── what counts as a proof ───────────────────────────────────────────────────────────────────────────────────

    async def key_terms(self, account: Account, key: PublicKey) -> KeyTerms | None:
        """Whether the key is one of this account's."""
        try:
            may_use = self._way(account.person, "key") is not None
            lines = map(read_line, self._means(account.person).ssh_keys if may_use else ())
        except Failure as why:
            _cannot_read(why)
            return None
        is_usable = not self.containments.bars_key(key.fingerprint)
        mine: list[KeyLine] = [line for line in lines if line and line.blob == key.blob and is_usable]
        # Listed twice, the stricter line counts.
        return KeyTerms(must_verify=any(line.must_verify for line in mine)) if mine else None

    async def authority(self, account: Account, certificate: Certificate) -> Authority | None:
        """Whether this account may use one, it claims an authority of ours, and its serial is not revoked."""
        try:
            is_ours = await asyncio.to_thread(self.certifiers.takes, certificate)
            is_ours = is_ours and self._way(account.person, "certificate") is not None
        except Failure as why:
            _cannot_read(why)
            return None
        except (OSError, UnicodeDecodeError, ValueError) as why:
            log.error("no certificate counts: the authority or its revocations cannot be read cause=%r", str(why))
            return None
        return Authority() if is_ours else None

    async def check_password(self, account: Account, secret_password: str) -> bool:
        """Whether it is the password. One argon2, whatever the account."""
        person = account.person
        is_right = await self._ask(
            lambda: self.accounts.check(person or "", secret_password) and self._way(person, "password") is not None
        )
        return is_right and person is not None

    async def check_code(self, account: Account, secret_code: str) -> bool:
        """Whether it is a one-time code of now, not used before."""
        return await self._ask(lambda: self._use_code(account.person, secret_code.strip()))

    def _use_code(self, person: str | None, secret_code: str) -> bool:
        secret = self._means(person).secret_totp
        try:
            step = _step_of(secret or _NOBODYS_SECRET, secret_code, self.clock.now_ms() // 1000 // STEP_S)
        except ValueError:
            return False  # a secret that is none: not one of ours
        return step is not None and bool(secret) and person is not None and self.accounts.use_code(person, step)

    async def _ask(self, question: Callable[[], bool]) -> bool:
        """The answer, found on a thread; no where it cannot be."""
        try:
            return await asyncio.to_thread(question)
        except Failure as why:
            _cannot_read(why)
            return False

    # ── for the record ───────────────────────────────────────────────────────────────────────────────────────────

    def attempted(self, attempt: Attempt) -> None:
        """One line."""
        who = self._somebody(attempt.name)
        if who and (attempt.person or not attempt.is_right):
            self.heard(who, attempt.is_right)
        log.log(
            logging.INFO if attempt.is_right else logging.WARNING,
            "ssh sign-in %s factor=%s source=%s who=%s evidence=%r%s",
            "right" if attempt.is_right else "refused",
            attempt.factor,
            attempt.source,
            who.partition("@")[0] if who else "unknown",
            attempt.evidence,
            " signed-in" if attempt.person else "",
        )


def _cannot_read(why: Failure) -> None:
    log.error("nobody can sign in: the accounts cannot be read or written cause=%r", why.cause)


def _step_of(secret: str, secret_code: str, now_step: int) -> int | None:
    """The latest step near now of which this is the code. Looks at each, whatever it finds."""
    totp, found = pyotp.TOTP(secret), None
    for step in range(now_step - SKEW_STEPS, now_step + SKEW_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), secret_code.encode("utf-8", "replace")):
            found = step
    return found


def _lines(path: Path) -> list[str]:
    """The lines that are no comments; none if there is no file."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o022:  # whoever may add a line here may become anybody
                raise ValueError(f"{path.name} can be written by others")
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return []
    if len(content) > LARGEST_FILE:
        raise ValueError(f"{path.name} is too large")
    return [line.strip() for line in content.decode("ascii").splitlines() if line.strip() and not line.startswith("#")]
