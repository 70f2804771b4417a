"""The judge's word on one leg, as a value: what is allowed, by which rules, on which terms, or why not."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.facts import Mixed, Outcome, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The allow that failed on the fewest clauses, and on which: `who clearance to labels by for until`, or a fact."""

    rule: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules say of one leg."""

    outcome: Outcome
    rules: tuple[str, ...] = ()
    """The ids that decide: what blocks, or the allows that are yes and then the requires."""
    reasons: tuple[Reason, ...] = ()
    unknown: tuple[str, ...] = ()
    """What could not be determined and is still needed: facts, or `label by for`."""
    demands: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    """Demands nobody has fulfilled yet."""
    nearest: Nearest | None = None
    mixed: Mixed = Mixed.ALL_OR_NOTHING
    may_be_sender_sealed: bool = False
    """A rule lets it go although the sender sealed it, so that it cannot be scrubbed."""
    watched: tuple[str, ...] = ()
    """Rules on trial that would have applied; they have no effect."""
