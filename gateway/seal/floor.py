"""Which seal one leg gets: the strongest way that is open, and never one below the floor.

Pure. Given the label's floor, what the rules demand of this leg, the ways the office uses and what is known of the
recipient's key, the answer is a `Choice`, or a `Wait` that says what is missing. There is no third answer: what
cannot be met waits, and nothing is sent weaker (P2).

A recipient whose key the office has verified gets mail encrypted to it even where TLS alone would do. A file for a
partner's box is encrypted only where that is demanded: whoever takes it out there is often a program.

GAP: `smime` and `pickup` are not built; a leg that only they could serve waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.facts import Reason
from gateway.seal.hop import Level
from gateway.transfer import Seal


class Floor(StrEnum):
    """The least protection a label may travel with, weakest first."""

    VERIFIED_TRANSPORT = "verified-transport"
    ENCRYPT_TO_RECIPIENT = "encrypt-to-recipient"


_FLOORS = {floor.value: floor for floor in Floor}

# Demands that other stations have met before sealing; anything unlisted is not known to be met, so it waits.
MET_ELSEWHERE = frozenset(
    {"strip-metadata", "sealed-by-sender", "second-factor", "confirmation-by-sender", "approval-by", "delay"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """The registrar vouches for this certificate, at one instant and until `until_ms` at the latest."""

    fingerprint: str
    certificate: bytes
    """The minimal export: one user, one live encryption key. Only these bytes may reach a pen."""
    key_id: str
    """The key that mail is encrypted to."""
    trust: str
    """How it was verified, as the office wrote it down when it admitted the key."""
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unvouched:
    """No certificate may be used, and why: a reason for each candidate, none if there is no candidate."""

    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How this leg travels; `floor` is the least it had to have, as the ledger will say it."""

    seal: Seal
    level: Level
    floor: Floor
    key_fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing leaves until this is mended; the first reason is what is missing, the others why."""

    reasons: tuple[Reason, ...]


def choose(
    *,
    floor: str,
    demands: tuple[str, ...],
    ways: tuple[str, ...],
    level: Level,
    key: Vouched | Unvouched,
    is_key_preferred: bool = True,
) -> Choice | Wait:
    """The seal and the transport level for a leg.

    1. Every demand is known.  2. The floor is known; a demand may raise it.
    3. A verified key is used if the office seals with OpenPGP, and it is demanded or preferred.
    4. Else an encryption floor waits.  5. Where TLS must be verified, the level has to verify it.
    """
    for demand in demands:  # 1
        word = demand.split(" ", 1)[0]
        if word not in MET_ELSEWHERE and word not in _FLOORS:
            return Wait(reasons=(Reason(code="demand-unmet", about=(("demand", demand),)),))
    if floor not in _FLOORS:  # 2
        return Wait(reasons=(Reason(code="floor-unknown", about=(("floor", floor),)),))
    wanted = {_FLOORS[word] for word in (floor, *demands) if word in _FLOORS}
    least = Floor.ENCRYPT_TO_RECIPIENT if Floor.ENCRYPT_TO_RECIPIENT in wanted else Floor.VERIFIED_TRANSPORT

    sealing = key if isinstance(key, Vouched) and Seal.OPENPGP.value in ways else None  # 3
    if least is Floor.VERIFIED_TRANSPORT and not is_key_preferred:
        sealing = None
    if least is Floor.ENCRYPT_TO_RECIPIENT and sealing is None:  # 4
        return Wait(reasons=_why_not_sealed(ways, key))
    if Floor.VERIFIED_TRANSPORT in wanted and not level.is_verified:  # 5
        return Wait(reasons=(Reason(code="transport-too-weak", about=(("level", level.value),)),))
    if sealing is None:
        return Choice(seal=Seal.TRANSPORT, level=level, floor=least)
    return Choice(seal=Seal.OPENPGP, level=level, floor=least, key_fingerprint=sealing.fingerprint)


def _why_not_sealed(ways: tuple[str, ...], key: Vouched | Unvouched) -> tuple[Reason, ...]:
    if Seal.OPENPGP.value not in ways:
        return (Reason(code="no-way", about=(("ways", " ".join(ways)),)),)
    return (Reason(code="no-key"), *(key.reasons if isinstance(key, Unvouched) else ()))
