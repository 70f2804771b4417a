"""Has anything of ours ever reached this recipient? The fact `first-contact` of handbook `rules.md` §2.

The index knows opaque terms alone and leads to whole transfers; each is then held against the question leg by leg, for
of two recipients only the other may have been reached. What was forgotten on purpose is no contact any more, and a
delivery in doubt is none yet: either way the answer is the one that asks once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from gateway.engine.archive import Archive
from gateway.engine.correspondence import Correspondence
from gateway.errors import StoreAway
from gateway.facts import Collected, Received, Shipped, Truth
from gateway.keep import Reading
from gateway.ledger.terms import term
from gateway.transfer import Leg, Recipient

RECENT = 32
"""So many of the newest transfers are opened before the index is asked for those that reached anybody at all: that
costs as much as there are transfers, and for a correspondent one of the newest nearly always settles it."""
ALL = 2**62
REMEMBERED = 10_000


class Acquaintance:
    """Knows whom we have reached."""

    def __init__(self, *, records: Reading, archive: Archive, index_key: bytes) -> None:
        self._records = records
        self._archive = archive
        self._index_key = index_key
        self.correspondence = Correspondence(records=records, archive=archive, index_key=index_key)
        """What passed between one of ours and a recipient."""
        self._reached: dict[str, None] = {}
        """By key, those known to have been reached, in the order it was learnt: that never becomes untrue."""

    async def first_contact(self, recipient: Recipient) -> Truth:
        """The fact, off the loop; unknown while the store is away. Raises as `look`."""
        if recipient.key in self._reached:
            return Truth.NO
        try:
            truth = await asyncio.to_thread(self.look, recipient)
        except StoreAway:
            return Truth.UNKNOWN
        if truth is Truth.NO:
            self._reached[recipient.key] = None
            if len(self._reached) > REMEMBERED:
                del self._reached[next(iter(self._reached))]
        return truth

    def look(self, recipient: Recipient) -> Truth:
        """The fact as the records have it now. Blocks; any thread. Raises `StoreAway`, `StoreBroken`, `Tampering`."""
        named = self._terms("recipient", str(recipient))  # as the ledger writes it, a partner's box included
        newest = self._records.find((named,), limit=RECENT)
        if self._is_reached(recipient, newest):
            return Truth.NO
        if len(newest) < RECENT:
            return Truth.YES
        arrived = self._records.find((named, self._terms("kind", "shipped", "collected")), limit=ALL)
        older = (stream for stream in arrived if stream not in newest)
        return Truth.NO if self._is_reached(recipient, older) else Truth.YES

    def _is_reached(self, recipient: Recipient, streams: Iterable[str]) -> bool:
        """Whether any of these transfers reached them; the first that did ends the search."""
        return any(stream.startswith("T-") and self._is_reached_in(stream, recipient) for stream in streams)

    def _is_reached_in(self, stream: str, recipient: Recipient) -> bool:
        story = self._archive.story(stream)
        legs: tuple[Leg, ...] = ()
        for fact in story.facts if story else ():
            match fact:
                case Received(transfer=transfer):
                    legs = transfer.legs
                case Shipped(leg=leg) | Collected(leg=leg) if legs[leg].recipient.key == recipient.key:
                    return True
        return False

    def _terms(self, field: str, *values: str) -> tuple[bytes, ...]:
        return tuple(term(self._index_key, field, value) for value in values)
