"""The whole verdict, to the last field, against the plain reading of `tests/plainjudge.py` over random folders."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest

from gateway.facts import Known, Reason
from gateway.judge.case import Case, known_facts
from gateway.judge.decide import decide
from gateway.judge.rulebook import Rulebook, read
from gateway.judge.verdict import Verdict
from tests.plainjudge import PlainJudge, Said
from tests.rulepeers import Asked
from tests.rulesets import Size, texts

DAYS = (date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22), date(2030, 1, 1), date(2030, 1, 2))
MEDIUM = Size(
    allows=14, forbids=3, requires=5, nevers=1, roles=4, people=5, groups=3, partners=4, labels=3, purposes=2, facts=4
)


def varied(seed: int, size: Size) -> Rulebook:
    """A folder in which rules are on trial, end on different days, and give more than others."""
    dice, files = random.Random(seed), texts(seed, size)
    blocks = files["transfers.toml"].split("[[")
    for place, block in enumerate(blocks):
        if block.startswith("allow"):
            block = block.replace("2029-01-01", dice.choice(["2026-11-20", "2026-11-21", "2031-01-01", "2031-01-01"]))
            block += dice.choice(["", 'mixed = "lawful-part"\n']) + dice.choice(["", "sender-sealed = true\n"])
        if not block.startswith("never") and place and dice.random() < 0.15:
            block += 'mode = "watch"\n'
        blocks[place] = block
    found = read({**files, "transfers.toml": "[[".join(blocks)})
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


def cases(seed: int, rulebook: Rulebook, number: int) -> list[Case]:
    """Half of them with everything known."""
    dice, asked = random.Random(seed), Asked.of(rulebook)
    drawn = [asked.draw(dice, dice.choice(DAYS), is_all_known=dice.random() < 0.5) for _ in range(number)]
    foreign = ({"label": "no-label"}, {"purpose": "no-purpose"}, {"sender_person": "ghost@town.test"},
               {"sender_person": "partner:office-0"})  # fmt: skip
    waiting = [replace(case, waited_seconds=dice.choice((0, 299, 300, 301))) for case in drawn]
    return [replace(case, **dice.choice(foreign)) if dice.random() < 0.1 else case for case in waiting]


def fields(verdict: Verdict) -> Said:
    """A verdict as the plain reading writes it."""
    by_code: dict[str, list[Reason]] = {}
    for reason in verdict.reasons:
        by_code.setdefault(reason.code, []).append(reason)
    unknown = {reason.get("what"): reason.get("rules").split() for reason in by_code.get("unknown", [])}
    waits = {reason.get("demand"): reason.get("rule").split() for reason in by_code.get("waits", [])}
    assert (tuple(unknown), tuple(waits)) == (verdict.unknown, verdict.waits_for)
    return Said(
        outcome=verdict.outcome,
        rules=list(verdict.rules),
        unknown=unknown,
        demands=list(verdict.demands),
        waits_for=waits,
        nearest=(verdict.nearest.rule, verdict.nearest.missing) if verdict.nearest else None,
        mixed=verdict.mixed,
        may_be_sender_sealed=verdict.may_be_sender_sealed,
        watched=list(verdict.watched),
    )


@pytest.mark.parametrize("seed", [1, 2, 3, pytest.param(range(4, 40), marks=pytest.mark.slow)])
def test_the_judge_says_all_that_the_plain_reading_says(seed: int | range) -> None:
    """Outcome, rules, what is unknown and who needs it, demands, what is waited for, nearest miss, and the rest."""
    for each in seed if isinstance(seed, range) else (seed,):
        rulebook = varied(each, MEDIUM)
        for case in cases(each, rulebook, 150):
            assert PlainJudge(rulebook, case).verdict() == fields(decide(rulebook, case)), case


def test_the_folders_show_every_kind_of_verdict() -> None:
    """Or agreeing would show little: each field takes more than one value over these cases."""
    said = [
        PlainJudge(rulebook, case).verdict()
        for seed in (1, 2, 3)
        for rulebook in (varied(seed, MEDIUM),)
        for case in cases(seed, rulebook, 150)
    ]

    assert {"send", "hold", "block"} == {one.outcome for one in said}
    assert {"lawful-part", "all-or-nothing"} == {one.mixed for one in said if one.outcome != "block"}
    for name in ("unknown", "waits_for", "nearest", "watched", "demands"):
        assert any(getattr(one, name) for one in said), name
    assert any(one.may_be_sender_sealed for one in said)
    missing = {clause for one in said if one.nearest for clause in one.nearest[1]}
    assert {"who", "clearance", "to", "labels", "by", "for", "until"} < missing


def test_reasons_name_what_blocks() -> None:
    """One for each rule that forbids it, by id; for the nearest miss one for each clause that fails."""
    rulebook = varied(1, MEDIUM)
    for case in cases(1, rulebook, 150):
        verdict = decide(rulebook, case)
        if verdict.outcome == "block" and verdict.rules:
            wanted = [Reason(code="forbidden", about=(("rule", rule),)) for rule in verdict.rules]
            assert wanted == list(verdict.reasons)
        elif verdict.nearest:
            rule = ("rule", verdict.nearest.rule)
            wanted = [Reason(code="miss", about=(rule, ("clause", clause))) for clause in verdict.nearest.missing]
            assert wanted == list(verdict.reasons)


def test_a_verdict_knows_every_fact_the_rules_name() -> None:
    """Whether it mattered or not: the past can be decided again under other rules."""
    rulebook = varied(2, MEDIUM)
    (case,) = cases(2, rulebook, 1)
    case = replace(case, at_ms=7, ages={rulebook.sieve.names[0]: 5})

    known = known_facts(rulebook, case)

    assert [Known(name=name, value=case.facts[name], at_ms=7 if place else 5)
            for place, name in enumerate(rulebook.sieve.names)] == list(known)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_remembered_is_what_would_be_said_anew(seed: int) -> None:
    """Whatever was asked before, in whatever order: a rulebook that remembers nothing says the same of each case."""
    rulebook, dice = varied(seed, MEDIUM), random.Random(seed)
    asked = cases(seed, rulebook, 150) * 2
    asked += [replace(case, label=dice.choice(rulebook.labels.order), waited_seconds=300) for case in asked[:100]]
    dice.shuffle(asked)

    for case in asked:
        assert decide(replace(rulebook), case) == decide(rulebook, case), case
