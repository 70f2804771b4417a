"""Who gains and who loses, against brute force: the judge asked about every situation under both rulebooks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.facts import Outcome, Truth
from gateway.judge import words
from gateway.judge.case import Case, determine
from gateway.judge.decide import decide
from gateway.judge.difference import SEND, Change, difference
from gateway.judge.rulebook import Rulebook, read
from gateway.judge.scope import AGREEMENT, LOOKALIKE, VERIFIED, Class, Scope, recipients_called
from gateway.judge.verdict import Verdict
from gateway.transfer import Way

ROOT = Path(__file__).parents[2]
TEXTS = {
    path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml") if not path.name.endswith(".test.toml")
}
ON = date(2026, 11, 23)

WHO = ("clerk", "solicitor", "head", "registrar", "outsider")
TO = ("courts", "law-firms", "strangers", "staff", "partner:court")
LABELS = ("public", "sealed")
BY = ("mail", "sftp")
FACTS = (AGREEMENT, VERIFIED, LOOKALIKE, "hidden-content-found")
DEMANDS = ("strip-metadata", "approval-by head")
UNTIL = ("2026-12-31", "2027-03-31")


def some(values: tuple[str, ...], *, least: int = 1) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=2, unique=True)


def quoted(names: list[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


@st.composite
def allows(draw: st.DrawFn, name: str) -> str:
    when = draw(some(FACTS, least=0))
    return (
        f'[[allow]]\nid = "{name}"\nbecause = "x"\nowner = "ruth@town.test"\nuntil = {draw(st.sampled_from(UNTIL))}\n'
        f"who = {quoted(draw(some(WHO)))}\nto = {quoted(draw(some(TO)))}\nlabels = {quoted(draw(some(LABELS)))}\n"
        f"by = {quoted(draw(some(BY)))}\n" + (f"when = {quoted(when)}\n" if when else "")
    )


@st.composite
def narrowings(draw: st.DrawFn, name: str) -> str:
    verb = draw(st.sampled_from(("forbid", "require", "never")))
    lines = [f'[[{verb}]]\nid = "{name}"\nbecause = "x"']
    lines += [f"then = {quoted(draw(some(DEMANDS)))}"] if verb == "require" else []
    for key, values in (("who", WHO), ("to", TO), ("labels", LABELS), ("by", BY), ("when", FACTS), ("unless", FACTS)):
        chosen = draw(some(values, least=0)) if draw(st.booleans()) else []
        lines += [f"{key} = {quoted(chosen)}"] if chosen else []
    return "\n".join(lines) + "\n"


@st.composite
def folders(draw: st.DrawFn) -> Rulebook:
    """The sample's people and partners, somewhat otherwise, under a few random rules."""
    texts = dict(TEXTS)
    names = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True))
    rules = [draw(allows(f"allow-{name}")) for name in names]
    names = draw(st.lists(st.sampled_from("abc"), max_size=2, unique=True))
    rules += [draw(narrowings(f"narrow-{name}")) for name in names]
    texts["transfers.toml"] = "\n".join(rules)
    if draw(st.booleans()):
        texts["people.toml"] = texts["people.toml"].replace('roles = ["clerk"]', 'roles = ["clerk", "head"]')
    if draw(st.booleans()):
        texts["partners.toml"] = texts["partners.toml"].replace("until = 2026-04-30", "until = 2027-01-15")
    if draw(st.booleans()):
        texts["partners.toml"] = texts["partners.toml"].replace('["court.test"]', '["court.test", "court2.test"]')
    found = read(texts)
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


Situation = tuple[str, str, str, str, str, date]


def situations(scope: Scope) -> Iterator[tuple[Situation, list[Case], list[Case]]]:
    """Each situation of interest, and its cases under both books, one for each way the free facts may be."""
    axes = (
        scope.who.values,
        scope.to.values,
        scope.labels.values,
        (Way.MAIL, Way.SFTP),
        ("general",),
        scope.days.values,
    )
    free = [name for name in scope.facts if name != AGREEMENT]
    for who, to, label, by, purpose, day in itertools.product(*axes):
        key = (who, recipients_called(to, scope.books), label, by.value, purpose, day)
        both: tuple[list[Case], list[Case]] = ([], [])
        for truths in itertools.product(Truth, repeat=len(free)):
            for book, cases in zip(scope.books, both, strict=True):
                facts = dict(zip(free, truths, strict=True))
                cases.append(case(book, who, to, label, by, purpose, day, facts))
        yield key, *both


def case(
    book: Rulebook, who: str, to: Class, label: str, by: Way, purpose: str, day: date, facts: dict[str, Truth]
) -> Case:
    """The world may take a verified address away from what the folder says; only a stranger may imitate a partner."""
    plain = Case(
        sender_person="" if who == words.OUTSIDER else who,
        recipient=to.recipients[0],
        by=by,
        label=label,
        purpose=purpose,
        on=day,
    )
    folder = determine(book, plain, (VERIFIED,))
    if VERIFIED in facts and folder[VERIFIED] is not Truth.YES:
        facts[VERIFIED] = folder[VERIFIED]
    if LOOKALIKE in facts and words.STRANGERS not in book.groups_of(plain.recipient):
        facts[LOOKALIKE] = Truth.NO
    return Case(
        sender_person=plain.sender_person, recipient=plain.recipient, by=by, label=label, purpose=purpose, on=day,
        facts=facts,
    )  # fmt: skip


def goes(verdict: Verdict) -> bool:
    """Nothing stands in the way but what people, or time, may still do."""
    return verdict.outcome is not Outcome.BLOCK and not verdict.unknown


def told(changes: tuple[Change, ...], what: str, scope: Scope) -> set[Situation]:
    return {
        (who, to, label, by, "general", day)
        for change in changes
        if change.what == what and "general" in change.purposes
        for who, to, label, by in itertools.product(change.who, change.to, change.labels, change.by)
        for day in scope.days.values
        if by != "pickup" and any(first <= day and (last is None or day <= last) for first, last in change.days)
    }


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=folders(), after=folders())
def test_it_tells_exactly_who_gains_and_who_loses(before: Rulebook, after: Rulebook) -> None:
    """Every situation in which more, or less, goes, or goes with fewer demands, is in a sentence; and no other is."""
    scope = Scope((before, after), on=ON)
    gained: set[Situation] = set()
    lost: set[Situation] = set()
    dropped: dict[str, set[Situation]] = {demand: set() for demand in DEMANDS}

    for key, old_cases, new_cases in situations(scope):
        for old_case, new_case in zip(old_cases, new_cases, strict=True):
            old, new = decide(before, old_case), decide(after, new_case)
            if goes(new) and not goes(old):
                gained.add(key)
            elif goes(old) and not goes(new):
                lost.add(key)
            elif goes(old):
                for demand in set(old.demands) - set(new.demands):
                    dropped[demand].add(key)

    found = difference(before, after, on=ON)
    assert found.is_computed
    assert gained == told(found.gained, SEND, scope)
    assert lost == told(found.lost, SEND, scope)
    for demand in DEMANDS:
        assert dropped[demand] == told(found.dropped, demand, scope)
    assert bool(gained or any(dropped.values())) <= found.is_widened


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=folders(), after=folders())
def test_back_is_the_mirror_of_forth(before: Rulebook, after: Rulebook) -> None:
    """What one direction gains the other loses; nothing changes from a book to itself."""
    forth, back = difference(before, after, on=ON), difference(after, before, on=ON)

    assert [_moved(change) for change in forth.gained] == [_moved(change) for change in back.lost]
    assert [_moved(change) for change in forth.dropped] == [_moved(change) for change in back.added]
    assert difference(before, before, on=ON).files == ()


def _moved(change: Change) -> tuple[object, ...]:
    return change.what, change.who, change.labels, change.by, change.purposes, change.days, change.conditions
