"""If a credential was stolen between two instants: what could its thief have read, and what could they have sent?

Three kinds of credential. A recipient's key (OpenPGP fingerprint) opens what was encrypted to it, in the time and
before it, for whoever kept the ciphertext. An account reads what was offered to it or came to it, and can sign what was
handed in, released, refused or asked in its name. Both are found by looking at every entry, not at an index: nobody
should rest on an answer that left something out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from gateway.engine.attested import Attestations, Attested
from gateway.engine.clock import instant
from gateway.engine.questions.period import Period, legs_with
from gateway.keep import Reading

READ, LATER, SIGNED = "could be read", "could be read by who kept a copy", "could have been theirs"
ACTS = ("deposited", "received", "approved", "declined", "recalled", "published", "admitted", "consulted")
GONE = ("expired", "recalled", "declined", "undeliverable")


class Exposed(msgspec.Struct, frozen=True, kw_only=True):
    """One leg, or one act, that the thief could have reached."""

    at: str
    how: str
    kind: str
    transfer: str
    leg: int | None
    sender: str
    recipient: str
    content: str
    label: str
    sha256_out: str
    entry: int
    partner: str = ""
    protection: str = ""
    """What it was sealed by, and the TLS it went under."""


def exposed_by_key(records: Reading, attestations: Attestations, fingerprint: str, period: Period) -> Iterator[Exposed]:
    """What was encrypted to a key until the end of the period; the oldest first."""
    wanted = fingerprint.replace(" ", "").casefold()
    until_then = Period(first_ms=0, until_ms=period.until_ms)
    for leg in legs_with(records, attestations, until_then, lambda entry: entry.kind == "sealed"):
        sealed = [one for one in leg if one.entry.kind == "sealed" and one.entry.time_ms in until_then]
        mine = [one for one in sealed if one.values.get("rcp.keyfp", "").casefold() == wanted]
        if mine:
            yield exposed(leg, mine[-1], READ if mine[-1].entry.time_ms in period else LATER)


def exposed_by_account(records: Reading, attestations: Attestations, person: str, period: Period) -> Iterator[Exposed]:
    """What an account could have read or done in the period; the oldest first.

    What was offered to it before and had not ended is within reach; so is what it had sent itself, as a receipt.
    """
    who = person.casefold()
    until_then = Period(first_ms=0, until_ms=period.until_ms)
    for leg in legs_with(records, attestations, until_then, lambda entry: entry.kind in (*ACTS, "offered")):
        yield from _acts(leg, who, period)
        if leg[0].values.get("rcp.addr", "").casefold() in (who, f"partner:{who}"):
            reach = [
                one for one in leg if one.entry.kind in ("offered", "collected") and one.entry.time_ms in until_then
            ]
            ended = [one.entry.time_ms for one in leg if one.entry.kind in GONE]
            if reach and not any(at < period.first_ms for at in ended):
                yield exposed(leg, reach[-1], READ)


def _acts(leg: Sequence[Attested], who: str, period: Period) -> Iterator[Exposed]:
    for one in leg:
        actors = one.values.get("snd.addr", "").casefold().split(";")
        if one.entry.kind in ACTS and one.entry.time_ms in period and who in actors:
            yield exposed(leg, one, SIGNED)


def exposed(leg: Sequence[Attested], one: Attested, how: str) -> Exposed:
    """A leg as it was at one of its entries."""
    first, latest = leg[0].values, {name: value for each in leg for name, value in each.values.items()}
    sealed = latest.get("sec.e2e", "").partition(";")[0]
    said = (first.get("obj.name"), first.get("obj.subject"), first.get("obj.desc"))
    return Exposed(
        at=instant(one.entry.time_ms),
        how=how,
        kind=one.entry.kind,
        transfer=one.leaf.stream,
        leg=one.entry.leg,
        sender=first.get("snd.addr", ""),
        recipient=first.get("rcp.addr", ""),
        content="; ".join(each for each in said if each),
        label=latest.get("op.label", ""),
        sha256_out=latest.get("obj.sha256.out", ""),
        entry=one.index,
        partner=latest.get("rcp.agency", ""),
        protection="; ".join(each for each in (sealed, latest.get("sec.tls")) if each),
    )
