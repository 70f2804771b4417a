"""Is every `never` kept, whatever may come? Over every combination, by subtracting boxes: no solver, no sampling.

For each `never`: (allows − forbids) ∩ never must be empty. Where it is not there is a message somebody could send, and
`Broken` holds it. Rules on trial have no effect and are left out; what has ended counts as if it had not, so no wrong
clock makes a proof. It is the rules as written that are asked: when a leg is decided, a `never` blocks by itself.

Promises: a false "proved" cannot be, within `COVERS`; what cannot be proved in reasonable time counts as broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.judge.boxes import Axis, TooHard, Value
from gateway.judge.oddities import Finding, odd_rules
from gateway.judge.permitted import Permitted, bits
from gateway.judge.rulebook import Partner, Person, Rulebook
from gateway.judge.rules import Rule
from gateway.judge.stranded import stranded
from gateway.judge.universe import Names
from gateway.transfer import Way

COVERS = (
    "This is about the rules, not the world: wrong labels and wrong partner records are outside it. "
    'Facts count as independent of each other: a false alarm can be, a false "proved" cannot.'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One message that could go. What it leaves open does not matter."""

    roles: Names
    person: Person | None
    """None: an outsider."""
    to: Names
    partner: Partner | None
    """None: a colleague, or a stranger."""
    label: str
    by: Way
    purpose: str | None
    facts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A `never` that is not kept."""

    never: Rule
    allows: tuple[Rule, ...]
    """Every allow that breaks it, by id."""
    example: Example | None
    """What the first of them lets through. None: it could not be proved in reasonable time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the rules promise, and what is odd about them."""

    proved: tuple[Rule, ...]
    """The `never`s that hold over every combination."""
    broken: tuple[Broken, ...]
    """Rules of which this is not empty are never published."""
    findings: tuple[Finding, ...]
    situations: int
    """How many combinations there are."""


def prove(rulebook: Rulebook, *, on: date | None = None) -> Proof:
    """Every `never` proved or broken, and everything odd. With a day given, findings know what has ended by then."""
    permitted = Permitted.of(rulebook)
    broken = tuple(
        found for place in range(len(permitted.nevers.rules)) if (found := _broken(permitted, place)) is not None
    )
    today = permitted if on is None else Permitted.of(rulebook, on=on)
    failed = {found.never.id for found in broken}
    return Proof(
        proved=tuple(rule for rule in permitted.nevers.rules if rule.id not in failed),
        broken=broken,
        findings=(*odd_rules(rulebook, today, on=on), *stranded(rulebook, today)),
        situations=permitted.universe.space.size(permitted.universe.space.everything),
    )


def _broken(permitted: Permitted, place: int) -> Broken | None:
    """What breaks the `never` at `place`; None if nothing does."""
    never, allows = permitted.nevers.rules[place], permitted.allows
    try:
        found = {
            number: (cell, meeting)
            for box in permitted.nevers.boxes(place)
            for number in bits(allows.region.meeting(box))
            if (meeting := permitted.universe.space.box(box, allows.region.boxes[number]))
            if (cell := permitted.forbids.region.gap(meeting))
        }
    except TooHard:
        return Broken(never=never, allows=(), example=None)
    if not found:
        return None
    breaking = allows.owning(sum(1 << number for number in found))
    cell, meeting = found[min(found)]
    return Broken(never=never, allows=breaking, example=_example(permitted, cell, meeting))


def _example(permitted: Permitted, cell: int, meeting: int) -> Example:
    """A cell as a message, with whatever may be otherwise in `meeting` left open."""
    universe, space = permitted.universe, permitted.universe.space

    def opened(cell: int, axis: Axis[Value]) -> int:
        wide = cell | (meeting & space.field(axis))
        return cell if permitted.forbids.region.meeting(wide) else wide

    cell = opened(cell, universe.purpose)
    for fact in universe.facts.values():
        cell = opened(cell, fact)
    (roles,), (to,) = space.values(cell, universe.who), space.values(cell, universe.to)
    (label,), (by,) = space.values(cell, universe.label), space.values(cell, universe.by)
    purposes = space.values(cell, universe.purpose)
    truths = {name: space.values(cell, axis) for name, axis in universe.facts.items()}
    return Example(
        roles=roles,
        person=next(iter(universe.people[roles]), None),
        to=to,
        partner=next(iter(universe.partners[to]), None),
        label=label,
        by=by,
        purpose=None if purposes == universe.purpose.values else purposes[0],
        facts=tuple((name, True in values) for name, values in truths.items() if values != (True, False)),
    )
