"""Each rule as boxes: exactly the situations in which a plain reading finds it to be yes."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path

import pytest

from gateway.facts import Truth
from gateway.judge.case import Case
from gateway.judge.expect import recipient_of
from gateway.judge.rulebook import Rulebook, read
from gateway.judge.universe import OUTSIDERS, STAFF, STRANGERS, Universe
from tests.plainjudge import PlainJudge
from tests.rulesets import SMALL, texts

RULES = Path(__file__).parents[3] / "rules"


def book(seed: int) -> Rulebook:
    """A small folder made up at random."""
    found = read(texts(seed, SMALL))
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


def to(universe: Universe, names: frozenset[str]) -> str:
    """Somebody who answers to these names."""
    if universe.partners[names]:
        return f"partner:{universe.partners[names][0].id}"
    return "somebody@elsewhere.example" if names == STRANGERS else universe.people[universe.who.values[0]][0].address


@pytest.mark.parametrize("seed", [11, 12])
def test_a_rule_is_yes_in_its_boxes_and_nowhere_else(seed: int) -> None:
    """Sender by sender, recipient by recipient, label by label, fact by fact: clearance and exemptions included."""
    rulebook = book(seed)
    universe = Universe.of(rulebook, on=None)
    boxes = {rule.id: universe.boxes(rule) for rule in rulebook.rules}
    facts = tuple(universe.facts)
    axes = (universe.who.values, universe.to.values, universe.label.values, universe.by.values[:2],
            universe.purpose.values, tuple(itertools.product((True, False), repeat=len(facts))))  # fmt: skip
    for who, names, label, by, purpose, truths in itertools.islice(itertools.product(*axes), seed % 5, None, 5):
        case = Case(
            sender_person=universe.people[who][0].address if who != OUTSIDERS else "",
            recipient=recipient_of(to(universe, names)),
            label=label,
            by=by,
            purpose=purpose,
            on=date(2026, 11, 21),
            facts={name: Truth.YES if truth else Truth.NO for name, truth in zip(facts, truths, strict=True)},
        )
        space, plain = universe.space, PlainJudge(rulebook, case)
        cell = space.box(
            space.only(universe.who, [who]),
            space.only(universe.to, [names]),
            space.only(universe.label, [label]),
            space.only(universe.by, [by]),
            space.only(universe.purpose, [purpose]),
            *(space.only(universe.facts[name], [truth]) for name, truth in zip(facts, truths, strict=True)),
        )
        for rule in rulebook.rules:
            assert (plain.value(rule) is Truth.YES) == any(not cell & ~box for box in boxes[rule.id]), (rule, case)


def test_who_holds_sets_of_roles_and_to_sets_of_names() -> None:
    """Those people and partners have, sorted, so that no order of a file shows; then outsiders, staff, strangers."""
    found = read({path.name: path.read_text() for path in RULES.glob("*.toml")})
    assert isinstance(found, Rulebook)

    universe = Universe.of(found, on=None)

    assert ("clerk", "solicitor", "registrar", "head", "outsider") == tuple(
        "+".join(one) for one in universe.who.values
    )
    assert (("courts",), ("law-firms",), ("staff",), ("strangers",)) == tuple(tuple(one) for one in universe.to.values)
    assert ["Jo Hart"] == [person.name for person in universe.people[frozenset({"solicitor"})]]
    assert ((), ()) == (universe.people[OUTSIDERS], universe.partners[STAFF])


def test_whoever_has_left_is_no_sender_any_more() -> None:
    """With a day given; their last day still counts."""
    found = read({path.name: path.read_text() for path in RULES.glob("*.toml")})
    assert isinstance(found, Rulebook)

    assert frozenset({"clerk"}) in Universe.of(found, on=date(2027, 6, 30)).people
    assert frozenset({"clerk"}) not in Universe.of(found, on=date(2027, 7, 1)).people


def test_partners_no_rule_tells_apart_are_one() -> None:
    """A thousand partners of one group cost what one does."""
    files = {path.name: path.read_text() for path in RULES.glob("*.toml")}
    more = "".join(
        f'\n[partner.court-{number}]\nname = "Court {number}"\ngroups = ["courts"]\ndomains = ["c{number}.test"]\n'
        for number in range(20)
    )
    found = read({**files, "partners.toml": files["partners.toml"] + more})
    assert isinstance(found, Rulebook)

    universe = Universe.of(found, on=None)

    assert 4 == len(universe.to.values)
    assert 21 == len(universe.partners[frozenset({"courts"})])
