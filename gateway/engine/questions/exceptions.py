"""What did not simply go: refusals, holds and who decided on them, failures, doubts, and what was erased."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from gateway.engine.attested import Attestations
from gateway.engine.clock import instant
from gateway.engine.questions.period import Period, Words, legs_with
from gateway.keep import Reading
from gateway.ledger.entry import Entry

EXCEPTIONAL: Mapping[str, tuple[str, ...]] = {
    "judged": ("refused", "quarantined"),
    "approved": ("",),
    "declined": ("refused",),
    "deferred": ("unknown",),
    "undeliverable": ("bounced",),
    "expired": ("expired",),
    "recalled": ("",),
    "disposed": ("", "refused"),
}
"""Outcomes, by kind."""


class Exceptional(msgspec.Struct, frozen=True, kw_only=True):
    """One such entry, and whose transfer it is about."""

    at: str
    what: str
    transfer: str
    leg: int | None
    sender: str
    recipient: str
    label: str
    rules: str
    reason: str
    decided_by: str
    covers: str
    entry: int


def exceptions(records: Reading, attestations: Attestations, period: Period, words: Words) -> Iterator[Exceptional]:
    """Every exception of the period, transfer by transfer; the oldest first."""
    for leg in legs_with(records, attestations, period, is_exceptional):
        first = leg[0].values
        latest: dict[str, str] = {}
        for one in leg:
            latest.update(one.values)
            if not is_exceptional(one.entry) or one.entry.time_ms not in period:
                continue
            is_a_person_s = one.entry.kind in ("approved", "declined", "recalled", "disposed")
            yield Exceptional(
                at=instant(one.entry.time_ms),
                what=words(one.entry.kind, one.entry.outcome),
                transfer=one.leaf.stream,
                leg=one.entry.leg,
                sender=first.get("snd.addr") or first.get("snd.name", ""),
                recipient=first.get("rcp.addr", ""),
                label=latest.get("op.label", ""),
                rules=one.values.get("op.rules", ""),
                reason=one.values.get("op.reason", ""),
                decided_by=one.values.get("snd.addr", "") if is_a_person_s else "",
                covers=one.values.get("op.decision", "") if one.entry.kind == "approved" else "",
                entry=one.index,
            )


def is_exceptional(entry: Entry) -> bool:
    """Whether somebody who reviews the week should look at it."""
    return entry.outcome in EXCEPTIONAL.get(entry.kind, ())
