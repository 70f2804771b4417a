"""What is known of one leg at one moment, and the facts of it that the rule folder itself decides.

`None` is "not seen yet": at RCPT nobody knows the label. What is unseen is unknown, never assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from gateway.facts import Known, Truth
from gateway.judge import circumstances, words
from gateway.judge.rulebook import Partner, Rulebook
from gateway.judge.sieve import Sender, Situation
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


def situation(rulebook: Rulebook, case: Case) -> Situation:
    """What a rule can see of a case."""
    sieve, recipient = rulebook.sieve, case.recipient
    partner = rulebook.partner_of(recipient)
    truths = tuple(map(case.facts.get, sieve.names))
    sender, is_in_office = _sender(rulebook, case)
    return Situation(
        sender,
        is_in_office,
        partner.to if partner else rulebook.groups_of(recipient),
        case.by,
        case.label,
        case.purpose,
        case.on,
        _determined(rulebook, case, partner, sieve.names, truths),
    )


def known_facts(rulebook: Rulebook, case: Case) -> tuple[Known, ...]:
    """Each fact that some rule names, with its age: what is recorded of a decision, so that it can be made again."""
    if case.is_gateway_note:
        return ()
    truths = determine(rulebook, case, rulebook.sieve.names)
    at_ms, ages = case.at_ms, case.ages
    return tuple(Known(name=name, value=truth, at_ms=ages.get(name, at_ms)) for name, truth in truths.items())


def determine(rulebook: Rulebook, case: Case, names: Sequence[str]) -> dict[str, Truth]:
    """The value of each named fact: as given, else computed, else unknown."""
    given = tuple(map(case.facts.get, names))
    truths = _determined(rulebook, case, rulebook.partner_of(case.recipient), names, given)
    return dict(zip(names, truths, strict=True))


def _determined(
    rulebook: Rulebook, case: Case, partner: Partner | None, names: Sequence[str], given: tuple[Truth | None, ...]
) -> tuple[Truth, ...]:
    return tuple([truth or _compute(rulebook, case, partner, name) for name, truth in zip(names, given, strict=True)])


def _sender(rulebook: Rulebook, case: Case) -> tuple[Sender, bool]:
    """Who sends, and whether an allow may count them: not after a person's last day."""
    senders = rulebook.sieve.senders
    if case.is_from_outside:
        return senders[words.OUTSIDER], True
    person = rulebook.person(case.sender_person)
    if person is None:
        return rulebook.sieve.no_sender, False
    return senders[person.address], case.on <= person.until


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
