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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gateway.facts import Known, Mixed, Outcome, Reason, Truth
from gateway.judge import words
from gateway.judge.case import Case, determine
from gateway.judge.rulebook import Person, Rulebook
from gateway.judge.rules import Rule, Verb
from gateway.judge.sieve import Axis, Sifted
from gateway.judge.words import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The allow that failed on the fewest clauses, and on which: `who clearance to labels by for until`, or a fact."""

    rule: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules say of one leg."""

    outcome: Outcome
    rules: tuple[str, ...] = ()
    """The ids that decide: what blocks, or the allows that are yes and then the requires."""
    reasons: tuple[Reason, ...] = ()
    unknown: tuple[str, ...] = ()
    """What could not be determined and is still needed: facts, or `label by for`."""
    demands: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    """Demands nobody has fulfilled yet."""
    nearest: Nearest | None = None
    mixed: Mixed = Mixed.ALL_OR_NOTHING
    known: tuple[Known, ...] = ()
    may_be_sender_sealed: bool = False
    """A rule lets it go although the sender sealed it, so that it cannot be scrubbed."""
    watched: tuple[str, ...] = ()
    """Rules on trial that would have applied; they have no effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What every verdict on a case records, whichever way it goes."""

    truths: Mapping[str, Truth]
    known: tuple[Known, ...]
    watched: tuple[str, ...]


def decide(rulebook: Rulebook, case: Case) -> Verdict:
    """The verdict on one leg, from what is known of it now."""
    if case.is_gateway_note:
        return _note(rulebook, case)
    sieve = rulebook.sieve
    truths = determine(rulebook, case, (name for name, _, _ in sieve.facts))
    sifted = _sift(rulebook, case, truths)
    live = ~sieve.watched
    blocks = sifted.yes & sieve.blocks & live
    allows = sifted.yes & sieve.allows & live
    maybe = sifted.unknown & sieve.allows & live
    open_narrowing = sifted.unknown & (sieve.blocks | sieve.requires) & live
    seen = Seen(
        truths=truths,
        known=tuple(
            Known(name=name, value=truth, at_ms=case.ages.get(name, case.at_ms)) for name, truth in truths.items()
        ),
        watched=_ids(sieve.of(sifted.yes & sieve.watched)),
    )
    if blocks:
        return _blocked(rulebook, case, seen, sieve.of(blocks))
    if not allows and not maybe:
        return _not_allowed(rulebook, case, seen)
    needed = open_narrowing | (0 if allows else maybe)
    return _allowed(rulebook, case, seen, sifted, sieve.of(allows or maybe), is_sure=bool(allows), needed=needed)


def couple(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts on all open legs of one transfer, together.

    All-or-nothing: one blocked leg refuses all, one held leg holds all. Only if every lawful leg's rule says
    `lawful-part` does each go its own way. Less is never sent silently: the reason names the legs in the way.
    """
    lawful = [verdict for verdict in verdicts if verdict.outcome is not Outcome.BLOCK]
    if all(verdict.mixed is Mixed.LAWFUL_PART for verdict in lawful):
        return tuple(verdicts)
    for worst, code in ((Outcome.BLOCK, "others-refused"), (Outcome.HOLD, "others-wait")):
        in_the_way = [str(place) for place, verdict in enumerate(verdicts) if verdict.outcome is worst]
        if in_the_way:
            reason = Reason(code=code, about=(("legs", " ".join(in_the_way)),))
            return tuple(
                verdict
                if verdict.outcome is worst
                else replace(verdict, outcome=worst, reasons=(*verdict.reasons, reason))
                for verdict in verdicts
            )
    return tuple(verdicts)


# ── the four steps ───────────────────────────────────────────────────────────────────────────────────────────────────


def _note(rulebook: Rulebook, case: Case) -> Verdict:
    """The gateway writes to its own people, to a partner's mailbox that is listed and verified, and to nobody else."""
    partner, address = rulebook.partner_of(case.recipient), case.recipient.address
    is_on_file = partner is not None and address is not None and address.key in partner.addresses
    if is_on_file and determine(rulebook, case, ("address-verified",))["address-verified"] is Truth.YES:
        return Verdict(outcome=Outcome.SEND, rules=(words.GATEWAY_NOTE,))
    if rulebook.groups_of(case.recipient) == {words.STAFF}:
        return Verdict(outcome=Outcome.SEND, rules=(words.GATEWAY_NOTE,))
    return Verdict(outcome=Outcome.BLOCK, rules=(words.GATEWAY_NOTE,), reasons=(Reason(code="note-to-outside"),))


def _sift(rulebook: Rulebook, case: Case, truths: Mapping[str, Truth]) -> Sifted:
    sieve = rulebook.sieve
    sender, is_in_office = _sender(rulebook, case)
    return sieve.sift(
        sender=sender,
        groups=rulebook.groups_of(case.recipient),
        by=case.by,
        label=case.label,
        purpose=case.purpose,
        on=case.on,
        facts=truths,
        without=0 if is_in_office else sieve.allows,
    )


def _sender(rulebook: Rulebook, case: Case) -> tuple[Axis, bool]:
    """Who sends, and whether an allow may count them: not after a person's last day."""
    if case.is_from_outside:
        return rulebook.sieve.senders[words.OUTSIDER], True
    person = rulebook.person(case.sender_person)
    if person is None:
        return rulebook.sieve.no_sender, False
    return rulebook.sieve.senders[person.address], case.on <= person.until


def _blocked(rulebook: Rulebook, case: Case, seen: Seen, rules: tuple[Rule, ...]) -> Verdict:
    reasons = tuple(_forbidden(rulebook, case, rule) for rule in sorted(rules, key=_by_id))
    return Verdict(outcome=Outcome.BLOCK, rules=_ids(rules), reasons=reasons, known=seen.known, watched=seen.watched)


def _forbidden(rulebook: Rulebook, case: Case, rule: Rule) -> Reason:
    address = case.recipient.address
    if "lookalike-domain" in rule.when and address:
        try:
            meant = rulebook.lookalikes.meant(address.local, address.host)
        except ValueError:
            meant = None
        if meant:
            return Reason(code="lookalike", about=(("rule", rule.id), ("meant", meant)))
    return Reason(code="forbidden", about=(("rule", rule.id),))


def _not_allowed(rulebook: Rulebook, case: Case, seen: Seen) -> Verdict:
    nearest = _nearest(rulebook, case, seen.truths)
    reasons: tuple[Reason, ...] = (Reason(code="no-rule"),)
    if nearest:
        about = ("rule", nearest.rule)
        reasons = tuple(Reason(code="miss", about=(about, ("clause", clause))) for clause in nearest.missing)
    return Verdict(outcome=Outcome.BLOCK, reasons=reasons, nearest=nearest, known=seen.known, watched=seen.watched)


def _allowed(
    rulebook: Rulebook,
    case: Case,
    seen: Seen,
    sifted: Sifted,
    allows: tuple[Rule, ...],
    *,
    is_sure: bool,
    needed: int,
) -> Verdict:
    """Nothing forbids it for certain and some rule allows it, or may (`is_sure` is false): hold or send."""
    sieve = rulebook.sieve
    requires = sieve.of(sifted.yes & sieve.requires & ~sieve.watched)
    demands = tuple(sorted({demand for rule in requires for demand in rule.then}))
    waits_for = tuple(demand for demand in demands if words.waits(demand) and not _is_met(rulebook, case, demand))
    unknown = {name for name, bits in sifted.names if bits & needed}
    if case.label is None or case.label not in rulebook.labels.order:
        unknown.add("label")  # the seal's floor depends on it: nothing is sent before it is seen
    asking = {name: _ids(sieve.of(bits & needed)) for name, bits in sifted.names if bits & needed} if unknown else {}
    reasons = (
        *(_unknown(name, asking.get(name, ())) for name in sorted(unknown)),
        *(Reason(code="waits", about=(("demand", one), ("rule", _asking(requires, one)))) for one in waits_for),
    )
    # An allow only widens: any rule that lets the lawful part go does so. Unsure which one counts, all must.
    lawful_parts = [rule.mixed is Mixed.LAWFUL_PART for rule in allows]
    is_lawful_part = any(lawful_parts) if is_sure else all(lawful_parts)
    return Verdict(
        outcome=Outcome.HOLD if unknown or waits_for else Outcome.SEND,
        rules=(_ids(allows) if is_sure else ()) + _ids(requires),
        reasons=reasons,
        unknown=tuple(sorted(unknown)),
        demands=demands,
        waits_for=waits_for,
        mixed=Mixed.LAWFUL_PART if is_lawful_part else Mixed.ALL_OR_NOTHING,
        known=seen.known,
        may_be_sender_sealed=is_sure and any(rule.may_be_sender_sealed for rule in allows),
        watched=seen.watched,
    )


def _unknown(name: str, rules: tuple[str, ...]) -> Reason:
    return Reason(code="unknown", about=(("what", name), ("rules", " ".join(rules))))


def _is_met(rulebook: Rulebook, case: Case, demand: str) -> bool:
    if demand == "second-factor":
        return case.facts.get("sender-second-factor") is Truth.YES
    if demand == "confirmation-by-sender":
        return case.is_confirmed
    if demand.startswith(words.DELAY):
        return case.waited_seconds >= Duration.of(demand.removeprefix(words.DELAY)).seconds
    role = demand.removeprefix(words.APPROVAL)
    return any(may_approve(rulebook, case, rulebook.person(one), role) for one in case.approved_by)


def may_approve(rulebook: Rulebook, case: Case, person: Person | None, role: str) -> bool:
    """True if `person` may give the approval of a `role`: holds it today, may handle the label, is not the sender."""
    sender = rulebook.person(case.sender_person)
    if person is None or person == sender or role not in person.roles or case.on > person.until:
        return False
    order = rulebook.labels.order
    rank = order.index(case.label) if case.label in order else len(order) - 1
    return rank <= order.index(rulebook.people.roles[role].may_handle)


# ── the nearest miss ─────────────────────────────────────────────────────────────────────────────────────────────────


def _nearest(rulebook: Rulebook, case: Case, truths: Mapping[str, Truth]) -> Nearest | None:
    """The allow with the fewest failing clauses; of several, one whose `to` matches, then whose `who`, then by id."""
    misses = [
        (len(missing), "to" in missing, "who" in missing, rule.id, missing)
        for rule in rulebook.rules
        if rule.verb is Verb.ALLOW and not rule.is_watched and (missing := _missing(rulebook, case, rule, truths))
    ]
    if not misses:
        return None
    *_, rule_id, missing = min(misses)
    return Nearest(rule=rule_id, missing=missing)


def _missing(rulebook: Rulebook, case: Case, rule: Rule, truths: Mapping[str, Truth]) -> tuple[str, ...]:
    """The clauses that surely fail, in the order a person would mend them."""
    failing = {
        "to": rule.to and not rule.to & rulebook.groups_of(case.recipient),
        "labels": case.label in rulebook.labels.order and rule.labels and case.label not in rule.labels,
        "by": case.by and rule.by and case.by not in rule.by,
        "for": case.purpose in rulebook.labels.purposes and rule.for_ and case.purpose not in rule.for_,
        "until": rule.until and rule.until < case.on,
    }
    facts = tuple(name for name in rule.when if truths[name] is Truth.NO)
    return (*_missing_who(rulebook, case, rule), *(name for name, fails in failing.items() if fails), *facts)


def _missing_who(rulebook: Rulebook, case: Case, rule: Rule) -> tuple[str, ...]:
    """`who` if the sender holds no role of the rule, `clearance` if only roles too low for the label."""
    if case.is_from_outside:
        return () if not rule.who or words.OUTSIDER in rule.who else ("who",)
    person = rulebook.person(case.sender_person)
    if person is None or not _counts(person, case.on):
        return ("who",)
    fitting = rule.who.intersection(person.roles)
    if not fitting:
        return ("who",) if rule.who else ()
    order = rulebook.labels.order
    highest = max(order.index(rulebook.people.roles[role].may_handle) for role in fitting)
    wanted = [case.label] if case.label in order else [label for label in order if label in rule.labels]
    return () if any(order.index(str(label)) <= highest for label in wanted) else ("clearance",)


def _counts(person: Person, on: date) -> bool:
    return on <= person.until


def _asking(requires: Iterable[Rule], demand: str) -> str:
    return " ".join(_ids(rule for rule in requires if demand in rule.then))


def _ids(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(sorted(rule.id for rule in rules))


def _by_id(rule: Rule) -> str:
    return rule.id
