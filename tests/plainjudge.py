"""The handbook's §1 read as plainly as can be: rule by rule, clause by clause, no bit sets. Slow, and easy to believe.

It gives the whole verdict, not only its outcome, from a rulebook and a case with the facts it names; the judge must say
the same to the last field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.facts import Truth
from gateway.judge import words
from gateway.judge.case import Case
from gateway.judge.rulebook import Rulebook
from gateway.judge.rules import Rule, Verb
from gateway.transfer import Way

YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN


@dataclass
class Said:
    """A verdict, field by field."""

    outcome: str
    rules: list[str] = field(default_factory=list)
    unknown: dict[str, list[str]] = field(default_factory=dict)
    """What could not be determined, and the rules that need it."""
    demands: list[str] = field(default_factory=list)
    waits_for: dict[str, list[str]] = field(default_factory=dict)
    """What is waited for, and the rules that ask for it."""
    nearest: tuple[str, tuple[str, ...]] | None = None
    mixed: str = "all-or-nothing"
    may_be_sender_sealed: bool = False
    watched: list[str] = field(default_factory=list)


class PlainJudge:
    """One case under one rulebook."""

    def __init__(self, rulebook: Rulebook, case: Case) -> None:
        self.book, self.case = rulebook, case
        self.labels = rulebook.labels.order
        self.label = case.label if case.label in self.labels else None
        self.groups = rulebook.groups_of(case.recipient)
        self.person = rulebook.person(case.sender_person)
        self.outsider = not case.sender_person or case.sender_person.startswith("partner:")
        self.values = {rule.id: self.clauses(rule) for rule in rulebook.rules}

    def verdict(self) -> Said:
        """The four steps."""
        said = self.decided()
        said.watched = sorted(rule.id for rule in self.book.rules if rule.is_watched and self.value(rule) is YES)
        return said

    def decided(self) -> Said:
        blocking = self.which(YES, Verb.FORBID, Verb.NEVER)
        if blocking:  # 1
            return Said("block", rules=ids(blocking))
        allows, maybe = self.which(YES, Verb.ALLOW), self.which(UNKNOWN, Verb.ALLOW)
        if not allows and not maybe:  # 2
            return Said("block", nearest=self.nearest())
        needing = self.which(UNKNOWN, Verb.FORBID, Verb.NEVER, Verb.REQUIRE) + ([] if allows else maybe)
        unknown: dict[str, list[str]] = {} if self.label else {"label": []}
        for rule in needing:
            for name, value in self.values[rule.id].items():
                for each in name.split() if value is UNKNOWN else ():
                    unknown.setdefault(each, []).append(rule.id)
        requires = self.which(YES, Verb.REQUIRE)
        demands = {demand for rule in requires for demand in rule.then}
        asking = {demand: ids(rule for rule in requires if demand in rule.then) for demand in demands}
        waits_for = {demand: rules for demand, rules in asking.items() if self.waits(demand)}
        counting = [rule.mixed == "lawful-part" for rule in allows or maybe]
        return Said(
            "hold" if unknown or waits_for else "send",  # 3, 4
            rules=ids(allows) + ids(requires),
            unknown={name: sorted(set(rules)) for name, rules in unknown.items()},
            demands=sorted(demands),
            waits_for=waits_for,
            mixed="lawful-part" if (any(counting) if allows else all(counting)) else "all-or-nothing",
            may_be_sender_sealed=any(rule.may_be_sender_sealed for rule in allows),
        )

    def which(self, value: Truth, *verbs: Verb) -> list[Rule]:
        """The live rules of some verbs that have this value."""
        live = (rule for rule in self.book.rules if rule.verb in verbs and not rule.is_watched)
        return [rule for rule in live if self.value(rule) is value]

    def value(self, rule: Rule) -> Truth:
        """No if any clause surely fails, else unknown if one cannot be determined, else yes."""
        clauses = self.values[rule.id].values()
        return NO if NO in clauses else UNKNOWN if UNKNOWN in clauses else YES

    def clauses(self, rule: Rule) -> Mapping[str, Truth]:
        """Each clause of a rule; a name of several facts is unknown for all of them."""
        case = self.case
        found = {
            "label": tried(self.label, self.labels, lambda label: self.who_and_label(rule, label)),
            "by": tried(case.by, Way, lambda way: not rule.by or way in rule.by),
            "for": tried(case.purpose, self.book.labels.purposes, lambda one: not rule.for_ or one in rule.for_),
            "to": truth(not rule.to or bool(rule.to & self.groups)),
            "until": truth(rule.until is None or rule.until >= case.on),
        }
        found |= {name: case.facts[name] for name in rule.when}
        if rule.unless:
            exempting = [case.facts[name] for name in rule.unless]
            open_facts = " ".join(name for name in rule.unless if case.facts[name] is UNKNOWN)
            found["unless" if not open_facts or NO in exempting else open_facts] = (
                YES if NO in exempting else UNKNOWN if UNKNOWN in exempting else NO
            )
        return found

    def who_and_label(self, rule: Rule, label: str) -> bool:
        roles = set(self.person.roles) if self.person else {words.OUTSIDER} if self.outsider else set()
        if rule.verb is Verb.ALLOW:
            if not self.outsider and (self.person is None or self.case.on > self.person.until):
                return False
            roles = {role for role in roles if role == words.OUTSIDER or self.clears(role, label)}
        return (not rule.who or bool(rule.who & roles)) and (not rule.labels or label in rule.labels)

    def clears(self, role: str, label: str) -> bool:
        return self.labels.index(label) <= self.labels.index(self.book.people.roles[role].may_handle)

    def waits(self, demand: str) -> bool:
        if demand == "second-factor":
            return self.case.facts.get("sender-second-factor") is not YES
        if demand.startswith("delay "):
            return self.case.waited_seconds < int(demand.removeprefix("delay ").removesuffix("m")) * 60
        return False  # the others are tested one by one

    # ── the nearest miss ─────────────────────────────────────────────────────────────────────────────────────────────

    def nearest(self) -> tuple[str, tuple[str, ...]] | None:
        """Fewest failing clauses; then one whose `to` fits, then whose `who` does, then by id."""
        allows = (rule for rule in self.book.rules if rule.verb is Verb.ALLOW and not rule.is_watched)
        misses = [(missing, rule.id) for rule in allows if (missing := self.missing(rule))]
        if not misses:
            return None
        missing, rule_id = min(misses, key=lambda miss: (len(miss[0]), "to" in miss[0], "who" in miss[0], miss[1]))
        return rule_id, missing

    def missing(self, rule: Rule) -> tuple[str, ...]:
        clauses = self.values[rule.id]
        plain = [name for name in ("to", "by", "for", "until") if clauses[name] is NO]
        if self.label and rule.labels and self.label not in rule.labels:
            plain.insert(plain.index("to") + 1 if "to" in plain else 0, "labels")
        return (*self.missing_who(rule), *plain, *(name for name in rule.when if self.case.facts[name] is NO))

    def missing_who(self, rule: Rule) -> tuple[str, ...]:
        if self.outsider:
            return () if not rule.who or words.OUTSIDER in rule.who else ("who",)
        if self.person is None or self.case.on > self.person.until or not rule.who & set(self.person.roles):
            return ("who",)
        wanted = [self.label] if self.label else [label for label in self.labels if label in rule.labels]
        fitting = rule.who & set(self.person.roles)
        return () if any(self.clears(role, label) for role in fitting for label in wanted) else ("clearance",)


def tried(value: object, values: Iterable[object], fits: object) -> Truth:
    """What is seen decides; of what is not seen, or is none of ours, every value is tried."""
    assert callable(fits)
    known = list(values)
    found = {bool(fits(each)) for each in ([value] if value in known else known)}
    return UNKNOWN if len(found) > 1 else truth(found.pop())


def truth(claim: bool) -> Truth:
    return YES if claim else NO


def ids(rules: Iterable[Rule]) -> list[str]:
    return sorted(rule.id for rule in rules)
