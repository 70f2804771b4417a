"""Is this address nearly a partner's? The commonest accident, and the commonest trick.

Before comparing: IDNA to U-labels, the registrable domain, the UTS #39 skeleton, *then* fold case (in the other order
`0` and `o` would differ: the skeleton of `0` is a capital `O`). Tables are built once, when the rules are read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import idna
from confusable_homoglyphs.confusables import confusables_data  # type: ignore[import-untyped]
from publicsuffixlist import PublicSuffixList
from rapidfuzz.distance import OSA

from gateway.facts import Truth

FROM_LETTERS = 5
"""Shorter names are one letter away from half the world."""

_TWINS = (("vv", "w"), ("cl", "d"))
"""Pairs in everyday fonts that UTS #39 leaves out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A domain as a hurried reader sees it."""

    host: str
    domain: str
    """The registrable domain's skeleton."""
    name: str
    """Its first label's skeleton: what stands before the public suffix."""


@dataclass(frozen=True, slots=True)
class Lookalikes:
    """The partners' domains and addresses, ready to be compared with."""

    looks: tuple[tuple[Look, str], ...]
    """Each partner's domain, and what to suggest instead."""
    addresses: tuple[tuple[str, str], ...]
    """Skeleton of each listed address, and the address."""
    distance: int
    domains: dict[str, str]
    names: dict[str, str]
    """Names of at least five letters, without hyphens."""

    @classmethod
    def of(cls, domains: Iterable[str], addresses: Iterable[str], distance: int) -> Lookalikes:
        """The tables for these partners."""
        listed = sorted(addresses)
        meant = {address.rpartition("@")[2]: address for address in reversed(listed)}
        meant.update((domain, domain) for domain in sorted(domains))
        looks = tuple((look(host), suggestion) for host, suggestion in meant.items())
        return cls(
            looks=looks,
            addresses=tuple((skeleton(address), address) for address in listed),
            distance=distance,
            domains={one.domain: suggestion for one, suggestion in looks},
            names={_joined(one.name): suggestion for one, suggestion in looks},
        )

    def meant(self, local: str, host: str) -> str | None:
        """The partner's address or domain this one nearly is; None if it is like none. Raises `ValueError`.

        To be asked only about addresses that are no partner's.
        """
        seen = look(host)
        return self._neighbour(local, host) or self._same_look(seen) or self._inside(seen) or self._near(seen)

    def verdict(self, local: str, host: str) -> Truth:
        """The fact `lookalike-domain`: unknown for a domain that cannot be read."""
        try:
            return Truth.YES if self.meant(local, host) else Truth.NO
        except ValueError:
            return Truth.UNKNOWN

    def _neighbour(self, local: str, host: str) -> str | None:
        if not self.addresses:
            return None
        address = skeleton(f"{local.lower()}@{host}")
        for listed, suggestion in self.addresses:
            if OSA.distance(address, listed, score_cutoff=self.distance) <= self.distance:
                return suggestion
        return None

    def _same_look(self, seen: Look) -> str | None:
        """Equal skeletons; another suffix; the partner's name hyphenated, whole or as one part of several."""
        if seen.domain in self.domains:
            # The very host of a listed address: its other mailboxes are strangers, not forgeries.
            exact = any(seen.host == one.host for one, _ in self.looks)
            return None if exact else self.domains[seen.domain]
        parts = [part for part in seen.name.split("-") if len(part) >= FROM_LETTERS]
        return next((self.names[name] for name in (_joined(seen.name), *parts) if name in self.names), None)

    def _inside(self, seen: Look) -> str | None:
        return next(
            (suggestion for one, suggestion in self.looks if one.host in seen.host and one.host != seen.host), None
        )

    def _near(self, seen: Look) -> str | None:
        """Alignment distance: a letter changed, lost, added, or two swapped."""
        if any(seen.host == one.host for one, _ in self.looks):
            return None
        for one, suggestion in self.looks:
            if len(one.name) >= FROM_LETTERS:
                distance = OSA.distance(seen.name, one.name, score_cutoff=self.distance)
                if distance <= self.distance:
                    return suggestion
        return None


def look(host: str) -> Look:
    """How `host` looks. Raises `ValueError` if it is no domain."""
    unicode_host = idna.decode(host, uts46=True) if "xn--" in host or not host.isascii() else host
    registrable = _suffixes().privatesuffix(host) or host
    labels_kept = registrable.count(".") + 1
    domain = ".".join(unicode_host.split(".")[-labels_kept:])
    return Look(host=host, domain=skeleton(domain), name=skeleton(domain.split(".")[0]))


def skeleton(text: str) -> str:
    """UTS #39 §4, then case folded."""
    if text.isascii():
        seen = "".join(_hub(character) for character in text)
    else:
        seen = "".join(_hub(character) for character in unicodedata.normalize("NFD", text))
        seen = unicodedata.normalize("NFD", seen)
    for pair, single in _TWINS:
        seen = seen.replace(pair, single)
    return seen.casefold()


@cache
def _hub(character: str) -> str:
    """What `character` is confusable with.

    The library keeps the table of UTS #39 as a graph of stars: each source beside its target, each target beside all
    its sources. The target is the neighbour with many neighbours; of two without, the sequence, else the smaller.
    """
    near = [str(other["c"]) for other in confusables_data.get(character, ())]
    if len(near) != 1:
        return character
    target = near[0]
    if len(confusables_data.get(target, ())) > 1 or len(target) > 1:
        return target
    return min(character, target)


def _joined(name: str) -> str:
    return name.replace("-", "")


@cache
def _suffixes() -> PublicSuffixList:
    """The public suffix list that ships with the library: read once, at the first rulebook, never per address."""
    return PublicSuffixList()
