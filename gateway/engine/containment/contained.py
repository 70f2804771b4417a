"""What is contained: stopped by a person's order, or paused by the watch until a person has looked.

1. An order is a fact of the office before it has an effect: `Published`, in a stream of its own, whose one file says
   what, who, when and why. Lifting is another. A restart reads both again.
2. What was not accepted yet is refused; what was is kept, and waits at the next step, the first byte included. Nothing
   that waits is lost: once it is lifted everything is judged again, and goes on.
3. A contained person or partner signs in nowhere and signs no order; a contained key is neither sealed to nor signed
   in with.
4. A pause stops less: what its person hands in is accepted, and waits.

Asked by `inquiry` at every step there is, beside the judge: no rule and no emergency lets anything past it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import msgspec

from gateway.engine.containment.declared import Said, declared
from gateway.facts import Fact, Outcome, Published, Reason
from gateway.judge import words
from gateway.judge.rulebook import Person, Rulebook
from gateway.transfer import Recipient

STREAM = "office/containment"
FILE = "containment.toml"
POWERS = ("break-glass", "publish")
"""Either of these may contain, and lift: whoever may change the rules, or act against them in an emergency."""
CONTAINED, PAUSED = "contained", "paused"
"""The codes of the reasons."""


class What(StrEnum):
    """What is contained."""

    PERSON = "person"
    """Signs in nowhere; nothing goes from or to them."""
    ACCOUNT = "account"
    """Signs in nowhere, and nothing goes from them; what is for them still comes."""
    PARTNER = "partner"
    """Signs in nowhere; nothing goes from or to it, by any way."""
    KEY = "key"
    """Is neither sealed to nor signed in with."""
    PAUSE = "pause"
    """What they hand in waits until somebody has looked; of a partner, also what it would collect."""


class Containment(Said, frozen=True, kw_only=True):
    """What was ordered, as it stands in the file."""

    id: str
    what: What
    who: str
    """An address, a partner's id or a fingerprint, as `canonical` has it; of a pause, who hands in."""
    at_ms: int
    because: str
    alarm: str = ""
    """The alarm that made the watch pause them; empty: a person's order."""

    def ordered(self, by: str) -> Published:
        """The fact."""
        return declared(FILE, "contain", self, signers=(by,), why=self.because)


class Lift(Said, frozen=True, kw_only=True):
    """The end of one."""

    id: str
    at_ms: int
    because: str

    def ordered(self, by: str) -> Published:
        """The fact."""
        return declared(FILE, "lift", self, signers=(by,), why=self.because)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    contain: Containment | None = None
    lift: Lift | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contained:
    """One containment, and what has become of it."""

    order: Containment
    by: str
    """Who signed it; empty: the watch."""
    lifted: Lift | None = None
    lifted_by: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it stops anything now."""
        return self.lifted is None


class Containments:
    """Every containment, oldest first. Lives on one loop."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._all: dict[str, Contained] = {}
        self._open: tuple[Contained, ...] = ()
        self.heard_by: list[Callable[[Contained], None]] = []
        """Who is told of one the moment it counts: the doors, to show out who is inside."""
        for fact in facts:
            self.add(fact)

    @property
    def all(self) -> tuple[Contained, ...]:
        """Oldest first."""
        return tuple(self._all.values())

    @property
    def open(self) -> tuple[Contained, ...]:
        """Those that were not lifted."""
        return self._open

    def find(self, wanted: str) -> Contained | None:
        """By its id."""
        return self._all.get(wanted)

    def add(self, fact: Fact) -> None:
        """One more fact of the stream, durable already. Raises `msgspec.ValidationError`."""
        if not isinstance(fact, Published):
            return
        ((_, text),) = fact.files
        said = msgspec.toml.decode(text, type=_File)
        by = ";".join(fact.signers)
        if said.contain is not None:
            self._all[said.contain.id] = Contained(order=said.contain, by=by)
        elif said.lift is not None and said.lift.id in self._all:
            self._all[said.lift.id] = replace(self._all[said.lift.id], lifted=said.lift, lifted_by=by)
        self._open = tuple(one for one in self._all.values() if one.is_open)
        if said.contain is not None:
            for hear in self.heard_by:
                hear(self._all[said.contain.id])

    # ── what it stops ────────────────────────────────────────────────────────────────────────────────────────────

    def of(self, what: What, who: str) -> Contained | None:
        """The open one of exactly this."""
        return next((one for one in self._open if one.order.what is what and one.order.who == who), None)

    def bars(self, who: str) -> Contained | None:
        """What keeps this person, by address, or `partner:ID` from signing in; None if nothing does."""
        return next((one for one in self._open if who.lower() in _kept_out(one.order)), None)

    def bars_key(self, fingerprint: str) -> bool:
        """Whether a key, of whatever kind, is not to be used."""
        return bool(self._open) and self.of(What.KEY, canonical(What.KEY, fingerprint)) is not None

    def objection(
        self, rulebook: Rulebook, sender: str, recipient: Recipient, *, on: date, is_under_way: bool
    ) -> tuple[Outcome, Reason] | None:
        """What stops a leg now, the strictest of it, and whether that refuses or holds; None if nothing does."""
        if not self._open:
            return None
        found = [one for one in self._open if _concerns(one.order, rulebook, sender.lower(), recipient)]
        if not found:
            return None
        first = min(found, key=lambda one: one.order.what is What.PAUSE)
        is_paused = first.order.what is What.PAUSE
        about = (
            ("id", first.order.id),
            ("who", called(rulebook, first.order)),
            ("ask", ";".join(person.name for person in self.trusted(rulebook, on))),
        )
        outcome = Outcome.HOLD if is_paused or is_under_way else Outcome.BLOCK
        return outcome, Reason(code=PAUSED if is_paused else CONTAINED, about=about)

    def trusted(self, rulebook: Rulebook, on: date) -> tuple[Person, ...]:
        """Who may contain and lift on a day: holds the power, and is free."""
        return tuple(
            person
            for person in rulebook.people.everyone
            if person.powers.intersection(POWERS) and on <= person.until and self.bars(person.address) is None
        )


def canonical(what: What, untrusted: str) -> str:
    """How this is written in an order, and compared: `partner:` and spaces in a fingerprint are left out."""
    text = untrusted.strip()
    match what:
        case What.KEY:
            return text if text.startswith("SHA256:") else text.replace(" ", "").replace(":", "").upper()
        case What.PARTNER:
            return text.lower().removeprefix(words.PARTNER)
        case _:
            return text.lower()


def called(rulebook: Rulebook, order: Containment) -> str:
    """What people call it."""
    match order.what:
        case What.KEY:
            return f"the key {order.who}"
        case What.PARTNER:
            partner = rulebook.partners.get(order.who)
            return partner.name if partner else f"{words.PARTNER}{order.who}"
        case _:
            partner = rulebook.partners.get(order.who.removeprefix(words.PARTNER))
            person = rulebook.person(order.who)
            return person.name if person else partner.name if partner else order.who


def _kept_out(order: Containment) -> Iterator[str]:
    match order.what:
        case What.PERSON | What.ACCOUNT:
            yield order.who
        case What.PARTNER:
            yield f"{words.PARTNER}{order.who}"


def _concerns(order: Containment, rulebook: Rulebook, sender: str, recipient: Recipient) -> bool:
    """Whether an order is about a leg from this sender to this recipient."""
    match order.what:
        case What.KEY:
            return False  # which key a leg is sealed to is asked for elsewhere
        case What.ACCOUNT:
            return sender == order.who
        case What.PERSON:
            return sender == order.who or _person_of(rulebook, recipient) == order.who
        case What.PARTNER:
            return sender == f"{words.PARTNER}{order.who}" or _partner_of(rulebook, recipient) == order.who
        case What.PAUSE:
            is_theirs = order.who == f"{words.PARTNER}{_partner_of(rulebook, recipient)}" and not recipient.address
            return sender == order.who or is_theirs


def _person_of(rulebook: Rulebook, recipient: Recipient) -> str:
    """The person's own address, whichever of theirs was written to."""
    if recipient.address is None:
        return ""
    person = rulebook.person(recipient.address.key)
    return person.address.lower() if person else recipient.address.key


def _partner_of(rulebook: Rulebook, recipient: Recipient) -> str:
    partner = rulebook.partner_of(recipient)
    return partner.id if partner else recipient.partner
