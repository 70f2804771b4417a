"""Words for verdicts: what is wrong, which rule, what would make it pass, and who can grant that (P7).

One ASCII line for a mail client, several lines for the command line. An outsider gets no rule names. A lower label is
never suggested: a paper is not made less confidential by calling it so. The words are the office's language's, from the
catalogue; here is only which of them fit.
"""

from __future__ import annotations

import unicodedata
from datetime import date

from gateway.catalogue.texts import Texts, texts_in
from gateway.facts import Outcome, Reason, Truth
from gateway.judge import circumstances, questions, words
from gateway.judge.case import Case
from gateway.judge.fulfilment import may_approve
from gateway.judge.phrases import capital
from gateway.judge.rulebook import Rulebook
from gateway.judge.rules import Rule
from gateway.judge.sentences import describe, in_file_order
from gateway.judge.verdict import Verdict
from gateway.transfer import Way

MAX_SENTENCE = 200


def texts_of(rulebook: Rulebook) -> Texts:
    """The texts of the office's language."""
    return texts_in(rulebook.gateway.office.language)


def sentence(rulebook: Rulebook, case: Case, verdict: Verdict) -> str:
    """One line of ASCII, at most 200 characters, that can stand alone in an SMTP reply."""
    texts = texts_of(rulebook)
    if verdict.outcome is Outcome.SEND:
        return _fit(texts.say("send"))
    if case.is_from_outside:
        return _fit(texts.say("refuse.outsider" if verdict.outcome is Outcome.BLOCK else "wait.outsider"))
    if verdict.outcome is Outcome.HOLD:
        return waiting(rulebook, case, verdict)
    lines = [_refusal(rulebook, case, reason) for reason in verdict.reasons]
    return _fit(lines[0] if lines else texts.say("refuse.no-rule"))


def waiting(rulebook: Rulebook, case: Case, verdict: Verdict) -> str:
    """What a held leg waits for, in one line of ASCII."""
    texts = texts_of(rulebook)
    parts = [part for reason in verdict.reasons if (part := _waiting_for(rulebook, case, reason))]
    return _fit(texts.say("wait.for", reasons="; ".join(parts)) if parts else texts.say("wait"))


def explain(rulebook: Rulebook, case: Case, verdict: Verdict) -> tuple[str, ...]:
    """Verdict, rules with file and line, what fails, what would pass, and who can grant it: for the command line."""
    lines = [f"{verdict.outcome.upper()}: {_case_in_words(rulebook, case)}"]
    for reason in verdict.reasons:
        worded = _refusal(rulebook, case, reason) if verdict.outcome is Outcome.BLOCK else ""
        lines.append("  " + (worded or capital(_waiting_for(rulebook, case, reason)) + "."))
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


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _refusal(rulebook: Rulebook, case: Case, reason: Reason) -> str:
    texts, rule = texts_of(rulebook), rulebook.rule(reason.get("rule"))
    match reason.code:
        case "lookalike" | "others-refused" | "note-to-outside":
            return texts.say(f"refuse.{reason.code}", **dict(reason.about))
        case "contained" | "paused":
            return texts.say(f"refuse.{reason.code}", **asked_of(texts, reason))
        case "forbidden" if rule:
            return rule.say or _forbidden(rulebook, case, rule)
        case "miss" if rule:
            return _miss(rulebook, case, rule, reason.get("clause"))
        case _:
            return texts.say("refuse.no-rule")


def asked_of(texts: Texts, reason: Reason) -> dict[str, str]:
    """A reason's parameters, and in words whom to ask: the first two it names."""
    return dict(reason.about) | {"ask": texts.either(reason.get("ask").split(";")[:2])}


def _forbidden(rulebook: Rulebook, case: Case, rule: Rule) -> str:
    texts = texts_of(rulebook)
    to, by, label = bool(rule.to or not rule.by), rule.by and case.by, rule.labels and case.label
    return texts.say(
        "refuse.forbidden.labelled" if label else "refuse.forbidden",
        label=capital(case.label or ""),
        to=texts.say("part.to", recipient=_recipient(rulebook, case)) if to else "",
        by=texts.say("part.by", way=_way(texts, case.by)) if by else "",
        unless=texts.say("part.unless", facts=texts.both(rule.unless)) if rule.unless else "",
        when=texts.say("part.when", facts=texts.both(rule.when)) if rule.when else "",
        rule=rule.id,
        because=rule.because,
    )


def _miss(rulebook: Rulebook, case: Case, rule: Rule, clause: str) -> str:
    """Why the nearest allow does not fit, and who can help."""
    texts = texts_of(rulebook)
    given = {
        "rule": rule.id,
        "ask": _ask(rulebook, rule, case.on),
        "recipient": _recipient(rulebook, case),
        "way": _way(texts, case.by),
        "ways": texts.either([_way(texts, way) for way in Way if way in rule.by]),
    }
    labelled = ".labelled" if case.label else ""
    match clause:
        case "agreement-current":
            return _agreement(rulebook, case, given)
        case "address-verified":
            given["ask"] = _ask_power(rulebook, "vouch", case.on) or given["ask"]
            return _verified(rulebook, case, given)
        case "who":
            return _miss_who(rulebook, case, rule, given)
        case "clearance" | "by":
            return texts.say(f"miss.{clause}{labelled}", label=capital(case.label or ""), **given)
        case "labels":
            label = case.label or ""
            return texts.say(f"miss.labels{labelled}", label=label[:1].lower() + label[1:], **given)
        case "for":
            return _miss_for(rulebook, case, rule, given)
        case "until":
            return texts.say("miss.until", day=texts.day(rule.until) if rule.until else "", **given)
        case "to":
            return texts.say("miss.to", **given)
        case _:
            needed = f"needed.{clause}"
            return texts.say("miss.fact", fact=texts.say(needed) if texts.has(needed) else clause, **given)


def _miss_who(rulebook: Rulebook, case: Case, rule: Rule, given: dict[str, str]) -> str:
    texts, person = texts_of(rulebook), rulebook.person(case.sender_person)
    if person is None:
        return texts.say("miss.who.unknown", sender=case.sender_person, **given)
    if case.on > person.until:
        return texts.say("miss.who.ended", day=texts.day(person.until), **given)
    roles = [texts.a(role) for role in in_file_order(rule.who, rulebook.people.roles)]
    return texts.say("miss.who", roles=texts.either(roles), **given)


def _agreement(rulebook: Rulebook, case: Case, given: dict[str, str]) -> str:
    texts, partner = texts_of(rulebook), rulebook.partner_of(case.recipient)
    if partner is None:
        return texts.say("miss.agreement-current.stranger", **_as_addressed(case, given))
    if partner.agreement is None:
        return texts.say("miss.agreement-current.none", partner=partner.name, **given)
    if case.on < partner.agreement.signed:
        day = texts.day(partner.agreement.signed)
        return texts.say("miss.agreement-current.early", partner=partner.name, day=day, **given)
    day = texts.day(partner.agreement.until)
    return texts.say("miss.agreement-current.ended", partner=partner.name, day=day, **given)


def _verified(rulebook: Rulebook, case: Case, given: dict[str, str]) -> str:
    texts, partner = texts_of(rulebook), rulebook.partner_of(case.recipient)
    if partner is None:
        return texts.say("miss.address-verified.stranger", **_as_addressed(case, given))
    if partner.verified is None:
        return texts.say("miss.address-verified.none", partner=partner.name, **given)
    day = texts.day(partner.verified.on)
    verified_for = rulebook.transfers.facts.verified_for
    is_young = circumstances.address_verified(partner.verified, verified_for, case.on) is Truth.YES
    code = "miss.address-verified.moved" if is_young and partner.verified.mx else "miss.address-verified.old"
    return texts.say(code, partner=partner.name, day=day, **given)


def _as_addressed(case: Case, given: dict[str, str]) -> dict[str, str]:
    return given | {"recipient": str(case.recipient)}


def _miss_for(rulebook: Rulebook, case: Case, rule: Rule, given: dict[str, str]) -> str:
    texts = texts_of(rulebook)
    tags = [tag for tag, purpose in rulebook.labels.spotting.purpose.items() if purpose in rule.for_]
    code = "miss.for" + (".file" if case.by is Way.SFTP else "") + (".tagged" if tags else "")
    return texts.say(code, purposes=texts.either(sorted(rule.for_)), tags=texts.either(tags), **given)


def _ask(rulebook: Rulebook, rule: Rule, on: date) -> str:
    owner = rulebook.person(rule.owner)
    if owner and on <= owner.until:
        return texts_of(rulebook).say("ask", names=owner.name)
    return _ask_power(rulebook, "publish", on)


def _ask_power(rulebook: Rulebook, power: str, on: date) -> str:
    texts = texts_of(rulebook)
    names = [person.name for person in rulebook.people.with_power(power, on)]
    return texts.say("ask", names=texts.either(names[:2])) if names else ""


# ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _waiting_for(rulebook: Rulebook, case: Case, reason: Reason) -> str:
    texts = texts_of(rulebook)
    match reason.code:
        case "unknown":
            what = reason.get("what")
            code = texts.first(f"unknown.{what}{_of_file(case)}", f"unknown.{what}")
            return texts.say("wait.unknown", what=texts.say(code) if texts.has(code) else what)
        case "waits":
            return texts.say("wait.waits", demand=_demand(rulebook, case, reason), rule=reason.get("rule"))
        case "others-wait":
            return texts.say("wait.others-wait")
        case _:
            return ""


def _demand(rulebook: Rulebook, case: Case, reason: Reason) -> str:
    texts, demand = texts_of(rulebook), reason.get("demand")
    if demand == "second-factor":
        return texts.say(f"demand.second-factor{_of_file(case)}")
    if demand == questions.CONFIRMATION:
        to = str(case.recipient) if case.recipient.address else _recipient(rulebook, case)
        return questions.question(texts, to, reason, is_file=case.by is Way.SFTP)
    if demand.startswith(words.DELAY):
        return texts.say("demand.delay", span=demand.removeprefix(words.DELAY))
    role = demand.removeprefix(words.APPROVAL)
    able = [one.name for one in rulebook.people.holding(role, case.on) if may_approve(rulebook, case, one, role)]
    code = "demand.approval" if able else "demand.approval.nobody"
    return texts.say(code, role=texts.a(role), names=texts.either(able[:3]))


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_file(case: Case) -> str:
    return ".file" if case.by is Way.SFTP else ""


def _way(texts: Texts, way: Way | None) -> str:
    return texts.say(f"way.{way.value}" if way else "way.unseen")


def _case_in_words(rulebook: Rulebook, case: Case) -> str:
    texts, person = texts_of(rulebook), rulebook.person(case.sender_person)
    sender = person.name if person else case.sender_person or "an outsider"
    label = f"{texts.a(capital(case.label))} paper" if case.label else "a paper not labelled yet"
    by = f" by {_way(texts, case.by)}" if case.by else ""
    purpose = f" for {case.purpose}" if case.purpose else ""
    return f"{sender} sends {label} to {_recipient(rulebook, case)}{by}{purpose} on {texts.day(case.on)}."


def _recipient(rulebook: Rulebook, case: Case) -> str:
    partner = rulebook.partner_of(case.recipient)
    return partner.name if partner else str(case.recipient)


def _fit(text: str) -> str:
    """ASCII, one line, and short enough for a reply: names lose their accents, the rest is cut at a word."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    plain = "".join(character if " " <= character <= "~" else "?" for character in plain)
    plain = " ".join(plain.split())
    return plain if len(plain) <= MAX_SENTENCE else plain[: MAX_SENTENCE - 3].rpartition(" ")[0] + "..."
