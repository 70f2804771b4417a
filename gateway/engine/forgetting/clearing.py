"""From what becomes of each leg to what exactly is destroyed: one plan of papers, and one of entries' values.

A transfer of which nothing is left goes whole, with its key and the upload it came by. Anything less goes box by box.
An upload, and an auditor's question, go whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gateway.engine.forgetting.scope import Scope
from gateway.shred.fate import Fate, Why
from gateway.shred.plan import Order, Plan, joined
from gateway.shred.schedule import CONTENT
from gateway.transfer import TransferId

_GROUND = re.compile(r"retention (.+); rules ([0-9a-f]+)")

Fates = tuple[Fate, ...]
"""Of one stream: by leg."""


def papers_of(scope: Scope, found: Sequence[Fates], ruleset: str) -> Plan | None:
    """The plan of all papers that are due; None if none are."""
    return _joined(
        replace(plan, orders=tuple(_grounded(order, fates, ruleset) for order in plan.orders))
        for fates in found
        if fates and fates[0].loses_papers
        for plan in (scope.of_payload(TransferId(fates[0].holding.stream)).plan,)
    )


def values_of(scope: Scope, found: Sequence[Fates], ruleset: str) -> Plan | None:
    """The plan of all values that are due; None if none are."""
    return _joined(
        replace(plan, orders=tuple(_grounded(order, fates, ruleset) for order in plan.orders))
        for fates in found
        for plan in _values(scope, fates)
    )


def _values(scope: Scope, fates: Fates) -> Iterator[Plan]:
    stream = TransferId(fates[0].holding.stream) if fates else TransferId("")
    if fates and all(_goes_whole(fate) for fate in fates):
        yield scope.of_matter(stream, with_notes=False).plan
        return
    by_leg = {fate.holding.leg: fate.classes for fate in fates if fate.classes and fate.holding.leg is not None}
    if by_leg:
        yield scope.of_classes(stream, by_leg).plan


def _goes_whole(fate: Fate) -> bool:
    """Whether nothing of it is left afterwards, and something was."""
    return bool(fate.classes) and all(word.why is Why.GOES for word in fate.words)


def _joined(plans: Iterator[Plan]) -> Plan | None:
    found = [plan for plan in plans if plan.orders]
    return joined(found) if found else None


def _grounded(order: Order, fates: Fates, ruleset: str) -> Order:
    """The order with its ground: the rules that let it go, and the set they stand in."""
    parts = order.classes or (CONTENT,)
    legs = fates if order.leg is None else fates[order.leg : order.leg + 1]
    rules = dict.fromkeys(word.by for fate in legs for word in fate.goes if word.part in parts)
    return replace(order, why=ground(tuple(rules), ruleset))


def ground(rules: Sequence[str], ruleset: str) -> str:
    """As it stands in the ledger; `rules_named` reads it again."""
    return f"retention {', '.join(rules)}; rules {ruleset}"


def rules_named(why: str) -> tuple[tuple[str, ...], str]:
    """The rules and the set that a ground names; none if it is a person's."""
    found = _GROUND.fullmatch(why)
    return (tuple(found[1].split(", ")), found[2]) if found else ((), "")
