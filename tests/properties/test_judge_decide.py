"""The judge against an independent reading of the handbook, over every situation of the example folder."""

from __future__ import annotations

import itertools
import random
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.facts import Outcome, Truth
from gateway.judge.case import Case
from gateway.judge.decide import decide
from gateway.judge.expect import harmless, recipient_of
from gateway.judge.rulebook import Rulebook, read
from gateway.judge.rules import Verb
from gateway.transfer import Way
from tests.rulepeers import Asked, only
from tests.rulesets import SMALL, texts

ROOT = Path(__file__).parents[2]
TEXTS = {path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml")}

# Harder than the example: two facts in an `unless`, a clearance in a forbid, trial rules, no `labels`, outsiders.
HARDER = """
[[allow]]
id = "mail-in"
who = ["outsider"]
to = ["staff"]
labels = ["office"]
by = ["mail"]
until = 2027-03-31
owner = "ruth@town.test"
because = "Citizens write."

[[allow]]
id = "tried-out"
who = ["clerk", "head"]
to = ["courts", "strangers"]
labels = ["public", "office", "confidential", "sealed"]
by = ["mail", "sftp", "pickup"]
until = 2027-03-31
owner = "ruth@town.test"
because = "Not yet."
mode = "watch"

[[allow]]
id = "head-to-court"
who = ["head", "registrar"]
to = ["partner:court"]
labels = ["public", "office", "confidential", "sealed"]
by = ["mail", "sftp", "pickup"]
until = 2028-03-31
owner = "ruth@town.test"
because = "The head may."
mixed = "lawful-part"

[[forbid]]
id = "registrars-keep-out"
who = ["registrar"]
labels = ["confidential"]
unless = ["agreement-current", "address-verified"]
because = "Not theirs."

[[forbid]]
id = "no-pickup-for-litigation"
by = ["pickup"]
for = ["litigation"]
because = "Nobody collects in time."

[[require]]
id = "ask-again"
to = ["courts"]
when = ["agreement-current"]
unless = ["address-verified"]
then = ["confirmation-by-sender"]
because = "Careful."

"""


def folder(texts: dict[str, str]) -> Rulebook:
    found = read(texts)
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


SAMPLE = folder(TEXTS)
# Per holds two roles of different clearance, and leaves before the rule that allows him does.
PER = 'roles = ["registrar"], until = 2027-12-31'
HARD = {
    **TEXTS,
    "people.toml": TEXTS["people.toml"].replace(PER, 'roles = ["registrar", "head"], until = 2027-06-30'),
    "transfers.toml": HARDER + TEXTS["transfers.toml"],
}
HARD_BOOK = folder(HARD)

SENDERS = ("alena@town.test", "jo@town.test", "ruth@town.test", "per@town.test", "ghost@town.test", "")
RECIPIENTS = ("registry@court.test", "day@smithday.test", "anna@citizen.example", "jo@town.test", "partner:court")
LABELS = ("public", "office", "confidential", "sealed", None)
WAYS = (Way.MAIL, Way.SFTP, Way.PICKUP, None)
PURPOSES = ("general", "litigation", None)
DAYS = (date(2026, 11, 23), date(2027, 1, 1), date(2027, 8, 1))
FACTS = ("agreement-current", "address-verified", "lookalike-domain")


def cases(days: tuple[date, ...] = DAYS) -> Iterator[Case]:
    every = itertools.product(SENDERS, RECIPIENTS, LABELS, WAYS, PURPOSES, days, itertools.product(Truth, repeat=3))
    for number, (sender, to, label, by, purpose, day, truths) in enumerate(every):
        if number % 3 == 0:  # 3 does not divide the axes before the facts evenly: all values meet
            facts = dict(zip(FACTS, truths, strict=True))
            yield Case(
                sender_person=sender,
                recipient=recipient_of(to),
                by=by,
                label=label,
                purpose=purpose,
                on=day,
                facts=facts,
            )


# ── the handbook, read naively: rule by rule, clause by clause, from the TOML itself ─────────────────────────────────


class Naive:
    """Rules as plain tables; every clause is asked of every rule."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.rules = tomllib.loads(texts["transfers.toml"])
        self.people = tomllib.loads(texts["people.toml"])
        self.labels = tomllib.loads(texts["labels.toml"])["labels"]

    def outcome(self, case: Case) -> Outcome:
        values = {verb: [self.value(verb, rule, case) for rule in self.live(verb)] for verb in
                  ("allow", "forbid", "require", "never")}  # fmt: skip
        if "yes" in values["forbid"] + values["never"]:
            return Outcome.BLOCK
        if all(value == "no" for value in values["allow"]):
            return Outcome.BLOCK
        if "unknown" in values["forbid"] + values["never"] + values["require"] or "yes" not in values["allow"]:
            return Outcome.HOLD
        then = [demand for rule, value in zip(self.live("require"), values["require"], strict=True) if value == "yes"
                for demand in rule["then"]]  # fmt: skip
        waits = any(demand.startswith(("approval-by", "confirmation-by-sender")) for demand in then)
        return Outcome.HOLD if waits or case.label is None else Outcome.SEND

    def live(self, verb: str) -> list[dict]:
        return [rule for rule in self.rules[verb] if rule.get("mode") != "watch"]

    def value(self, verb: str, rule: dict, case: Case) -> str:
        """Unseen label, way and purpose: every value is tried; the rule is what all of them agree on."""
        found = {
            self.seen(verb, rule, case, label, by, purpose)
            for label in ([case.label] if case.label else self.labels)
            for by in ([case.by] if case.by else list(Way))
            for purpose in ([case.purpose] if case.purpose else ["general", "litigation"])
        }
        return found.pop() if len(found) == 1 else "unknown"

    def seen(self, verb: str, rule: dict, case: Case, label: str, by: Way, purpose: str) -> str:
        roles, groups = self.roles(verb, case, label), self.groups(case)
        if verb == "allow" and rule["until"] < case.on:
            return "no"
        if not set(rule.get("who", roles)) & roles and "who" in rule:
            return "no"
        if not set(rule.get("to", groups)) & groups:
            return "no"
        if label not in rule.get("labels", [label]) or by not in rule.get("by", [by]):
            return "no"
        if purpose not in rule.get("for", [purpose]):
            return "no"
        return self.by_facts(rule, case)

    def by_facts(self, rule: dict, case: Case) -> str:
        when = [case.facts[name] for name in rule.get("when", [])]
        unless = [case.facts[name] for name in rule.get("unless", [])]
        if Truth.NO in when or (unless and all(truth is Truth.YES for truth in unless)):
            return "no"
        return "unknown" if Truth.UNKNOWN in when or (Truth.UNKNOWN in unless and Truth.NO not in unless) else "yes"

    def roles(self, verb: str, case: Case, label: str) -> set[str]:
        if not case.sender_person:
            return {"outsider"}
        person = self.people["person"].get(case.sender_person)
        if person is None or verb != "allow":
            return set(person["roles"]) if person else set()
        rank = self.labels.index
        may = {role for role in person["roles"] if rank(self.people["role"][role]["may-handle"]) >= rank(label)}
        return may if case.on <= person["until"] else set()

    def groups(self, case: Case) -> set[str]:
        return {
            "registry@court.test": {"courts", "partner:court"},
            "partner:court": {"courts", "partner:court"},
            "day@smithday.test": {"law-firms", "partner:smith-and-day"},
            "jo@town.test": {"staff"},
            "anna@citizen.example": {"strangers"},
        }[str(case.recipient)]


NAIVE_HARD = Naive(HARD)


def test_every_situation_is_decided_as_by_brute_force() -> None:
    """Over a third of all situations of the example, the bit sets and a naive reading agree."""
    naive = Naive(TEXTS)

    differing = [case for case in cases(DAYS[:1]) if decide(SAMPLE, case).outcome is not naive.outcome(case)]

    assert [] == differing


@settings(max_examples=400)
@given(data=st.data())
def test_harder_rules_are_decided_as_by_brute_force(data: st.DataObject) -> None:
    """Clearance, `unless` of two facts, rules on trial and outsiders: the two readings still agree."""
    case = data.draw(any_case())

    assert NAIVE_HARD.outcome(case) is decide(HARD_BOOK, case).outcome


def test_every_situation_of_per_is_decided_as_by_brute_force() -> None:
    """Two roles of different clearance, before and after his last day: narrowing rules see both, allows do not."""
    his = [case for case in cases() if case.sender_person == "per@town.test"]

    assert [] == [case for case in his if decide(HARD_BOOK, case).outcome is not NAIVE_HARD.outcome(case)]


@st.composite
def any_case(draw: st.DrawFn) -> Case:
    return Case(
        sender_person=draw(st.sampled_from(SENDERS)),
        recipient=recipient_of(draw(st.sampled_from(RECIPIENTS))),
        by=draw(st.sampled_from(WAYS)),
        label=draw(st.sampled_from(LABELS)),
        purpose=draw(st.sampled_from(PURPOSES)),
        on=draw(st.sampled_from(DAYS)),
        facts={**harmless(), **{name: draw(st.sampled_from(list(Truth))) for name in FACTS}},
    )


@settings(max_examples=400)
@given(case=any_case(), data=st.data())
def test_filling_in_what_was_unknown_changes_no_verdict_but_hold(case: Case, data: st.DataObject) -> None:
    """Send and block are certain: whatever comes to light later, they stay."""
    filled = replace(
        case,
        by=case.by or data.draw(st.sampled_from(list(Way))),
        label=case.label or data.draw(st.sampled_from(LABELS[:-1])),
        purpose=case.purpose or data.draw(st.sampled_from(PURPOSES[:-1])),
        facts={
            name: truth if truth is not Truth.UNKNOWN else data.draw(st.sampled_from([Truth.YES, Truth.NO]))
            for name, truth in case.facts.items()
        },
    )

    before = decide(HARD_BOOK, case).outcome

    assert before in (Outcome.HOLD, decide(HARD_BOOK, filled).outcome)


@settings(max_examples=60)
@given(case=any_case(), data=st.data())
def test_the_order_of_rules_never_matters(case: Case, data: st.DataObject) -> None:
    """Any permutation of the rules in the file gives the same verdict, to the last field."""
    blocks = ["[[" + block for block in HARD["transfers.toml"].split("\n[[")[1:]]
    shuffled = folder({**HARD, "transfers.toml": "\n" + "\n".join(data.draw(st.permutations(blocks)))})

    assert decide(HARD_BOOK, case) == decide(shuffled, case)


@settings(max_examples=200)
@given(case=any_case())
def test_a_block_without_a_forbid_names_a_rule_and_what_it_misses(case: Case) -> None:
    """Whenever no allow fits, the nearest miss has at least one failing clause; nothing else has a nearest miss."""
    verdict = decide(HARD_BOOK, case)

    is_not_allowed = verdict.outcome is Outcome.BLOCK and not verdict.rules
    assert is_not_allowed == (verdict.nearest is not None)
    assert verdict.nearest is None or len(verdict.nearest.missing) > 0


# ── what adding a rule can do ────────────────────────────────────────────────────────────────────────────────────────

OPENNESS = (Outcome.BLOCK, Outcome.HOLD, Outcome.SEND)


def before_and_after(seed: int, *verbs: Verb) -> Iterator[tuple[int, int]]:
    """How open some hundred cases are, without and with one rule more of these verbs; much of them unknown."""
    rulebook, dice = folder(texts(seed, SMALL)), random.Random(seed)
    chosen = dice.choice([rule for rule in rulebook.rules if rule.verb in verbs])
    without = only(rulebook, *(rule for rule in rulebook.rules if rule is not chosen))
    asked = Asked.of(rulebook)
    for _ in range(150):
        case = asked.draw(dice, DAYS[0], is_all_known=dice.random() < 0.5)
        case = replace(case, facts={**harmless(), **case.facts})
        yield OPENNESS.index(decide(without, case).outcome), OPENNESS.index(decide(rulebook, case).outcome)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_adding_an_allow_never_blocks_or_holds_what_passed(seed: int) -> None:
    """It only widens: whatever it does to a case, the case is at least as free as before."""
    assert all(before <= after for before, after in before_and_after(seed, Verb.ALLOW))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_adding_a_forbid_a_require_or_a_never_lets_nothing_new_pass(seed: int) -> None:
    """They only narrow: what was blocked stays blocked, what was held is not sent."""
    narrowing = (Verb.FORBID, Verb.REQUIRE, Verb.NEVER)

    assert all(before >= after for before, after in before_and_after(seed, *narrowing))


@pytest.mark.parametrize("verb", [Verb.ALLOW, Verb.FORBID, Verb.REQUIRE, Verb.NEVER])
def test_adding_a_rule_does_something(verb: Verb) -> None:
    """Or the two properties above would show nothing: each verb changes some case of some folder."""
    assert any(before != after for seed in range(12) for before, after in before_and_after(seed, verb))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_the_order_of_files_and_rules_never_matters(seed: int) -> None:
    """Files handed over in any order, rules written in any order: the same verdicts, to the last field."""
    files, dice = texts(seed, SMALL), random.Random(seed)
    blocks = ["[[" + block.strip("\n") for block in files["transfers.toml"].removeprefix("[[").split("\n[[")]
    dice.shuffle(blocks)
    names = list(files)
    dice.shuffle(names)
    written = folder(files)
    shuffled = folder({name: files[name] if name != "transfers.toml" else "\n\n".join(blocks) for name in names})
    asked = Asked.of(written)
    cases = [asked.draw(dice, DAYS[0], is_all_known=False) for _ in range(40)]

    assert [decide(written, case) for case in cases] == [decide(shuffled, case) for case in cases]
