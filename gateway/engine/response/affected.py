"""What the ledger says could be affected by what was contained: read, sent or decided by somebody else than it seems.

Found by looking at every entry of the time, not at an index (`questions.blast`). A person or partner that is contained
is taken to be in other hands whole: what reached their mailbox or box counts, not only what their account opened here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.engine.attested import Attestations
from gateway.engine.containment.contained import Containment, What
from gateway.engine.questions.blast import READ, Exposed, exposed, exposed_by_account, exposed_by_key
from gateway.engine.questions.period import Period, legs_with
from gateway.judge import words
from gateway.keep import Reading

REACHED = ("shipped", "collected", "offered", "deferred")
"""What may be in the recipient's hands; of a deferral only one whose outcome nobody knows."""


def affected(
    records: Reading, attestations: Attestations, order: Containment, period: Period, owners: Sequence[str]
) -> Iterator[Exposed]:
    """Every leg or act, once, oldest first. `owners`: who signs in with the SSH key that is contained."""
    seen: set[int] = set()
    for one in sorted(_found(records, attestations, order, period, owners), key=lambda each: each.entry):
        if one.entry not in seen:
            seen.add(one.entry)
            yield one


def _found(
    records: Reading, attestations: Attestations, order: Containment, period: Period, owners: Sequence[str]
) -> Iterator[Exposed]:
    match order.what:
        case What.KEY if order.who.startswith("SHA256:"):
            for owner in owners:
                yield from exposed_by_account(records, attestations, owner, period)
        case What.KEY:
            yield from exposed_by_key(records, attestations, order.who, period)
        case What.PARTNER:
            yield from _of_partner(records, attestations, order.who, period)
        case What.PERSON:
            yield from _of_person(records, attestations, order.who, period)
        case What.ACCOUNT | What.PAUSE:
            yield from exposed_by_account(records, attestations, order.who, period)


def _of_person(records: Reading, attestations: Attestations, who: str, period: Period) -> Iterator[Exposed]:
    yield from exposed_by_account(records, attestations, who, period)
    yield from _reached(records, attestations, "rcp.addr", who, period)


def _of_partner(records: Reading, attestations: Attestations, who: str, period: Period) -> Iterator[Exposed]:
    yield from exposed_by_account(records, attestations, words.PARTNER + who, period)
    yield from _reached(records, attestations, "rcp.agency", who, period)


def _reached(records: Reading, attestations: Attestations, field: str, who: str, period: Period) -> Iterator[Exposed]:
    """What may have come into somebody's hands in the period."""
    for leg in legs_with(records, attestations, period, lambda entry: entry.kind in REACHED):
        theirs = any(one.values.get(field, "").casefold() == who for one in leg)
        reach = [
            one
            for one in leg
            if one.entry.time_ms in period
            and one.entry.kind in REACHED
            and (one.entry.kind != "deferred" or one.entry.outcome == "unknown")
        ]
        if theirs and reach:
            yield exposed(leg, reach[-1], READ)
