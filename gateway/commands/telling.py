"""An entry in words a lawyer can read, from its kind and the values that are known of it.

Needs nothing but those, so that an auditor's verifier tells a bundle in the same words as the office tells its ledger.
What is not known (hidden, erased) is left out, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

Values = Mapping[str, str]
"""`class.field` to value."""

HEADLINES: Mapping[str, str] = {
    "deposited": "Handed in, name not settled",
    "received": "Received",
    "judged": "Judged",
    "approved": "Released",
    "declined": "Refused by a person",
    "scrubbed": "Cleaned",
    "sealed": "Sealed: this is what will leave",
    "attempted": "Handing over begins",
    "shipped": "Delivered: the next server took responsibility (not: somebody read it)",
    "deferred": "Not delivered yet",
    "undeliverable": "Undeliverable: it will not be tried again",
    "offered": "Offered for collection",
    "collected": "Collected",
    "expired": "Expired",
    "recalled": "Recalled by the sender",
    "disposed": "Erased on purpose",
    "published": "Rules came into force",
    "admitted": "A key's standing changed",
    "consulted": "The ledger was consulted",
    "genesis": "The ledger begins",
    "tick": "The ledger was alive",
    "clock": "The clock was corrected",
    "key": "The ledger's keys changed",
    "seal": "The ledger is closed",
}

OUTCOMES: Mapping[str, str] = {
    "judged.": "Judged: may go",
    "judged.quarantined": "Judged: waits",
    "judged.refused": "Judged: refused",
    "deferred.unknown": "In doubt: the other server may have it",
    "disposed.refused": "Erasure refused: it must still be kept",
}

ORDERED = "Erasure ordered"
"""A disposal that goes back to no order is one."""

# In the order in which a person asks: who, to whom, what, why, how.
WORDS: tuple[tuple[str, str], ...] = (
    ("snd.addr", "by"),
    ("snd.name", "name"),
    ("snd.auth", "signed in with"),
    ("snd.unit", "unit"),
    ("rcp.addr", "to"),
    ("rcp.name", "recipient's name"),
    ("rcp.agency", "partner"),
    ("rcp.second", "taken by"),
    ("obj.name", "file"),
    ("obj.subject", "subject"),
    ("obj.desc", "question"),
    ("obj.media", "type"),
    ("obj.bytes.in", "bytes handed in"),
    ("obj.sha256.in", "SHA-256 of what was handed in"),
    ("obj.bytes.out", "bytes out"),
    ("obj.sha256.out", "SHA-256 of what goes out"),
    ("op.label", "label"),
    ("op.purpose", "purpose"),
    ("op.matter", "matter"),
    ("op.decision", "decision"),
    ("op.reason", "reason"),
    ("op.rules", "rules"),
    ("op.ruleset", "rule set"),
    ("op.retention", "kept"),
    ("rcp.authz", "known then"),
    ("rcp.keyfp", "recipient's key"),
    ("sec.e2e", "protection"),
    ("sec.stripped", "stripped"),
    ("sec.scan", "cleaned and checked by"),
    ("sec.tls", "TLS"),
    ("sec.cert", "certificate"),
    ("sec.hop", "level demanded of the hop"),
    ("net.src", "from address"),
    ("net.dst", "next server"),
    ("net.proto", "way"),
    ("net.msgid", "Message-ID"),
    ("net.session", "session"),
    ("net.began", "began"),
    ("net.ended", "ended"),
    ("rcp.reply", "the other server's reply"),
    ("rcp.receipt", "receipt"),
)

_FREE = frozenset({"obj.name", "obj.subject", "obj.desc", "op.purpose", "op.reason", "rcp.reply", "snd.name"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def headline(kind: str, outcome: str, *, intent: int | None = None) -> str:
    """What happened, in a few words; `intent` is the entry it goes back to."""
    if kind == "disposed" and not outcome and intent is None:
        return ORDERED
    return OUTCOMES.get(f"{kind}.{outcome}") or HEADLINES.get(kind, kind)


def details(values: Values) -> tuple[tuple[str, str], ...]:
    """What is known of it: word and value, in the order in which a person asks."""
    return tuple((word, _readable(name, values[name])) for name, word in WORDS if values.get(name))


def instant(at_ms: int) -> str:
    """RFC 3339 in UTC, to the millisecond; an instant beyond the calendar as its number."""
    try:
        at = _EPOCH + timedelta(milliseconds=at_ms)
    except OverflowError:  # a hostile bundle may say any number
        return f"{at_ms} ms after 1970"
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def printable(untrusted: str) -> str:
    """A value for a terminal: what would move the cursor, colour or reorder the line is shown as a mark instead."""
    return "".join(char if char.isprintable() else "\ufffd" for char in untrusted)


def _readable(name: str, value: str) -> str:
    if name in _FREE:  # a person's words, or another server's: a semicolon there is theirs
        return printable(value)
    members = value.split(";")
    if name.startswith("obj.bytes."):
        members = [f"{int(one):,}" if one.isascii() and one.isdigit() else one for one in members]
    return printable("; ".join(members))
