"""Who is it? A password against the account of somebody in `people.toml`, until their last day.

Unknown and wrong take the same time and give the same answer. Every attempt is one line in the security log, which
names a person only when they are known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.engine.clock import Clock, day
from gateway.engine.containment.contained import Containments
from gateway.engine.policy import InForce
from gateway.transfer import Address, Party

log = logging.getLogger(__name__)

Check = Callable[[str, str], bool]
"""Whether this is that person's password; equal work for strangers. Blocks."""
Attempted = Callable[[str, bool], None]
"""Hears of a try: whom the name stands for, and whether it was right. Returns at once."""


def nobody_listens(person: str, is_right: bool) -> None:
    """Where no watch is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Signs people in."""

    rules: InForce
    clock: Clock
    check: Check
    containments: Containments = field(default_factory=Containments)
    attempted: Attempted = nobody_listens

    async def with_password(self, login: str, secret_password: str, source: str) -> Party | None:
        """The person, or None."""
        person = self.rules.rulebook.person(login)
        known = person.address if person else login
        is_right = await asyncio.to_thread(self.check, known, secret_password)
        is_in_office = person is not None and day(self.clock.now_ms(), self.rules.zone) <= person.until
        if person is not None:
            self.attempted(person.address, is_right)
        if not (is_right and is_in_office and person) or self.containments.bars(person.address):
            log.warning("sign-in refused source=%s", source)
            return None
        return Party(
            person=person.address,
            address=Address.of(person.address),
            name=person.name,
            signed_in_by="password",
            source=source,
        )
