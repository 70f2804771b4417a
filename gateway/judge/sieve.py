"""The rules as bit sets: which are surely out, and which cannot be determined, without looking at them one by one.

Bit `n` stands for the `n`-th rule. Every value on an axis (a sender, a group, a way …) has a set of the rules whose
clause it satisfies, clause left out included. So a decision costs the same for nine rules and for a thousand.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.facts import Truth
from gateway.judge.rules import Rule, Verb
from gateway.transfer import Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One clause of all rules: the rules each value satisfies."""

    by_value: Mapping[str, int]
    any_value: int
    """Rules some value satisfies."""
    every_value: int
    """Rules all values satisfy."""

    def unseen(self) -> tuple[int, int]:
        """For a value not seen yet: the rules that are surely out, and those that may be."""
        return ~self.any_value, self.any_value & ~self.every_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """Rules as sets of bits: `yes`, `unknown`, and under which name each unknown one is unknown."""

    yes: int
    unknown: int
    names: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """All rules, compiled."""

    rules: tuple[Rule, ...]
    everything: int
    allows: int
    blocks: int
    """`forbid` and `never`."""
    requires: int
    watched: int
    senders: Mapping[str, Axis]
    """For each person (and the outsider): by label, because a role counts for an `allow` only up to its label."""
    no_sender: Axis
    """Nobody we know: holds no role."""
    to: Mapping[str, int]
    to_anybody: int
    by: Axis
    purposes: Axis
    facts: tuple[tuple[str, int, int], ...]
    """Name, rules that need it in `when`, rules that name it in `unless`."""
    with_unless: int
    ends: tuple[date, ...]
    ended: tuple[int, ...]
    """`ended[i]`: the allows that are over once `i` of `ends` have passed."""

    def of(self, bits: int) -> tuple[Rule, ...]:
        """The rules of a set."""
        found: list[Rule] = []
        while bits:
            low = bits & -bits
            found.append(self.rules[low.bit_length() - 1])
            bits ^= low
        return tuple(found)

    def sift(
        self,
        *,
        sender: Axis,
        groups: Iterable[str],
        by: Way | None,
        label: str | None,
        purpose: str | None,
        on: date,
        facts: Mapping[str, Truth],
        without: int = 0,
    ) -> Sifted:
        """Which rules are yes, and which cannot be determined. All others, and those in `without`, are no."""
        out = without | self.ended[bisect_left(self.ends, on)]
        to = self.to_anybody
        for group in groups:
            to |= self.to.get(group, 0)
        out |= ~to
        names: list[tuple[str, int]] = []
        for name, value, axis in (("label", label, sender), ("by", by, self.by), ("for", purpose, self.purposes)):
            if value is None or value not in axis.by_value:
                surely_out, maybe = axis.unseen()
                out |= surely_out
                names.append((name, maybe))
            else:
                out |= ~axis.by_value[value]
        out |= self._by_facts(facts, names)
        maybe = 0
        for _, bits in names:
            maybe |= bits
        unknown = maybe & ~out & self.everything
        return Sifted(yes=self.everything & ~out & ~unknown, unknown=unknown, names=tuple(names))

    def _by_facts(self, facts: Mapping[str, Truth], names: list[tuple[str, int]]) -> int:
        """Rules the facts surely rule out; adds to `names` those they leave open."""
        out = 0
        spared = 0  # one fact of `unless` is surely no: not exempt
        doubted: list[tuple[str, int]] = []
        doubts = 0
        for name, when, unless in self.facts:
            truth = facts[name]
            if truth is Truth.NO:
                out |= when
                spared |= unless
            elif truth is Truth.UNKNOWN:
                names.append((name, when))
                doubted.append((name, unless))
                doubts |= unless
        names.extend((name, unless & ~spared) for name, unless in doubted)
        return out | (self.with_unless & ~spared & ~doubts)


def compile_rules(
    rules: Sequence[Rule], *, labels: Sequence[str], purposes: Sequence[str], senders: Mapping[str, Mapping[str, int]]
) -> Sieve:
    """The sieve of `rules`. `senders`: for each sender the rank of the highest label each of their roles may handle."""
    numbered = [(1 << number, rule) for number, rule in enumerate(rules)]

    def those(*verbs: Verb) -> int:
        return sum(bit for bit, rule in numbered if rule.verb in verbs)

    groups = {group for rule in rules for group in rule.to}
    names = sorted({name for rule in rules for name in (*rule.when, *rule.unless)})
    ends = sorted({rule.until for rule in rules if rule.until})
    return Sieve(
        rules=tuple(rules),
        everything=(1 << len(numbered)) - 1,
        allows=those(Verb.ALLOW),
        blocks=those(Verb.FORBID, Verb.NEVER),
        requires=those(Verb.REQUIRE),
        watched=sum(bit for bit, rule in numbered if rule.is_watched),
        senders={who: _reach(numbered, labels, ranks) for who, ranks in senders.items()},
        no_sender=_reach(numbered, labels, {}),
        to={group: sum(bit for bit, rule in numbered if group in rule.to) for group in groups},
        to_anybody=sum(bit for bit, rule in numbered if not rule.to),
        by=_axis({way: sum(bit for bit, r in numbered if not r.by or way in r.by) for way in Way}),
        purposes=_axis({name: sum(bit for bit, r in numbered if not r.for_ or name in r.for_) for name in purposes}),
        facts=tuple(
            (name, sum(b for b, r in numbered if name in r.when), sum(b for b, r in numbered if name in r.unless))
            for name in names
        ),
        with_unless=sum(bit for bit, rule in numbered if rule.unless),
        ends=tuple(ends),
        ended=tuple(
            sum(bit for bit, rule in numbered if rule.until in ends[:passed]) for passed in range(len(ends) + 1)
        ),
    )


def _reach(numbered: Sequence[tuple[int, Rule]], labels: Sequence[str], ranks: Mapping[str, int]) -> Axis:
    """The rules whose `who` and `labels` a sender satisfies, label by label.

    An `allow` counts a role up to its `may-handle`; the others see every role held, or clearance would disarm a forbid.
    """
    by_label: dict[str, int] = {}
    for rank, label in enumerate(labels):
        high_enough = {role for role, highest in ranks.items() if highest >= rank}
        by_label[label] = sum(
            bit
            for bit, rule in numbered
            if (not rule.labels or label in rule.labels)
            and (not rule.who or rule.who & (high_enough if rule.verb is Verb.ALLOW else ranks.keys()))
        )
    return _axis(by_label)


def _axis(by_value: Mapping[str, int]) -> Axis:
    any_value, every_value = 0, -1
    for bits in by_value.values():
        any_value |= bits
        every_value &= bits
    return Axis(by_value=by_value, any_value=any_value, every_value=every_value)
