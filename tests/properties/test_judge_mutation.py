"""Every byte and every key of the sample's rules spoilt: refused, or decided no more widely, or told as a widening.

A rules folder is text, so one slip can say something else that is well-formed: a clause commented out, another year.
No reader can know that it was a slip. But nothing fails open unseen: whatever lets more through than before is told as
such by `rules diff`, and then takes a second person (handbook `rules.md` §6).
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from enum import StrEnum
from functools import cache

import pytest

from gateway.commands.sample import sample_rules
from gateway.facts import Outcome, Truth
from gateway.judge import expect
from gateway.judge.case import Case
from gateway.judge.decide import decide
from gateway.judge.difference import difference
from gateway.judge.places import Path, Places
from gateway.judge.reading import Reader
from gateway.judge.rulebook import Rulebook, read
from gateway.transfer import Way

TEXTS = sample_rules()
ON = date(2026, 11, 23)
BYTES = ("#", '"', "=", "]", "0", "x", "\n", "\x00")
"""What a byte is replaced by: it comments out, ends a text, a list, a line; it changes a number or a word."""
VALUES = ('"x"', '""', "1", "-1", "true", "[]", "{}", "[[]]", "2099-12-31", '["mail"]', '["office"]', '"99y"')
OF_TEXT = frozenset({"digest", "files", "warnings", "expects", "sieve", "lookalikes", "rule_on"})
"""What of a rulebook is its text, or follows from all the rest."""
QUICKLY = 5
"""So many mutants of a file are tried every time; the others when all tests run."""
RANK = {Outcome.BLOCK: 0, Outcome.HOLD: 1, Outcome.SEND: 2}
FLOOR = {"": 0, "verified-transport": 1, "encrypt-to-recipient": 2}


# ── mutants ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Spans(Places):
    """Where values end, too."""

    def __init__(self, text: str) -> None:
        self.ends: dict[Path, int] = {}
        super().__init__(text)

    def _value(self, path: Path) -> None:
        super()._value(path)
        self.ends[path] = self._at


def of_bytes(name: str) -> Iterator[str]:
    """One byte deleted, doubled, or replaced by another."""
    text = TEXTS[name]
    for at, byte in enumerate(text):
        yield text[:at] + text[at + 1 :]
        yield text[:at] + byte + text[at:]
        yield from (text[:at] + other + text[at + 1 :] for other in BYTES if other != byte)


def of_keys(name: str) -> Iterator[str]:
    """One key deleted, doubled, misspelt, given a value of another kind, or the value it has elsewhere in the file."""
    text, places = TEXTS[name], Spans(TEXTS[name])
    elsewhere: dict[str, set[str]] = {}
    for path, end in places.ends.items():
        elsewhere.setdefault(str(path[-1]), set()).add(text[places.values[path] : end])
    for path, start in places.keys.items():
        if path not in places.ends:
            continue  # the header of a table: its bytes are mutated, and its keys one by one
        value, end = places.values[path], places.ends[path]
        pair, is_inline = text[start:end], text[text.rfind("\n", 0, start) + 1 : start] != ""
        after = text[end:].removeprefix(", ") if is_inline else text[end:]
        yield text[:start] + after
        yield text[:end] + (", " if is_inline else "\n") + pair + text[end:]
        yield text[:start] + "x" + text[start:]
        others = sorted(elsewhere[str(path[-1])] - {text[value:end]})
        yield from (text[:value] + other + text[end:] for other in (*VALUES, *others))


# ── what they mean ───────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def sample() -> Rulebook:
    found = read(TEXTS)
    assert isinstance(found, Rulebook)
    return found


@cache
def tables() -> dict[str, dict[str, object]]:
    return {name: tomllib.loads(text) for name, text in TEXTS.items()}


@cache
def universe() -> tuple[Case, ...]:
    """Senders, recipients, ways, labels, purposes, days and facts: what is known, unknown and not seen yet."""
    senders = (
        "alena@town.test",
        "jo@town.test",
        "ruth@town.test",
        "per@town.test",
        "ghost@town.test",
        "",
        "partner:court",
    )
    recipients = ("registry@court.test", "x@court.test", "day@smithday.test", "anna@example.test", "x@c0urt.test",
                  "jo@town.test", "partner:court")  # fmt: skip
    days = (ON, date(2027, 4, 1), date(2030, 1, 1))
    plain = expect.harmless()
    unsure = dict.fromkeys(plain, Truth.UNKNOWN)  # what the folder itself decides is never in doubt
    return tuple(
        Case(
            sender_person=sender,
            recipient=expect.recipient_of(recipient),
            by=by,
            label=label,
            purpose=purpose,
            on=on,
            facts=facts,
            outside_recipients=1,
        )
        for sender, recipient, by, label, purpose, (on, facts) in itertools.product(
            senders,
            recipients,
            (Way.MAIL, Way.SFTP, Way.PICKUP),
            ("public", "office", "confidential", "sealed"),
            ("general", "litigation"),
            (*((on, plain) for on in days), (ON, unsure)),
        )
    )


@cache
def verdicts() -> tuple[tuple[Outcome, frozenset[str]], ...]:
    return tuple(judged(sample(), case) for case in universe())


def judged(rulebook: Rulebook, case: Case) -> tuple[Outcome, frozenset[str]]:
    verdict = decide(rulebook, case)
    return verdict.outcome, frozenset(verdict.demands)


def is_the_same(mutant: Rulebook) -> bool:
    """Comments and layout apart, it says what the sample says."""
    same = [name for field in fields(mutant) if (name := field.name) not in OF_TEXT | {"rules"}]
    lines = [tuple(replace(rule, line=0) for rule in book.rules) for book in (mutant, sample())]
    return lines[0] == lines[1] and all(getattr(mutant, name) == getattr(sample(), name) for name in same)


def decides_alike(mutant: Rulebook) -> bool:
    """All that a verdict is made of is as it was: words to people, and the other stations' files, decide nothing."""
    mine, other = (
        (
            book.people,
            book.labels,
            book.partners,
            book.gateway.office,
            book.transfers.facts,
            [replace(rule, because="", owner="", say="", line=0) for rule in book.rules],
        )
        for book in (mutant, sample())
    )
    return mine == other


def is_wider(mutant: Rulebook) -> bool:
    """Somewhere it sends what waited or was refused, holds what was refused, or asks for less."""
    if any(
        FLOOR[mutant.protection.floor.get(label, "")] < FLOOR[floor]
        for label, floor in sample().protection.floor.items()
    ):
        return True
    if decides_alike(mutant):
        return False
    for case, (outcome, demands) in zip(universe(), verdicts(), strict=True):
        now, asked = judged(mutant, case)
        if RANK[now] > RANK[outcome] or (now is outcome is not Outcome.BLOCK and not demands <= asked):
            return True
    return False


class Fate(StrEnum):
    """What becomes of a folder with a mutant in it."""

    NO_TOML = "is no TOML, so it does not load"
    SAME = "says the same"
    REFUSED = "is refused"
    TOLD = "is told as a widening"
    NARROWER = "lets nothing more through"
    OPEN = "lets more through, and nobody is told"


def fate(name: str, text: str) -> Fate:
    """What becomes of this file in place of the sample's; the cheapest question first."""
    page = Reader(name, [])
    if not page.parse(text):
        return Fate.NO_TOML
    if page.table == tables()[name]:
        return Fate.SAME  # to the letter, comments and layout apart
    found = read({**TEXTS, name: text})
    if not isinstance(found, Rulebook):
        return Fate.REFUSED
    if is_the_same(found):
        return Fate.SAME
    if difference(sample(), found, on=ON).is_widened:
        return Fate.TOLD
    return Fate.OPEN if is_wider(found) else Fate.NARROWER


def those_that_fail_open(name: str, mutants: Iterator[str]) -> list[str]:
    return [_around(TEXTS[name], text) for text in mutants if fate(name, text) is Fate.OPEN]


def _around(before: str, after: str) -> str:
    """Where two texts begin to differ, for whoever reads the failure."""
    at = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    return after[max(0, at - 30) : at + 40]


# ── the properties ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_spoilt_byte_here_and_there_opens_nothing(name: str) -> None:
    """Some mutants of each file, spread over it evenly."""
    mutants = list(of_bytes(name))

    assert [] == those_that_fail_open(name, iter(mutants[:: len(mutants) // QUICKLY]))


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_spoilt_key_here_and_there_opens_nothing(name: str) -> None:
    """Some mutants of each file."""
    mutants = list(of_keys(name))

    assert [] == those_that_fail_open(name, iter(mutants[:: len(mutants) // QUICKLY]))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_spoilt_byte_opens_anything(name: str) -> None:
    """Every byte of every file, deleted, doubled, and replaced in eight ways."""
    assert [] == those_that_fail_open(name, of_bytes(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_spoilt_key_opens_anything(name: str) -> None:
    """Every key of every file, deleted, doubled, misspelt, and given every other value."""
    assert [] == those_that_fail_open(name, of_keys(name))


def test_what_does_open_something_is_seen() -> None:
    """The measure itself: a condition commented out and an end moved are wider, and are told as such."""
    rules = TEXTS["transfers.toml"]
    ended = '"pickup"]\nwhen = ["agreement-current"'
    for old, new in ((ended, ended.replace("when", "#hen")), ("until = 2026-12-31", "until = 2096-12-31")):
        assert old in rules
        found = read({**TEXTS, "transfers.toml": rules.replace(old, new, 1)})
        assert isinstance(found, Rulebook)
        assert is_wider(found)
        assert difference(sample(), found, on=ON).is_widened
