"""Rules that load and decide, and are probably not meant: what `rules prove` finds beside broken `never`s.

- **dead**: the rule is never yes, has ended, or does nothing because no `allow` reaches what it narrows.
- **contradictory**: an `allow` of which everything is blocked; demands that nobody can fulfil together.
- **redundant**: what it does, others do already. Without it, and with all facts known, nothing is decided otherwise.
- **stuck**: it asks for an approval that nobody could give, or nobody but the sender.
- **unreachable**: a partner nobody may write to; a label or a purpose nobody may send.
- **trial**: on trial now, and would break a `never` once live.

All of it over every combination, as in `prove`. A question that takes too long stays unanswered: no finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.facts import Mixed
from gateway.judge.boxes import TooHard
from gateway.judge.permitted import STEPS, Lot, Permitted, has_ended
from gateway.judge.rulebook import Rulebook
from gateway.judge.rules import Rule, Verb
from gateway.judge.universe import Universe

_UNSTRIPPABLE = ("sealed-by-sender", "strip-metadata")
"""What the sender sealed, nobody here can open, and so nobody can clean."""
_WORTH_SPARING = 5
"""So many rules are named, and looked at once more whether all are needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something odd."""

    kind: str
    about: str
    """A rule's id, or `partner:ID`, `label:NAME`, `for:NAME`."""
    text: str
    rule: Rule | None = None


def odd_rules(rulebook: Rulebook, permitted: Permitted, *, on: date | None) -> tuple[Finding, ...]:
    """What is odd about single rules: kind by kind, then by id. With a day given, what has ended by then is dead."""
    dead = tuple(_dead(rulebook, permitted, on))
    return (
        *dead,
        *_contradictory(permitted),
        *_incompatible(permitted),
        *sorted(_redundant(permitted, frozenset(one.about for one in dead)), key=lambda one: one.about),
        *_on_trial(rulebook, permitted),
    )


# ── dead ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _dead(rulebook: Rulebook, permitted: Permitted, on: date | None) -> Iterator[Finding]:
    for rule in sorted(rulebook.rules, key=lambda rule: rule.id):
        if has_ended(rule, on):
            yield _of("dead", rule, f"it ended on {rule.until}")
    allows = permitted.allows.region
    for lot in (permitted.allows, permitted.forbids, permitted.nevers, permitted.requires):
        for place, rule in enumerate(lot.rules):
            boxes = tuple(lot.boxes(place))
            if not boxes:
                yield _of("dead", rule, _why_empty(permitted.universe, rule))
            elif rule.verb is Verb.FORBID and not any(allows.meeting(box) for box in boxes):
                yield _of("dead", rule, "no allow reaches what it forbids")
            elif rule.verb is Verb.REQUIRE and not any(permitted.reaches(box, unsure=True) for box in boxes):
                yield _of("dead", rule, "nothing that may go ever meets it")


def _why_empty(universe: Universe, rule: Rule) -> str:
    """Why a rule is never yes."""
    both = [name for name in rule.when if rule.unless == (name,)]
    if both:
        return f"it counts when {both[0]}, and does not when {both[0]}"
    if rule.who and not any(roles & rule.who for roles in universe.who.values):
        return f"nobody is {_or(sorted(rule.who))}"
    if rule.to and not any(names & rule.to for names in universe.to.values):
        return f"no partner is in {_or(sorted(rule.to))}"
    return "nobody it names may handle such a label"


# ── contradictory ────────────────────────────────────────────────────────────────────────────────────────────────────


def _contradictory(permitted: Permitted) -> Iterator[Finding]:
    for place, rule in enumerate(permitted.allows.rules):
        blocking = _covering(permitted.blocks, permitted.allows.boxes(place))
        if blocking:
            yield _of("contradictory", rule, f"all it allows is blocked by {_named(blocking)}")


def _incompatible(permitted: Permitted) -> Iterator[Finding]:
    """Two demands that cannot both be met, made of one paper."""
    requires = permitted.requires
    sealed, stripped = (
        [(place, rule) for place, rule in enumerate(requires.rules) if demand in rule.then] for demand in _UNSTRIPPABLE
    )
    for place, rule in sealed:
        for other_place, other in stripped:
            both = _shared(permitted, requires.boxes(place), requires.boxes(other_place))
            if any(permitted.reaches(box, unsure=False) for box in both):
                yield _of("contradictory", rule, f"what the sender sealed cannot be stripped, as {other.id} asks")


# ── redundant ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _redundant(permitted: Permitted, dead: frozenset[str]) -> Iterator[Finding]:
    """The narrowest first. What is called redundant no longer counts for the others, or two twins would both go."""
    for lot in (permitted.allows, permitted.forbids, permitted.requires):
        gone = set(dead)
        for place in sorted(range(len(lot.rules)), key=lambda place: (lot.size(place), lot.rules[place].id)):
            rule, boxes = lot.rules[place], tuple(lot.boxes(place))
            if rule.id in gone or not _covering(lot, boxes, among=~lot.numbers[place]):
                continue
            others = [other for other in lot.rules if other.id not in gone and other is not rule]
            covering = _doing_the_same(lot, rule, boxes, others)
            if covering:
                gone.add(rule.id)
                yield _of("redundant", rule, f"all it does is done by {_named(covering)}")


def _doing_the_same(lot: Lot, rule: Rule, boxes: Sequence[int], others: Iterable[Rule]) -> tuple[Rule, ...]:
    """Rules that together do all that `rule` does; none if something would be lost without it."""
    if rule.verb is not Verb.REQUIRE:
        return _covering(lot, boxes, among=lot.of_rules([other for other in others if _outlasts(other, rule)]))
    found: dict[str, Rule] = {}
    for demand in rule.then:
        covering = _covering(lot, boxes, among=lot.of_rules([other for other in others if demand in other.then]))
        if not covering:
            return ()
        found.update({other.id: other for other in covering})
    return tuple(found[rule_id] for rule_id in sorted(found))


def _outlasts(other: Rule, rule: Rule) -> bool:
    """Whether what `rule` lets go, `other` lets go as long and on terms as good."""
    return (
        (other.until is None or rule.until is None or other.until >= rule.until)
        and (other.mixed is Mixed.LAWFUL_PART or rule.mixed is not Mixed.LAWFUL_PART)
        and (other.may_be_sender_sealed or not rule.may_be_sender_sealed)
    )


# ── on trial ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _on_trial(rulebook: Rulebook, permitted: Permitted) -> Iterator[Finding]:
    tried = Lot.of(permitted.universe, (r for r in rulebook.rules if r.is_watched and r.verb is Verb.ALLOW))
    for place, rule in enumerate(tried.rules):
        for never_place, never in enumerate(permitted.nevers.rules):
            shared = _shared(permitted, tried.boxes(place), permitted.nevers.boxes(never_place))
            if not all(_is_covered(permitted.forbids, box) for box in shared):
                yield _of("trial", rule, f"once it is live it breaks {never.id}")


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _shared(permitted: Permitted, ones: Iterable[int], others: Iterable[int]) -> list[int]:
    """What two rules have in common."""
    seconds = tuple(others)
    boxes = (permitted.universe.space.box(one, other) for one in ones for other in seconds)
    return [box for box in boxes if box]


def _is_covered(lot: Lot, box: int) -> bool:
    """Whether these rules hold all of it; True where that is too hard to say."""
    try:
        return not lot.region.gap(box, steps=STEPS)
    except TooHard:
        return True


def _covering(lot: Lot, boxes: Iterable[int], *, among: int = -1) -> tuple[Rule, ...]:
    """Rules of a lot that together hold all these boxes; none if they do not, or it is too hard to say."""
    held = tuple(boxes)
    used = _needed(lot, held, among)
    rules = lot.owning(used)
    if len(rules) <= _WORTH_SPARING:
        for rule in rules:  # was it really needed?
            fewer = _needed(lot, held, used & ~lot.of_rules((rule,)))
            used = fewer or used
    return lot.owning(used)


def _needed(lot: Lot, boxes: Iterable[int], among: int) -> int:
    """The numbers of boxes, some of `among`, that together hold all these; 0 if they do not."""
    used = 0
    for box in boxes:
        try:
            gap, needed = lot.region.search(box, among=among, steps=STEPS)
        except TooHard:
            return 0
        if gap:
            return 0
        used |= needed
    return used


def _of(kind: str, rule: Rule, text: str) -> Finding:
    return Finding(kind=kind, about=rule.id, rule=rule, text=f"{rule.id}: {text}")


def _named(rules: Sequence[Rule]) -> str:
    ids, more = [rule.id for rule in rules[:_WORTH_SPARING]], len(rules) - _WORTH_SPARING
    return ", ".join(ids) + (f" and {more} more" if more > 0 else "")


def _or(names: Sequence[str]) -> str:
    return " or ".join(names)
