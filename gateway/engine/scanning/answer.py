"""What a scanner says of one thing. Ruling text: clamd(8), `INSTREAM` and `VERSION`.

An answer is believed only if it reads exactly like one. All that is not a plain "nothing found" or a signature's name
means that nobody knows, and what nobody knows waits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

VIRUS_FOUND = "virus-found"
"""The fact of the case …"""
VIRUS, UNSCANNED = "virus", "unscanned"
"""… and the codes of what holds a leg because of it."""
MOST_ANSWER = 4096
"""Bytes of an answer; the name of a signature is all there is to say."""

_FOUND = re.compile(rb"stream: ([!-:<-~]{1,200}) FOUND\0")
"""`;` is left out of names, for the ledger joins with it."""
_VERSION = re.compile(rb"(ClamAV [ -:<-~]{1,200})\0")
_CLEAN, _LIMIT = b"stream: OK\0", b"INSTREAM size limit exceeded. ERROR\0"
_ONLY_PARTLY = ("Heuristics.Limits.Exceeded", "Heuristics.Encrypted")
"""What `AlertExceedsMax` and `AlertEncrypted` report as found: no virus, but something it could not look into."""


class Why(StrEnum):
    """Why nobody knows."""

    AWAY = "away"
    SLOW = "slow"
    LIMIT = "limit"
    CUT = "cut"
    GARBLED = "garbled"


@dataclass(frozen=True, slots=True)
class Clean:
    """Looked through; no signature fits."""


@dataclass(frozen=True, slots=True)
class Found:
    """A signature fits."""

    signature: str


@dataclass(frozen=True, slots=True)
class Unscanned:
    """Nobody knows."""

    why: Why


Answer = Clean | Found | Unscanned


def answer_of(untrusted: bytes) -> Answer:
    """The whole answer to `INSTREAM`, with the zero that ends it; empty when the other side hung up instead."""
    if untrusted == _CLEAN:
        return Clean()
    if untrusted == _LIMIT:
        return Unscanned(Why.LIMIT)
    found = _FOUND.fullmatch(untrusted)
    if found:
        signature = found[1].decode("ascii")
        return Unscanned(Why.LIMIT) if signature.startswith(_ONLY_PARTLY) else Found(signature)
    return Unscanned(Why.GARBLED if untrusted else Why.CUT)


def version_of(untrusted: bytes) -> str | Unscanned:
    """Program, database and its date: `ClamAV 1.4.6/27810/Thu Nov 19 08:24:11 2026`."""
    found = _VERSION.fullmatch(untrusted)
    return found[1].decode("ascii") if found else Unscanned(Why.GARBLED if untrusted else Why.CUT)
