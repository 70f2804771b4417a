"""What is remembered: said again of cases that are alike, and of no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from gateway.facts import Mixed, Outcome, Truth
from gateway.judge.case import Case, situation
from gateway.judge.decide import decide
from gateway.judge.expect import harmless, recipient_of
from gateway.judge.rulebook import Rulebook, read
from gateway.judge.rules import Rule, Verb
from gateway.judge.ruling import rule_on
from gateway.judge.verdict import Verdict
from gateway.transfer import Way
from tests.rulepeers import only

ROOT = Path(__file__).parents[3]
TEXTS = {path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml")}
FILING = Case(
    sender_person="jo@town.test",
    recipient=recipient_of("registry@court.test"),
    by=Way.MAIL,
    label="office",
    purpose="litigation",
    on=date(2026, 11, 23),
    facts=harmless(),
    outside_recipients=1,
)


def book() -> Rulebook:
    """The example folder."""
    found = read(TEXTS)
    assert isinstance(found, Rulebook)
    return found


def test_cases_that_are_alike_share_one_verdict() -> None:
    """Another mailbox of the same court, an hour later: nothing a rule can see is different."""
    rules = book()
    later = replace(FILING, recipient=recipient_of("judge@court.test"), at_ms=3_600_000, outside_recipients=2)

    assert decide(rules, FILING) is decide(rules, later)


@pytest.mark.parametrize(
    "unlike",
    [
        {"sender_person": "per@town.test"},
        {"recipient": recipient_of("day@smithday.test")},
        {"by": Way.PICKUP},
        {"label": "sealed"},
        {"label": None},
        {"purpose": "general"},
        {"on": date(2029, 1, 1)},
        {"facts": {**harmless(), "agreement-current": Truth.NO}},
    ],
)
def test_whatever_a_rule_can_see_tells_cases_apart(unlike: dict[str, object]) -> None:
    """A remembered send is never given to a case that differs in one thing a rule may ask about."""
    rules, case = book(), replace(FILING, **unlike)  # type: ignore[arg-type]

    before, after = decide(rules, FILING), decide(rules, case)

    assert (Outcome.SEND, decide(book(), case)) == (before.outcome, after)
    assert before != after


def test_who_has_left_is_not_who_is_here() -> None:
    """The same roles, but a last day that is past: no allow counts, whatever is remembered of the others."""
    sam = '\n"sam@town.test" = { name = "Sam", roles = ["solicitor"], until = 2026-11-22 }\n'
    rules = read({**TEXTS, "people.toml": TEXTS["people.toml"] + sam})
    assert isinstance(rules, Rulebook)

    said = [decide(rules, replace(FILING, sender_person=one)).outcome for one in ("jo@town.test", "sam@town.test")]

    assert [Outcome.SEND, Outcome.BLOCK] == said


def test_a_copy_with_other_rules_remembers_nothing() -> None:
    """What was said under one set of rules is never said under another."""
    rules = book()
    without = only(rules, *(rule for rule in rules.rules if rule.verb != "allow"))

    assert [Outcome.SEND, Outcome.BLOCK] == [decide(each, FILING).outcome for each in (rules, without)]


def test_a_ruling_takes_demands_for_fulfilled_and_names_who_makes_each() -> None:
    """Whether an approval came only the case can tell; the ruling says what the verdict is with it and without."""
    rules = book()
    sealed = replace(FILING, label="sealed", by=Way.SFTP)

    ruling = rule_on(rules.sieve, situation(rules, sealed))

    assert (("approval-by head",), "second-pair-of-eyes") == (ruling.to_wait_for, ruling.making["approval-by head"])
    assert [Outcome.SEND, Outcome.HOLD] == [ruling.waiting(unmet).outcome for unmet in ((), ruling.to_wait_for)]
    assert ruling.waiting(ruling.to_wait_for) is ruling.waiting(ruling.to_wait_for)


def of(*rules: Rule, facts: dict[str, Truth]) -> Verdict:
    """What these rules alone say of the filing."""
    return decide(only(book(), *rules), replace(FILING, facts=facts))


SURE = Rule(verb=Verb.ALLOW, id="a-sure", because="So.")
UNSURE = Rule(verb=Verb.ALLOW, id="b-unsure", because="So.", when=("label-conflict",))
ASKING = Rule(verb=Verb.REQUIRE, id="c-asking", because="So.", when=("label-conflict",), then=("strip-metadata",))


def test_an_allow_in_doubt_is_not_needed_beside_one_that_is_sure() -> None:
    """Either would do: whether the second counts is nobody's question. A require in doubt is."""
    unseen = {"label-conflict": Truth.UNKNOWN}

    assert (Outcome.SEND, ("a-sure",)) == ((said := of(SURE, UNSURE, facts=unseen)).outcome, said.rules)
    assert ("label-conflict",) == of(SURE, ASKING, facts=unseen).unknown


@pytest.mark.parametrize(
    ("part", "mixed"), [(Mixed.LAWFUL_PART, "lawful-part"), (Mixed.ALL_OR_NOTHING, "all-or-nothing")]
)
def test_what_is_in_doubt_lets_the_lawful_part_go_only_if_every_allow_in_doubt_does(part: Mixed, mixed: str) -> None:
    """Whatever else is in doubt beside it."""
    said = of(replace(UNSURE, mixed=part), ASKING, facts={"label-conflict": Truth.UNKNOWN})

    assert (Outcome.HOLD, mixed) == (said.outcome, said.mixed)
