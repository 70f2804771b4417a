"""May this leg travel? One function for every moment: at RCPT, at DATA, just before the first byte.

A rule is *no* if any clause surely fails, else *unknown* if one cannot be determined, else *yes*. Then:

1. A `never` or `forbid` is yes: block.
2. Every `allow` is no: block, with the nearest miss.
3. A `never`, `forbid` or `require` is unknown, or no `allow` is yes: hold.
4. The demands of the `require`s that are yes add up. One to wait for: hold; else send, the rest binds scrub and seal.

Block and send need certainty; an unknown fact holds wherever a rule still needs it. So filling in what was unknown
never changes a verdict but hold. The order of the rules never matters: what is listed is listed by id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.facts import Mixed, Outcome, Reason, Truth
from gateway.judge import words
from gateway.judge.case import Case, determine, situation
from gateway.judge.fulfilment import is_met
from gateway.judge.rulebook import Rulebook
from gateway.judge.ruling import Ruling
from gateway.judge.verdict import Verdict
from gateway.transfer import Address

_VERIFIED = "address-verified"
_YES = frozenset({Truth.YES})


def decide(rulebook: Rulebook, case: Case) -> Verdict:
    """The verdict on one leg, from what is known of it now."""
    if case.is_gateway_note:
        return _note(rulebook, case)
    ruling = rulebook.rule_on(situation(rulebook, case))
    if ruling.to_wait_for:
        return ruling.waiting(tuple([one for one in ruling.to_wait_for if not is_met(rulebook, case, one)]))
    if ruling.about_lookalikes:
        return _naming_who_was_meant(rulebook, case, ruling)
    return ruling.verdict


def couple(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts on all open legs of one transfer, together.

    All-or-nothing: one blocked leg refuses all, one held leg holds all. Only if every lawful leg's rule says
    `lawful-part` does each go its own way. Less is never sent silently: the reason names the legs in the way.
    """
    places: dict[Outcome, list[int]] = {outcome: [] for outcome in Outcome}
    for place, verdict in enumerate(verdicts):
        places[verdict.outcome].append(place)
    lawful = places[Outcome.SEND] + places[Outcome.HOLD]
    if Mixed.ALL_OR_NOTHING not in {verdicts[place].mixed for place in lawful}:
        return tuple(verdicts)
    worst, code = (Outcome.BLOCK, "others-refused") if places[Outcome.BLOCK] else (Outcome.HOLD, "others-wait")
    if not places[worst]:
        return tuple(verdicts)
    reason = Reason(code=code, about=(("legs", " ".join(map(str, places[worst]))),))
    return tuple(
        verdict if place in places[worst] else replace(verdict, outcome=worst, reasons=(*verdict.reasons, reason))
        for place, verdict in enumerate(verdicts)
    )


def _naming_who_was_meant(rulebook: Rulebook, case: Case, ruling: Ruling) -> Verdict:
    """The verdict that says which partner's address a forged one is nearly; another's forbid keeps its own reason."""
    verdict, meant = ruling.verdict, _meant(rulebook, case.recipient.address)
    if not meant:
        return verdict
    about = ruling.about_lookalikes
    reasons = (replace(one, code="lookalike", about=(*one.about, ("meant", meant))) if one.get("rule") in about else one
               for one in verdict.reasons)  # fmt: skip
    return replace(verdict, reasons=tuple(reasons))


def _meant(rulebook: Rulebook, address: Address | None) -> str | None:
    try:
        return rulebook.lookalikes.meant(address.local, address.host) if address else None
    except ValueError:  # a domain that cannot be read
        return None


def _note(rulebook: Rulebook, case: Case) -> Verdict:
    """The gateway writes to its own people, to a partner's mailbox that is listed and verified, and to nobody else."""
    partner, address = rulebook.partner_of(case.recipient), case.recipient.address
    is_listed = partner and address and address.key in partner.addresses
    is_on_file = is_listed and determine(rulebook, case, (_VERIFIED,))[_VERIFIED] in _YES
    if is_on_file or words.STAFF in rulebook.groups_of(case.recipient):
        return Verdict(outcome=Outcome.SEND, rules=(words.GATEWAY_NOTE,))
    return Verdict(outcome=Outcome.BLOCK, rules=(words.GATEWAY_NOTE,), reasons=(Reason(code="note-to-outside"),))
