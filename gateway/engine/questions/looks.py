"""Who looked at the ledger, for what, and as what: every question is an entry, and so is every sign-off."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gateway.engine.attested import Attestations
from gateway.engine.clock import instant
from gateway.engine.questions.period import Period, legs_with
from gateway.keep import Reading


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """One question."""

    at: str
    who: str
    role: str
    question: str
    why: str
    as_of: str
    entry: int


def looks(records: Reading, attestations: Attestations, period: Period) -> Iterator[Looked]:
    """Every question of the period; the oldest first, day by day."""
    for leg in legs_with(records, attestations, period, lambda entry: entry.kind == "consulted"):
        for one in leg:
            as_of, _, role = one.values.get("op.decision", "").partition(";")
            yield Looked(
                at=instant(one.entry.time_ms),
                who=one.values.get("snd.addr", ""),
                role=role,
                question=one.values.get("obj.desc", ""),
                why=one.values.get("op.purpose", ""),
                as_of=as_of.removeprefix("as of size "),
                entry=one.index,
            )
