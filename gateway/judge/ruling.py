"""What the rules say of a situation: steps 1 to 4, as `decide` tells them, on the sieve's sets of rules.

A situation is all that a rule can see; so this is a function of two values, and what it says of a situation once it
says always. `rulings` remembers what was said lately: most legs of an office are like an earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

from gateway.facts import Mixed, Outcome, Reason
from gateway.judge import words
from gateway.judge.nearest import nearest
from gateway.judge.sieve import Sieve, Sifted, Situation
from gateway.judge.verdict import Verdict

REMEMBERED = 4_096
"""Situations; each is some hundred bytes beside its verdict, and equal parts of verdicts are not shared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The verdict on a situation, but for what only the case can tell: what is fulfilled, and whose name was meant."""

    verdict: Verdict
    to_wait_for: tuple[str, ...] = ()
    """Those of the demands that somebody, or time, must fulfil; the verdict takes them for fulfilled."""
    making: Mapping[str, str] = field(default_factory=dict)
    """By such a demand, the ids of the rules that make it."""
    about_lookalikes: frozenset[str] = frozenset()
    """Of the rules that block, those about addresses that nearly are a partner's."""
    held: dict[tuple[str, ...], Verdict] = field(default_factory=dict, compare=False, repr=False)
    """The verdicts while some demands are not met, as far as they were asked for."""

    def waiting(self, unmet: tuple[str, ...]) -> Verdict:
        """The verdict while these demands are not met."""
        found = self.held.get(unmet)
        if found is None:
            waits = [Reason(code="waits", about=(("demand", one), ("rule", self.making[one]))) for one in unmet]
            reasons = (*self.verdict.reasons, *waits)
            found = replace(self.verdict, outcome=Outcome.HOLD, waits_for=unmet, reasons=reasons)
            self.held[unmet] = found
        return found


def rulings(sieve: Sieve) -> Callable[[Situation], Ruling]:
    """`rule_on` under these rules, remembering."""
    return lru_cache(maxsize=REMEMBERED)(partial(rule_on, sieve))


def rule_on(sieve: Sieve, situation: Situation) -> Ruling:
    """What the rules say of a situation."""
    sifted = sieve.sift(situation)
    yes, unknown = sifted.yes & sieve.live, sifted.unknown & sieve.live
    watched = sieve.ids_of(sifted.yes & sieve.watched)
    if yes & sieve.blocks:  # 1
        return _blocked(sieve, yes & sieve.blocks, watched)
    if not (yes | unknown) & sieve.allows:  # 2
        return Ruling(verdict=_not_allowed(sieve, situation, watched))
    return _terms(sieve, yes, unknown, _asking(sieve, sifted, yes, unknown), watched)  # 3, 4


def _blocked(sieve: Sieve, blocks: int, watched: tuple[str, ...]) -> Ruling:
    rules = sieve.of(blocks)
    verdict = Verdict(
        outcome=Outcome.BLOCK,
        rules=tuple(rule.id for rule in rules),
        reasons=tuple(Reason(code="forbidden", about=(("rule", rule.id),)) for rule in rules),
        watched=watched,
    )
    return Ruling(verdict=verdict, about_lookalikes=frozenset(r.id for r in rules if "lookalike-domain" in r.when))


def _not_allowed(sieve: Sieve, situation: Situation, watched: tuple[str, ...]) -> Verdict:
    miss = nearest(sieve, situation)
    reasons: tuple[Reason, ...] = (Reason(code="no-rule"),)
    if miss:
        about = ("rule", miss.rule)
        reasons = tuple(Reason(code="miss", about=(about, ("clause", clause))) for clause in miss.missing)
    return Verdict(outcome=Outcome.BLOCK, reasons=reasons, nearest=miss, watched=watched)


def _asking(sieve: Sieve, sifted: Sifted, yes: int, unknown: int) -> dict[str, int]:
    """What could not be determined, and the rules that still need it; the label always, for the seal's floor does."""
    # An allow that is unknown is needed only where none is yes.
    needed = unknown & ~sieve.allows if yes & sieve.allows else unknown
    asking: dict[str, int] = {}
    for name, bits in sifted.names:
        if bits & needed or name == "label":
            asking[name] = asking.get(name, 0) | bits & needed
    return asking


def _terms(sieve: Sieve, yes: int, unknown: int, asking: Mapping[str, int], watched: tuple[str, ...]) -> Ruling:
    """On which terms it may go, or would once what is asked is known."""
    allows, requires = yes & sieve.allows, yes & sieve.requires
    demands = tuple(demand for demand, making in sieve.demands.items() if making & requires)
    to_wait_for = tuple(demand for demand in demands if words.waits(demand))
    unknown_by = [(name, sieve.ids_of(asking[name])) for name in sorted(asking)]
    verdict = Verdict(
        outcome=Outcome.HOLD if asking else Outcome.SEND,
        rules=sieve.ids_of(allows) + sieve.ids_of(requires),
        reasons=tuple(
            Reason(code="unknown", about=(("what", name), ("rules", " ".join(ids)))) for name, ids in unknown_by
        ),
        unknown=tuple(sorted(asking)),
        demands=demands,
        mixed=Mixed.LAWFUL_PART if _is_lawful_part(sieve, allows, unknown & sieve.allows) else Mixed.ALL_OR_NOTHING,
        may_be_sender_sealed=bool(allows & sieve.sender_sealed),
        watched=watched,
    )
    making = {demand: " ".join(sieve.ids_of(sieve.demands[demand] & requires)) for demand in to_wait_for}
    return Ruling(verdict=verdict, to_wait_for=to_wait_for, making=making, held={(): verdict})


def _is_lawful_part(sieve: Sieve, allows: int, maybe: int) -> bool:
    """An allow only widens: any rule that lets the lawful part go does so. Unsure which counts, all that may must."""
    return bool(allows & sieve.lawful_part) if allows else not maybe & ~sieve.lawful_part
