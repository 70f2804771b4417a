"""The one place where nouns become ledger fields.

Everything known about a leg is laid out once, by class and field; the fact at hand adds and overrides; the table in
`leaf` picks what an entry of its kind says. So what a kind tells is read in that table, and what a field means here.

Lists are `;`-joined. A name that holds `;` or `%` is percent-escaped when it stands in a list of several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import assert_never

import msgspec

from gateway.facts import (
    Admitted,
    Approved,
    Attempted,
    Collected,
    Consulted,
    Declined,
    Deferred,
    Deposited,
    Disposed,
    Expired,
    Fact,
    Hop,
    Judged,
    Offered,
    Outcome,
    Published,
    Reason,
    Recalled,
    Received,
    Removed,
    Scrubbed,
    Sealed,
    Shipped,
    Undeliverable,
    kind_of,
    legs_of,
)
from gateway.ledger import jcs
from gateway.ledger.composing import Statement
from gateway.ledger.leaf import CLASSES, FIELDS
from gateway.transfer import Item, Party, Transfer

_Said = dict[str, str]
"""`class.field` to value; an empty value is no value."""

# Laid out once: looking these names up for every entry would cost more than the entry's hashes.
_PICK: Mapping[str, tuple[tuple[str, tuple[tuple[str, str], ...]], ...]] = {
    kind: tuple((cls, tuple((field, f"{cls}.{field}") for field in fields[cls])) for cls in CLASSES)
    for kind, fields in FIELDS.items()
}


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What composing a fact's entries needs beyond the fact: the transfer, and the latest facts of the leg."""

    x: bytes
    """The transfer's 16 bytes; for an office's fact a fresh 16."""
    transfer: Transfer | None = None
    told: Mapping[str, str] | None = None
    """What the transfer says in each of its entries, where somebody has it laid out already: see `told_by`."""
    judged: Judged | None = None
    scrubbed: Scrubbed | None = None
    sealed: Sealed | None = None
    intent: int | None = None
    """The index of the leg's latest `sealed` entry."""
    partners: tuple[str, ...] = ()
    """By leg ordinal, the partner its recipient belongs to; empty for a stranger."""
    ruleset: str = ""
    """The digest of the rules in force, where the leg's verdict does not name it."""


def statements(fact: Fact, *, context: Context) -> tuple[Statement, ...]:
    """What the ledger will say of `fact`: one statement per leg, in the order of `facts.legs_of`."""
    kind = kind_of(fact)
    shared = _shared(context)
    outcome, public = _outcome(fact), _public(fact)
    return tuple(
        Statement(
            kind=kind,
            x=bytes.fromhex(fact.about) if isinstance(fact, Disposed) and fact.about else context.x,
            leg=leg,
            outcome=outcome,
            intent=fact.ordered if isinstance(fact, Disposed) else context.intent,
            values=_pick(kind, shared | _of_recipient(context, leg) | _of_fact(fact)),
            public=public,
        )
        for leg in legs_of(fact)
    )


def _pick(kind: str, said: _Said) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    picked = []
    for cls, fields in _PICK[kind]:
        values = tuple([(field, said[key]) for field, key in fields if said.get(key)])
        if values:
            picked.append((cls, values))
    return tuple(picked)


# ── what is known beside the fact ────────────────────────────────────────────────────────────────────────────────────


def told_by(transfer: Transfer) -> Mapping[str, str]:
    """What a transfer says in each of its entries, by `class.field`: the same in all of them."""
    return {
        "op.label": transfer.label,
        "op.purpose": transfer.purpose,
        **_of_party(transfer.sender),
        **_of_items(transfer.items, "in"),
        "obj.name": _listed([item.name for item in transfer.items]),
        "obj.media": ";".join(item.media for item in transfer.items),
        "obj.subject": transfer.envelope.subject,
        "net.msgid": transfer.envelope.message_id,
        "net.proto": transfer.way.value,
    }


def _shared(context: Context) -> _Said:
    """What is known before the fact: of the office's rules, of the transfer, of the leg."""
    said: _Said = {"op.ruleset": context.ruleset}
    if context.transfer:
        said |= told_by(context.transfer) if context.told is None else context.told
    if context.judged:
        said |= _of_verdict(context.judged)
    if context.scrubbed:
        said |= {"sec.stripped": _stripped(context.scrubbed.removed)}
    if context.sealed:
        said |= _of_parcel(context.sealed)
    return said


def _of_recipient(context: Context, leg: int | None) -> _Said:
    if context.transfer is None or leg is None:
        return {}
    recipient = context.transfer.legs[leg].recipient
    known = context.partners[leg] if leg < len(context.partners) else ""
    return {"rcp.addr": str(recipient), "rcp.agency": recipient.partner or known}


def _of_party(party: Party) -> _Said:
    address = str(party.address) if party.address else ""
    return {
        "snd.addr": party.person or address,  # who signed in; an outsider is only what the envelope says
        "snd.name": party.name,
        "snd.auth": party.signed_in_by,
        "net.src": party.source,
    }


def _of_items(items: Sequence[Item], side: str) -> _Said:
    return {
        f"obj.bytes.{side}": ";".join(str(item.size_bytes) for item in items),
        f"obj.sha256.{side}": ";".join(item.digest.sha256 for item in items),
    }


def _of_verdict(judged: Judged) -> _Said:
    said = {
        "op.rules": ";".join(judged.rules),
        "op.decision": ";".join((judged.outcome, *judged.demands)),
        "rcp.authz": ";".join(f"{known.name}={known.value}" for known in judged.known),
    }
    # The verdict's own label and purpose are what it was judged by; without them the transfer's stand.
    found = {"op.ruleset": judged.ruleset, "op.label": judged.label, "op.purpose": judged.purpose}
    return said | {key: value for key, value in found.items() if value}


def _of_parcel(sealed: Sealed) -> _Said:
    parcel = sealed.parcel
    return {
        **_of_items((sealed.original,), "in"),
        "obj.bytes.out": str(parcel.size_bytes),
        "obj.sha256.out": parcel.digest.sha256,
        "rcp.keyfp": parcel.key_fingerprint,
        "sec.e2e": _joined(parcel.seal, sealed.floor, sealed.key_trust),
    }


# ── what the fact itself adds ────────────────────────────────────────────────────────────────────────────────────────


def _of_fact(fact: Fact) -> _Said:
    match fact:
        case Deposited(party=party, partner=partner, item=item):
            held = {"obj.name": item.name, "obj.media": item.media, "rcp.agency": partner, "net.proto": "sftp"}
            return {**_of_party(party), **_of_items((item,), "in"), **held}
        case Received():
            return {}
        case Judged():
            return _of_verdict(fact) | {"op.reason": _joined(*map(_reason, fact.reasons))}
        case Approved(by=by, why=why, covers=covers):
            return {"snd.addr": by, "op.reason": why, "op.decision": _joined("release", *covers)}
        case Declined(by=by, why=why):
            return {"snd.addr": by, "op.reason": why}
        case Scrubbed():
            return _of_scrubbing(fact)
        case Sealed():
            return _of_parcel(fact)
        case Attempted(hop=hop):
            return _of_hop(hop)
        case Shipped(hop=hop, reply=reply):
            return _of_hop(hop) | {"rcp.reply": reply}
        case Offered(until_ms=until_ms):
            return {"op.retention": f"until {_instant(until_ms)}"}
        case Collected(by=by, source=source):
            return {"rcp.second": by, "net.src": source}
        case Deferred() | Undeliverable() | Expired() | Recalled():
            return _of_ending(fact)
        case Published() | Admitted() | Consulted() | Disposed():
            return _of_office(fact)
        case _:
            assert_never(fact)


def _reason(reason: Reason) -> str:
    """Its code; of a virus what was found and by whom too, for that is all the evidence there is."""
    if reason.code != "virus":
        return reason.code
    return f"virus={reason.get('name')} ({reason.get('by')})"


def _of_scrubbing(fact: Scrubbed) -> _Said:
    return {
        "obj.bytes.out": str(fact.size_bytes),
        "obj.sha256.out": fact.digest.sha256,
        "op.rules": ";".join(fact.kept_by),
        "sec.stripped": _stripped(fact.removed),
        "sec.scan": _joined(*fact.verified_by, *fact.confinement),
    }


def _of_hop(hop: Hop) -> _Said:
    names = (("name", hop.matched_name), ("leaf", hop.leaf_sha256), ("spki", hop.spki_sha256))
    return {
        "net.dst": f"{hop.host}[{hop.address}]:{hop.port}",
        "sec.tls": f"{hop.tls_version} {hop.cipher}".strip(),
        "sec.cert": _joined(hop.verdict, *(f"{name}={value}" for name, value in names if value)),
        "sec.hop": hop.level,
    }


def _of_ending(fact: Deferred | Undeliverable | Expired | Recalled) -> _Said:
    match fact:
        case Deferred(until_ms=until_ms, reason=reason, reply=reply):
            return {"op.reason": reason.code, "rcp.reply": reply, "op.decision": f"until {_instant(until_ms)}"}
        case Undeliverable(reason=reason, reply=reply):
            return {"op.reason": reason.code, "rcp.reply": reply}
        case Expired(reason=reason):
            return {"op.reason": reason.code}
        case Recalled(by=by):
            return {"snd.addr": by}


def _of_office(fact: Published | Admitted | Consulted | Disposed) -> _Said:
    match fact:
        case Disposed(by=by, why=why):
            return {"snd.addr": by, "op.reason": why}
        case Published(digest=digest, files=files, signers=signers, why=why):
            names = _listed([name for name, _ in files])
            return {"op.ruleset": digest, "op.reason": why, "snd.addr": ";".join(signers), "obj.name": names}
        case Admitted(address=address, fingerprint=fingerprint, standing=standing, by=by, how=how):
            actor = {"snd.addr": by, "op.decision": standing.value, "op.reason": how}
            return actor | {"rcp.addr": address, "rcp.keyfp": fingerprint}
        case Consulted(by=by, question=question, why=why, size=size, role=role):
            decision = _joined(f"as of size {size}", role)
            return {"snd.addr": by, "obj.desc": question, "op.purpose": why, "op.decision": decision}


def _outcome(fact: Fact) -> str:
    match fact:
        case Judged(outcome=Outcome.HOLD):
            return "quarantined"
        case Judged(outcome=Outcome.BLOCK) | Declined():
            return "refused"
        case Shipped() | Collected():
            return "delivered"
        case Deferred(is_in_doubt=is_in_doubt):
            return "unknown" if is_in_doubt else "deferred"
        case Undeliverable():
            return "bounced"
        case Expired():
            return "expired"
        case Disposed(is_refused=True):
            return "refused"
        case _:
            return ""


def _public(fact: Fact) -> str:
    if not isinstance(fact, Disposed):
        return ""
    shard: dict[str, jcs.Json] = {}
    if fact.shard is not None:
        shard = {"origin": fact.shard.origin, "size": fact.shard.size, "root": fact.shard.root}
    return _text({"what": fact.what, "classes": fact.classes, "n": fact.entries, **shard})


def _stripped(removed: Sequence[Removed]) -> str:
    counts: dict[str, int] = {}
    for one in removed:
        counts[one.kind] = counts.get(one.kind, 0) + one.count
    return ";".join(f"{kind}={count}" for kind, count in counts.items())


def _joined(*words: str) -> str:
    return ";".join(word for word in words if word)


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return ";".join(name.replace("%", "%25").replace(";", "%3B") for name in names)


def _instant(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# ── the log about itself ─────────────────────────────────────────────────────────────────────────────────────────────


def genesis_statement(
    origin: str, vkeys: Sequence[str], *, old_head: str = "", anchor: str = "", loss: str = ""
) -> Statement:
    """The first entry: whose log this is, and what it succeeds if the one before was lost."""
    return _about_log("genesis", origin=origin, vkeys=tuple(vkeys), old_head=old_head, anchor=anchor, loss=loss)


def tick_statement(**said: jcs.Json) -> Statement:
    """The log was alive at this minute; `said` is what was counted instead of written down one by one.

    `index` closes a day: see `dayindex`.
    """
    return _about_log("tick", **said)


def clock_statement(behind_ms: int, source: str = "system") -> Statement:
    """The wall clock stood `behind_ms` behind the ledger; ledger time waited for it."""
    return _about_log("clock", offset_ms=-behind_ms, source=source)


def key_added_statement(vkey: str, size: int) -> Statement:
    """A key signs from this size on."""
    return _about_log("key", add=vkey, **{"from": size})


def key_retired_statement(vkey: str, size: int) -> Statement:
    """A key has signed its last head, of this size."""
    return _about_log("key", retire=vkey, last=size)


def seal_statement(successor: str) -> Statement:
    """The last entry: where the ledger goes on."""
    return _about_log("seal", successor=successor)


def _about_log(kind: str, **public: jcs.Json) -> Statement:
    said = {name: value for name, value in public.items() if value != ""}
    return Statement(kind=kind, public=_text(said) if said else "")


def _text(public: Mapping[str, jcs.Json]) -> str:
    return jcs.encode(public).decode()
