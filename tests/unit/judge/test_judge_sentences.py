"""Rules as plain English: what each says, and by name whom it touches."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.judge.rulebook import Rulebook, read
from gateway.judge.sentences import Described, describe, every, tally_in_words, touched

ROOT = Path(__file__).parents[3]
TEXTS = {path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml")}
ON = date(2026, 11, 23)


def book(**more: str) -> Rulebook:
    texts = {**TEXTS, **{f"{name}.toml": TEXTS[f"{name}.toml"] + "\n" + text for name, text in more.items()}}
    found = read(texts)
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


def described(rules: Rulebook, rule_id: str) -> Described:
    return next(one for one in every(rules, ON) if one.id == rule_id)


def test_every_rule_of_every_file_is_told() -> None:
    """By its id, in the order of the files; each a sentence that ends."""
    told = every(book(), ON)

    ids = [one.id for one in told]
    assert [rule.id for rule in book().rules] == ids[: len(book().rules)]
    assert ["redlines", "court-box", "content", "record"] == ids[len(book().rules) :]
    assert all(one.sentence.endswith(".") and one.sentence[0].isupper() for one in told)


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("transfers", '[[forbid]]\nid = "x"\nwho = ["clerk"]\nto = ["partner:court"]\nbecause = "So."',
         "A clerk may not send any paper to County Court. So."),
        ("transfers", '[[forbid]]\nid = "x"\nby = ["sftp", "mail"]\nunless = ["working-hours"]\nbecause = "So."',
         "Nobody may send any paper to anybody by mail or SFTP unless working-hours. So."),
        ("transfers", '[[never]]\nid = "x"\nwho = ["clerk"]\nlabels = ["office", "public"]\nbecause = "So."',
         "A clerk may never send a Public or Office paper to anybody. So."),
        ("transfers", '[[never]]\nid = "x"\nto = ["staff"]\nbecause = "So."',
         "Nobody may ever send any paper to a colleague. So."),
        ("transfers", '[[require]]\nid = "x"\nfor = ["general"]\nthen = ["delay 4h", "second-factor"]\nbecause = "So."',
         "When anybody sends any paper to anybody for general: delay 4h, second-factor. So."),
        ("metadata", '[[strip]]\nid = "x"\nbecause = "So."\nwhat = ["notes", "crops"]\n'
         'as = "flatten"\nfamilies = "office"',
         "An office document: notes and crops are flattened. So."),
        ("metadata", '[[strip]]\nid = "x"\nwhat = ["hidden"]\nto = ["courts"]\nlabels = ["sealed"]\nbecause = "So."',
         "Any document in a Sealed paper to courts: hidden is stripped from it. So."),
        ("retention", '[[keep]]\nid = "x"\nwhat = ["net"]\nfor = "90d"\nlabels = ["public"]\nbecause = "So."',
         "Network addresses of a Public paper are kept for 90d. So."),
        ("retention", '[[hold]]\nid = "x"\npartners = ["court"]\npeople = ["jo@town.test"]\nowner = "per@town.test"\n'
         'until = 2027-05-01\nbecause = "So."',
         "Nothing that has to do with County Court and Jo Hart is destroyed. Until 1 May 2027. Owner Per Lind. So."),
    ],
)  # fmt: skip
def test_a_rule_reads_as_a_sentence(file: str, text: str, expected: str) -> None:
    """Every verb, every clause, every file."""
    assert expected == described(book(**{file: text}), "x").sentence


def test_an_allow_touches_those_it_lets_send() -> None:
    """By role, clearance and last day; a narrowing rule touches whoever holds the role, whatever their clearance."""
    rules = book(
        transfers='[[forbid]]\nid = "clerks"\nwho = ["clerk"]\nlabels = ["sealed"]\nbecause = "So."\n'
        '[[allow]]\nid = "high"\nwho = ["clerk", "solicitor"]\nto = ["courts"]\nlabels = ["sealed"]\nby = ["sftp"]\n'
        'until = 2028-01-01\nowner = "ruth@town.test"\nbecause = "So."'
    )

    assert ("Alena Novak", "Jo Hart") == described(rules, "court-filing").people
    assert ("Jo Hart",) == described(rules, "high").people
    assert ("Alena Novak",) == described(rules, "clerks").people
    rule = rules.rule("court-filing")
    assert rule is not None
    assert ["Jo Hart"] == [person.name for person in touched(rules, rule, date(2027, 7, 1))]


def test_the_parties_of_a_rule_are_named() -> None:
    """Partners of its groups, strangers, colleagues; all of them for a rule that names none."""
    assert ("County Court",) == described(book(), "court-filing").parties
    assert ("strangers",) == described(book(), "letters-to-citizens").parties
    assert ("County Court", "Smith & Day", "strangers", "colleagues") == described(book(), "sealed-by-mail").parties


@pytest.mark.parametrize(
    ("rule", "legs", "days", "expected"),
    [
        ("letters-to-citizens", 214, 90, "(2 people, 214 uses in 90 days.)"),
        ("sealed-bundles", 1, 1, "(1 person, 1 use in 1 day.)"),
        ("papers-from-partners", 48_112, 90, "(outsiders, 48,112 uses in 90 days.)"),
    ],
)
def test_the_tally_is_words(rule: str, legs: int, days: int, expected: str) -> None:
    """One or many, and who is none of ours."""
    assert expected == tally_in_words(described(book(), rule), legs, days)


def test_a_rule_about_transfers_says_owner_and_end() -> None:
    """The handbook's own example."""
    rule = book().rule("letters-to-citizens")
    assert rule is not None

    assert (
        "A clerk or a registrar may send a Public or Office paper to an address of no partner by mail or pickup. "
        "Until 31 March 2027. Owner Per Lind. The town answers."
    ) == describe(book(), rule)
