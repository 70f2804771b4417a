"""Words: every refusal fits a reply line, names the rule, and never suggests a lower label."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from gateway.facts import Outcome
from gateway.judge import expect
from gateway.judge.case import Case
from gateway.judge.decide import decide
from gateway.judge.explain import MAX_SENTENCE, explain, sentence
from gateway.judge.rulebook import Rulebook, read
from gateway.judge.sentences import describe
from gateway.transfer import Way

ROOT = Path(__file__).parents[3]
TEXTS = {path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml")}

LETTER = Case(
    sender_person="jo@town.test",
    recipient=expect.recipient_of("day@smithday.test"),
    by=Way.MAIL,
    label="office",
    purpose="general",
    on=date(2026, 11, 23),
    facts=expect.harmless(),
)


def book(name: str = "", old: str = "", new: str = "") -> Rulebook:
    found = read({**TEXTS, name: TEXTS[name].replace(old, new)} if name else TEXTS)
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


def said(rules: Rulebook, case: Case) -> str:
    return sentence(rules, case, decide(rules, case))


def test_a_rule_reads_as_a_sentence() -> None:
    """The handbook's own example."""
    rule = book().rule("letters-to-citizens")
    assert rule is not None

    assert (
        "A clerk or a registrar may send a Public or Office paper to an address of no partner by mail or pickup. "
        "Until 31 March 2027. Owner Per Lind. The town answers."
    ) == describe(book(), rule)


def test_every_sentence_fits_one_ascii_reply_line() -> None:
    """Over senders, recipients, labels and ways: printable ASCII, at most 200 characters, no line break."""
    rules = book()
    people = ("alena@town.test", "jo@town.test", "ruth@town.test", "per@town.test", "ghost@town.test", "")
    to = ("registry@court.test", "day@smithday.test", "anna@citizen.example", "jo@town.test", "x@c0urt.test")
    for sender, recipient, label, way in itertools.product(people, to, (*rules.labels.order, None), Way):
        case = replace(LETTER, sender_person=sender, recipient=expect.recipient_of(recipient), label=label, by=way)
        text = said(rules, case)
        assert text.isascii()
        assert text.isprintable()
        assert 0 < len(text) <= MAX_SENTENCE


def test_a_name_beyond_ascii_is_spelt_plainly_and_a_long_one_is_cut() -> None:
    """Accents fall away; nothing else of a name can break the reply line."""
    accented = book("partners.toml", "Smith & Day", "Bürö Šmíd")
    long = book("partners.toml", "Smith & Day", "Day " * 100)

    assert said(accented, LETTER).startswith("The agreement with Buro Smid ended on 30 April 2026")
    assert said(long, LETTER).endswith("...")
    assert len(said(long, LETTER)) <= MAX_SENTENCE


@pytest.mark.parametrize("label", ["confidential", "sealed"])
def test_a_lower_label_is_never_suggested(label: str) -> None:
    """What a paper may not be sent as, it may not be relabelled for."""
    text = said(book(), replace(LETTER, recipient=expect.recipient_of("anna@citizen.example"), label=label))

    assert "public" not in text.lower()
    assert "office" not in text.lower()


def test_an_admins_own_words_are_said() -> None:
    """`say` replaces the generated sentence."""
    say = '[[forbid]]\nsay = "Ring them first."\nid = "lookout"\nby = ["mail"]\nbecause = "So."\n\n[[forbid]]\n'

    assert "Ring them first." == said(book("transfers.toml", "[[forbid]]\n", say), LETTER)


def test_when_the_owner_has_left_somebody_else_is_named() -> None:
    """P7: who can grant it is somebody who is here."""
    old = 'roles = ["head"], until = 2027-12-31'
    text = said(book("people.toml", old, old.replace("2027", "2025")), LETTER)

    assert text.endswith("(opposing-counsel). Ask Per Lind.")


def test_the_long_explanation_names_rule_file_and_line() -> None:
    """For the command line: verdict, why, and where the rule stands."""
    rules = book()
    line = 1 + TEXTS["transfers.toml"][: TEXTS["transfers.toml"].index('id = "opposing-counsel"')].count("\n") - 1

    verdict = decide(rules, LETTER)
    lines = explain(rules, LETTER, verdict)

    assert Outcome.BLOCK is verdict.outcome
    assert "BLOCK: Jo Hart sends an Office paper to Smith & Day by mail for general on 23 November 2026." == lines[0]
    assert lines[2].startswith(f"  nearest miss, rules/transfers.toml:{line}  opposing-counsel: A solicitor may send")


def test_a_missed_expectation_says_what_came() -> None:
    """A changed rule shows in the tests, with file and line."""
    misses = expect.run(book("transfers.toml", 'then = ["approval-by head"]', 'then = ["proof-of-collection"]'))

    assert ["a sealed exhibit waits for the head: outcome should be hold, is send"] == [
        str(miss).split("  ", 1)[1] for miss in misses
    ]
