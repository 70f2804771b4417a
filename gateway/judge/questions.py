"""What a sender is asked before something goes, in words, and which answers count for the next time.

A `require` whose `then` is `confirmation-by-sender` asks. What it asks follows from the facts in its `when`. An answer
to a question about a recipient (`first-contact`, `similar-name`) is about that recipient for good; to any other
question it is about this one transfer.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.catalogue.texts import Texts
from gateway.facts import Reason
from gateway.judge.case import Case
from gateway.judge.rulebook import Rulebook
from gateway.judge.rules import Rule
from gateway.judge.verdict import Verdict

CONFIRMATION = "confirmation-by-sender"
CONFIRMED = "confirmed"
"""What the sender's own `Approved` covers: their answer, and nothing else."""

ABOUT_RECIPIENT = ("first-contact", "similar-name")
_MANY = "many-recipients"


def is_asked(verdict: Verdict) -> bool:
    """Whether the sender has yet to answer."""
    return CONFIRMATION in verdict.waits_for


def is_about_recipient(rulebook: Rulebook, verdict: Verdict) -> bool:
    """Whether every rule that asks asks about the recipient alone, so that an earlier answer settles it."""
    return all(set(ABOUT_RECIPIENT).intersection(rule.when) for rule in _asking(rulebook, verdict))


def put(rulebook: Rulebook, case: Case, verdict: Verdict, *, similar: str) -> Verdict:
    """The verdict with its question spelled out: what it is about, so that it can be worded at any later time."""
    facts = {fact for rule in _asking(rulebook, verdict) for fact in rule.when}
    about = [("asks", " ".join(sorted(facts.intersection((*ABOUT_RECIPIENT, _MANY)))))]
    if similar and "similar-name" in facts:
        about.append(("similar", similar))
    if _MANY in facts and case.outside_recipients is not None:
        about.append(("count", str(case.outside_recipients)))
    return replace(verdict, reasons=tuple(_with(reason, tuple(about)) for reason in verdict.reasons))


def question(texts: Texts, recipient: str, reason: Reason, *, is_file: bool = False) -> str:
    """What the sender is asked, and how to answer: it stands behind "It waits:"."""
    asks, code = reason.get("asks").split(), "demand.confirmation"
    if _MANY in asks:
        code += ".counted" if reason.get("count") else ".many"
    elif reason.get("similar"):
        code += ".similar"
    elif "first-contact" in asks:
        code += ".first"
    elif is_file:
        code += ".file"
    return texts.say(code, recipient=recipient, similar=reason.get("similar"), count=reason.get("count"))


def _asking(rulebook: Rulebook, verdict: Verdict) -> tuple[Rule, ...]:
    found = (rulebook.rule(rule_id) for rule_id in verdict.rules)
    return tuple(rule for rule in found if rule is not None and CONFIRMATION in rule.then)


def _with(reason: Reason, about: tuple[tuple[str, str], ...]) -> Reason:
    return replace(reason, about=(*reason.about, *about)) if is_question(reason) else reason


def is_question(reason: Reason) -> bool:
    """Whether this is what the sender is to answer."""
    return reason.code == "waits" and reason.get("demand") == CONFIRMATION
