"""Counts what one scrubber meets, and answers what to do with it.

A scrubber has one walk for both its verbs: under `SURVEY` it finds everything and its output is thrown away; under a
leg's plan the same walk makes the clean copy. So what `inspect` reports is what `clean` does, by construction.
Values are remembered for `gateway.scrub.verify` alone; they never leave the process that opened the document.
"""

from __future__ import annotations

from collections import Counter

from gateway.scrub import Child
from gateway.scrub.plan import Action, Cleaned, Code, Finding, Held, Inspection, Kind, Place, Plan


def survey_plan(plan: Plan) -> Plan:
    """The plan that finds everything but what `plan` keeps: that stays, so that what is inside it is found too."""
    kept = {kind for kind in Kind if plan.action(kind) is Action.KEEP}
    return Plan(said=tuple((kind, Action.KEEP if kind in kept else Action.STRIP) for kind in Kind))


SURVEY = survey_plan(Plan())

_NOWHERE = frozenset({Kind.IDS, Kind.PATHS, Kind.LINKS})


class Tally:
    """The findings of one document and of those nested in it."""

    def __init__(self, plan: Plan, child: Child, *, cut: frozenset[Kind] = frozenset()) -> None:
        """`cut`: kinds a document of this family survives, so they go unless a rule speaks of them."""
        self._actions = {kind: plan.action(kind) for kind in Kind}
        self._actions |= dict.fromkeys(cut - {kind for kind, _ in plan.said}, Action.STRIP)
        self._counts: Counter[tuple[Kind, Place]] = Counter()
        self._held: Held | None = None
        self._unsupported: Place | None = None
        self.is_signed = False
        self._child = child

    def strips(self, kind: Kind, place: Place, count: int = 1) -> bool:
        """Count a finding; True if it must go. What the plan holds goes too: the copy is void then anyway."""
        if count:
            self._counts[kind, place] += count
        return self._actions[kind] is not Action.KEEP

    def cannot_strip(self, kind: Kind, place: Place, count: int = 1) -> None:
        """Count a finding this scrubber can only hold or keep."""
        if count and self.strips(kind, place, count) and self._actions[kind] is not Action.HOLD:
            self._unsupported = place

    def remember(self, kind: Kind, value: str | None) -> None:
        """An identifier, path or sign-in name, for the verifier to look for: removed ones may not stand anywhere.

        People's names and titles may: authors sign their letters.
        """
        if value and (kind in _NOWHERE or (kind is Kind.PEOPLE and ("\\" in value or "@" in value))):
            self._child.remember(value, is_kept=self._actions[kind] is Action.KEEP)

    def adopt(self, nested: tuple[bytes, Cleaned] | Held) -> bytes | None:
        """Take over what came of a nested document; None if it is held."""
        if isinstance(nested, Held):
            if nested.code is not Code.ASK:
                self._held = self._held or Held(code=nested.code, place=Place.MEDIA)
            self._count(nested.findings)
            return None
        content, cleaned = nested
        self._count(cleaned.findings + cleaned.kept)
        return content

    def _count(self, findings: tuple[Finding, ...]) -> None:
        for finding in findings:
            self._counts[finding.kind, finding.place] += finding.count

    def _findings(self, *actions: Action) -> tuple[Finding, ...]:
        return tuple(
            Finding(kind=kind, place=place, count=count)
            for (kind, place), count in sorted(self._counts.items())
            if self._actions[kind] in actions
        )

    def inspection(self) -> Inspection:
        """What was found, whatever the plan."""
        return Inspection(findings=self._findings(*Action), is_signed=self.is_signed, held=self._held)

    def verdict(self) -> Cleaned | Held:
        """What came of it under the plan. What a parser could not read outranks what a person could decide."""
        if self._held:
            return self._held
        stripped = self._findings(Action.STRIP, Action.FLATTEN)
        if waiting := self._findings(Action.HOLD):
            return Held(code=Code.ASK, findings=waiting)
        if self._unsupported:
            return Held(code=Code.UNSUPPORTED, place=self._unsupported, findings=stripped)
        if self.is_signed and stripped:
            return Held(code=Code.SIGNED, findings=stripped)
        return Cleaned(findings=stripped, kept=self._findings(Action.KEEP), is_signed=self.is_signed)
