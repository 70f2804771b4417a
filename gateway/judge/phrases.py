"""Words that sentences about rules are made of: lists, days, labels, ways, and what must be known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from gateway.catalogue.texts import ENGLISH
from gateway.facts import Truth
from gateway.transfer import Way

MOST_NAMES = 6
WAYS = {Way.MAIL: "mail", Way.SFTP: "SFTP", Way.PICKUP: "pickup", Way.COURIER: "courier"}
either, both, day_in_words = ENGLISH.either, ENGLISH.both, ENGLISH.day
"""`a, b or c`; `a, b and c`; `1 January 2027`."""
_FACTS = {
    "agreement-current": ("the agreement is current", "no agreement is current"),
    "address-verified": ("the address is verified", "the address is not verified"),
    "lookalike-domain": ("the address imitates a partner's", "the address imitates no partner's"),
    "many-recipients": ("it goes to many", "it goes to few"),
    "first-contact": ("nobody here has written there before", "somebody here has written there before"),
    "similar-name": ("the recipient is called nearly like another", "the recipient is called like nobody else"),
    "recipient-key-known": ("there is a valid key of the recipient", "there is no valid key of the recipient"),
    "transport-verified": ("the way to the recipient's server is proved", "the way to the server is not proved"),
    "personal-data-found": ("it holds personal data", "it holds no personal data"),
    "hidden-content-found": ("it holds hidden content", "it holds nothing hidden"),
    "virus-found": ("it holds a virus", "no virus was found in it"),
    "label-conflict": ("its labels disagree", "its labels agree"),
    "sender-second-factor": ("the sender signed in with a second factor", "the sender used no second factor"),
    "working-hours": ("it is within working hours", "it is outside working hours"),
}
"""Each fact of the closed list when it is yes, and when it is no: in proofs and in what a change comes to."""


def span_in_words(first: date, last: date | None, *, on: date) -> str:
    """`from 1 January 2027 to 31 March 2027`; what has begun on the day itself has no `from`."""
    begins = f"from {day_in_words(first)}" if first > on else ""
    ends = f"to {day_in_words(last)}" if last else ""
    return f"{begins} {ends}".strip()


def known_in_words(fact: str, values: Iterable[Truth]) -> str:
    """`it holds no personal data`: what of a fact these values mean."""
    yes, no = _FACTS.get(fact, (f"{fact} is yes", f"{fact} is no"))
    said = {Truth.YES: yes, Truth.NO: no, Truth.UNKNOWN: f"{fact} cannot be determined"}
    return either([said[value] for value in Truth if value in values])


def names_in_words(names: Sequence[str], noun: str) -> str:
    """All names, or the first of them and how many more."""
    if len(names) <= MOST_NAMES:
        return both(names)
    return both([*names[: MOST_NAMES - 2], f"{len(names) - MOST_NAMES + 2} other {noun}"])


def capital(text: str) -> str:
    """With a capital at its head."""
    return text[:1].upper() + text[1:]
