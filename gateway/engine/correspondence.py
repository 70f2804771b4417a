"""What passed between one of ours and a recipient: whom they write to, what they confirmed, how it last went there.

Of these three come the facts `similar-name` and `transport-verified`, and the rule that a question about a recipient is
asked once: an answer stands in the ledger as the sender's own `Approved`.

GAP: of somebody's correspondents the `LETTERS` newest transfers are known; whom they last wrote to before those
resembles nobody any more. A name beside an address in To is not kept by the mail's skeleton, so only addresses, and the
names of our own people, are compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock

from gateway.engine.archive import Archive, Story
from gateway.errors import StoreAway
from gateway.facts import Approved, Attempted, Collected, Received, Shipped, Truth
from gateway.judge.questions import CONFIRMED
from gateway.judge.resemblance import Acquainted, resembled
from gateway.judge.rulebook import Rulebook
from gateway.keep import Reading
from gateway.ledger.terms import term
from gateway.seal.hop import Level
from gateway.transfer import Recipient, Transfer

LETTERS = 300
"""So many of somebody's newest transfers tell whom they write to."""
RECENT = 32
SENDERS_REMEMBERED = 1_000
ENCRYPTED_ONLY = "encrypted-only"
"""The verdict on a hop that proved nothing but that it can encrypt."""


@dataclass(slots=True)
class Circle:
    """Whom somebody has reached, by transfer; only what has ended is remembered, for nothing is added to it."""

    ended: dict[str, frozenset[str]] = field(default_factory=dict)


class Correspondence:
    """Reads what passed. Each question blocks on the records, so it is asked in a thread."""

    def __init__(self, *, records: Reading, archive: Archive, index_key: bytes) -> None:
        self._records = records
        self._archive = archive
        self._index_key = index_key
        self._circles: dict[str, Circle] = {}
        self._lock = Lock()

    # ── similar names ────────────────────────────────────────────────────────────────────────────────────────────

    async def similar(self, rulebook: Rulebook, person: str, recipient: Recipient) -> tuple[Truth, str]:
        """The fact `similar-name`, and whom the recipient may be mistaken for."""
        if recipient.address is None or not person:
            return Truth.NO, ""
        try:
            meant = await asyncio.to_thread(self.look_alike, rulebook, person, recipient)
        except StoreAway:
            return Truth.UNKNOWN, ""
        return (Truth.YES if meant else Truth.NO), meant

    def look_alike(self, rulebook: Rulebook, person: str, recipient: Recipient) -> str:
        """Whom a recipient may be mistaken for, if the sender never wrote to them. Blocks. Raises as `Reading`."""
        assert recipient.address is not None
        circle = self._circle(person)
        if recipient.key in circle:
            return ""
        # Whom the sender knows comes first: of two, that is the one they meant.
        meant = resembled(recipient.key, map(_acquainted, circle)) or resembled(recipient.key, _on_file(rulebook))
        return "" if not meant or self._has_reached(person, recipient) else meant

    def _circle(self, person: str) -> frozenset[str]:
        """The index is asked each time; of what it finds, only what is new or still under way is opened."""
        found = (self._term("person", person),), self._terms("kind", "shipped", "collected")
        streams = self._records.find(found, limit=LETTERS)
        with self._lock:
            known = self._circles.pop(person, Circle())
            self._circles[person] = known
            if len(self._circles) > SENDERS_REMEMBERED:
                del self._circles[next(iter(self._circles))]
        addresses: set[str] = set()
        for stream in streams:
            reached = known.ended.get(stream)
            addresses |= self._reached(stream, person, known) if reached is None else reached
        kept = set(streams)
        known.ended = {stream: reached for stream, reached in known.ended.items() if stream in kept}
        return frozenset(addresses)

    def _reached(self, stream: str, person: str, remember: Circle | None = None) -> frozenset[str]:
        reached: frozenset[str] = frozenset()
        for transfer, story in self._transfers((stream,)):
            if transfer.sender.person == person:
                arrived = (fact for fact in story.facts if isinstance(fact, Shipped | Collected))
                reached = frozenset(transfer.legs[fact.leg].recipient.key for fact in arrived)
            if remember is not None and story.journey.is_closed:
                remember.ended[stream] = reached
        return reached

    def _has_reached(self, person: str, recipient: Recipient) -> bool:
        named = (self._term("person", person),), (self._term("recipient", str(recipient)),)
        return any(recipient.key in self._reached(one, person) for one in self._records.find(named, limit=RECENT))

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def is_confirmed(self, person: str, recipient: Recipient) -> bool:
        """Whether the sender has answered for this recipient before. While the store is away: not that we know."""
        try:
            return await asyncio.to_thread(self.has_confirmed, person, recipient)
        except StoreAway:
            return False

    def has_confirmed(self, person: str, recipient: Recipient) -> bool:
        """The same. Blocks. Raises as `Reading`."""
        named = (
            (self._term("person", person),),
            (self._term("recipient", str(recipient)),),
            (self._term("kind", "approved"),),
        )
        return any(
            isinstance(fact, Approved)
            and fact.by == person == transfer.sender.person
            and CONFIRMED in fact.covers
            and transfer.legs[fact.leg].recipient.key == recipient.key
            for transfer, story in self._transfers(self._records.find(named, limit=RECENT))
            for fact in story.facts
        )

    # ── the way there ────────────────────────────────────────────────────────────────────────────────────────────

    async def proved_ms(self, recipient: Recipient, level: Level) -> int | None:
        """When the next hop towards a recipient last proved this level; None if that is not known."""
        try:
            return await asyncio.to_thread(self.last_proof, recipient, level)
        except StoreAway:
            return None

    def last_proof(self, recipient: Recipient, level: Level) -> int | None:
        """The same. Blocks. Raises as `Reading`."""
        named = (self._term("recipient", str(recipient)),), (self._term("kind", "attempted"),)
        proofs = (
            row.at_ms
            for transfer, story in self._transfers(self._records.find(named, limit=RECENT))
            for row, fact in zip(story.rows, story.facts, strict=True)
            if isinstance(fact, Attempted)
            and transfer.legs[fact.leg].recipient.key == recipient.key
            and fact.hop.level == level
            and fact.hop.verdict != ENCRYPTED_ONLY
        )
        return max(proofs, default=None)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _transfers(self, streams: Iterable[str]) -> Iterator[tuple[Transfer, Story]]:
        for stream in streams:
            story = self._archive.story(stream) if stream.startswith("T-") else None
            if story is not None and story.facts and isinstance(story.facts[0], Received):
                yield story.facts[0].transfer, story

    def _term(self, field: str, value: str) -> bytes:
        return term(self._index_key, field, value)

    def _terms(self, field: str, *values: str) -> tuple[bytes, ...]:
        return tuple(self._term(field, value) for value in values)


def _acquainted(address: str) -> Acquainted:
    return Acquainted(address=address)


def _on_file(rulebook: Rulebook) -> Iterator[Acquainted]:
    """Whom the rules name: our own people, and partners' listed addresses."""
    for person in rulebook.people.everyone:
        yield Acquainted(address=person.address, name=person.name)
    yield from map(_acquainted, rulebook.partner_by_address)
