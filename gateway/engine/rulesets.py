"""The sets of rules that were ever published, as the ledger's records keep them: by digest, and by day.

A set is signed by being a fact: its digest stands in a ledger entry with its signers, its texts are sealed beside it.
So any later day can say what was in force, and put it in force again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, tzinfo

from gateway.engine.archive import Archive
from gateway.engine.clock import day
from gateway.errors import Misconfigured
from gateway.facts import Published
from gateway.judge.rulebook import Rulebook, read

RULES = "office/rules"
SHORTEST = 6
"""Digits of an abbreviated digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """One publication."""

    published: Published
    at_ms: int
    entry: int
    """Its index in the ledger."""

    @property
    def digest(self) -> str:
        """What names it."""
        return self.published.digest

    def rulebook(self) -> Rulebook:
        """The set as this version reads it. Raises `Misconfigured` if it cannot, or reads it as another."""
        found = read(dict(self.published.files))
        if not isinstance(found, Rulebook) or found.digest != self.digest:
            raise Misconfigured(f"the rules {self.digest[:12]} no longer load: this version reads them differently")
        return found


def every(archive: Archive) -> tuple[RuleSet, ...]:
    """All publications, oldest first; the last is in force."""
    found = archive.of_kinds(RULES, ("published",)) or ()
    return tuple(
        RuleSet(published=fact, at_ms=row.at_ms, entry=row.first_index)
        for row, fact in found
        if isinstance(fact, Published)
    )


def by_digest(sets: tuple[RuleSet, ...], untrusted: str) -> RuleSet:
    """The latest publication of the one set whose digest begins like this. Raises `Misconfigured`."""
    wanted = untrusted.lower()
    found = {one.digest: one for one in sets if len(wanted) >= SHORTEST and one.digest.startswith(wanted)}
    if len(found) != 1:
        raise Misconfigured(f"{'several' if found else 'no'} published rules have a digest that begins {wanted[:64]!r}")
    return next(iter(found.values()))


def on_day(sets: tuple[RuleSet, ...], on: date, zone: tzinfo) -> RuleSet:
    """What was in force at the end of a day. Raises `Misconfigured` if nothing was yet."""
    found = [one for one in sets if day(one.at_ms, zone) <= on]
    if not found:
        raise Misconfigured(f"no rules were in force on {on} yet")
    return found[-1]
