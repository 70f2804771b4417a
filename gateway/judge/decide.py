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
from dataclasses import dataclass, field, replace

from gateway.facts import Known, Mixed, Outcome, Reason, Truth
from gateway.judge import words
from gateway.judge.case import Case, determine_with
from gateway.judge.rulebook import Person, Rulebook
from gateway.judge.rules import Rule
from gateway.judge.sieve import Sender, Sieve, Sifted

_VERIFIED = "address-verified"
_CLAUSES = ("who", "clearance", "to", "labels", "by", "for", "until")
"""In the order in which a person would mend them; facts come last."""
_SEND, _HOLD, _BLOCK = Outcome.SEND, Outcome.HOLD, Outcome.BLOCK  # looking a member up costs as much as a clause


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
    may_be_sender_sealed: bool = False
    """A rule lets it go although the sender sealed it, so that it cannot be scrubbed."""
    watched: tuple[str, ...] = ()
    """Rules on trial that would have applied; they have no effect."""
    case: Case | None = None
    """What was decided; none for a verdict that is only worded."""
    truths: Mapping[str, Truth] = field(default_factory=dict)
    """The value of each fact that some rule names."""

    @property
    def known(self) -> tuple[Known, ...]:
        """Those facts with their ages: made when a decision is recorded, not whenever one falls."""
        if self.case is None:
            return ()
        at_ms, ages = self.case.at_ms, self.case.ages
        return tuple(Known(name=name, value=truth, at_ms=ages.get(name, at_ms)) for name, truth in self.truths.items())


def decide(rulebook: Rulebook, case: Case) -> Verdict:
    """The verdict on one leg, from what is known of it now."""
    if case.is_gateway_note:
        return _note(rulebook, case)
    sieve = rulebook.sieve
    partner = rulebook.partner_of(case.recipient)
    truths = determine_with(rulebook, case, partner, sieve.names)
    groups = partner.to if partner else rulebook.groups_of(case.recipient)
    sender, is_in_office = _sender(rulebook, case)
    among = sieve.everything if is_in_office else ~sieve.allows
    sifted = sieve.sift(sender, groups, case.by, case.label, case.purpose, case.on, truths.values(), among)
    yes, unknown = sifted.yes & sieve.live, sifted.unknown & sieve.live
    watched = sieve.ids_of(sifted.yes & sieve.watched) if sieve.watched else ()
    if yes & sieve.blocks:  # 1
        return _blocked(rulebook, case, truths, sieve.of(yes & sieve.blocks), watched)
    allows, maybe = yes & sieve.allows, unknown & sieve.allows
    if not allows and not maybe:  # 2
        return _not_allowed(rulebook, case, truths, watched)
    requires, needed = yes & sieve.requires, unknown & ~sieve.allows | (0 if allows else maybe)
    asking = _asking(sifted, needed) if needed else {}  # 3
    if case.label not in sieve.labels:
        asking.setdefault("label", 0)  # the seal's floor depends on it: nothing is sent before it is seen
    grant = sieve.grant(allows, requires)  # 4
    waits_for = tuple([one for one in grant.to_wait_for if not _is_met(rulebook, case, one)])
    is_held = bool(asking or waits_for)
    # Unsure which allow counts, all that may must let the lawful part go.
    is_lawful_part = not allows and not maybe & ~sieve.lawful_part
    return Verdict(
        outcome=_HOLD if is_held else _SEND,
        rules=grant.rules,
        reasons=_open_questions(sieve, asking, waits_for, requires) if is_held else (),
        unknown=tuple(sorted(asking)) if asking else (),
        demands=grant.demands,
        waits_for=waits_for,
        mixed=Mixed.LAWFUL_PART if is_lawful_part else grant.mixed,
        may_be_sender_sealed=grant.may_be_sender_sealed,
        watched=watched,
        case=case,
        truths=truths,
    )


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
    if is_on_file and determine_with(rulebook, case, partner, (_VERIFIED,))[_VERIFIED] is Truth.YES:
        return Verdict(outcome=Outcome.SEND, rules=(words.GATEWAY_NOTE,))
    if rulebook.groups_of(case.recipient) == {words.STAFF}:
        return Verdict(outcome=Outcome.SEND, rules=(words.GATEWAY_NOTE,))
    return Verdict(outcome=Outcome.BLOCK, rules=(words.GATEWAY_NOTE,), reasons=(Reason(code="note-to-outside"),))


def _sender(rulebook: Rulebook, case: Case) -> tuple[Sender, bool]:
    """Who sends, and whether an allow may count them: not after a person's last day."""
    if case.is_from_outside:
        return rulebook.sieve.senders[words.OUTSIDER], True
    person = rulebook.person(case.sender_person)
    if person is None:
        return rulebook.sieve.no_sender, False
    return rulebook.sieve.senders[person.address], case.on <= person.until


def _blocked(
    rulebook: Rulebook, case: Case, truths: Mapping[str, Truth], rules: tuple[Rule, ...], watched: tuple[str, ...]
) -> Verdict:
    return Verdict(
        outcome=_BLOCK,
        rules=tuple([rule.id for rule in rules]),
        reasons=tuple([_forbidden(rulebook, case, rule) for rule in rules]),
        watched=watched,
        case=case,
        truths=truths,
    )


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


def _not_allowed(rulebook: Rulebook, case: Case, truths: Mapping[str, Truth], watched: tuple[str, ...]) -> Verdict:
    nearest = _nearest(rulebook, case, truths)
    reasons: tuple[Reason, ...] = (Reason(code="no-rule"),)
    if nearest:
        about = ("rule", nearest.rule)
        reasons = tuple(Reason(code="miss", about=(about, ("clause", clause))) for clause in nearest.missing)
    return Verdict(outcome=_BLOCK, reasons=reasons, nearest=nearest, watched=watched, case=case, truths=truths)


def _asking(sifted: Sifted, needed: int) -> dict[str, int]:
    """What could not be determined, and the rules that still need it."""
    asking: dict[str, int] = {}
    for name, bits in sifted.names:
        if bits & needed:
            asking[name] = asking.get(name, 0) | (bits & needed)
    return asking


def _open_questions(
    sieve: Sieve, asking: Mapping[str, int], waits_for: tuple[str, ...], requires: int
) -> tuple[Reason, ...]:
    """Why it is held: what could not be determined, by name, then what has to be fulfilled first."""
    unknown = [_unknown(name, sieve.ids_of(asking[name])) for name in sorted(asking)]
    making = [(one, sieve.ids_of(sieve.demands[one] & requires)) for one in waits_for]
    waits = [Reason(code="waits", about=(("demand", one), ("rule", " ".join(ids)))) for one, ids in making]
    return (*unknown, *waits)


def _unknown(name: str, rules: tuple[str, ...]) -> Reason:
    return Reason(code="unknown", about=(("what", name), ("rules", " ".join(rules))))


def _is_met(rulebook: Rulebook, case: Case, demand: str) -> bool:
    if demand == "second-factor":
        return case.facts.get("sender-second-factor") is Truth.YES
    if demand == "confirmation-by-sender":
        return case.is_confirmed
    if demand.startswith(words.DELAY):
        return case.waited_seconds >= words.delay_seconds(demand)
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
    sieve = rulebook.sieve
    clauses = _failing(rulebook, case, truths)
    misses = 0
    for bits in clauses.values():
        misses |= bits
    left = misses & sieve.allows & sieve.live
    if not left:
        return None
    for digit in reversed(_counted(clauses.values())):  # the highest first: those without it have fewer
        left = left & ~digit or left
    for clause in ("to", "who"):
        left = left & ~clauses[clause] or left
    chosen = left & -left
    rule = sieve.rules[chosen.bit_length() - 1]
    facts = tuple(name for name in rule.when if truths[name] is Truth.NO)
    return Nearest(rule=rule.id, missing=tuple(name for name in _CLAUSES if clauses[name] & chosen) + facts)


def _failing(rulebook: Rulebook, case: Case, truths: Mapping[str, Truth]) -> dict[str, int]:
    """By clause, the rules that surely fail it."""
    sieve = rulebook.sieve
    sender, is_in_office = _sender(rulebook, case)
    who = ~sender.named if is_in_office else sieve.everything
    cleared = sender.cleared.get(case.label or "", sender.reach.any_value)
    by, purpose = sieve.by.by_value, sieve.purposes.by_value
    return {
        "who": who,
        "clearance": 0 if case.is_from_outside else ~cleared & ~who,
        "to": ~sieve.reaching(rulebook.groups_of(case.recipient)),
        "labels": ~sieve.labels.get(case.label or "", sieve.everything),
        "by": ~by.get(case.by or "", sieve.everything),
        "for": ~purpose.get(case.purpose or "", sieve.everything),
        "until": ~sieve.lasting_on(case.on),
        **{name: when for name, when, _ in sieve.facts if truths[name] is Truth.NO},
    }


def _counted(sets: Iterable[int]) -> list[int]:
    """In how many sets each bit stands, as binary digits, lowest first: a digit is the set of the bits that have it."""
    digits: list[int] = []
    for carry in sets:
        for place, digit in enumerate(digits):
            digits[place], carry = digit ^ carry, digit & carry
        if carry:
            digits.append(carry)
    return digits
