"""An accounting of disclosures: what left the office to a person, or about them, when, what and for what purpose.

What is in doubt counts: the other side may have it. A delivery is accounted for on the day it happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from gateway.engine.attested import Attestations, Attested
from gateway.engine.clock import instant
from gateway.engine.questions.period import Period, legs_with
from gateway.engine.questions.searching import ALL, legs_in
from gateway.keep import Reading
from gateway.ledger.entry import Entry
from gateway.ledger.terms import term

ARRIVED = ("delivered", "unknown")
"""Outcomes with which it is, or may be, with the recipient."""


class Disclosed(msgspec.Struct, frozen=True, kw_only=True):
    """One disclosure: what 45 CFR 164.528 asks for, and how to prove it."""

    at: str
    recipient: str
    partner: str
    description: str
    purpose: str
    label: str
    sender: str
    rules: str
    how: str
    sha256_out: str
    transfer: str
    leg: int | None
    entry: int


def disclosures_to(records: Reading, attestations: Attestations, person: str, period: Period) -> Iterator[Disclosed]:
    """Everything that reached, or may have reached, this address or partner in the period; the newest first."""
    terms = [term(attestations.index_key, field, person) for field in ("recipient", "partner")]
    reached = [term(attestations.index_key, "outcome", outcome) for outcome in ARRIVED]
    wanted = {person.casefold(), f"partner:{person}".casefold()}
    for stream in records.find((terms, reached), limit=ALL):
        story = attestations.story(stream)
        for leg in legs_in(attestations.of(story)) if story else ():
            known = {leg[0].values.get(name, "").casefold() for name in ("rcp.addr", "rcp.agency")}
            if known & wanted:
                yield from _arrivals(leg, period)


def disclosures_about(
    records: Reading, attestations: Attestations, words: Sequence[str], period: Period
) -> Iterator[Disclosed]:
    """Everything that left in the period whose subject or file name has one of these words; the oldest first.

    No index knows a subject, so every delivery of the period is opened.
    """
    folded = [word.casefold() for word in words]
    for leg in legs_with(records, attestations, period, _is_arrival):
        said = " ".join(leg[0].values.get(name, "") for name in ("obj.subject", "obj.name")).casefold()
        if any(word in said for word in folded):
            yield from _arrivals(leg, period)


def _is_arrival(entry: Entry) -> bool:
    return entry.outcome in ARRIVED


def _arrivals(leg: Sequence[Attested], period: Period) -> Iterator[Disclosed]:
    """A doubt that was resolved by a delivery is one disclosure: the last word counts."""
    arrived = [one for one in leg if _is_arrival(one.entry) and one.entry.time_ms in period]
    if not arrived:
        return
    last, first = arrived[-1], leg[0].values
    latest = {name: value for one in leg for name, value in one.values.items()}
    yield Disclosed(
        at=instant(last.entry.time_ms),
        recipient=first.get("rcp.addr", ""),
        partner=latest.get("rcp.agency", ""),
        description="; ".join(one for one in (first.get("obj.name"), first.get("obj.subject")) if one),
        purpose=latest.get("op.purpose", ""),
        label=latest.get("op.label", ""),
        sender=first.get("snd.addr", ""),
        rules=latest.get("op.rules", ""),
        how="delivered" if last.entry.outcome == "delivered" else "in doubt",
        sha256_out=latest.get("obj.sha256.out", ""),
        transfer=last.leaf.stream,
        leg=last.entry.leg,
        entry=last.index,
    )
