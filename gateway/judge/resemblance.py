"""Is this recipient called nearly like somebody the sender knows? The accident of autocompletion, and of two Jans.

Compared is what stands before the `@`: its UTS #39 skeleton, without a `+tag`, dots, hyphens and underscores, in any
order of its parts. A name is close if it is equal, or, from six letters on, one slip away and begins with the same
letter. What many houses call the same (`info`, `registry`) resembles nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from gateway.judge.lookalike import skeleton

FROM_LETTERS, SLIPS_FROM_LETTERS = 3, 6
COMMON = frozenset(
    (
        "abuse", "accounts", "admin", "administration", "billing", "clerk", "contact", "desk", "enquiries", "hello",
        "helpdesk", "hostmaster", "hr", "info", "inquiries", "invoices", "kontakt", "legal", "mail", "mailbox", "media",
        "news", "newsletter", "noreply", "office", "orders", "post", "postbox", "postmaster", "press", "reception",
        "records", "registrar", "registry", "sales", "secretary", "security", "service", "support", "team", "webmaster",
    )
)  # fmt: skip
"""Names of desks, not of people."""

_PARTS = re.compile(r"[._\-\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquainted:
    """Somebody who is known: an address, and what else they are called."""

    address: str
    """For comparison: lower case."""
    name: str = ""


def resembled(address: str, known: Iterable[Acquainted]) -> str:
    """The known address this one may be mistaken for; empty if there is none. `address` for comparison."""
    local, _, host = address.rpartition("@")
    own = _parts(local)
    if _is_common(own):
        return ""
    for one in sorted(known, key=lambda each: each.address):
        if one.address == address:
            continue
        other, _, other_host = one.address.rpartition("@")
        names = [_parts(other)] + ([_parts(one.name)] if one.name else [])
        if any(_is_close(own, name, is_same_host=host == other_host) for name in names):
            return one.address
    return ""


def _parts(text: str) -> tuple[str, ...]:
    seen = skeleton(text.partition("+")[0])
    return tuple(part for part in _PARTS.split(seen) if part)


def _is_common(parts: tuple[str, ...]) -> bool:
    return "".join(parts) in _COMMON_SKELETONS or len("".join(parts)) < FROM_LETTERS


def _is_close(own: tuple[str, ...], other: tuple[str, ...], *, is_same_host: bool) -> bool:
    if _is_common(other):
        return False
    if sorted(own) == sorted(other) or "".join(own) == "".join(other):
        return not is_same_host or own != other
    one, two = "".join(own), "".join(other)
    if min(len(one), len(two)) < SLIPS_FROM_LETTERS or one[0] != two[0]:
        return False
    return OSA.distance(one, two, score_cutoff=1) <= 1


_COMMON_SKELETONS = frozenset(skeleton(word) for word in COMMON)
