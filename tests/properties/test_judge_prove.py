"""The prover against other readings of the same rules: every situation in turn, Z3, and Cedar's evaluator."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.facts import Outcome, Truth
from gateway.judge.case import Case
from gateway.judge.decide import decide
from gateway.judge.expect import recipient_of
from gateway.judge.prove import Example, prove
from gateway.judge.rulebook import Rulebook, read
from gateway.judge.rules import Rule, Verb
from gateway.judge.universe import STAFF, STRANGERS
from tests import rulepeers
from tests.rulepeers import Asked, only
from tests.rulesets import SMALL, Size, texts

ON = date(2026, 11, 21)
seeds = st.integers(0, 10_000)


def book(seed: int, size: Size = SMALL) -> Rulebook:
    """A folder made up at random."""
    found = read(texts(seed, size))
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


def situations(rulebook: Rulebook) -> Iterator[Case]:
    """Every one the rules can tell apart, and those they cannot: person by person, partner by partner."""
    asked = Asked.of(rulebook)
    facts = [dict(zip(asked.facts, values, strict=True))
             for values in itertools.product((Truth.YES, Truth.NO), repeat=len(asked.facts))]  # fmt: skip
    for sender, to, label, by, purpose, truths in itertools.product(
        asked.senders, asked.recipients, asked.labels, asked.ways, asked.purposes, facts
    ):
        yield Case(
            sender_person=sender, recipient=recipient_of(to), label=label, by=by, purpose=purpose, on=ON, facts=truths
        )


def may_go(rulebook: Rulebook, case: Case) -> bool:
    """Whether these rules let it go, at once or after waiting."""
    return decide(rulebook, case).outcome is not Outcome.BLOCK


def case_of(rulebook: Rulebook, example: Example) -> Case:
    """A counterexample as the judge gets it, what it leaves open filled in at random."""
    dice = random.Random(1)
    if example.to == STRANGERS:
        to = "somebody@elsewhere.example"
    elif example.to == STAFF:
        to = rulebook.people.everyone[0].address
    else:
        assert example.partner is not None
        to = f"partner:{example.partner.id}"
    facts = {name: dice.choice((Truth.YES, Truth.NO)) for name in rulebook.sieve.names}
    return Case(
        sender_person=example.person.address if example.person else "",
        recipient=recipient_of(to),
        label=example.label,
        by=example.by,
        purpose=example.purpose or dice.choice(rulebook.labels.purposes),
        on=ON,
        facts={**facts, **{name: Truth.YES if truth else Truth.NO for name, truth in example.facts}},
    )


# ── every situation in turn ──────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=6, deadline=None)
@given(seed=seeds)
def test_a_never_is_broken_exactly_where_some_situation_breaks_it(seed: int) -> None:
    """Situations decided one by one say the same as the boxes: for each `never`, kept or broken."""
    compare(book(seed, replace(SMALL, people=3, labels=2, facts=2)))


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(seed=seeds)
def test_a_never_is_broken_exactly_where_one_of_thousands_of_situations_breaks_it(seed: int) -> None:
    """The same over larger offices: more people, labels and facts."""
    compare(book(seed))


def compare(rulebook: Rulebook) -> None:
    """The proof, and the same question asked of the judge for every situation."""
    allows = only(rulebook, *(rule for rule in rulebook.rules if rule.verb in (Verb.ALLOW, Verb.FORBID)))
    nevers = {rule.id: only(rulebook, anything(rulebook), rule) for rule in rulebook.rules if rule.verb is Verb.NEVER}
    going = [case for case in situations(rulebook) if may_go(allows, case)]
    by_hand = {rule_id for rule_id, alone in nevers.items() if not all(may_go(alone, case) for case in going)}

    proof = prove(rulebook)

    assert by_hand == {broken.never.id for broken in proof.broken}
    assert nevers.keys() - by_hand == {rule.id for rule in proof.proved}


def anything(rulebook: Rulebook) -> Rule:
    """An allow that stands in nobody's way."""
    return Rule(verb=Verb.ALLOW, id="anything", because="test", labels=frozenset(rulebook.labels.order))


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_a_counterexample_goes_as_it_stands(seed: int) -> None:
    """Without its never the message goes, whatever is filled in for what it leaves open; with it, it does not."""
    rulebook = book(seed, Size.of(60))
    without = only(rulebook, *(rule for rule in rulebook.rules if rule.verb is not Verb.NEVER))

    for broken in prove(rulebook).broken:
        assert broken.example is not None
        case = case_of(rulebook, broken.example)
        assert may_go(without, case)
        assert broken.never.id in decide(rulebook, case).rules
        assert broken.allows[0].id in decide(without, case).rules


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(seed=seeds)
def test_without_a_rule_called_dead_redundant_or_contradictory_nothing_is_decided_otherwise(seed: int) -> None:
    """Whatever is known and asked for, all those rules can go at once; nothing that waits stops waiting."""
    rulebook = book(seed)
    odd = {one.about for one in prove(rulebook).findings if one.kind in ("dead", "redundant", "contradictory")}
    left = only(rulebook, *(rule for rule in rulebook.rules if rule.id not in odd))

    for case in itertools.islice(situations(rulebook), seed % 7, None, 7):
        before, after = decide(rulebook, case), decide(left, case)
        assert (before.outcome, before.demands) == (after.outcome, after.demands)


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(seed=seeds)
def test_what_is_called_unreachable_cannot_be_reached_and_nothing_else_is(seed: int) -> None:
    """Partners, labels and purposes, from anybody of ours, situation by situation."""
    rulebook = book(seed)
    reached: set[str] = set()
    for case in situations(rulebook):
        if case.sender_person and may_go(rulebook, case):
            partner = rulebook.partner_of(case.recipient)
            reached |= {f"label:{case.label}", f"for:{case.purpose}", f"partner:{partner.id}" if partner else ""}
    everything = {f"label:{label}" for label in rulebook.labels.order}
    everything |= {f"for:{purpose}" for purpose in rulebook.labels.purposes}
    everything |= {f"partner:{partner}" for partner in rulebook.partners}

    found = {one.about for one in prove(rulebook).findings if one.kind == "unreachable"}

    assert everything - reached == found


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(seed=seeds, dice=st.randoms(use_true_random=False))
def test_the_order_of_rules_and_tables_never_matters(seed: int, dice: random.Random) -> None:
    """The same proof, to the last word, however the files are ordered."""
    files = texts(seed, Size.of(40))
    rules = files["transfers.toml"].split("\n[[")
    rules = [rules[0].removeprefix("[["), *rules[1:]]
    dice.shuffle(rules)
    partners = files["partners.toml"].split("\n[partner.")
    dice.shuffle(tail := partners[1:])
    people = files["people.toml"].split("\n")
    first = people.index("[person]") + 1
    dice.shuffle(persons := [line for line in people[first:] if line])
    shuffled = {
        **files,
        "transfers.toml": "\n".join("[[" + rule for rule in rules),
        "partners.toml": "\n[partner.".join((partners[0], *tail)),
        "people.toml": "\n".join((*people[:first], *persons)),
    }

    assert told(read(files)) == told(read(dict(reversed(shuffled.items()))))


def told(found: object) -> tuple[object, ...]:
    """All a proof says, but for the lines, which did change."""
    assert isinstance(found, Rulebook)
    proof = prove(found)
    broken = [
        (one.never.id, [rule.id for rule in one.allows], one.example and replace(one.example, partner=None))
        for one in proof.broken
    ]
    findings = [(one.kind, one.about, one.text) for one in proof.findings]
    return broken, findings, [rule.id for rule in proof.proved], proof.situations


# ── Z3 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Formulas:
    """The rules as formulas over one person, one recipient, one label …: read from the rules, knowing no boxes."""

    def __init__(self, z3: Any, rulebook: Rulebook) -> None:
        self.z3, self.book = z3, rulebook
        self.asked = Asked.of(rulebook)
        self.axes = {key: z3.Int(key) for key in ("sender", "to", "label", "by", "for")}
        self.facts = {name: z3.Bool(name) for name in self.asked.facts}
        self.roles = [
            frozenset(person.roles) if (person := rulebook.person(sender)) else frozenset({"outsider"})
            for sender in self.asked.senders
        ]
        self.groups = [rulebook.groups_of(recipient_of(to)) for to in self.asked.recipients]

    def bounds(self) -> Any:
        """Every axis has a value."""
        sizes = {
            "sender": len(self.asked.senders),
            "to": len(self.asked.recipients),
            "label": len(self.asked.labels),
            "by": len(self.asked.ways),
            "for": len(self.asked.purposes),
        }
        return self.z3.And(*(self.z3.And(self.axes[key] >= 0, self.axes[key] < size) for key, size in sizes.items()))

    def any_of(self, *verbs: Verb) -> Any:
        """Some rule of these verbs is yes."""
        return self.z3.Or(*(self.rule(rule) for rule in rulepeers.live(self.book, *verbs)))

    def rule(self, rule: Rule) -> Any:
        """This rule is yes."""
        clauses = [self.facts[name] for name in rule.when]
        if rule.who:
            clauses.append(self.z3.Or(*(self.sender(rule, number) for number in range(len(self.roles)))))
        if rule.to:
            clauses.append(self.one_of("to", [n for n, groups in enumerate(self.groups) if groups & rule.to]))
        for key, values, known in (
            ("label", rule.labels, self.asked.labels),
            ("by", rule.by, self.asked.ways),
            ("for", rule.for_, self.asked.purposes),
        ):
            if values:
                clauses.append(self.one_of(key, [number for number, value in enumerate(known) if value in values]))
        if rule.unless:
            clauses.append(self.z3.Not(self.z3.And(*(self.facts[name] for name in rule.unless))))
        return self.z3.And(*clauses)

    def sender(self, rule: Rule, number: int) -> Any:
        """It is this sender, and they hold a role of the rule; for an allow, one that may handle the label."""
        held = self.roles[number] & rule.who
        labels = {label for role in held for label in rulepeers.cleared(self.book, role)}
        if rule.verb is not Verb.ALLOW:
            labels = set(self.asked.labels) if held else set()
        able = self.one_of("label", [n for n, label in enumerate(self.asked.labels) if label in labels])
        return self.z3.And(self.axes["sender"] == number, able)

    def one_of(self, key: str, numbers: list[int]) -> Any:
        return self.z3.Or(*(self.axes[key] == number for number in numbers))


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "rules"), [(1, 60), (2, 120), (3, 300), (12, 300)])
def test_z3_finds_the_same_nevers_broken(seed: int, rules: int) -> None:
    """A solver of somebody else's, over the same rules as formulas: satisfiable exactly where we say broken."""
    z3 = pytest.importorskip("z3", reason="z3-solver is not installed: the prover is compared with brute force only")
    rulebook = book(seed, replace(Size.of(rules), nevers=24))
    formulas = Formulas(z3, rulebook)
    solver = z3.SolverFor("QF_LIA")
    solver.add(formulas.bounds(), formulas.any_of(Verb.ALLOW), z3.Not(formulas.any_of(Verb.FORBID)))
    by_solver = set()
    for rule in rulepeers.live(rulebook, Verb.NEVER):
        solver.push()
        solver.add(formulas.rule(rule))
        if solver.check() == z3.sat:
            by_solver.add(rule.id)
        solver.pop()

    broken = {broken.never.id for broken in prove(rulebook).broken}

    assert by_solver == broken
    assert 0 < len(broken) < 24, "a set in which all or none is broken shows little"


# ── Cedar ────────────────────────────────────────────────────────────────────────────────────────────────────────────


LARGE = pytest.mark.slow


@pytest.mark.parametrize(
    ("seed", "rules"), [(14, 40), (5, 120), pytest.param(7, 300, marks=LARGE), pytest.param(8, 300, marks=LARGE)]
)
def test_cedar_decides_as_we_do(seed: int, rules: int) -> None:
    """The same rules as Cedar policies, the same cases with everything known: allowed by both, or by neither."""
    cedar = pytest.importorskip("cedarpy", reason="cedarpy is not installed: decisions are compared with our own only")
    rulebook = book(seed, Size.of(rules))
    dice, asked = random.Random(seed), Asked.of(rulebook)
    policies = cedar.PolicySet.from_str(rulepeers.cedar_policies(rulebook))
    entities = cedar.Entities.from_json_str(rulepeers.cedar_entities(rulebook))
    cases = [asked.draw(dice, ON) for _ in range(400)]
    cases += [case_of(rulebook, broken.example) for broken in prove(rulebook).broken if broken.example]

    requests = [rulepeers.cedar_request(rulebook, case) for case in cases]
    answers = cedar.is_authorized_batch(requests, policies, entities)

    assert [may_go(rulebook, case) for case in cases] == [answer.allowed for answer in answers]
    assert not any(answer.diagnostics.errors for answer in answers)
    assert 3 <= sum(answer.allowed for answer in answers)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [9, 10])
def test_cedar_lets_a_counterexample_go_where_the_never_is_left_out(seed: int) -> None:
    """What the prover found is real to somebody else's evaluator too."""
    cedar = pytest.importorskip("cedarpy", reason="cedarpy is not installed: decisions are compared with our own only")
    rulebook = book(seed, Size.of(300))
    without = only(rulebook, *(rule for rule in rulebook.rules if rule.verb is not Verb.NEVER))
    policies = cedar.PolicySet.from_str(rulepeers.cedar_policies(without))
    entities = cedar.Entities.from_json_str(rulepeers.cedar_entities(rulebook))
    cases = [case_of(rulebook, broken.example) for broken in prove(rulebook).broken if broken.example]

    answers = cedar.is_authorized_batch([rulepeers.cedar_request(rulebook, case) for case in cases], policies, entities)

    assert [True] * len(cases) == [answer.allowed for answer in answers]
    assert cases
