"""One decision beside Cedar and casbin over the same rules, and what it takes to load and prove a whole set.

Peers are handed policies and entities parsed once, as their manuals advise, and are asked the same cases with
everything known; before anything is timed all three must agree on each of them. Times are CPU time of one thread: what
else the machine does is not counted.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TypeVar

from gateway.facts import Outcome
from gateway.judge.case import Case, situation
from gateway.judge.decide import decide
from gateway.judge.prove import prove
from gateway.judge.rulebook import Rulebook, read
from gateway.judge.ruling import rule_on
from gateway.judge.verdict import Verdict
from tests import rulepeers
from tests.rulepeers import Asked
from tests.rulesets import Size, texts

RULES = 300
SETS = (300, 1_000)
SEED = 7
ON = date(2026, 11, 21)
EACH = 60
"""Cases of each kind."""
ROUNDS, CALLS = 15, 10
Given = TypeVar("Given")
KINDS = ("goes", "waits for something", "is forbidden", "fits no rule")

MEANING = (
    "The median over the cases, each the median of its rounds. Sift: which rules are yes, no, or cannot be determined,",
    "from bit sets: what a decision is made of. Verdict: `decide` from the case to the finished verdict, with ids,",
    "demands, reasons and, for what fits no rule, the nearest miss; a situation that was met before (the same roles,",
    "groups, way, label, purpose, day and facts: nearly every leg of an office) and one that never was. Peers answer",
    "allow or deny; Cedar also says which policies did.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table."""

    name: str
    us: float


def measure() -> list[Row]:
    """Microseconds a decision, the median over as many cases of each kind."""
    rulebook = book(RULES)
    by_kind = cases(rulebook)
    mixed = [case for kind in by_kind.values() for case in kind]
    rows = [Row(name="Sealgate, sift", us=us(_sift(rulebook, mixed), mixed))]
    rows.append(Row(name="Sealgate, whole verdict", us=us(lambda case: decide(rulebook, case), mixed)))
    rows += [
        Row(name=f"  where it {kind}", us=us(lambda case: decide(rulebook, case), found))
        for kind, found in by_kind.items()
    ]
    rows.append(Row(name="Sealgate, met for the first time", us=us(lambda case: _afresh(rulebook, case), mixed)))
    allowed = [decide(rulebook, case).outcome is not Outcome.BLOCK for case in mixed]
    return [*rows, *_cedar(rulebook, mixed, allowed), *_casbin(rulebook, mixed, allowed)]


def table(rows: Sequence[Row]) -> str:
    """Microseconds, and how many of our verdicts fit into one."""
    ours = next(row.us for row in rows if row.name == "Sealgate, whole verdict")
    lines = [f"{'one decision, ' + str(RULES) + ' rules':<34}{'µs':>10}{'times ours':>12}"]
    return "\n".join([*lines, *(f"{row.name:<34}{row.us:>10,.1f}{row.us / ours:>12,.1f}" for row in rows)])


def proofs() -> str:
    """Milliseconds to load a set, and to prove it: median of five."""
    lines = [f"{'rules':<12}{'load ms':>10}{'prove ms':>10}{'together':>10}{'nevers':>9}{'situations':>16}"]
    for number in SETS:
        files = texts(SEED, Size.of(number))
        loading = statistics.median(_cpu(lambda files=files: read(files)) for _ in range(5))  # type: ignore[misc]
        rulebook = book(number)
        proving = statistics.median(_cpu(lambda book=rulebook: prove(book)) for _ in range(5))  # type: ignore[misc]
        proof = prove(rulebook)
        nevers = len(proof.proved) + len(proof.broken)
        both = (loading + proving) * 1000
        times = f"{loading * 1000:>10.0f}{proving * 1000:>10.0f}{both:>10.0f}"
        lines.append(f"{number:<12,}{times}{nevers:>9}{proof.situations:>16,}")
    return "\n".join(lines)


def book(number: int) -> Rulebook:
    """An office of 40 people and 30 partners with so many rules, always the same."""
    found = read(texts(SEED, Size.of(number)))
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


def cases(rulebook: Rulebook) -> dict[str, list[Case]]:
    """As many cases of each kind, with everything known; none twice."""
    dice, asked = random.Random(SEED), Asked.of(rulebook)
    found: dict[str, list[Case]] = {kind: [] for kind in KINDS}
    for _ in range(200_000):
        case = replace(asked.draw(dice, ON), waited_seconds=86_400)
        kind = found[_kind(decide(rulebook, case))]
        if len(kind) < EACH:
            kind.append(case)
        if all(len(kind) == EACH for kind in found.values()):
            return found
    raise AssertionError(f"too few cases of a kind: { {kind: len(some) for kind, some in found.items()} }")


def _kind(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.BLOCK:
        return KINDS[2] if verdict.rules else KINDS[3]
    return KINDS[0] if verdict.outcome is Outcome.SEND else KINDS[1]


def _sift(rulebook: Rulebook, mixed: Sequence[Case]) -> Callable[[Case], object]:
    seen = {id(case): situation(rulebook, case) for case in mixed}
    return lambda case: rulebook.sieve.sift(seen[id(case)])


def _afresh(rulebook: Rulebook, case: Case) -> object:
    """The verdict, with nothing remembered of earlier ones; without the waits, which need no rule."""
    return rule_on(rulebook.sieve, situation(rulebook, case))


def _cedar(rulebook: Rulebook, mixed: Sequence[Case], allowed: list[bool]) -> list[Row]:
    try:
        import cedarpy
    except ImportError:
        return []
    policies = cedarpy.PolicySet.from_str(rulepeers.cedar_policies(rulebook))
    entities = cedarpy.Entities.from_json_str(rulepeers.cedar_entities(rulebook))
    requests = [rulepeers.cedar_request(rulebook, case) for case in mixed]
    answers = cedarpy.is_authorized_batch(requests, policies, entities)
    assert allowed == [answer.allowed for answer in answers], "Cedar decides otherwise"
    batch = min(_cpu(lambda: cedarpy.is_authorized_batch(requests, policies, entities)) for _ in range(3))
    return [
        Row(name="cedarpy", us=us(lambda request: cedarpy.is_authorized(request, policies, entities), requests, 3)),
        Row(name=f"cedarpy, {len(requests)} in a batch", us=batch / len(requests) * 1e6),
    ]


def _casbin(rulebook: Rulebook, mixed: Sequence[Case], allowed: list[bool]) -> list[Row]:
    try:
        import casbin
    except ImportError:
        return []
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as model:
        model.write(rulepeers.CASBIN_MODEL)
        model.flush()
        enforcer = casbin.Enforcer(str(Path(model.name)))
    enforcer.add_policies(rulepeers.casbin_policies(rulebook))
    for name, function in rulepeers.casbin_functions().items():
        enforcer.add_function(name, function)
    requests = [rulepeers.casbin_request(rulebook, case) for case in mixed]
    assert allowed == [enforcer.enforce(*request) for request in requests], "casbin decides otherwise"
    return [Row(name="casbin", us=us(lambda request: enforcer.enforce(*request), requests, 1))]


def us(work: Callable[[Given], object], given: Sequence[Given], rounds: int = ROUNDS) -> float:
    """Microseconds a call: the median over all that is given, of the median of some rounds, after one that is free."""

    def calls(each: Given) -> Callable[[], object]:
        return lambda: [work(each) for _ in range(CALLS)]

    for each in given:
        work(each)
    medians = [statistics.median(_cpu(calls(each)) for _ in range(rounds)) for each in given]
    return statistics.median(medians) / CALLS * 1e6


def _cpu(work: Callable[[], object]) -> float:
    """Seconds of this thread's processor time."""
    began = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - began) / 1e9
