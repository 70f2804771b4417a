"""What is known of one leg at one moment, and the facts of it that the rule folder itself decides.

`None` is "not seen yet": at RCPT nobody knows the label. What is unseen is unknown, never assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from gateway.facts import Truth
from gateway.judge import circumstances, words
from gateway.judge.rulebook import Partner, Rulebook
from gateway.transfer import Recipient, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One sender, one recipient, one way, one label, one purpose, on one day."""

    sender_person: str
    """The person's address as in people.toml; empty, or `partner:ID`, for an outsider."""
    recipient: Recipient
    by: Way | None
    label: str | None
    purpose: str | None
    on: date
    facts: Mapping[str, Truth] = field(default_factory=dict)
    """What the caller has determined. It goes before what the folder computes: a changed MX makes `address-verified`
    no, whatever partners.toml says. What is neither given nor computed is unknown."""
    at_ms: int = 0
    """The instant the facts were determined …"""
    ages: Mapping[str, int] = field(default_factory=dict)
    """… but for these, by name."""
    outside_recipients: int | None = None
    """Addresses outside the office in To and Cc together; None before the header is seen."""
    approved_by: tuple[str, ...] = ()
    """The persons who released it, by address. Never counts the sender."""
    is_confirmed: bool = False
    """The sender has confirmed it."""
    waited_seconds: int = 0
    """How long it has been here, for `delay`."""
    is_gateway_note: bool = False
    """A note of the gateway's own."""

    @property
    def is_from_outside(self) -> bool:
        """True for an outsider, signed in or not."""
        return not self.sender_person or self.sender_person.startswith(words.PARTNER)


def determine(rulebook: Rulebook, case: Case, names: Iterable[str]) -> dict[str, Truth]:
    """The value of each named fact: as given, else computed, else unknown."""
    return determine_with(rulebook, case, rulebook.partner_of(case.recipient), names)


def determine_with(rulebook: Rulebook, case: Case, partner: Partner | None, names: Iterable[str]) -> dict[str, Truth]:
    """`determine`, for whoever has looked up already which partner the recipient belongs to."""
    given = case.facts.get
    return {name: given(name) or _compute(rulebook, case, partner, name) for name in names}


def _compute(rulebook: Rulebook, case: Case, partner: Partner | None, name: str) -> Truth:
    settings = rulebook.transfers.facts
    match name:
        case "agreement-current":
            return circumstances.agreement_current(partner.agreement if partner else None, case.on)
        case "address-verified":
            verified = partner.verified if partner else None
            return circumstances.address_verified(verified, settings.verified_for, case.on)
        case "lookalike-domain":
            return Truth.NO if partner else _lookalike(rulebook, case)
        case "many-recipients":
            return circumstances.many_recipients(case.outside_recipients, settings.many_recipients)
        case _:
            return Truth.UNKNOWN


def _lookalike(rulebook: Rulebook, case: Case) -> Truth:
    address = case.recipient.address
    if address is None or words.STRANGERS not in rulebook.groups_of(case.recipient):
        return Truth.NO
    return rulebook.lookalikes.verdict(address.local, address.host)
