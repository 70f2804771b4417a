"""Demands that somebody, or time, must fulfil before a leg may go: which of them are met, and who may approve."""

from __future__ import annotations

from gateway.facts import Truth
from gateway.judge import words
from gateway.judge.case import Case
from gateway.judge.rulebook import Person, Rulebook

_YES = frozenset({Truth.YES})


def is_met(rulebook: Rulebook, case: Case, demand: str) -> bool:
    """Whether what a `require` makes a leg wait for has happened."""
    if demand.startswith(words.APPROVAL):
        role = demand.removeprefix(words.APPROVAL)
        return any(may_approve(rulebook, case, rulebook.person(one), role) for one in case.approved_by)
    if demand.startswith(words.DELAY):
        return case.waited_seconds >= words.delay_seconds(demand)
    return {
        "second-factor": case.facts.get("sender-second-factor") in _YES,
        "confirmation-by-sender": case.is_confirmed,
    }[demand]


def may_approve(rulebook: Rulebook, case: Case, person: Person | None, role: str) -> bool:
    """True if `person` may give the approval of a `role`: holds it today, may handle the label, is not the sender."""
    if person is None or person in (rulebook.person(case.sender_person),):
        return False
    if role not in person.roles or case.on > person.until:
        return False
    order = rulebook.labels.order
    rank = order.index(case.label) if case.label in order else len(order) - 1
    return rank <= order.index(rulebook.people.roles[role].may_handle)
