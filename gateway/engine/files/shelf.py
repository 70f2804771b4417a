"""What has been handed in and what may be collected, as one view over the facts.

A person's own uploads stay on their shelf for a while after they were handed over, with size and time as uploaded,
so that clients find what they sent. The view is filled from the store when somebody first comes, and kept up by whoever
appends. Reads facts, writes none. All people share it; any session may ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.engine.archive import Archive, Story
from gateway.engine.clock import Clock, day
from gateway.engine.files.offers import Group, Offer, Offers, is_collectable
from gateway.engine.policy import InForce
from gateway.facts import Deposited, Recalled, Received
from gateway.journey import LegJourney
from gateway.judge import words
from gateway.keep import Reading
from gateway.ledger.terms import term
from gateway.transfer import Item, Party, TransferId, Way

Place = tuple[str, ...]

PREFIX = "deposit"
SHOWN_DAYS = 14
"""So long a stub stays, and so long receipts are looked for."""
MOST_STREAMS = 20_000


@dataclass(slots=True, kw_only=True)
class Stub:
    """One upload that was closed: it settles, or it has been handed over."""

    transfer: TransferId
    """The id it has, or will have."""
    data_key: bytes
    party: Party
    partner: str
    place: Place
    item: Item
    mtime: int
    version: int
    """Of its deposit's stream."""
    settles_ms: int
    is_handed_over: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def stream(self) -> str:
        """Where its deposit stands."""
        return f"{PREFIX}/{self.transfer}"

    @property
    def path(self) -> str:
        """Its place as the fact says it."""
        return "/" + "/".join(self.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was offered, as the store says at this instant."""

    story: Story
    leg: LegJourney


class Shelf:
    """Everybody's uploads, and what is offered to them."""

    def __init__(self, *, records: Reading, archive: Archive, index_key: bytes, clock: Clock, rules: InForce) -> None:
        self._records = records
        self._archive = archive
        self._index_key = index_key
        self._clock = clock
        self._rules = rules
        self._people: dict[str, dict[Place, Stub]] = {}
        self._loading = asyncio.Lock()
        self._offers = Offers(records=records, archive=archive, index_key=index_key)
        self._offering = asyncio.Lock()
        """Who waits for a first look at a partner's box holds no thread."""
        self._by_mail: set[str] = set()
        """Transfers seen to be no files, so that they are opened once."""

    # ── what one handed in ───────────────────────────────────────────────────────────────────────────────────────

    async def stubs(self, person: str) -> dict[Place, Stub]:
        """A person's uploads by place; the caller may change it as facts are appended."""
        if person not in self._people:
            async with self._loading:
                if person not in self._people:
                    self._people[person] = await asyncio.to_thread(self._load, person)
        return self._people[person]

    def prune(self) -> None:
        """Take away the stubs that have been shown for long enough."""
        oldest_ms = self._clock.now_ms() - SHOWN_DAYS * 86_400_000
        for stubs in self._people.values():
            for place in [one for one, stub in stubs.items() if stub.is_handed_over and stub.settles_ms < oldest_ms]:
                del stubs[place]

    async def stub(self, stream: str) -> Stub | None:
        """The upload whose deposit the stream is; None if it is gone."""
        story = await asyncio.to_thread(self._archive.story, stream)
        if story is None:
            return None
        found = _stub_of(story)
        stubs = await self.stubs(found.party.person)
        known = stubs.get(found.place)
        return known if known and known.transfer == found.transfer else found

    async def journey_of(self, transfer: TransferId) -> Story | None:
        """What has become of it."""
        return await asyncio.to_thread(self._archive.story, transfer)

    def _load(self, person: str) -> dict[Place, Stub]:
        shelf: dict[Place, Stub] = {}
        streams = self._find(("person", (person,)), ("kind", ("deposited",)))
        for stream in reversed(streams):  # oldest first: of one place the latest stays
            story = self._archive.story(stream)
            if story is None or not story.facts or not isinstance(story.facts[-1], Deposited):
                continue
            stub = _stub_of(story)
            transfer = self._archive.story(stub.transfer)
            stub.is_handed_over = transfer is not None
            if transfer is None or not any(isinstance(fact, Recalled) for fact in transfer.facts):
                shelf[stub.place] = stub
        return shelf

    # ── what one may collect ─────────────────────────────────────────────────────────────────────────────────────

    async def offered_to_partner(self, partner: str) -> Sequence[Offer]:
        """What waits in a partner's inbox, oldest first."""
        return await self._waiting(("partner", partner), (f"{words.PARTNER}{partner}",))

    async def offered_to_person(self, person: str, partner: str) -> Sequence[Offer]:
        """What a partner handed in for a person."""
        ours = self._rules.rulebook.person(person)
        addresses = (ours.address, *ours.also) if ours else (person,)
        keys = tuple(address.lower() for address in addresses)
        return await self._waiting(("person", f"{words.PARTNER}{partner}"), keys)

    async def open(self, offer: Offer) -> Opened | None:
        """What was offered, from the store; None if it can no longer be collected."""
        story = await self.journey_of(offer.transfer)
        if story is None:
            return None
        leg = story.journey.legs[offer.ordinal]
        return Opened(story=story, leg=leg) if is_collectable(leg, self._clock.now_ms()) else None

    async def _waiting(self, group: Group, recipients: Sequence[str]) -> Sequence[Offer]:
        async with self._offering:
            return await asyncio.to_thread(self._offers.waiting, group, recipients, self._clock.now_ms())

    # ── what became of it all ────────────────────────────────────────────────────────────────────────────────────

    async def transfers_of(self, person: str, *, most: int) -> Sequence[Story]:
        """A person's latest file transfers, oldest first."""
        return await asyncio.to_thread(self._transfers_of, person, most)

    def _transfers_of(self, person: str, most: int) -> Sequence[Story]:
        found: list[Story] = []
        for stream in self._find(("person", (person,)), ("kind", ("received",))):
            if stream in self._by_mail or len(found) == most:
                continue
            story = self._archive.story(stream)
            if story is None or not isinstance(story.facts[0], Received):
                continue
            transfer = story.facts[0].transfer
            if transfer.way is not Way.SFTP:
                self._by_mail.add(stream)
            elif transfer.sender.person == person:
                found.append(story)
        return found[::-1]

    def _find(self, *groups: tuple[str, tuple[str, ...]]) -> Sequence[str]:
        """Streams of the last days, newest first, that say one word of each group."""
        today = day(self._clock.now_ms())
        days = ("day", tuple((today - timedelta(days=n)).isoformat() for n in range(SHOWN_DAYS + 1)))
        asked = [tuple(term(self._index_key, name, word) for word in said) for name, said in (*groups, days)]
        return self._records.find(asked, limit=MOST_STREAMS)


def _stub_of(story: Story) -> Stub:
    fact = story.facts[-1]
    assert isinstance(fact, Deposited)
    return Stub(
        transfer=TransferId(story.stream.partition("/")[2]),
        data_key=story.key,
        party=fact.party,
        partner=fact.partner,
        place=tuple(fact.path.strip("/").split("/")),
        item=fact.item,
        mtime=fact.mtime,
        version=len(story.rows),
        settles_ms=story.rows[-1].at_ms,
    )
