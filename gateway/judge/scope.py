"""What rulebooks are compared over: people, recipients, papers, days and facts, as the axes of one space.

A person is who they are in each book. Recipients are one value when no book tells them apart, so a domain that becomes
a partner's is a value of its own. A day stands for all that follow it until something begins or ends. What the folder
decides (`agreement-current`, and `address-verified`, which the world may still take away) is worked out for each
recipient and day. Other facts are free, and may be unknown: what held for want of a fact and now goes is a gain too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TypeVar

from gateway.facts import Truth
from gateway.judge import words
from gateway.judge.boxes import Axis, Space
from gateway.judge.phrases import both
from gateway.judge.rulebook import Partner, Rulebook
from gateway.judge.rules import Rule, Verb
from gateway.transfer import Address, Recipient, Way

AGREEMENT, VERIFIED, LOOKALIKE = "agreement-current", "address-verified", "lookalike-domain"
_YES, _NO, _UNKNOWN = frozenset({Truth.YES}), frozenset({Truth.NO}), frozenset({Truth.UNKNOWN})
_ANYBODY = "anybody-else"
_STRANGER = Recipient(address=Address(local=_ANYBODY, domain="nobody-we-know.invalid"))  # RFC 2606: nobody's

T = TypeVar("T")
Span = tuple[date, date]
"""From a day until before another."""


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """Recipients that no book tells apart."""

    recipients: tuple[Recipient, ...]
    """Some of them: an address stands for all in its domain that are not listed."""
    partners: tuple[Partner | None, ...]
    """The partner they are, book by book."""
    groups: tuple[frozenset[str], ...]
    """What a rule's `to` may name them by, book by book."""


class Scope:
    """The axes for some books, from a day on."""

    def __init__(self, books: Sequence[Rulebook], *, on: date) -> None:
        self.books = tuple(books)
        people = (person.address for book in books for person in book.people.everyone)
        self.who: Axis[str] = Axis("who", dict.fromkeys((*people, words.OUTSIDER)))
        self.to: Axis[Class] = Axis("to", _classes(self.books))
        self.labels: Axis[str] = Axis("labels", dict.fromkeys(one for book in books for one in book.labels.order))
        self.by: Axis[Way] = Axis("by", Way)
        self.purposes: Axis[str] = Axis("for", dict.fromkeys(one for book in books for one in book.labels.purposes))
        self.days: Axis[date] = Axis("days", sorted({on, *(day for book in books for day in _turns(book) if day > on)}))
        names = {name for book in books for rule in book.rules for name in (*rule.when, *rule.unless)}
        self.facts: Mapping[str, Axis[Truth]] = {name: Axis(name, Truth) for name in sorted(names - {AGREEMENT})}
        self.space = Space(self.who, self.to, self.labels, self.by, self.purposes, self.days, *self.facts.values())

    def last_day(self, first: date) -> date | None:
        """The last of the days that `first` stands for; None if they have no end."""
        after = self.days.values.index(first) + 1
        return self.days.values[after] - timedelta(days=1) if after < len(self.days.values) else None


class Terms:
    """One book of a scope: its rules as boxes."""

    def __init__(self, scope: Scope, number: int) -> None:
        self._scope = scope
        self._space = scope.space
        self._number = number
        self.book = scope.books[number]
        self._truths: dict[tuple[str, frozenset[Truth]], list[int]] = {}

    @cached_property
    def allows(self) -> tuple[int, ...]:
        """Where some `allow` is surely yes."""
        return self.where(self._live(Verb.ALLOW))

    @cached_property
    def stops(self) -> tuple[int, ...]:
        """Where nothing goes whatever is allowed: it is forbidden, or may be, or what is demanded is unknown."""
        barred = [box for rule in self._live(Verb.FORBID, Verb.NEVER) for box in self._perhaps(rule)]
        return _once((*barred, *(box for rule in self._live(Verb.REQUIRE) for box in self._undetermined(rule))))

    def demanding(self, *demands: str) -> tuple[int, ...]:
        """Where one of these demands is surely made."""
        return self.where(rule for rule in self._live(Verb.REQUIRE) if not set(demands).isdisjoint(rule.then))

    def where(self, rules: Iterable[Rule]) -> tuple[int, ...]:
        """Where one of these rules is surely yes; those on trial have no effect."""
        return _once(box for rule in rules if not rule.is_watched for box in self._surely(rule))

    def _live(self, *verbs: Verb) -> list[Rule]:
        return [rule for rule in self.book.rules if rule.verb in verbs and not rule.is_watched]

    # ── a rule as boxes ──────────────────────────────────────────────────────────────────────────────────────────────

    def _surely(self, rule: Rule) -> list[int]:
        return self._crossed(
            self._situations(rule), *(self._fact(name, _YES) for name in rule.when), self._not_exempt(rule, _NO)
        )

    def _perhaps(self, rule: Rule) -> list[int]:
        """Where it is not surely no."""
        when = (self._fact(name, _YES | _UNKNOWN) for name in rule.when)
        return self._crossed(self._situations(rule), *when, self._not_exempt(rule, _NO | _UNKNOWN))

    def _undetermined(self, rule: Rule) -> list[int]:
        left = self._perhaps(rule) if rule.when or rule.unless else []
        for cutter in self._surely(rule) if left else ():
            left = [piece for box in left for piece in self._space.minus(box, cutter)]
        return left

    def _not_exempt(self, rule: Rule, values: frozenset[Truth]) -> list[int]:
        """`unless` exempts only if all of its facts are yes: one of n that is not, n boxes."""
        if not rule.unless:
            return [self._space.everything]
        return [box for name in rule.unless for box in self._fact(name, values)]

    def _situations(self, rule: Rule) -> list[int]:
        """The rule without its facts."""
        space, scope = self._space, self._scope
        to = [one for one in scope.to.values if not rule.to or rule.to & one.groups[self._number]]
        shared = space.box(
            space.only(scope.to, to),
            space.only(scope.labels, rule.labels or scope.labels.values),
            space.only(scope.by, rule.by or Way),
            space.only(scope.purposes, rule.for_ or scope.purposes.values),
        )
        return self._crossed([shared], self._granted(rule) if rule.verb is Verb.ALLOW else self._bound(rule))

    def _granted(self, rule: Rule) -> list[int]:
        """Whom an `allow` lets send: up to which label, and to which day."""
        space, scope = self._space, self._scope
        alike: dict[tuple[tuple[str, ...], date], list[str]] = {}
        for sender in scope.who.values:
            labels, until = self._clearance(sender, rule)
            alike.setdefault((labels, until), []).append(sender)
        return [
            space.box(
                space.only(scope.who, senders),
                space.only(scope.labels, labels),
                space.only(scope.days, [day for day in scope.days.values if day <= until]),
            )
            for (labels, until), senders in alike.items()
        ]

    def _clearance(self, sender: str, rule: Rule) -> tuple[tuple[str, ...], date]:
        """The labels somebody may handle in a role that the rule names, and their last day under it."""
        order, until = self.book.labels.order, rule.until or date.max
        if sender == words.OUTSIDER:
            return (order if not rule.who or words.OUTSIDER in rule.who else ()), until
        person = self.book.person(sender)
        if person is None:
            return (), until
        if not rule.who:
            return order, min(until, person.until)
        roles = self.book.people.roles
        ranks = [order.index(roles[role].may_handle) for role in person.roles if role in rule.who]
        return order[: max(ranks, default=-1) + 1], min(until, person.until)

    def _bound(self, rule: Rule) -> list[int]:
        """Whom the other verbs bind: whoever holds a role, cleared or not, and after their last day too."""
        bound = (one for one in self._scope.who.values if not rule.who or rule.who & self._roles(one))
        return [self._space.only(self._scope.who, bound)]

    def _roles(self, sender: str) -> frozenset[str]:
        if sender == words.OUTSIDER:
            return frozenset({words.OUTSIDER})
        person = self.book.person(sender)
        return frozenset(person.roles) if person else frozenset()

    # ── facts ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _fact(self, name: str, values: frozenset[Truth]) -> list[int]:
        """Where a fact has one of these values."""
        if (name, values) not in self._truths:
            self._truths[name, values] = self._worked_out(name, values)
        return self._truths[name, values]

    def _worked_out(self, name: str, values: frozenset[Truth]) -> list[int]:
        if name == AGREEMENT:
            return self._spans(_agreed, self._constant(Truth.YES in values), self._constant(Truth.NO in values))
        free = [self._space.only(self._scope.facts[name], values)]
        if name == VERIFIED:
            return self._spans(self._vouched, free, self._constant(Truth.NO in values))
        if name == LOOKALIKE:
            return self._of_strangers(free, self._constant(Truth.NO in values))
        return free

    def _constant(self, truth: bool) -> list[int]:
        return [self._space.everything] if truth else []

    def _of_strangers(self, strangers: list[int], others: list[int]) -> list[int]:
        """One answer for who is no partner's, another for all others."""
        space, to = self._space, self._scope.to
        strange = [one for one in to.values if words.STRANGERS in one.groups[self._number]]
        known = [one for one in to.values if one not in strange]
        return self._crossed([space.only(to, strange)], strangers) + self._crossed([space.only(to, known)], others)

    def _spans(self, span: Callable[[Partner], Span | None], within: list[int], outside: list[int]) -> list[int]:
        """One answer within a partner's span of days, another outside it, and for whoever is no partner."""
        space, scope = self._space, self._scope
        alike: dict[Span | None, list[Class]] = {}
        for one in scope.to.values:
            partner = one.partners[self._number]
            alike.setdefault(span(partner) if partner else None, []).append(one)
        boxes: list[int] = []
        for found, classes in alike.items():
            inside = [day for day in scope.days.values if found and found[0] <= day < found[1]]
            rest = [day for day in scope.days.values if day not in inside]
            them = space.only(scope.to, classes)
            boxes += self._crossed([them], [space.only(scope.days, inside)], within)
            boxes += self._crossed([them], [space.only(scope.days, rest)], outside)
        return boxes

    def _vouched(self, partner: Partner) -> Span | None:
        verified = partner.verified
        return (verified.on, self.book.transfers.facts.verified_for.after(verified.on)) if verified else None

    def _crossed(self, *factors: Sequence[int]) -> list[int]:
        """What is in a box of each factor."""
        found = [self._space.everything]
        for factor in factors:
            found = [box for one in found for other in factor if (box := self._space.box(one, other))]
        return found


def _agreed(partner: Partner) -> Span | None:
    return (partner.agreement.signed, _after(partner.agreement.until)) if partner.agreement else None


def _turns(book: Rulebook) -> Iterable[date]:
    """The days on which something in a book begins, or has just ended."""
    yield from (_after(rule.until) for rule in book.rules if rule.until)
    yield from (_after(person.until) for person in book.people.everyone)
    for partner in book.partners.values():
        if partner.agreement:
            yield from (partner.agreement.signed, _after(partner.agreement.until))
        if partner.verified:
            yield from (partner.verified.on, book.transfers.facts.verified_for.after(partner.verified.on))


def _after(day: date) -> date:
    return day + timedelta(days=1) if day < date.max else day


def _classes(books: Sequence[Rulebook]) -> list[Class]:
    alike: dict[tuple[tuple[frozenset[str], ...], tuple[str, ...]], list[Recipient]] = {}
    for recipient in dict.fromkeys((*(one for book in books for one in _recipients(book)), _STRANGER)):
        partners = [book.partner_of(recipient) for book in books]
        named = tuple(partner.id if partner else "" for partner in partners)
        alike.setdefault((tuple(book.groups_of(recipient) for book in books), named), []).append(recipient)
    return [
        Class(tuple(recipients), tuple(book.partners.get(one) for book, one in zip(books, named, strict=True)), groups)
        for (groups, named), recipients in alike.items()
    ]


def _recipients(book: Rulebook) -> Iterable[Recipient]:
    """Everybody a book tells from others."""
    for partner in book.partners.values():
        yield Recipient(partner=partner.id)
        yield from (Recipient(address=Address.of(address)) for address in partner.addresses)
        yield from (Recipient(address=Address(local=_ANYBODY, domain=domain)) for domain in partner.domains)
    yield from (Recipient(address=Address.of(address)) for address in book.people.by_address)
    yield from (Recipient(address=Address(local=_ANYBODY, domain=one)) for one in book.gateway.office.domains)


# ── what they are called ─────────────────────────────────────────────────────────────────────────────────────────────


def person_called(address: str, books: Sequence[Rulebook]) -> str:
    """A sender's name, as the last book that knows them has it."""
    if address == words.OUTSIDER:
        return "outsiders"
    return next((found.name for book in reversed(books) if (found := book.person(address))), address)


def recipients_called(one: Class, books: Sequence[Rulebook]) -> str:
    """A partner by name; where only some of its addresses come or go, those."""
    was, now = one.partners[0], one.partners[-1]
    here = both([_place(recipient) for recipient in one.recipients])
    if was and now:
        return now.name if was.id == now.id else f"{here} (now of {now.name})"
    if now:
        return now.name if now.id not in books[0].partners else f"{here} (now of {now.name})"
    if was:
        return was.name if was.id not in books[-1].partners else f"{here} (no longer of {was.name})"
    if all(words.STAFF in groups for groups in one.groups):
        return "colleagues"
    return "addresses of no partner" if all(words.STRANGERS in groups for groups in one.groups) else here


def _place(recipient: Recipient) -> str:
    if recipient.address is None:
        return f"the box of {recipient.partner}"
    return recipient.address.domain if recipient.address.local == _ANYBODY else str(recipient.address)


def _once(boxes: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(boxes))
