"""The nearest miss: where no rule fits, the one that nearly did, so that a refusal can say what would make it pass.

Found with the sieve's sets of rules, not rule by rule: how often each rule fails is counted for all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import compress

from gateway.facts import Truth
from gateway.judge.sieve import Sieve, Situation
from gateway.judge.verdict import Nearest

_CLAUSES = ("who", "clearance", "to", "labels", "by", "for", "until")
"""In the order in which a person would mend them; facts come last."""
_NO = frozenset({Truth.NO})


def nearest(sieve: Sieve, situation: Situation) -> Nearest | None:
    """The allow with the fewest failing clauses; of several, one whose `to` matches, then whose `who`, then by id.

    Asked only where every allow fails, so each of them has a clause that does.
    """
    left = sieve.allows & sieve.live
    if not left:
        return None
    clauses = _failing(sieve, situation)
    for digit in reversed(_counted(clauses.values())):  # the highest first: those without it have fewer
        left = left & ~digit or left
    for clause in ("to", "who"):
        left = left & ~clauses[clause] or left
    chosen = left & -left
    (rule,) = sieve.of(chosen)
    facts = tuple(name for name in rule.when if name in clauses)
    return Nearest(rule=rule.id, missing=tuple(name for name in _CLAUSES if clauses[name] & chosen) + facts)


def _failing(sieve: Sieve, situation: Situation) -> dict[str, int]:
    """By clause, the rules that surely fail it; of the facts, those that are no."""
    sender = situation.sender
    who = ~sender.named if situation.is_in_office else sieve.everything
    cleared = sender.cleared.get(situation.label or "", sender.reach.any_value)
    return {
        "who": who,
        "clearance": ~cleared & ~who,
        "to": ~sieve.reaching(situation.groups),
        "labels": ~sieve.labels.get(situation.label or "", sieve.everything),
        "by": ~sieve.by.by_value.get(situation.by or "", sieve.everything),
        "for": ~sieve.purposes.by_value.get(situation.purpose or "", sieve.everything),
        "until": ~sieve.lasting_on(situation.on),
        **{name: when for name, when, _ in compress(sieve.facts, map(_NO.__contains__, situation.truths))},
    }


def _counted(sets: Iterable[int]) -> list[int]:
    """In how many sets each bit stands, as binary digits, lowest first: a digit is the set of the bits that have it."""
    digits: list[int] = []
    for carry in sets:
        for place, digit in enumerate(digits):
            digits[place], carry = digit ^ carry, digit & carry
        if carry:
            digits.append(carry)
    return digits
