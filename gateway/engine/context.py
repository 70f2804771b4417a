"""What an entry says beyond its fact, and whose keys seal it: the same whether it is written or read back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from gateway.facts import Fact, LegFact, Received
from gateway.journey import Journey, Unlawful, advance, begin
from gateway.ledger.composing import Statement
from gateway.ledger.statement import Context
from gateway.ledger.terms import DAY_MS, term
from gateway.transfer import transfer_bytes

OWN = ""
"""Stands for the stream's own data key."""


def after(journey: Journey | None, fact: Fact) -> Journey | None:
    """The journey once the fact is true; None for an office's. Raises `journey.Unlawful`."""
    if isinstance(fact, Received):
        if journey is not None:
            raise Unlawful(f"{fact.transfer.id} was received twice")
        return begin(fact)
    return advance(journey, fact) if journey is not None and isinstance(fact, LegFact) else journey


def context_of(
    journey: Journey | None,
    fact: Fact,
    *,
    x: bytes,
    sealed_at: Mapping[int, int],
    partners: tuple[str, ...] = (),
    ruleset: str = "",
    told: Mapping[str, str] | None = None,
) -> Context:
    """The context of a fact that is folded into `journey`; `x` counts for an office's fact alone.

    `sealed_at` is, by leg, the index of its latest intent before this fact; `told` is `told_by` its transfer, if that
    was called already.
    """
    if journey is None:
        return Context(x=x, ruleset=ruleset)
    leg = journey.legs[fact.leg] if isinstance(fact, LegFact) else None
    return Context(
        x=transfer_bytes(journey.transfer.id),
        transfer=journey.transfer,
        told=told,
        judged=leg.judged if leg else None,
        scrubbed=leg.scrubbed if leg else None,
        sealed=leg.sealed if leg else None,
        intent=sealed_at.get(leg.leg.ordinal) if leg else None,
        partners=partners,
        ruleset=ruleset,
    )


def class_streams(statement: Statement, *, at_ms: int, index_key: bytes) -> Mapping[str, str]:
    """By class, the stream whose key seals its box: destroy that key and the class is erased wherever it was used."""
    shard, month = _periods(at_ms // DAY_MS)
    said = dict(statement.values)
    actor, recipient = (dict(said.get(cls, ())).get("addr", "") for cls in ("snd", "rcp"))
    return {
        "op": shard,
        "snd": _person(index_key, actor) if actor else shard,
        "rcp": _person(index_key, recipient) if recipient else shard,
        "obj": OWN,  # a transfer is its own matter until the rules name matters
        "net": month,
        "sec": shard,
    }


@lru_cache(maxsize=4096)
def _person(index_key: bytes, address: str) -> str:
    return "person/" + term(index_key, "person", address).hex()


@lru_cache(maxsize=16)
def _periods(day: int) -> tuple[str, str]:
    """The streams of the year and of the month a day lies in."""
    at = datetime.fromtimestamp(day * DAY_MS / 1000, tz=UTC)
    return f"shard/{at:%Y}", f"month/{at:%Y-%m}"
