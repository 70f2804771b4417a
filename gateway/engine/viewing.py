"""Which view of the ledger somebody has, by the rules in force."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from gateway.facts import Admitted, Consulted, Deposited, Fact, Published
from gateway.journey import Journey
from gateway.judge.rulebook import Person, Rulebook
from gateway.ledger.views import EVERYTHING, View, Viewer, view_of


def view_for(rulebook: Rulebook, address: str, on: date) -> View:
    """The view of whoever signed in as `address`; empty: nobody did."""
    if not address and rulebook.gateway.ledger.unsigned == "auditor":
        return EVERYTHING
    person = rulebook.person(address) if address else None
    return view_of(_viewer(rulebook, person) if person else None, on)


def _viewer(rulebook: Rulebook, person: Person) -> Viewer:
    colleagues = [one for one in rulebook.people.everyone if person.unit and one.unit == person.unit]
    unit = tuple(address for one in (person, *colleagues) for address in (one.address, *one.also))
    return Viewer(address=person.address, powers=person.powers, until=person.until, unit=unit)


def involved(journey: Journey | None, fact: Fact, leg: int | None) -> Iterable[str]:
    """Who had a part in what an entry tells: the sender, and this leg's recipient; of the office's facts, who acted."""
    if journey is not None:
        transfer = journey.transfer
        about = transfer.legs if leg is None else (transfer.legs[leg],)
        return (transfer.sender.person, *(one.recipient.key for one in about))
    match fact:
        case Published(signers=signers):
            return signers
        case Admitted(by=by) | Consulted(by=by):
            return (by,)
        case Deposited(party=party):
            return (party.person,)
        case _:
            return ()
