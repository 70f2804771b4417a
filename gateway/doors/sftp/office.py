"""What all trees of the office share: the engine behind them, and what one session must know of another's.

Everybody sees their own uploads only, whichever session they came by; so one `Office` stands behind all sessions.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field

from gateway.doors.sftp.ahead import shared
from gateway.doors.sftp.coverage import Coverage
from gateway.doors.sftp.offernames import OfferNames
from gateway.engine.clock import Clock
from gateway.engine.files.depositing import Depositing
from gateway.engine.files.offers import Offer
from gateway.engine.files.pages import Pages
from gateway.engine.files.pigeonholes import Pigeonholes, Place
from gateway.engine.files.share import Share
from gateway.engine.files.shelf import Shelf
from gateway.engine.inquiry import Inquiry
from gateway.engine.policy import InForce
from gateway.engine.vault import Vault
from gateway.transfer import Address, Party

QUOTA_BYTES = 32 << 30
MOST_COVERAGES = 4096


@dataclass(slots=True, kw_only=True)
class Office:
    """The office, as its file door knows it."""

    depositing: Depositing
    pigeonholes: Pigeonholes
    shelf: Shelf
    pages: Pages
    inquiry: Inquiry
    rules: InForce
    vault: Vault
    clock: Clock
    quota_bytes: int = QUOTA_BYTES
    locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    """By person: two sessions never open or change the same name at once."""
    times: dict[tuple[str, Place], int] = field(default_factory=dict)
    """What was said, by its path, of the time of a file that is still open: sshfs does."""
    reading: Share = field(default_factory=shared)
    """Memory for what is read ahead for those who collect."""
    offer_names: OfferNames = field(default_factory=OfferNames)
    _coverages: dict[tuple[str, str, int], Coverage] = field(default_factory=dict)

    def party(self, person: str, source: str, signed_in_by: str) -> Party:
        """Who that is, by the rules in force."""
        rulebook = self.rules.rulebook
        ours, partner = rulebook.person(person), rulebook.partners.get(person.partition(":")[2])
        return Party(
            person=ours.address if ours else person,
            address=Address.of(ours.address) if ours else None,
            name=ours.name if ours else partner.name if partner else "",
            signed_in_by=signed_in_by,
            source=source,
        )

    def coverage(self, person: str, offer: Offer) -> Coverage:
        """What of a parcel this recipient has read so far."""
        while len(self._coverages) > MOST_COVERAGES:  # forgotten, a download counts from its start
            del self._coverages[next(iter(self._coverages))]
        return self._coverages.setdefault((person, offer.transfer, offer.ordinal), Coverage())
