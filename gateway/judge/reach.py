"""Who can send what to whom under one rulebook on one day: people, partners and ways, decided by the judge itself.

Facts the folder decides are computed; all others are taken as on an ordinary day (a key is known, nothing suspicious
is found). So what is listed is what the rules permit, not what will become of one paper. People and recipients that no
rule tells apart are decided once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from gateway.facts import Outcome
from gateway.judge import words
from gateway.judge.case import Case
from gateway.judge.decide import decide
from gateway.judge.expect import harmless
from gateway.judge.rulebook import Person, Rulebook
from gateway.judge.scope import Class, Scope, person_called, recipients_called
from gateway.judge.verdict import Verdict
from gateway.transfer import Recipient, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked about; what is left out: everything."""

    who: str = ""
    """A person's address, or `outsider`."""
    to: Recipient | str = ""
    """A recipient, or what a rule's `to` may say: a group, `staff`, `strangers`, `partner:ID`."""
    label: str = ""
    by: Way | None = None
    purpose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What one person may send to one recipient by one way, with what waits for nothing or for the same."""

    who: str
    """The address; `outsider`."""
    name: str
    to: str
    """The partner's id, `staff` or `strangers`."""
    called: str
    by: Way
    labels: tuple[str, ...]
    purposes: tuple[str, ...]
    rules: tuple[str, ...]
    waits_for: tuple[str, ...]


def reach(rulebook: Rulebook, wanted: Wanted, *, on: date) -> tuple[Reach, ...]:
    """Everybody who may, in the order of the folder."""
    return tuple(_Asking(rulebook, wanted, on).answers())


@dataclass(slots=True)
class _Asking:
    rulebook: Rulebook
    wanted: Wanted
    on: date
    _decided: dict[object, Verdict] = field(default_factory=dict)

    def answers(self) -> Iterable[Reach]:
        classes = [one for one in Scope((self.rulebook,), on=self.on).to.values if self._is_wanted(one)]
        people = [one for one in self.rulebook.people.everyone if one.until >= self.on]
        for person in (*people, None):
            who = person.address if person else words.OUTSIDER
            if self.wanted.who in ("", who):
                for one in classes:
                    for by in Way if self.wanted.by is None else (self.wanted.by,):
                        yield from self._between(person, one, by)

    def _is_wanted(self, one: Class) -> bool:
        match self.wanted.to:
            case Recipient() as recipient:
                partner = self.rulebook.partner_of(recipient)
                same_partner = (partner.id if partner else "") == (one.partners[0].id if one.partners[0] else "")
                return same_partner and self.rulebook.groups_of(recipient) == one.groups[0]
            case group:
                return not group or group in one.groups[0]

    def _between(self, person: Person | None, one: Class, by: Way) -> Iterable[Reach]:
        """One answer for each set of labels that may go for the same purposes and wait for the same."""
        alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
        rules: dict[str, set[str]] = {}
        for label in self.rulebook.labels.order:
            if self.wanted.label in ("", label):
                for waits_for, purposes in self._purposes(person, one, by, label, rules).items():
                    alike.setdefault((tuple(purposes), waits_for), []).append(label)
        who = person.address if person else words.OUTSIDER
        partner = one.partners[0]
        for (found, waits_for), labels in alike.items():
            yield Reach(
                who=who,
                name=person_called(who, (self.rulebook,)),
                to=partner.id if partner else "".join(sorted(one.groups[0])),
                called=recipients_called(one, (self.rulebook,)),
                by=by,
                labels=tuple(labels),
                purposes=found,
                rules=tuple(sorted(set().union(*(rules[label] for label in labels)))),
                waits_for=waits_for,
            )

    def _purposes(
        self, person: Person | None, one: Class, by: Way, label: str, rules: dict[str, set[str]]
    ) -> dict[tuple[str, ...], list[str]]:
        """What papers of a label may go for, by what they wait for; notes the rules that say so."""
        found: dict[tuple[str, ...], list[str]] = {}
        for purpose in self.rulebook.labels.purposes:
            if self.wanted.purpose in ("", purpose):
                verdict = self._verdict(person, one, by, label, purpose)
                if verdict.outcome is not Outcome.BLOCK:
                    found.setdefault(verdict.waits_for, []).append(purpose)
                    rules.setdefault(label, set()).update(verdict.rules)
        return found

    def _verdict(self, person: Person | None, one: Class, by: Way, label: str, purpose: str) -> Verdict:
        key = (frozenset(person.roles) if person else None, one, by, label, purpose)
        if key not in self._decided:
            case = Case(
                sender_person=person.address if person else "",
                recipient=_recipient(one, by),
                by=by,
                label=label,
                purpose=purpose,
                on=self.on,
                facts=harmless(),
                outside_recipients=1,
            )
            self._decided[key] = decide(self.rulebook, case)
        return self._decided[key]


def _recipient(one: Class, by: Way) -> Recipient:
    """Files go to a box, letters to an address, where there is one."""
    fitting = [recipient for recipient in one.recipients if (recipient.address is None) == (by is Way.SFTP)]
    return (fitting or one.recipients)[0]
