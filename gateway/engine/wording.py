"""A reason in words: one sentence for the person who sent it, saying what is wrong and what to do next.

Codes and parameters are what is kept; words are made, from the catalogue, when somebody reads them. What the rules say
is worded by `judge.explain`; here is all that happens after the rules said yes. Of a file some things are said
otherwise: it has a name and a folder where a message has a subject. A code without words says so plainly.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.catalogue.texts import ENGLISH, Texts
from gateway.engine.containment.contained import CONTAINED, PAUSED
from gateway.facts import Outcome, Reason
from gateway.judge import explain
from gateway.judge.case import Case
from gateway.judge.rulebook import Rulebook
from gateway.judge.verdict import Verdict
from gateway.transfer import Recipient, Way

_BY_THE_RULES = frozenset({"unknown", "waits", "others-wait"})
"""Why the judge itself holds; every reason of a block is the judge's."""
_CAUSES = frozenset({"label-conflict", "purpose-conflict"})
"""Why it could not determine something: that comes first, for it says what to mend."""


def sentences(rulebook: Rulebook, case: Case, outcome: Outcome | None, reasons: Sequence[Reason]) -> tuple[str, ...]:
    """Why a leg does not simply go, for its sender. `outcome` is the judge's; None for what happened later."""
    if outcome is Outcome.BLOCK:
        return (explain.sentence(rulebook, case, Verdict(outcome=outcome, reasons=tuple(reasons))),)
    ruled = tuple(reason for reason in reasons if reason.code in _BY_THE_RULES)
    others = sorted((reason for reason in reasons if reason not in ruled), key=lambda one: one.code not in _CAUSES)
    to, texts = called(rulebook, case.recipient), explain.texts_of(rulebook)
    said = [sentence(reason, recipient=to, by=case.by, texts=texts) for reason in others]
    if ruled:
        causes = sum(reason.code in _CAUSES for reason in reasons)
        said.insert(causes, explain.waiting(rulebook, case, Verdict(outcome=Outcome.HOLD, reasons=ruled)))
    return tuple(said)


def called(rulebook: Rulebook, recipient: Recipient) -> str:
    """What people call a recipient: an address, or a partner's own name for its box."""
    partner = rulebook.partners.get(recipient.partner)
    return partner.name if partner else str(recipient)


def sentence(reason: Reason, *, recipient: str = "", by: Way | None = None, texts: Texts = ENGLISH) -> str:
    """The reason as one sentence, of a message or, `by` SFTP, of a file."""
    given = {"recipient": recipient, **dict(reason.about), "code": reason.code}
    if reason.code == "document":
        why = given.get("why", "")
        given["explained"] = texts.say(f"document.{why}", **given) if texts.has(f"document.{why}") else why
        given["next"] = texts.say(texts.first(f"document.{why}.next", "document.next"))
    elif reason.code in (CONTAINED, PAUSED):
        given |= explain.asked_of(texts, reason)
    elif reason.code == "unscanned" and texts.has(why := f"unscanned.{given.get('why', '')}"):
        given["explained"] = texts.say(why)
    elif reason.code == "virus":
        whole = texts.say("virus.whole.file" if by is Way.SFTP else "virus.whole")
        given["found"] = f"'{given['file']}'" if given.get("file") else whole
    words = (f"reason.{reason.code}", "reason.other")
    text = texts.say(texts.first(f"file.{reason.code}", *words) if by is Way.SFTP else texts.first(*words), **given)
    if given.get("doubt"):
        text += texts.say("reason.doubt")
    return text[:1].upper() + text[1:]
