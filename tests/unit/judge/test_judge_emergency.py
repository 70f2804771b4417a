"""With the glass broken: over every situation of the example folder and a harder one, only what may be lifted is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from gateway.facts import Outcome
from gateway.judge.decide import decide
from gateway.judge.emergency import lifted, up_to
from gateway.judge.rules import Verb
from tests.properties.test_judge_decide import DAYS, HARD_BOOK, SAMPLE, cases

ID = "break-glass-test"


def test_no_standing_order_and_no_demand_is_lifted() -> None:
    """Whatever the case: a `never` that is yes still blocks, one in doubt still holds, and every demand is made."""
    for rulebook in (SAMPLE, HARD_BOOK):
        under = lifted(rulebook, ID, "x", frozenset(rulebook.labels.order))
        nevers = replace(rulebook, rules=tuple(rule for rule in rulebook.rules if rule.verb is not Verb.FORBID))
        for case in cases(DAYS[:1]):
            before, after = decide(rulebook, case), decide(under, case)
            blocked_by = {rule for rule in before.rules if (known := nevers.rule(rule)) and known.verb is Verb.NEVER}
            if before.outcome is Outcome.BLOCK and blocked_by:
                assert Outcome.BLOCK is after.outcome
                assert blocked_by <= set(after.rules)
            if before.outcome is Outcome.SEND:
                assert set(before.demands) == set(after.demands)


def test_it_lifts_what_was_only_not_allowed() -> None:
    """A known colleague, everything known, no standing order against it: it may go, or waits for a demand."""
    under = lifted(HARD_BOOK, ID, "x", frozenset(HARD_BOOK.labels.order))
    lifted_cases = 0
    for case in cases(DAYS[:1]):
        before, after = decide(HARD_BOOK, case), decide(under, case)
        if before.outcome is Outcome.BLOCK and after.outcome is Outcome.SEND:
            lifted_cases += 1
            assert ID in after.rules

    assert lifted_cases > 100


def test_it_makes_nobody_a_sender_whose_last_day_is_past() -> None:
    """An allow counts to a person's `until`, this one too; and a stranger to the office is none of ours."""
    under = lifted(SAMPLE, ID, "x", frozenset(SAMPLE.labels.order))

    for case in cases(DAYS[:1]):
        gone = replace(case, on=date(2028, 6, 1))
        if not case.is_from_outside:
            assert Outcome.SEND is not decide(under, gone).outcome


def test_it_carries_no_higher_label() -> None:
    """What was signed for an office paper lets no confidential one go."""
    under = lifted(SAMPLE, ID, "x", up_to(SAMPLE, "office"))

    seen = {case.label for case in cases(DAYS[:1]) if decide(under, case).outcome is Outcome.SEND}

    assert {"public", "office"} == seen
    assert frozenset() == up_to(SAMPLE, "none")
