"""Where the rules demand it, nothing leaves before a witness has vouched for its intent.

So no later history of this office can leave that intent out. Witnesses are asked once a minute, whatever happens, so a
leg mostly waits that long, and is due again like any other that could not go: after the schedule's patience it ends,
and its sender is told why.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from gateway.engine.outcomes import Outcomes
from gateway.engine.policy import InForce
from gateway.engine.publication import Publication
from gateway.engine.voyage import Log, Voyage
from gateway.facts import Reason, Receipt
from gateway.ledger.checkpoint import parse_checkpoint, parse_note
from gateway.ship import NotNow

REASON = "not-witnessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assurance:
    """Stands before the first byte."""

    rules: InForce
    publication: Publication
    outcomes: Outcomes

    async def holds_back(self, voyage: Voyage, ordinal: int, log: Log, sealed: Receipt) -> bool:
        """True if this leg must wait; that it does is appended then."""
        if not self.rules.rulebook.gateway.ledger.wait_for_witness or await asyncio.to_thread(self._covers, sealed):
            return False
        await self.outcomes.not_now(voyage, voyage.journey.legs[ordinal], log, NotNow(reason=Reason(code=REASON)))
        return True

    def _covers(self, sealed: Receipt) -> bool:
        """Whether a witness's line, checked when it came, stands under a head with these entries."""
        note = self.publication.witnessed()
        return note is not None and parse_checkpoint(parse_note(note).text).size > max(sealed.indexes)
