"""Finds out the facts of a case that the rule folder cannot know: from the session, the clock, the keys, the records.

The table of all facts is `judge.circumstances.TABLE`. The store is asked what some rule asks, and of a note nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.engine.acquaintance import Acquaintance
from gateway.engine.clock import day, moment
from gateway.engine.policy import InForce
from gateway.engine.probing import Probing
from gateway.facts import Truth
from gateway.judge import circumstances
from gateway.judge.rulebook import Rulebook
from gateway.transfer import Party, Recipient, Way

FIRST_CONTACT, SIMILAR_NAME, TRANSPORT = "first-contact", "similar-name", "transport-verified"
VERIFIED = "address-verified"


@dataclass(slots=True, kw_only=True)
class Found:
    """The facts, when those were determined that are older than the question, and whom the sender may have meant."""

    facts: dict[str, Truth]
    ages: dict[str, int] = field(default_factory=dict)
    similar: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Finds out."""

    rules: InForce
    acquaintance: Acquaintance
    probing: Probing | None = None
    """Asks mail servers to prove themselves; None: nobody is asked."""

    async def facts(
        self,
        sender: Party,
        recipient: Recipient,
        way: Way,
        *,
        given: Mapping[str, Truth],
        is_under_way: bool,
        is_key_known: bool,
        rulebook: Rulebook,
        now_ms: int,
    ) -> Found:
        """Everything but what the folder computes. What is `given` was determined by whoever saw it, and stands.

        Only for a transfer that was accepted and `is_under_way` may finding out take long.
        """
        hours = rulebook.transfers.facts.working_hours
        found = Found(
            facts={
                "recipient-key-known": Truth.YES if is_key_known else Truth.UNKNOWN,
                "sender-second-factor": circumstances.second_factor(sender.signed_in_by),
                "working-hours": circumstances.working_hours(hours, moment(now_ms, self.rules.zone)),
                **given,
            }
        )
        if way is Way.SFTP:  # to a pinned key or from our own door: there is no third way it could go
            found.facts[TRANSPORT] = Truth.YES
        if sender.is_gateway:
            return found
        for name in (FIRST_CONTACT, SIMILAR_NAME, TRANSPORT):
            if name not in found.facts and rulebook.asks(name):
                await self._look_up(name, found, rulebook, sender, recipient, now_ms, is_under_way=is_under_way)
        if way is Way.MAIL and VERIFIED not in found.facts and rulebook.asks(VERIFIED):
            await self._compare_servers(found, rulebook, recipient, now_ms, is_under_way=is_under_way)
        return found

    async def _compare_servers(
        self, found: Found, rulebook: Rulebook, recipient: Recipient, now_ms: int, *, is_under_way: bool
    ) -> None:
        """Another mail server than was noted ends a verification. One that is too old the folder ends by itself."""
        partner, address = rulebook.partner_of(recipient), recipient.address
        if address is None or partner is None or partner.verified is None or not partner.verified.mx:
            return
        on, verified_for = day(now_ms, self.rules.zone), rulebook.transfers.facts.verified_for
        if circumstances.address_verified(partner.verified, verified_for, on) is not Truth.YES:
            return
        servers = None
        if self.probing is not None:
            found.ages[VERIFIED], servers = await self.probing.exchangers(address.host, is_asked=is_under_way)
        truth = circumstances.as_noted(partner.verified.mx, servers)
        if truth is not Truth.YES:
            found.facts[VERIFIED] = truth

    async def _look_up(
        self, name: str, found: Found, rulebook: Rulebook, sender: Party, recipient: Recipient, now_ms: int, *,
        is_under_way: bool,
    ) -> None:  # fmt: skip
        passed = self.acquaintance.correspondence
        match name:
            case "first-contact":
                found.facts[name] = await self.acquaintance.first_contact(recipient)
            case "similar-name":
                found.facts[name], found.similar = await passed.similar(rulebook, sender.person, recipient)
            case _:
                proved_ms = await passed.proved_ms(recipient, self.rules.level(recipient))
                found.facts[name] = circumstances.transport_verified(proved_ms, now_ms)
                if found.facts[name] is Truth.UNKNOWN and is_under_way and self.probing is not None:
                    proved_ms = await self.probing.proved_ms(recipient)
                    found.facts[name] = circumstances.transport_verified(proved_ms, now_ms)
                if proved_ms is not None:
                    found.ages[name] = proved_ms
