"""The rules with the glass broken: every `allow` and `forbid` gives way to one allow for one transfer; the rest stands.

What two people sign in an emergency may lift a `forbid`, or a missing `allow`. It lifts no `never`, no `require`, and
no floor, and it makes nobody a sender whose last day is past.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.judge import words
from gateway.judge.rulebook import Rulebook
from gateway.judge.rules import Rule, Verb
from gateway.judge.sieve import compile_rules


def lifted(rulebook: Rulebook, rule_id: str, because: str, labels: frozenset[str]) -> Rulebook:
    """The rulebook in which this allow is the only one. Whom and what it is for, its user has checked before."""
    allow = Rule(verb=Verb.ALLOW, id=rule_id, because=because, labels=labels)
    rules = (allow, *(rule for rule in rulebook.rules if rule.verb in (Verb.REQUIRE, Verb.NEVER)))
    roles, rank = rulebook.people.roles, rulebook.labels.rank
    senders = {
        person.address: {role: rank(roles[role].may_handle) for role in person.roles}
        for person in rulebook.people.everyone
    }
    senders[words.OUTSIDER] = {words.OUTSIDER: len(rulebook.labels.order)}
    sieve = compile_rules(rules, labels=rulebook.labels.order, purposes=rulebook.labels.purposes, senders=senders)
    return replace(rulebook, rules=rules, sieve=sieve)


def up_to(rulebook: Rulebook, label: str) -> frozenset[str]:
    """This label and every lower one."""
    order = rulebook.labels.order
    return frozenset(order[: order.index(label) + 1]) if label in order else frozenset()
