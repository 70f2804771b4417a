"""A fact without what was erased: what it says of a leg's class, or wherever it names somebody.

What is left out is replaced by something that nobody is, so that the fact still reads, the journey still folds, and
every class that was not erased says what it always said.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import cast

import msgspec

from gateway.facts import (
    Admitted,
    Approved,
    Attempted,
    Collected,
    Declined,
    Deferred,
    Fact,
    Hop,
    Judged,
    Published,
    Recalled,
    Received,
    Scrubbed,
    Sealed,
    Shipped,
    Undeliverable,
)
from gateway.transfer import Address, Leg, Party, Recipient, Transfer

ERASED = "erased"
NOBODY = Address(local=ERASED, domain="erased.invalid")
"""RFC 2606 §2: a domain that is nobody's."""
NO_KEY = "0" * 40

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


# ── one class of one leg ─────────────────────────────────────────────────────────────────────────────────────────────


def without_class(fact: Fact, leg: int, classes: Collection[str], everywhere: Collection[str]) -> Fact:
    """The fact without what it says in these classes of that leg.

    What all legs share (the sender, the papers, the connection they came by) goes when `everywhere` has its class: when
    it was erased of every leg. The judge's outcome stays: it is in the open.
    """
    match fact:
        case Received(transfer=transfer):
            return replace(fact, transfer=_transfer(transfer, leg, classes, everywhere))
        case Sealed():
            return _sealed(fact, classes, everywhere) if fact.leg == leg else fact
        case _:
            return _of_leg(fact, classes) if getattr(fact, "leg", None) == leg else fact


def _transfer(transfer: Transfer, leg: int, classes: Collection[str], everywhere: Collection[str]) -> Transfer:
    legs = tuple(_leg(one) if one.ordinal == leg and "rcp" in classes else one for one in transfer.legs)
    sender, envelope, items = transfer.sender, transfer.envelope, transfer.items
    if "snd" in everywhere:
        sender = Party(person=str(NOBODY), address=None, source=sender.source)
    if "net" in everywhere:
        sender, envelope = replace(sender, source=""), replace(envelope, message_id="")
    if "obj" in everywhere:
        envelope = replace(envelope, subject="")
        items = tuple(replace(item, name="", media="") for item in items)
    transfer = replace(transfer, legs=legs, sender=sender, envelope=envelope, items=items)
    return replace(transfer, label="", purpose="") if "op" in everywhere else transfer


def _leg(leg: Leg) -> Leg:
    return replace(leg, recipient=Recipient(address=NOBODY), original_recipient="")


def _sealed(fact: Sealed, classes: Collection[str], everywhere: Collection[str]) -> Sealed:
    if "rcp" in classes and fact.parcel.key_fingerprint:
        fact = replace(fact, parcel=replace(fact.parcel, key_fingerprint=NO_KEY))
    if "obj" in everywhere:
        fact = replace(fact, original=replace(fact.original, name="", media=""))
    return replace(fact, floor="", key_trust="") if "sec" in classes else fact


def _of_leg(fact: Fact, classes: Collection[str]) -> Fact:
    match fact:
        case Judged():
            return _judged(fact, classes)
        case Shipped() | Deferred() | Undeliverable() if "rcp" in classes:
            fact = replace(fact, reply="")
        case Approved() | Declined() | Recalled() if "snd" in classes:
            fact = replace(fact, by=ERASED)
        case Collected():
            return replace(
                fact, by=ERASED if "rcp" in classes else fact.by, source="" if "net" in classes else fact.source
            )
        case Scrubbed() if "sec" in classes:
            return replace(fact, removed=(), verified_by=(), confinement=())
    if isinstance(fact, Approved | Declined) and "op" in classes:
        fact = replace(fact, why="")
    if isinstance(fact, Attempted | Shipped):
        fact = replace(fact, hop=_hop(fact.hop, classes))
    return fact


def _judged(fact: Judged, classes: Collection[str]) -> Judged:
    if "rcp" in classes:
        fact = replace(fact, known=())
    if "op" in classes:
        fact = replace(fact, rules=(), demands=(), reasons=(), label="", purpose="")
    return fact


def _hop(hop: Hop, classes: Collection[str]) -> Hop:
    if "net" in classes:
        hop = replace(hop, host="", address="", port=0)
    if "sec" in classes:
        hop = replace(
            hop, level="", tls_version="", cipher="", leaf_sha256="", spki_sha256="", matched_name="", verdict=""
        )
    return hop


# ── wherever somebody is named ───────────────────────────────────────────────────────────────────────────────────────


def names(said: str, texts: Sequence[str]) -> bool:
    """Whether any of the texts (lower case) occurs, in any spelling of case."""
    found = said.casefold()
    return any(text in found for text in texts)


def without_texts(fact: Fact, texts: Sequence[str]) -> Fact:
    """The fact without these texts, wherever it says them.

    The files of a published set of rules stay as they are: they are the office's own law, and their digest is in every
    entry.
    """
    if isinstance(fact, Published):
        return replace(fact, signers=tuple(_cleaned(one, texts) for one in fact.signers), why=_cleaned(fact.why, texts))
    if isinstance(fact, Admitted) and names(fact.address, texts):
        fact = replace(fact, fingerprint=NO_KEY, certificate=b"")
    if isinstance(fact, Received) and _says(cast(Json, msgspec.to_builtins(fact.transfer.sender)), texts):
        fact = replace(fact, transfer=replace(fact.transfer, sender=replace(fact.transfer.sender, source="")))
    plain = cast(Json, msgspec.to_builtins(fact))
    return cast(Fact, msgspec.convert(_walk(plain, texts), type(fact)))


def says(fact: Fact, texts: Sequence[str]) -> bool:
    """Whether the fact says any of these texts anywhere, an address in its two parts included."""
    if isinstance(fact, Published):
        return names(" ".join((*fact.signers, fact.why)), texts)
    return _says(cast(Json, msgspec.to_builtins(fact)), texts)


def _says(value: Json, texts: Sequence[str]) -> bool:
    match value:
        case str():
            return names(value, texts)
        case dict():
            return _is_named(value, texts) or any(_says(inner, texts) for inner in value.values())
        case list() | tuple():
            return any(_says(inner, texts) for inner in value)
        case _:
            return False


def _walk(value: Json, texts: Sequence[str]) -> Json:
    match value:
        case str():
            return _cleaned(value, texts)
        case dict():
            if _is_named(value, texts):
                return {"local": NOBODY.local, "domain": NOBODY.domain}
            return {name: _walk(inner, texts) for name, inner in value.items()}
        case list() | tuple():
            return [_walk(inner, texts) for inner in value]
        case _:
            return value


def _is_named(value: Mapping[str, Json], texts: Sequence[str]) -> bool:
    """Whether this is the address of one of them: it is kept in two parts."""
    return value.keys() == {"local", "domain"} and names(f"{value['local']}@{value['domain']}", texts)


def _cleaned(said: str, texts: Sequence[str]) -> str:
    if not names(said, texts):
        return said
    for text in texts:
        nobody = str(NOBODY) if "@" in text else ERASED
        said = re.sub(re.escape(text), nobody, said, flags=re.IGNORECASE)
    return said if not names(said, texts) else ERASED  # a case that folds to another length
