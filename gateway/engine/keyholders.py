"""Who admitted which key for whom: the fold of the office's `Admitted` facts, in memory.

The ring itself is GnuPG's; what makes a key usable is a person's word, and that stands in the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from gateway.facts import Admitted, Fact, Standing
from gateway.transfer import Address

STREAM = "office/keys"


class Keyholders:
    """The admissions, by address, oldest first."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._by_address: dict[str, tuple[Admitted, ...]] = defaultdict(tuple)
        for fact in facts:
            if isinstance(fact, Admitted):
                self.add(fact)

    def add(self, fact: Admitted) -> None:
        """One more, durable already."""
        self._by_address[fact.address.lower()] += (fact,)

    def admitted(self, address: Address) -> tuple[Admitted, ...]:
        """Every admission for an address."""
        return self._by_address.get(address.key, ())

    def at(self, domains: Collection[str]) -> tuple[Address, ...]:
        """Every address in these domains that somebody admitted a key for."""
        parted = (address.rpartition("@") for address in sorted(self._by_address))
        return tuple(Address(local=local, domain=domain) for local, _, domain in parted if local and domain in domains)

    def standings(self) -> tuple[Admitted, ...]:
        """The latest word on every key, by address."""
        latest = {
            (fact.address.lower(), fact.fingerprint): fact for facts in self._by_address.values() for fact in facts
        }
        return tuple(latest[key] for key in sorted(latest))

    def by_fingerprint(self, fingerprint: str) -> tuple[Admitted, ...]:
        """The latest word on one key, for each address it serves and that has not revoked it."""
        return tuple(
            fact
            for fact in self.standings()
            if fact.fingerprint == fingerprint and fact.standing is not Standing.REVOKED
        )
