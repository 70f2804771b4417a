"""The chain of custody: whose hands something went through, in order, and whether it is the same thing all along.

Every link is an entry. A chain is broken where the ledger names another digest than before, and cannot be followed
where digests are erased or closed to whoever asks; both are said, neither is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from gateway.engine.attested import Attested
from gateway.engine.clock import instant
from gateway.engine.questions.period import Words

NOT_TO_FOLLOW = "its digests are erased, or not yours to see: the chain cannot be followed"


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened on the way."""

    at: str
    entry: int
    transfer: str
    leg: int | None
    what: str
    who: str
    to: str
    where: str
    content: str
    sha256_in: str
    sha256_out: str
    protection: str
    reason: str
    broken: str


def chain(leg: Sequence[Attested], words: Words) -> Iterator[Link]:
    """The links of one leg, oldest first."""
    told = ""
    came_in = sealed_as = ""
    for one in leg:
        values = one.values
        digest_in, digest_out = values.get("obj.sha256.in", ""), values.get("obj.sha256.out", "")
        broken = ""
        if one.classes[3] is None and not told:
            broken = told = NOT_TO_FOLLOW
        elif digest_in and came_in and digest_in != came_in:
            broken = "this is not what was handed in"
        elif one.entry.kind in ("offered", "shipped", "collected") and digest_out != sealed_as and sealed_as:
            broken = "this is not what was sealed"
        came_in = came_in or digest_in
        if one.entry.kind == "sealed":
            sealed_as = digest_out
        yield _link(one, broken, words)


def _link(one: Attested, broken: str, words: Words) -> Link:
    values = one.values
    return Link(
        at=instant(one.entry.time_ms),
        entry=one.index,
        transfer=one.leaf.stream,
        leg=one.entry.leg,
        what=words(one.entry.kind, one.entry.outcome),
        who=values.get("rcp.second") or values.get("snd.addr") or values.get("snd.name", ""),
        to=values.get("rcp.addr", ""),
        where=values.get("net.dst") or values.get("net.src", ""),
        content="; ".join(one for one in (values.get("obj.name"), values.get("obj.subject")) if one),
        sha256_in=values.get("obj.sha256.in", ""),
        sha256_out=values.get("obj.sha256.out", ""),
        protection=values.get("sec.e2e") or values.get("sec.tls", ""),
        reason=values.get("rcp.reply") or values.get("op.reason", ""),
        broken=broken,
    )
