"""What a sender is asked says what to do next, and which answers count again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from gateway.facts import Outcome, Truth
from gateway.judge import questions
from gateway.judge.case import Case
from gateway.judge.decide import decide
from gateway.judge.expect import harmless, recipient_of
from gateway.judge.explain import sentence
from gateway.judge.rulebook import Rulebook, read
from gateway.transfer import Way

ROOT = Path(__file__).parents[3]
TEXTS = {path.name: path.read_text() for path in (ROOT / "rules").glob("*.toml")}
ANNA = "anna@example.test"


def asking(*when: str, rule: str = "ask") -> str:
    conditions = f"when = {list(when)!r}\n".replace("'", '"') if when else ""
    return (
        f'[[require]]\nid = "{rule}"\nto = ["strangers"]\n{conditions}then = ["confirmation-by-sender"]\n'
        'because = "Sure?"\n'
    )


def book(*rules: str) -> Rulebook:
    found = read({**TEXTS, "transfers.toml": TEXTS["transfers.toml"] + "".join(rules)})
    assert isinstance(found, Rulebook), found
    return found


def case(**truths: Truth) -> Case:
    facts = {name.replace("_", "-"): truth for name, truth in truths.items()}
    return Case(
        sender_person="alena@town.test", recipient=recipient_of(ANNA), by=Way.MAIL, label="office", purpose="general",
        on=date(2026, 11, 23), facts={**harmless(), **facts}, outside_recipients=34,
    )  # fmt: skip


YES = Truth.YES


@pytest.mark.parametrize(
    ("rule", "given", "similar", "said"),
    [
        (
            asking("first-contact"),
            {"first_contact": YES},
            "",
            f"reply YES to the gateway's note if you mean {ANNA}; nobody here has written there before (ask)",
        ),
        (
            asking("similar-name"),
            {"similar_name": YES},
            "anna@sample.test",
            f"reply YES to the gateway's note if you mean {ANNA}, not anna@sample.test; you have not written there "
            "before (ask)",
        ),
        (
            asking("many-recipients"),
            {},
            "",
            "reply YES to the gateway's note if 34 addressees may see each other's addresses, or NO and send it by Bcc "
            "(ask)",
        ),
        (asking(), {}, "", f"reply YES to the gateway's note if {ANNA} shall have this (ask)"),
    ],
)
def test_one_sentence_says_what_to_do(rule: str, given: dict[str, Truth], similar: str, said: str) -> None:
    """Whom it is for, why it is asked, and how to answer; it fits into an SMTP reply with the rule's name."""
    rulebook = book(rule)
    verdict = decide(rulebook, case(**given))

    asked = questions.put(rulebook, case(**given), verdict, similar=similar)

    assert Outcome.HOLD is asked.outcome
    assert f"It waits: {said}." == sentence(rulebook, case(**given), asked)
    assert len(sentence(rulebook, case(**given), asked)) <= 200


def test_an_answer_about_a_recipient_counts_again_only_if_nothing_else_is_asked() -> None:
    """First contact is about Anna for good; that she shall have *this* is not."""
    about_anna, about_this = asking("first-contact"), asking(rule="each")

    settled = book(about_anna)
    both = book(about_anna, about_this)

    assert questions.is_about_recipient(settled, decide(settled, case(first_contact=YES)))
    assert not questions.is_about_recipient(both, decide(both, case(first_contact=YES)))


def test_a_yes_settles_every_question_and_no_other_demand() -> None:
    """Confirmed, it goes; if a head must approve it too, it waits for the head."""
    rulebook = book(asking("first-contact"), asking(rule="each"))
    approval = asking(rule="head").replace("confirmation-by-sender", "approval-by head")
    confirmed = replace(case(first_contact=YES), is_confirmed=True)

    assert Outcome.SEND is decide(rulebook, confirmed).outcome
    assert ("approval-by head",) == decide(book(asking(), approval), confirmed).waits_for


def test_only_a_question_is_a_question() -> None:
    """What waits for a head's word is not the sender's to answer."""
    approval = asking(rule="head").replace("confirmation-by-sender", "approval-by head")
    rulebook = book(approval, asking())
    verdict = decide(rulebook, case())

    assert [False, True] == [questions.is_question(reason) for reason in verdict.reasons]
    assert questions.is_asked(verdict)


def test_the_readmes_questions_are_rules() -> None:
    """What rules/README.md shows loads beside the sample, and asks."""
    readme = (ROOT / "rules/README.md").read_text()
    (shown,) = [block.partition("```")[0] for block in readme.split("```toml\n")[1:]]

    rulebook = book("\n" + shown)

    assert ("confirmation-by-sender",) == decide(rulebook, case(first_contact=YES)).waits_for
    assert {"ask-about-names", "ask-about-circulars"} <= set(decide(rulebook, case(similar_name=YES)).rules)
