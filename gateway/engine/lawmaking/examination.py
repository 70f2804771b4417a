"""Whether a set of rule files may come into force, and whose word it needs: check, test, prove, diff.

The one place that says so; orders are carried out by it, and commands ask it beforehand to show what will be said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from gateway.judge import expect
from gateway.judge.difference import Difference, difference
from gateway.judge.problems import Problem
from gateway.judge.prooftext import broken_line
from gateway.judge.prove import prove
from gateway.judge.rulebook import Rulebook, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found."""

    rulebook: Rulebook | None
    """None: it does not load."""
    problems: tuple[Problem, ...] = ()
    misses: tuple[expect.Miss, ...] = ()
    broken: tuple[str, ...] = ()
    """Every `never` that is not kept, with a message that breaks it."""
    difference: Difference | None = None
    """From what is in force; None where there is an objection, or nothing is in force."""

    @property
    def objections(self) -> tuple[str, ...]:
        """Why it may not come into force, a line each; nothing if it may."""
        found = [str(problem) for problem in self.problems]
        found += [*map(str, self.misses), *self.broken]
        return tuple(found)

    @property
    def needs_two(self) -> bool:
        """Whether a second person must sign: something widened."""
        return self.difference is None or self.difference.is_widened


def examine(files: Mapping[str, str], *, in_force: Rulebook, on: date) -> Examination:
    """Look a set over as of a day."""
    found = read(files)
    if not isinstance(found, Rulebook):
        return Examination(rulebook=None, problems=found)
    return examined(found, in_force=in_force, on=on)


def examined(rulebook: Rulebook, *, in_force: Rulebook, on: date) -> Examination:
    """Look over a set that loads."""
    misses = expect.run(rulebook)
    broken = tuple(broken_line(rulebook, one) for one in prove(rulebook).broken)
    if misses or broken:
        return Examination(rulebook=rulebook, misses=misses, broken=broken)
    return Examination(rulebook=rulebook, difference=difference(in_force, rulebook, on=on))
