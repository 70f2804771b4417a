"""Every situation the rules of a folder can tell apart, and each rule as boxes of them.

The axes: who, to, labels, by, for, and yes or no for each fact a rule names. Who holds the sets of roles that people
have, not the roles: somebody may have two. To likewise holds the sets of names that partners answer to. Facts are
free: each may be yes whatever another is, and whatever the folder says of a partner today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.judge import words
from gateway.judge.boxes import Axis, Space
from gateway.judge.rulebook import Partner, Person, Rulebook
from gateway.judge.rules import Rule, Verb
from gateway.transfer import Way

Names = frozenset[str]

OUTSIDERS = frozenset({words.OUTSIDER})
STAFF = frozenset({words.STAFF})
STRANGERS = frozenset({words.STRANGERS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """The axes, and who stands behind the values on them."""

    space: Space
    who: Axis[Names]
    to: Axis[Names]
    label: Axis[str]
    by: Axis[Way]
    purpose: Axis[str]
    facts: Mapping[str, Axis[bool]]
    people: Mapping[Names, tuple[Person, ...]]
    """By the roles they hold; nobody of ours for the outsiders."""
    partners: Mapping[Names, tuple[Partner, ...]]
    """By the names that rules call them; none for staff and strangers."""
    ranks: Mapping[str, int]
    """The rank of the highest label each role may handle."""

    @classmethod
    def of(cls, rulebook: Rulebook, *, on: date | None) -> Universe:
        """The situations of one folder; with a day given, without whoever has left by then."""
        people: dict[Names, tuple[Person, ...]] = {}
        for person in sorted(rulebook.people.everyone, key=lambda one: one.address):
            if on is None or on <= person.until:
                roles = frozenset(person.roles)
                people[roles] = (*people.get(roles, ()), person)
        named = frozenset(name for rule in rulebook.rules for name in rule.to)
        partners: dict[Names, tuple[Partner, ...]] = {}
        for partner in sorted(rulebook.partners.values(), key=lambda one: one.id):
            # Partners no rule tells apart are one value: a thousand of them cost no more than their groups.
            partners[partner.to & named] = (*partners.get(partner.to & named, ()), partner)
        people, partners = {**people, OUTSIDERS: ()}, {**partners, STAFF: (), STRANGERS: ()}
        used = sorted({name for rule in rulebook.rules for name in (*rule.when, *rule.unless)})
        who, to = Axis("who", people), Axis("to", partners)
        label, purpose = Axis("label", rulebook.labels.order), Axis("for", rulebook.labels.purposes)
        by, facts = Axis("by", Way), {name: Axis(name, (True, False)) for name in used}
        return cls(
            space=Space(who, to, label, by, purpose, *facts.values()),
            who=who,
            to=to,
            label=label,
            by=by,
            purpose=purpose,
            facts=facts,
            people=people,
            partners=partners,
            ranks={
                words.OUTSIDER: len(rulebook.labels.order),
                **{role.id: rulebook.labels.rank(role.may_handle) for role in rulebook.people.roles.values()},
            },
        )

    def boxes(self, rule: Rule) -> tuple[int, ...]:
        """Where a rule is yes. None: it never is."""
        space = self.space
        fixed = [space.only(self.facts[name], (True,)) for name in rule.when]
        if rule.by:
            fixed.append(space.only(self.by, rule.by))
        if rule.for_:
            fixed.append(space.only(self.purpose, rule.for_))
        if rule.to:
            fixed.append(space.only(self.to, (names for names in self.to.values if names & rule.to)))
        fixed_box = space.box(*fixed)
        # `unless` exempts only if all of its facts are yes: one no is enough for the rule to count.
        exempt = [space.only(self.facts[name], (False,)) for name in rule.unless] or [space.everything]
        found = (space.box(fixed_box, step, spared) for step in self._who_and_labels(rule) for spared in exempt)
        return tuple(box for box in found if box)

    def _who_and_labels(self, rule: Rule) -> Iterable[int]:
        """One box, or for an `allow` one for each step of clearance: a role counts up to what it may handle.

        The narrowing verbs see every role held, or clearance would disarm a `forbid`.
        """
        labels = [label for label in self.label.values if not rule.labels or label in rule.labels]
        if not rule.who:
            return [self.space.only(self.label, labels)]
        if rule.verb is not Verb.ALLOW:
            senders = self.space.only(self.who, (roles for roles in self.who.values if roles & rule.who))
            return [self.space.box(senders, self.space.only(self.label, labels))]
        labels_of: dict[int, list[str]] = {}
        for label in labels:
            rank = self.label.values.index(label)
            able = {role for role in rule.who if self.ranks[role] >= rank}
            senders = self.space.only(self.who, (roles for roles in self.who.values if roles & able))
            labels_of.setdefault(senders, []).append(label)
        return [self.space.box(senders, self.space.only(self.label, step)) for senders, step in labels_of.items()]
