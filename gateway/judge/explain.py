"""Words for verdicts and rules: what is wrong, which rule, what would make it pass, and who can grant that (P7).

One ASCII line for a mail client, several lines for the command line. An outsider gets no rule names. A lower label is
never suggested: a paper is not made less confidential by calling it so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date

from gateway.facts import Outcome, Reason
from gateway.judge import words
from gateway.judge.case import Case
from gateway.judge.decide import Verdict, may_approve
from gateway.judge.rulebook import Rulebook
from gateway.judge.rules import Rule, Verb
from gateway.transfer import Way

MAX_SENTENCE = 200

_WAYS = {Way.MAIL: "mail", Way.SFTP: "SFTP", Way.PICKUP: "pickup"}
_UNKNOWN = {
    "label": "its label",
    "for": "its purpose",
    "by": "the way it goes",
    "agreement-current": "whether the agreement is current",
    "address-verified": "whether the address is still verified",
    "lookalike-domain": "whether the address imitates a partner's",
    "many-recipients": "how many it goes to",
    "first-contact": "whether anybody here wrote there before",
    "recipient-key-known": "whether we hold a valid key of the recipient",
    "transport-verified": "whether the way to the recipient's server is proved",
    "personal-data-found": "whether it holds personal data",
    "hidden-content-found": "whether it holds hidden content",
    "label-conflict": "which label it carries",
    "sender-second-factor": "whether you signed in with a second factor",
    "working-hours": "whether it is within working hours",
}
_UNKNOWN_OF_FILE = {
    "label": "its label: hand it in again in the folder of one label",
    "for": "its purpose: hand it in again in the folder of one purpose, with no other purpose's tag in its name",
}
_NEEDED = {
    "first-contact": "nobody here has written there before",
    "recipient-key-known": "there is a valid key of the recipient",
    "transport-verified": "the way to the recipient's server is proved",
    "personal-data-found": "it holds personal data",
    "hidden-content-found": "it holds hidden content",
    "label-conflict": "its labels disagree",
    "sender-second-factor": "you signed in with a second factor",
    "working-hours": "it is within working hours",
    "many-recipients": "it goes to many",
    "lookalike-domain": "the address imitates a partner's",
}


def sentence(rulebook: Rulebook, case: Case, verdict: Verdict) -> str:
    """One line of ASCII, at most 200 characters, that can stand alone in an SMTP reply."""
    if verdict.outcome is Outcome.SEND:
        return "This may go."
    if case.is_from_outside:
        return "This office does not take that from you." if verdict.outcome is Outcome.BLOCK else "It waits here."
    if verdict.outcome is Outcome.HOLD:
        return waiting(rulebook, case, verdict)
    lines = [_refusal(rulebook, case, reason) for reason in verdict.reasons]
    first = lines[0] if lines else "No rule allows this."
    return _fit(first)


def waiting(rulebook: Rulebook, case: Case, verdict: Verdict) -> str:
    """What a held leg waits for, in one line of ASCII."""
    parts = [_waiting_for(rulebook, case, reason) for reason in verdict.reasons]
    return _fit("It waits: " + "; ".join(part for part in parts if part) + "." if any(parts) else "It waits.")


def explain(rulebook: Rulebook, case: Case, verdict: Verdict) -> tuple[str, ...]:
    """Verdict, rules with file and line, what fails, what would pass, and who can grant it: for the command line."""
    lines = [f"{verdict.outcome.upper()}: {_case_in_words(rulebook, case)}"]
    for reason in verdict.reasons:
        worded = _refusal(rulebook, case, reason) if verdict.outcome is Outcome.BLOCK else ""
        lines.append("  " + (worded or _capital(_waiting_for(rulebook, case, reason)) + "."))
    named = list(verdict.rules) + ([verdict.nearest.rule] if verdict.nearest else [])
    named += [rule for reason in verdict.reasons for rule in reason.get("rules").split()]
    for rule_id in dict.fromkeys(named):
        rule = rulebook.rule(rule_id)
        if rule:
            nearest = "nearest miss, " if verdict.nearest and rule_id == verdict.nearest.rule else ""
            lines.append(f"  {nearest}{rule.place}  {rule.id}: {describe(rulebook, rule)}")
    if verdict.demands:
        lines.append("  Asked for: " + ", ".join(verdict.demands) + ".")
    if verdict.watched:
        lines.append("  On trial, without effect: " + ", ".join(verdict.watched) + ".")
    return tuple(lines)


def describe(rulebook: Rulebook, rule: Rule) -> str:
    """The rule as a sentence."""
    sent = f"{_papers(rulebook, rule)} to {_or(_to(rulebook, one) for one in sorted(rule.to)) or 'anybody'}"
    sent += f" by {_or(_WAYS[way] for way in Way if way in rule.by)}" if rule.by else ""
    sent += f" for {_or(sorted(rule.for_))}" if rule.for_ else ""
    sent += f" when {_and(rule.when)}" if rule.when else ""
    sent += f" unless {_and(rule.unless)}" if rule.unless else ""
    who = _or(_a(role) for role in _in_file_order(rule.who, rulebook.people.roles)) or "anybody"
    text: str
    match rule.verb:
        case Verb.ALLOW:
            owner = rulebook.person(rule.owner)
            until = f" Until {_day(rule.until)}." if rule.until else ""
            text = f"{_capital(who)} may send {sent}.{until} Owner {owner.name if owner else rule.owner}."
        case Verb.FORBID:
            text = f"{_capital(who)} may not send {sent}."
        case Verb.NEVER:
            text = f"{_capital(who)} may never send {sent}."
        case Verb.REQUIRE:
            text = f"When {who} sends {sent}: {', '.join(rule.then)}."
    return f"{text} {rule.because}"


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _refusal(rulebook: Rulebook, case: Case, reason: Reason) -> str:
    rule = rulebook.rule(reason.get("rule"))
    match reason.code:
        case "lookalike":
            return f"Did you mean {reason.get('meant')}? This address is nearly a partner's ({reason.get('rule')})."
        case "forbidden" if rule:
            said = rule.say or f"{_forbidden(rulebook, case, rule)} ({rule.id})."
            return said if rule.say else f"{said} {rule.because}"
        case "miss" if rule:
            return _miss(rulebook, case, rule, reason.get("clause"))
        case "others-refused":
            return "Another recipient of this message is refused, so nothing was sent."
        case "note-to-outside":
            return "The gateway writes notes only to its own people, and to addresses of partners that are on file."
        case _:
            return "No rule allows this. Ask whoever keeps the rules."


def _forbidden(rulebook: Rulebook, case: Case, rule: Rule) -> str:
    what = f"{_capital(case.label)} papers" if rule.labels and case.label else "This"
    verb = "do not" if rule.labels and case.label else "does not"
    to = f" to {_recipient(rulebook, case)}" if rule.to or not rule.by else ""
    by = f" by {_WAYS[case.by]}" if rule.by and case.by else ""
    condition = f" unless {_and(rule.unless)}" if rule.unless else ""
    condition += f" when {_and(rule.when)}" if rule.when else ""
    return f"{what} {verb} go{to}{by}{condition}"


def _miss(rulebook: Rulebook, case: Case, rule: Rule, clause: str) -> str:
    """Why the nearest allow does not fit, and who can help."""
    named = f"({rule.id})"
    ask = _ask(rulebook, rule, case.on)
    papers = f"{_capital(case.label)} papers" if case.label else "This"
    match clause:
        case "agreement-current":
            return f"{_agreement(rulebook, case)} {named}. {ask}"
        case "address-verified":
            return f"{_verified(rulebook, case)} {named}. {_ask_power(rulebook, 'vouch', case.on) or ask}"
        case "who":
            return _miss_who(rulebook, case, rule, ask)
        case "clearance":
            level = f" {_capital(case.label)} papers" if case.label else " such papers"
            return f"Your role may not handle{level} {named}. {ask}"
        case "labels":
            return f"No rule lets {papers[0].lower() + papers[1:]} go to {_recipient(rulebook, case)} {named}. {ask}"
        case "by":
            other = _or(_WAYS[way] for way in Way if way in rule.by)
            this = _WAYS[case.by] if case.by else "this way"
            return f"{papers} to {_recipient(rulebook, case)}: not by {this}, but by {other} {named}."
        case "for":
            return f"{_purpose(rulebook, case, rule)} {named}."
        case "until":
            return f"The rule that allowed this ended on {_day(rule.until)} {named}. {ask}"
        case "to":
            return f"No rule lets you send this to {_recipient(rulebook, case)}. {ask}"
        case _:
            return f"This goes only when {_NEEDED.get(clause, clause)} {named}. {ask}"


def _miss_who(rulebook: Rulebook, case: Case, rule: Rule, ask: str) -> str:
    person = rulebook.person(case.sender_person)
    if person is None:
        return f"{case.sender_person} is not in people.toml, so nothing may be sent from it."
    if case.on > person.until:
        return f"Your account ended on {_day(person.until)}. {ask}"
    roles = _or(_a(role) for role in _in_file_order(rule.who, rulebook.people.roles))
    return f"Only {roles} may send this ({rule.id}). {ask}"


def _agreement(rulebook: Rulebook, case: Case) -> str:
    partner = rulebook.partner_of(case.recipient)
    if partner is None:
        return f"{case.recipient} belongs to no partner, so no agreement covers it"
    if partner.agreement is None:
        return f"There is no agreement with {partner.name}"
    if case.on < partner.agreement.signed:
        return f"The agreement with {partner.name} begins on {_day(partner.agreement.signed)}"
    return f"The agreement with {partner.name} ended on {_day(partner.agreement.until)}"


def _verified(rulebook: Rulebook, case: Case) -> str:
    partner = rulebook.partner_of(case.recipient)
    if partner is None:
        return f"{case.recipient} belongs to no partner, so nobody has verified it"
    if partner.verified is None:
        return f"Nobody has verified the address of {partner.name}"
    return f"The address of {partner.name} was verified on {_day(partner.verified.on)} and must be verified again"


def _purpose(rulebook: Rulebook, case: Case, rule: Rule) -> str:
    purposes = _or(sorted(rule.for_))
    tags = _or(tag for tag, purpose in rulebook.labels.spotting.purpose.items() if purpose in rule.for_)
    if case.by is Way.SFTP:
        tagged = f", or write {tags} in its name" if tags else ""
        return f"This goes only for {purposes}; if it is, put it into the folder {purposes}{tagged}"
    how = f"; if it is, write {tags} in the subject" if tags else ""
    return f"This goes only for {purposes}{how}"


def _ask(rulebook: Rulebook, rule: Rule, on: date) -> str:
    owner = rulebook.person(rule.owner)
    if owner and on <= owner.until:
        return f"Ask {owner.name}."
    return _ask_power(rulebook, "publish", on)


def _ask_power(rulebook: Rulebook, power: str, on: date) -> str:
    names = [person.name for person in rulebook.people.with_power(power, on)]
    return f"Ask {_or(names[:2])}." if names else ""


# ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _waiting_for(rulebook: Rulebook, case: Case, reason: Reason) -> str:
    match reason.code:
        case "unknown":
            what = reason.get("what")
            known = _UNKNOWN | _UNKNOWN_OF_FILE if case.by is Way.SFTP else _UNKNOWN
            return f"could not determine {known.get(what, what)}"
        case "waits":
            return f"{_demand(rulebook, case, reason.get('demand'))} ({reason.get('rule')})"
        case "others-wait":
            return "another recipient of this message waits"
        case _:
            return ""


def _demand(rulebook: Rulebook, case: Case, demand: str) -> str:
    if demand == "second-factor":
        again = ", and hand it in again" if case.by is Way.SFTP else ""
        return f"sign in with a second factor{again}"
    if demand == "confirmation-by-sender":
        return "you must confirm it"
    if demand.startswith(words.DELAY):
        return f"for {demand.removeprefix(words.DELAY)} after it came"
    role = demand.removeprefix(words.APPROVAL)
    able = [one.name for one in rulebook.people.holding(role, case.on) if may_approve(rulebook, case, one, role)]
    return f"{_a(role)} must approve it: {_or(able[:3]) if able else 'nobody who could is here'}"


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _case_in_words(rulebook: Rulebook, case: Case) -> str:
    person = rulebook.person(case.sender_person)
    sender = person.name if person else case.sender_person or "an outsider"
    label = f"{_a(_capital(case.label))} paper" if case.label else "a paper not labelled yet"
    by = f" by {_WAYS[case.by]}" if case.by else ""
    purpose = f" for {case.purpose}" if case.purpose else ""
    return f"{sender} sends {label} to {_recipient(rulebook, case)}{by}{purpose} on {_day(case.on)}."


def _recipient(rulebook: Rulebook, case: Case) -> str:
    partner = rulebook.partner_of(case.recipient)
    return partner.name if partner else str(case.recipient)


def _papers(rulebook: Rulebook, rule: Rule) -> str:
    labels = [_capital(label) for label in rulebook.labels.order if label in rule.labels]
    return f"{_a(_or(labels))} paper" if labels else "any paper"


def _to(rulebook: Rulebook, group: str) -> str:
    if group == words.STRANGERS:
        return "an address of no partner"
    if group == words.STAFF:
        return "a colleague"
    partner = rulebook.partners.get(group.removeprefix(words.PARTNER)) if group.startswith(words.PARTNER) else None
    return partner.name if partner else group


def _day(day: date | None) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}" if day else ""


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _in_file_order(names: Iterable[str], order: Iterable[str]) -> list[str]:
    chosen = set(names)
    known = [name for name in order if name in chosen]
    return known + sorted(chosen.difference(known))


def _a(noun: str) -> str:
    return f"an {noun}" if noun[:1].lower() in "aeiou" else f"a {noun}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _or(parts: Iterable[str]) -> str:
    return _joined(list(parts), "or")


def _and(parts: Iterable[str]) -> str:
    return _joined(list(parts), "and")


def _joined(parts: Sequence[str], last: str) -> str:
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _fit(text: str) -> str:
    """ASCII, one line, and short enough for a reply: names lose their accents, the rest is cut at a word."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    plain = "".join(character if " " <= character <= "~" else "?" for character in plain)
    plain = " ".join(plain.split())
    return plain if len(plain) <= MAX_SENTENCE else plain[: MAX_SENTENCE - 3].rpartition(" ")[0] + "..."
