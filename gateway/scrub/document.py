"""A document from outside: told what it is, looked into, cleaned. The one way in for everything but mail itself.

1. Bound: too large to be read whole waits.
2. Sniff: content, name and declared type must agree, and content be one thing only.
3. Hand it to its family's scrubber. Nested documents come back here through `child`, all on one budget.
4. A signed document leaves as it came, or waits; it is never altered.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

from gateway.scrub import Scrubber
from gateway.scrub.families import FAMILIES, NAMES
from gateway.scrub.personal import Personal
from gateway.scrub.plan import Cleaned, Code, Held, Inspection, Plan, Stuck, Window
from gateway.scrub.sniff import Type, agrees, charset_of, sniff
from gateway.scrub.tally import survey_plan
from gateway.scrub.texts import personal_in
from gateway.scrub.zipread import MOST_BYTES

MOST_WHOLE = 256 << 20
DEEPEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What stands in a document, and the very identifiers, paths and sign-in names."""

    inspection: Inspection
    removed: frozenset[str]
    kept: frozenset[str]
    """Those the plan keeps."""


class Shared:
    """What a document and everything nested in it have in common: one budget, one memory."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._left = most_bytes
        self.removed: set[str] = set()
        self.kept: set[str] = set()

    def spend(self, inflated_bytes: int) -> None:
        """Count; raises `Stuck` at the limit."""
        self._left -= inflated_bytes
        if self._left < 0:
            raise Stuck(Code.LIMIT)


class Nested:
    """Sends what is inside a document through the tuple again: the `Child` of `gateway.scrub`."""

    def __init__(self, plan: Plan, shared: Shared, depth: int, media: str = "") -> None:
        self.charset = charset_of(media)
        self.plan = plan
        self._shared = shared
        self._depth = depth

    def spend(self, inflated_bytes: int) -> None:
        """Count against the budget of the whole."""
        self._shared.spend(inflated_bytes)

    def remember(self, value: str, *, is_kept: bool) -> None:
        """Note a value of the whole."""
        (self._shared.kept if is_kept else self._shared.removed).add(value)

    def clean(self, content: bytes) -> tuple[bytes, Cleaned] | Held:
        """The nested document's clean copy."""
        if self._depth >= DEEPEST:
            return Held(code=Code.LIMIT)
        return _cleaned(content, "", "", self.plan, self._shared, self._depth + 1)


def inspect(content: Window, *, name: str = "", media: str = "") -> Inspection:
    """What stands in `content`, by the same walk `clean` takes. `name` and `media` as declared, or empty."""
    found = survey(content, name=name, media=media, plan=Plan()).inspection
    return found if found.held else replace(found, personal=_personal(content, media))


def survey(content: Window, *, name: str = "", media: str = "", plan: Plan) -> Survey:
    """For the verifier: what stands in `content`. What the plan keeps is looked into; else it goes whole."""
    shared = Shared()
    try:
        kind, scrubber = _scrubber(content, name, media, shared)
        inspection = scrubber.inspect(content, Nested(survey_plan(plan.within(NAMES[kind])), shared, 0, media))
    except Stuck as stuck:
        inspection = Inspection(held=stuck.held)
    return Survey(inspection=inspection, removed=frozenset(shared.removed), kept=frozenset(shared.kept))


def clean(content: Window, *, name: str = "", media: str = "", plan: Plan) -> tuple[bytes, Cleaned] | Held:
    """The clean copy of `content` under `plan`, or why it waits. Cleaning a clean copy changes nothing."""
    return _cleaned(content, name, media, plan, Shared(), 0)


def _cleaned(
    content: Window, name: str, media: str, plan: Plan, shared: Shared, depth: int
) -> tuple[bytes, Cleaned] | Held:
    out = io.BytesIO()
    try:
        kind, scrubber = _scrubber(content, name, media, shared)
        plan = plan.within(NAMES[kind])  # what is nested belongs to what it lies in
        result = scrubber.clean(content, plan, Nested(plan, shared, depth, media), out)
    except Stuck as stuck:
        return stuck.held
    if isinstance(result, Held):
        return result
    if plan.counts_personal and depth == 0:
        result = replace(result, personal=_personal(content, media))
    return content[:] if result.is_signed else out.getvalue(), result


def _personal(content: Window, media: str) -> Personal | None:
    """On a budget of its own: what was inflated for cleaning is inflated again."""
    shared = Shared()
    try:
        return personal_in(content, sniff(content, shared.spend, media=media), shared.spend)
    except Stuck:
        return None


def _scrubber(content: Window, name: str, media: str, shared: Shared) -> tuple[Type, Scrubber]:
    """Steps 1 and 2."""
    if len(content) > MOST_WHOLE:
        raise Stuck(Code.LIMIT)
    kind = sniff(content, shared.spend, media=media)
    scrubber = dict(FAMILIES).get(kind)
    if kind is Type.UNKNOWN or scrubber is None:
        raise Stuck(Code.UNKNOWN)
    if not agrees(kind, name=name, media=media):
        raise Stuck(Code.DISAGREES)
    return kind, scrubber
