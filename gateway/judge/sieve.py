"""The rules as bit sets: which are surely out, and which cannot be determined, without looking at them one by one.

Bit `n` stands for the `n`-th rule by id. Every value on an axis (a sender, a group, a way …) has a set of the rules
whose clause it satisfies, clause left out included. So a decision costs the same for nine rules and for a thousand.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from gateway.facts import Mixed, Truth
from gateway.judge.rules import Rule, Verb
from gateway.transfer import Way

_YES, _NO = Truth.YES, Truth.NO  # looking a member up costs as much as deciding on a fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One clause of all rules: the rules each value satisfies."""

    by_value: Mapping[str, int]
    any_value: int
    """Rules some value satisfies."""
    every_value: int
    """Rules all values satisfy."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sender:
    """What the roles of somebody open. Those who hold the same roles are one, so each equals itself alone."""

    reach: Axis
    """By label, the rules whose `who` and `labels` they satisfy: a role counts for an `allow` only up to its label."""
    named: int
    """Rules whose `who` takes one of their roles, whatever it may handle."""
    cleared: Mapping[str, int]
    """By label, the rules whose `who` takes a role of theirs that may handle it."""


class Situation(NamedTuple):
    """All that a rule can see of a case, and nothing else: what is said of one holds for every case that is like it."""

    sender: Sender
    is_in_office: bool
    """Whether an allow may count the sender: not after a person's last day."""
    groups: frozenset[str]
    by: Way | None
    label: str | None
    purpose: str | None
    on: date
    truths: tuple[Truth, ...]
    """The values of the facts in `Sieve.names`, in that order."""


class Sifted(NamedTuple):
    """Rules as sets of bits: `yes`, `unknown`, and under which name each unknown one is unknown."""

    yes: int
    unknown: int
    names: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """All rules, compiled."""

    rules: tuple[Rule, ...]
    ids: tuple[str, ...]
    everything: int
    allows: int
    blocks: int
    """`forbid` and `never`."""
    requires: int
    live: int
    watched: int
    """On trial; all others are live."""
    lawful_part: int
    sender_sealed: int
    demands: Mapping[str, int]
    """By name: each demand, and the rules that make it."""
    senders: Mapping[str, Sender]
    """Each person, and the outsider."""
    no_sender: Sender
    """Nobody we know: holds no role."""
    to: Mapping[str, int]
    to_anybody: int
    to_sets: Mapping[frozenset[str], int]
    """What the groups of a recipient reach, for those known beforehand."""
    labels: Mapping[str, int]
    by: Axis
    purposes: Axis
    facts: tuple[tuple[str, int, int], ...]
    """Name, rules that need it in `when`, rules that name it in `unless`."""
    names: tuple[str, ...]
    """Of those facts."""
    with_facts: int
    with_unless: int
    ends: tuple[date, ...]
    lasting: tuple[int, ...]
    """`lasting[i]`: the rules that are not over once `i` of `ends` have passed."""

    def of(self, bits: int) -> tuple[Rule, ...]:
        """The rules of a set, by id."""
        found: list[Rule] = []
        while bits:
            low = bits & -bits
            found.append(self.rules[low.bit_length() - 1])
            bits ^= low
        return tuple(found)

    def ids_of(self, bits: int) -> tuple[str, ...]:
        """The ids of a set, in order."""
        found: list[str] = []
        while bits:
            low = bits & -bits
            found.append(self.ids[low.bit_length() - 1])
            bits ^= low
        return tuple(found)

    def reaching(self, groups: frozenset[str]) -> int:
        """The rules whose `to` takes one of these groups."""
        known = self.to_sets.get(groups)
        return _any_of(self.to, groups, self.to_anybody) if known is None else known

    def lasting_on(self, day: date) -> int:
        """The rules that are not over on a day."""
        return self.lasting[bisect_left(self.ends, day)]

    def sift(self, situation: Situation) -> Sifted:
        """Which rules are yes, and which cannot be determined. All others are no."""
        sender, is_in_office, groups, by, label, purpose, on, truths = situation
        inside = self.lasting[bisect_left(self.ends, on)] & self.reaching(groups)
        if not is_in_office:
            inside &= ~self.allows
        names: list[tuple[str, int]] = []
        try:
            # None is no value of any axis, so what is not seen yet ends below too.
            inside &= sender.reach.by_value[label] & self.by.by_value[by] & self.purposes.by_value[purpose]  # type: ignore[index]
        except KeyError:
            inside &= self._partly_seen(sender, by, label, purpose, names)
        if inside & self.with_facts:
            inside &= ~self._by_facts(truths, names)
        maybe = 0
        for _, bits in names:
            maybe |= bits
        unknown = maybe & inside
        return Sifted(inside & ~unknown, unknown, names)

    def _partly_seen(
        self, sender: Sender, by: Way | None, label: str | None, purpose: str | None, names: list[tuple[str, int]]
    ) -> int:
        """Rules that what is seen of label, way and purpose does not rule out; adds to `names` those left open."""
        inside = self.everything
        for name, value, axis in (("label", label, sender.reach), ("by", by, self.by), ("for", purpose, self.purposes)):
            if value is None or value not in axis.by_value:
                inside &= axis.any_value
                names.append((name, axis.any_value & ~axis.every_value))
            else:
                inside &= axis.by_value[value]
        return inside

    def _by_facts(self, truths: Iterable[Truth], names: list[tuple[str, int]]) -> int:
        """Rules the facts surely rule out; adds to `names` those they leave open."""
        out = 0
        spared = 0  # one fact of `unless` is surely no: not exempt
        doubted: list[tuple[str, int]] = []
        doubts = 0
        for (name, when, unless), truth in zip(self.facts, truths, strict=True):
            if truth is _YES:
                continue
            if truth is _NO:
                out |= when
                spared |= unless
            else:
                names.append((name, when))
                doubted.append((name, unless))
                doubts |= unless
        for name, unless in doubted:
            names.append((name, unless & ~spared))
        return out | (self.with_unless & ~spared & ~doubts)


def compile_rules(
    rules: Sequence[Rule],
    *,
    labels: Sequence[str],
    purposes: Sequence[str],
    senders: Mapping[str, Mapping[str, int]],
    recipients: Iterable[frozenset[str]] = (),
) -> Sieve:
    """The sieve of `rules`. `senders`: for each sender the rank of the highest label each of their roles may handle.

    `recipients`: the groups of those that are known beforehand; others are decided as well, only not as fast.
    """
    numbered = _Numbered(rules)
    watched = numbered.those(lambda rule: rule.is_watched)
    allows = numbered.those(lambda rule: rule.verb is Verb.ALLOW)
    by_label = numbered.satisfied(lambda rule: rule.labels, labels)
    roles = _Roles(numbered, by_label, allows)
    to, to_anybody = numbered.taking(lambda rule: rule.to), numbered.those(lambda rule: not rule.to)
    when, unless = numbered.taking(lambda rule: rule.when), numbered.taking(lambda rule: rule.unless)
    names = tuple(sorted({*when, *unless}))
    ends, lasting = _lasting(numbered)
    return Sieve(
        rules=numbered.rules,
        ids=tuple(rule.id for rule in numbered.rules),
        everything=numbered.everything,
        allows=allows,
        blocks=numbered.those(lambda rule: rule.verb in (Verb.FORBID, Verb.NEVER)),
        requires=numbered.those(lambda rule: rule.verb is Verb.REQUIRE),
        live=numbered.everything & ~watched,
        watched=watched,
        lawful_part=numbered.those(lambda rule: rule.mixed is Mixed.LAWFUL_PART),
        sender_sealed=numbered.those(lambda rule: rule.may_be_sender_sealed),
        demands=dict(sorted(numbered.taking(lambda rule: rule.then).items())),
        senders={who: roles.sender(ranks) for who, ranks in senders.items()},
        no_sender=roles.sender({}),
        to=to,
        to_anybody=to_anybody,
        to_sets={groups: _any_of(to, groups, to_anybody) for groups in recipients},
        labels=by_label,
        by=_axis(numbered.satisfied(lambda rule: rule.by, Way)),
        purposes=_axis(numbered.satisfied(lambda rule: rule.for_, purposes)),
        facts=tuple((name, when.get(name, 0), unless.get(name, 0)) for name in names),
        names=names,
        with_facts=numbered.those(lambda rule: bool(rule.when or rule.unless)),
        with_unless=numbered.those(lambda rule: bool(rule.unless)),
        ends=ends,
        lasting=lasting,
    )


class _Numbered:
    """The rules by id, a bit each: makes sets of them, looking at every rule once."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: rule.id))
        self.everything = (1 << len(self.rules)) - 1

    def __iter__(self) -> Iterator[tuple[int, Rule]]:
        return ((1 << number, rule) for number, rule in enumerate(self.rules))

    def those(self, claim: Callable[[Rule], bool]) -> int:
        """The rules of which this is true."""
        return sum(bit for bit, rule in self if claim(rule))

    def taking(self, clause: Callable[[Rule], Iterable[str]]) -> Mapping[str, int]:
        """For each value that is named in a clause: the rules that name it."""
        found: defaultdict[str, int] = defaultdict(int)
        for bit, rule in self:
            for value in clause(rule):
                found[value] |= bit
        return dict(found)

    def satisfied(
        self, clause: Callable[[Rule], frozenset[str] | frozenset[Way]], values: Iterable[str]
    ) -> Mapping[str, int]:
        """For each value of an axis: the rules whose clause it satisfies, an empty clause included."""
        left_out, taking = self.those(lambda rule: not clause(rule)), self.taking(clause)
        return {value: left_out | taking.get(value, 0) for value in values}


class _Roles:
    """Senders by the roles they hold; those who hold the same are one."""

    def __init__(self, numbered: _Numbered, by_label: Mapping[str, int], allows: int) -> None:
        self._naming = numbered.taking(lambda rule: rule.who)
        self._anybody = numbered.those(lambda rule: not rule.who)
        self._by_label = by_label
        self._allows = allows
        self._found: dict[frozenset[tuple[str, int]], Sender] = {}

    def sender(self, ranks: Mapping[str, int]) -> Sender:
        """`ranks`: the roles held, and the rank of the highest label each may handle.

        An `allow` counts a role up to its `may-handle`; the others see every role held, or clearance would disarm a
        forbid.
        """
        key = frozenset(ranks.items())
        if key not in self._found:
            named = self._taking_any(ranks)
            cleared = {
                label: self._taking_any(role for role, highest in ranks.items() if highest >= rank)
                for rank, label in enumerate(self._by_label)
            }
            reach = {
                label: bits & ((cleared[label] & self._allows) | (named & ~self._allows))
                for label, bits in self._by_label.items()
            }
            self._found[key] = Sender(reach=_axis(reach), named=named, cleared=cleared)
        return self._found[key]

    def _taking_any(self, roles: Iterable[str]) -> int:
        return _any_of(self._naming, roles, self._anybody)


def _any_of(taking: Mapping[str, int], values: Iterable[str], always: int) -> int:
    """The rules that take one of these values, and those that take anything."""
    for value in values:
        always |= taking.get(value, 0)
    return always


def _lasting(numbered: _Numbered) -> tuple[tuple[date, ...], tuple[int, ...]]:
    """The days on which rules end, and the rules left after each."""
    ending: defaultdict[date, int] = defaultdict(int)
    for bit, rule in numbered:
        if rule.until:
            ending[rule.until] |= bit
    lasting = [numbered.everything]
    for day in sorted(ending):
        lasting.append(lasting[-1] & ~ending[day])
    return tuple(sorted(ending)), tuple(lasting)


def _axis(by_value: Mapping[str, int]) -> Axis:
    any_value, every_value = 0, -1
    for bits in by_value.values():
        any_value |= bits
        every_value &= bits
    return Axis(by_value=by_value, any_value=any_value, every_value=every_value)
