"""Which fact may follow which, and what is left to do.

A `Journey` is the fold of a transfer's facts. The protocol is one literal table, `NEXT`: what it does not list cannot
happen. Work is a function of facts, so recovery after a crash is the normal path run again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from gateway.facts import (
    Approved,
    Attempted,
    Deferred,
    Judged,
    LegFact,
    Offered,
    Outcome,
    Received,
    Scrubbed,
    Sealed,
    TransferFact,
    kind_of,
)
from gateway.transfer import Leg, Transfer


class State(StrEnum):
    """Where one leg is."""

    RECEIVED = "received"
    HELD = "held"
    CLEARED = "cleared"
    CLEAN = "clean"
    SEALED = "sealed"
    TRYING = "trying"
    WAITING = "waiting"
    PARKED = "parked"
    OFFERED = "offered"
    REFUSED = "refused"
    SHIPPED = "shipped"
    UNDELIVERABLE = "undeliverable"
    COLLECTED = "collected"
    EXPIRED = "expired"
    RECALLED = "recalled"


CLOSED = frozenset({State.REFUSED, State.SHIPPED, State.UNDELIVERABLE, State.COLLECTED, State.EXPIRED, State.RECALLED})

# Outcomes are part of the word: a `judged` that sends and one that blocks are different events.
_ENDINGS = {"declined": State.REFUSED, "recalled": State.RECALLED, "expired": State.EXPIRED}
_JUDGED = {"judged:send": State.CLEARED, "judged:hold": State.HELD, "judged:block": State.REFUSED}
_RECHECK = {"judged:hold": State.HELD, "judged:block": State.REFUSED}
_BEFORE_A_BYTE = {
    **_JUDGED,  # a `send` starts over: the parcel was never stored, or its key has changed
    **_ENDINGS,
    "attempted": State.TRYING,
    "deferred": State.WAITING,
    "undeliverable": State.UNDELIVERABLE,
    "offered": State.OFFERED,
}

NEXT: dict[State, dict[str, State]] = {
    State.RECEIVED: {**_JUDGED, **_ENDINGS},
    State.HELD: {**_JUDGED, **_ENDINGS, "approved": State.RECEIVED},
    State.CLEARED: {**_RECHECK, **_ENDINGS, "scrubbed": State.CLEAN},
    State.CLEAN: {**_RECHECK, **_ENDINGS, "scrubbed": State.CLEAN, "sealed": State.SEALED},
    State.SEALED: _BEFORE_A_BYTE,
    State.WAITING: _BEFORE_A_BYTE,
    State.TRYING: {
        "shipped": State.SHIPPED,
        "deferred": State.WAITING,
        "deferred:in-doubt": State.PARKED,
        "undeliverable": State.UNDELIVERABLE,
    },
    # Nobody but a person ends a doubt: the remote may have it.
    State.PARKED: {"approved": State.WAITING, "declined": State.REFUSED},
    State.OFFERED: {
        "judged:send": State.CLEARED,  # rules or key changed before anybody came for it: prepared and offered again
        "collected": State.COLLECTED,
        "expired": State.EXPIRED,
        "recalled": State.RECALLED,
        "judged:hold": State.HELD,  # an older copy was put back: it may have been collected, or recalled, since
    },
    State.REFUSED: {},
    State.SHIPPED: {},
    State.UNDELIVERABLE: {},
    State.COLLECTED: {"collected": State.COLLECTED},  # more visits
    State.EXPIRED: {},
    State.RECALLED: {},
}


class Unlawful(Exception):
    """The table does not list this fact here: a bug, or a store that was tampered with."""


class LegJourney(msgspec.Struct, frozen=True, kw_only=True):
    """One leg: where it is and the latest fact of each kind that later work needs."""

    leg: Leg
    state: State = State.RECEIVED
    judged: Judged | None = None
    scrubbed: Scrubbed | None = None
    sealed: Sealed | None = None
    attempted: Attempted | None = None
    deferred: Deferred | None = None
    offered: Offered | None = None
    approvals: tuple[Approved, ...] = ()
    attempts: int = 0
    """How often it was deferred since it was first sealed."""

    @property
    def is_closed(self) -> bool:
        """True when nothing more will happen to this leg."""
        return self.state in CLOSED


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer and where each of its legs is. `version` counts the facts folded in."""

    transfer: Transfer
    legs: tuple[LegJourney, ...]
    version: int

    @property
    def is_closed(self) -> bool:
        """True when every leg has ended."""
        return all(leg.is_closed for leg in self.legs)


# ── work ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judge these legs together: under all-or-nothing one holds or refuses all."""

    legs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconsider:
    """These legs wait for a fact, a rule, a key or a person; look again when one changes, or now and then."""

    legs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrub:
    """Clean this leg's copy."""

    leg: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Encrypt:
    """Seal this leg's copy: make its parcel."""

    leg: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ship:
    """Try to deliver, not before the given time."""

    leg: int
    not_before_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """An attempt has no outcome: park it for a person, or send once more, by rule."""

    leg: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """Nobody has collected what was offered, and from then on nobody can."""

    leg: int
    not_before_ms: int


Work = Judge | Reconsider | Scrub | Encrypt | Ship | Settle | Lapse


# ── the two functions ────────────────────────────────────────────────────────────────────────────────────────────────


def begin(received: Received) -> Journey:
    """The journey that starts with `received`."""
    transfer = received.transfer
    return Journey(transfer=transfer, legs=tuple(LegJourney(leg=leg) for leg in transfer.legs), version=1)


def advance(journey: Journey, fact: LegFact) -> Journey:
    """The journey after `fact`. Raises `Unlawful` for what the table does not list."""
    if fact.leg >= len(journey.legs):
        raise Unlawful(f"{journey.transfer.id} has no leg {fact.leg}")
    before = journey.legs[fact.leg]
    word = _word(fact)
    state = NEXT[before.state].get(word)
    if state is None:
        raise Unlawful(f"{journey.transfer.id}/{fact.leg}: {word} cannot follow {before.state}")
    legs = list(journey.legs)
    legs[fact.leg] = _moved(before, state, fact)
    return Journey(transfer=journey.transfer, legs=tuple(legs), version=journey.version + 1)


def fold(facts: Iterable[TransferFact]) -> Journey:
    """The journey of a whole history. Raises `Unlawful` if it does not start with `Received`."""
    journey: Journey | None = None
    for fact in facts:
        if isinstance(fact, Received):
            if journey is not None:
                raise Unlawful(f"{fact.transfer.id} was received twice")
            journey = begin(fact)
        elif journey is None:
            raise Unlawful(f"{kind_of(fact)} before received")
        else:
            journey = advance(journey, fact)
    if journey is None:
        raise Unlawful("no facts")
    return journey


def todo(journey: Journey) -> tuple[Work, ...]:
    """What is left to do, in leg order. Empty when only a person, a recipient or nobody can act."""
    work: list[Work] = []
    fresh = tuple(leg.leg.ordinal for leg in journey.legs if leg.state is State.RECEIVED)
    held = tuple(leg.leg.ordinal for leg in journey.legs if leg.state is State.HELD)
    if fresh:
        work.append(Judge(legs=tuple(sorted(fresh + held))))
    elif held:
        work.append(Reconsider(legs=held))
    for leg in journey.legs:
        ordinal = leg.leg.ordinal
        match leg.state:
            case State.CLEARED:
                work.append(Scrub(leg=ordinal))
            case State.CLEAN:
                work.append(Encrypt(leg=ordinal))
            case State.SEALED:
                work.append(Ship(leg=ordinal))
            case State.WAITING:
                work.append(Ship(leg=ordinal, not_before_ms=leg.deferred.until_ms if leg.deferred else 0))
            case State.TRYING:
                work.append(Settle(leg=ordinal))
            case State.OFFERED:
                work.append(Lapse(leg=ordinal, not_before_ms=leg.offered.until_ms if leg.offered else 0))
            case _:
                pass
    return tuple(work)


def _word(fact: LegFact) -> str:
    match fact:
        case Judged(outcome=outcome):
            return f"judged:{outcome}"
        case Deferred(is_in_doubt=True):
            return "deferred:in-doubt"
        case _:
            return kind_of(fact)


def _moved(leg: LegJourney, state: State, fact: LegFact) -> LegJourney:
    """The leg in its new state, with what later work needs of the fact; one copy, for journeys are folded often."""
    match fact:
        case Judged(outcome=Outcome.SEND):
            # Cleaned and sealed again under this verdict: nothing of an older one may leave.
            return msgspec.structs.replace(leg, state=state, judged=fact, scrubbed=None, sealed=None)
        case Judged():
            return msgspec.structs.replace(leg, state=state, judged=fact)
        case Approved():
            until_now = replace(leg.deferred, until_ms=0, since_ms=0) if leg.deferred else None
            return msgspec.structs.replace(leg, state=state, approvals=(*leg.approvals, fact), deferred=until_now)
        case Scrubbed():
            return msgspec.structs.replace(leg, state=state, scrubbed=fact)
        case Sealed():
            return msgspec.structs.replace(leg, state=state, sealed=fact)
        case Attempted():
            return msgspec.structs.replace(leg, state=state, attempted=fact)
        case Deferred():
            return msgspec.structs.replace(leg, state=state, deferred=fact, attempts=leg.attempts + 1)
        case Offered():
            return msgspec.structs.replace(leg, state=state, offered=fact)
        case _:
            return msgspec.structs.replace(leg, state=state)
