"""The same rules for other people's engines: Cedar (Rust, by cedarpy) and casbin, to agree with and to be measured by.

Only what all three can say: whether a case with everything known is allowed and not blocked. Both are handed their
policies and entities parsed once, as their manuals advise. Neither is installed with Sealgate; whoever imports this
asks first (`pytest.importorskip`).
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gateway.facts import Truth
from gateway.judge import words
from gateway.judge.case import Case
from gateway.judge.expect import recipient_of
from gateway.judge.rulebook import Rulebook
from gateway.judge.rules import Rule, Verb
from gateway.judge.sieve import compile_rules
from gateway.transfer import Way

BLOCKING = (Verb.FORBID, Verb.NEVER)


def live(rulebook: Rulebook, *verbs: Verb) -> list[Rule]:
    """The rules of some verbs that have an effect."""
    return [rule for rule in rulebook.rules if rule.verb in verbs and not rule.is_watched]


def cleared(rulebook: Rulebook, role: str) -> tuple[str, ...]:
    """The labels a role may handle; an outsider has no clearance of ours to respect."""
    if role == words.OUTSIDER:
        return rulebook.labels.order
    return rulebook.labels.order[: rulebook.labels.rank(rulebook.people.roles[role].may_handle) + 1]


def roles_of(rulebook: Rulebook, case: Case) -> tuple[str, ...]:
    """What the sender of a case holds."""
    person = rulebook.person(case.sender_person)
    return person.roles if person else (words.OUTSIDER,)


# ── Cedar ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def cedar_policies(rulebook: Rulebook) -> str:
    """Every allow as a permit, every forbid and never as a forbid."""
    permits = (_cedar(rulebook, rule, "permit") for rule in live(rulebook, Verb.ALLOW))
    return "\n".join((*permits, *(_cedar(rulebook, rule, "forbid") for rule in live(rulebook, *BLOCKING))))


def _cedar(rulebook: Rulebook, rule: Rule, effect: str) -> str:
    clauses = []
    if rule.who:
        clauses.append(_any(_cedar_who(rulebook, rule, role) for role in sorted(rule.who)))
    if rule.to:
        clauses.append(_any(f"resource in Group::{_text(group)}" for group in sorted(rule.to)))
    clauses += [
        f"[{', '.join(map(_text, sorted(values)))}].contains(context.{key})"
        for key, values in (("label", rule.labels), ("by", rule.by), ("purpose", rule.for_))
        if values
    ]
    clauses += [f"context.{_field(name)}" for name in rule.when]
    when = f" when {{ {' && '.join(clauses)} }}" if clauses else ""
    exempt = " && ".join(f"context.{_field(name)}" for name in rule.unless)
    return f"{effect}(principal, action, resource){when}{f' unless {{ {exempt} }}' if exempt else ''};"


def _cedar_who(rulebook: Rulebook, rule: Rule, role: str) -> str:
    holds = f"principal in Role::{_text(role)}"
    if rule.verb is not Verb.ALLOW:
        return holds
    return f"({holds} && [{', '.join(map(_text, cleared(rulebook, role)))}].contains(context.label))"


def cedar_entities(rulebook: Rulebook) -> str:
    """Senders in their roles, recipients in their groups."""
    senders = {one.address: one.roles for one in rulebook.people.everyone} | {words.OUTSIDER: (words.OUTSIDER,)}
    places: dict[str, Iterable[str]] = {partner.id: sorted(partner.to) for partner in rulebook.partners.values()}
    places |= {words.STAFF: (words.STAFF,), words.STRANGERS: (words.STRANGERS,)}
    found = [_entity("User", one, "Role", roles) for one, roles in senders.items()]
    return json.dumps(found + [_entity("Place", one, "Group", groups) for one, groups in places.items()])


def _entity(kind: str, name: str, parent: str, parents: Iterable[str]) -> dict[str, object]:
    return {
        "uid": {"type": kind, "id": name},
        "attrs": {},
        "parents": [{"type": parent, "id": each} for each in parents],
    }


def cedar_request(rulebook: Rulebook, case: Case) -> dict[str, object]:
    """One case as Cedar is asked about it."""
    partner = rulebook.partner_of(case.recipient)
    place = partner.id if partner else next(iter(rulebook.groups_of(case.recipient)))
    person = rulebook.person(case.sender_person)
    return {
        "principal": f"User::{_text(person.address if person else words.OUTSIDER)}",
        "action": 'Action::"send"',
        "resource": f"Place::{_text(place)}",
        "context": {
            "label": case.label,
            "by": case.by,
            "purpose": case.purpose,
            **{_field(name): truth is Truth.YES for name, truth in case.facts.items()},
        },
    }


def _any(parts: Iterable[str]) -> str:
    return f"({' || '.join(parts)})"


def _text(word: str) -> str:
    return json.dumps(str(word))


def _field(fact: str) -> str:
    return fact.replace("-", "_")


# ── casbin ───────────────────────────────────────────────────────────────────────────────────────────────────────────

CASBIN_MODEL = """
[request_definition]
r = roles, groups, label, by, purpose, facts
[policy_definition]
p = who, to, label, by, purpose, facts, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = meets(r.groups, p.to) && has(p.label, r.label) && has(p.by, r.by) && has(p.purpose, r.purpose) && \
holds(r.roles, p.who, r.label) && known(r.facts, p.facts)
"""


def casbin_policies(rulebook: Rulebook) -> list[list[str]]:
    """One policy a rule; lists are joined by blanks, `ROLE=LABEL,LABEL` says up to where a role counts."""
    return [_casbin(rulebook, rule) for rule in live(rulebook, Verb.ALLOW, *BLOCKING)]


def _casbin(rulebook: Rulebook, rule: Rule) -> list[str]:
    order = rulebook.labels.order
    who = [
        f"{role}={','.join(cleared(rulebook, role) if rule.verb is Verb.ALLOW else order)}" for role in sorted(rule.who)
    ]
    facts = [*rule.when, *(("!" + "&".join(rule.unless),) if rule.unless else ())]
    lists = (who, sorted(rule.to), sorted(rule.labels), sorted(rule.by), sorted(rule.for_), facts)
    return [*(" ".join(each) or "*" for each in lists), "allow" if rule.verb is Verb.ALLOW else "deny"]


def casbin_request(rulebook: Rulebook, case: Case) -> tuple[object, ...]:
    """One case as casbin is asked about it."""
    facts = frozenset(name for name, truth in case.facts.items() if truth is Truth.YES)
    groups = rulebook.groups_of(case.recipient)
    return (frozenset(roles_of(rulebook, case)), groups, case.label, str(case.by), case.purpose, facts)


def casbin_functions() -> Mapping[str, object]:
    """What the matcher calls, over texts that were split before."""
    split: dict[str, Sequence[str]] = {}

    def parts(text: str) -> Sequence[str]:
        if text not in split:
            split[text] = text.split()
        return split[text]

    def meets(groups: frozenset[str], to: str) -> bool:
        return to == "*" or any(each in groups for each in parts(to))

    def has(values: str, value: str) -> bool:
        return values == "*" or value in parts(values)

    def holds(roles: frozenset[str], who: str, label: str) -> bool:
        pairs = (each.partition("=") for each in parts(who))
        return who == "*" or any(role in roles and label in labels.split(",") for role, _, labels in pairs)

    def known(facts: frozenset[str], asked: str) -> bool:
        return asked == "*" or all(
            not facts.issuperset(each[1:].split("&")) if each[0] == "!" else each in facts for each in parts(asked)
        )

    return {"meets": meets, "has": has, "holds": holds, "known": known}


# ── cases ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a case may be made of, in one folder."""

    senders: tuple[str, ...]
    recipients: tuple[str, ...]
    labels: tuple[str, ...]
    ways: tuple[Way, ...]
    purposes: tuple[str, ...]
    facts: tuple[str, ...]

    @classmethod
    def of(cls, rulebook: Rulebook) -> Asked:
        """Everybody, an outsider, every partner, a colleague and a stranger."""
        people = tuple(one.address for one in rulebook.people.everyone)
        return cls(
            senders=(*people, ""),
            recipients=(*(words.PARTNER + one for one in rulebook.partners), people[0], "somebody@elsewhere.example"),
            labels=rulebook.labels.order,
            ways=tuple(Way),
            purposes=rulebook.labels.purposes,
            facts=rulebook.sieve.names,
        )

    def draw(self, dice: random.Random, on: date, *, is_all_known: bool = True) -> Case:
        """A case at random; with everything known, or with something of it unseen, unknown or foreign."""
        nothing: tuple[None, ...] = () if is_all_known else (None,)
        truths = (Truth.YES, Truth.NO) if is_all_known else tuple(Truth)
        return Case(
            sender_person=dice.choice(self.senders),
            recipient=recipient_of(dice.choice(self.recipients)),
            label=dice.choice((*self.labels, *nothing)),
            by=dice.choice((*self.ways, *nothing)),
            purpose=dice.choice((*self.purposes, *nothing)),
            on=on,
            facts={name: dice.choice(truths) for name in self.facts},
        )


def only(rulebook: Rulebook, *rules: Rule) -> Rulebook:
    """The same office with these rules and no others."""
    rank, roles = rulebook.labels.rank, rulebook.people.roles
    senders = {
        one.address: {role: rank(roles[role].may_handle) for role in one.roles} for one in rulebook.people.everyone
    }
    senders[words.OUTSIDER] = {words.OUTSIDER: len(rulebook.labels.order)}
    order, purposes = rulebook.labels.order, rulebook.labels.purposes
    return replace(rulebook, rules=rules, sieve=compile_rules(rules, labels=order, purposes=purposes, senders=senders))
