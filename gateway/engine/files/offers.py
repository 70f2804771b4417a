"""What waits to be collected: an index over the facts that follows the ledger, so that a look opens no story twice.

Promises: what is committed before a look is seen by it; what can no longer be collected is not in the answer. Of each
group that somebody asks for, every story that may still matter is opened once; from then on only those whose stream has
a new ledger entry, and every fact has one. Holds no keys and no bodies. Does not hand anything out: what the store says
at that instant decides then (`Shelf.open`).
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.engine.archive import Archive
from gateway.facts import Received
from gateway.journey import LegJourney, State
from gateway.judge import words
from gateway.keep import LeafRow, Reading
from gateway.ledger.terms import term
from gateway.transfer import Item, Parcel, TransferId, Way

Group = tuple[str, str]
"""An index field and its word: what is for one partner, or what one sender handed in."""

COLLECTABLE = (State.OFFERED, State.COLLECTED)
ENDED = (State.REFUSED, State.SHIPPED, State.UNDELIVERABLE, State.EXPIRED, State.RECALLED)
"""From here nothing is collectable again; what was collected may be fetched once more, until the day it ends."""
MOST_STREAMS = 20_000
MOST_GROUPS = 256
MOST_OFFERS = 20_000
MOST_CLOSED = 50_000
FARTHEST = 10_000
"""So many entries behind, groups are read anew: that costs less than to read what happened."""
_OFFERED = b'"offered"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One leg that waits to be collected. Collecting it changes nothing here."""

    transfer: TransferId
    ordinal: int
    recipient: str
    sender: str
    """Who handed it in."""
    item: Item
    parcel: Parcel
    received_ms: int
    until_ms: int
    entry: int
    """The ledger's index of its reception: the order in which streams began."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """Where it is looked for."""
        by_sender = ("person", self.sender)
        if self.recipient.startswith(words.PARTNER):
            return by_sender, ("partner", self.recipient.removeprefix(words.PARTNER))
        return (by_sender,)


@dataclass(slots=True)
class _Shown:
    """One group: its offers by stream, and the answers given since the last change."""

    offers: dict[str, tuple[Offer, ...]] = field(default_factory=dict)
    answers: dict[tuple[str, ...], tuple[Offer, ...]] = field(default_factory=dict)
    ends_ms: float = 0
    """No offer ends sooner; 0 until that is known."""

    def put(self, stream: str, offers: tuple[Offer, ...]) -> None:
        """All that the stream has here."""
        if self.offers.get(stream, ()) == offers:
            return
        self.answers.clear()
        if offers:
            self.offers[stream] = offers
            self.ends_ms = min(self.ends_ms, *(one.until_ms for one in offers))
        else:
            del self.offers[stream]

    def answer(self, recipients: tuple[str, ...], now_ms: int) -> tuple[Offer, ...]:
        """Oldest first; the same object as long as nothing has changed."""
        if now_ms >= self.ends_ms:
            self._tidy(now_ms)
        if recipients not in self.answers:
            found = (one for some in self.offers.values() for one in some if one.recipient in recipients)
            self.answers[recipients] = tuple(sorted(found, key=lambda one: (one.entry, one.ordinal)))
        return self.answers[recipients]

    def _tidy(self, now_ms: int) -> None:
        """Drop what has ended; a clock that goes back brings nothing back."""
        lasting = {
            stream: tuple(one for one in offers if now_ms < one.until_ms) for stream, offers in self.offers.items()
        }
        self.offers = {stream: offers for stream, offers in lasting.items() if offers}
        self.answers.clear()
        self.ends_ms = min((one.until_ms for some in self.offers.values() for one in some), default=math.inf)


class Offers:
    """Any thread may ask."""

    def __init__(self, *, records: Reading, archive: Archive, index_key: bytes) -> None:
        self._records = records
        self._archive = archive
        self._index_key = index_key
        self._lock = threading.Lock()
        self._groups: OrderedDict[Group, _Shown] = OrderedDict()
        self._seen = 0
        """The size of the ledger up to which the groups are true."""
        self._closed: dict[str, None] = {}
        """Streams of which no leg can be collected again, first known first."""

    def waiting(self, group: Group, recipients: Sequence[str], now_ms: int) -> tuple[Offer, ...]:
        """What of a group these recipients may collect now, oldest first."""
        with self._lock:
            self._follow(now_ms)
            shown = self._groups.get(group)
            if shown is None:
                shown = self._groups[group] = self._fill(group, now_ms)
            self._groups.move_to_end(group)
            self._make_room()
            return shown.answer(tuple(recipients), now_ms)

    # ── keeping up ───────────────────────────────────────────────────────────────────────────────────────────────

    def _follow(self, now_ms: int) -> None:
        """Open again what has changed since the last look.

        GAP: `Records.forget` makes no entry. Consequence: what is forgotten before its day stays in the list, until a
        restart at the latest; opening it finds nothing.
        """
        head = self._records.since(self._seen, 0).head
        size = head.size if head else 0
        if not 0 <= size - self._seen <= FARTHEST:
            self._groups.clear()
        if self._groups and size > self._seen:
            try:
                self._renew(self._records.since(self._seen, size - self._seen).leaves, now_ms)
            except BaseException:
                self._groups.clear()  # read anew, each for itself: a story that cannot be opened fails whose it is
                raise
        self._seen = size

    def _renew(self, leaves: Iterable[LeafRow], now_ms: int) -> None:
        for stream in {leaf.stream for leaf in leaves if _OFFERED in leaf.entry or self._is_shown(leaf.stream)}:
            offers = self._read(stream, now_ms)
            for group, shown in self._groups.items():
                shown.put(stream, tuple(one for one in offers if group in one.groups))

    def _is_shown(self, stream: str) -> bool:
        return any(stream in shown.offers for shown in self._groups.values())

    def _fill(self, group: Group, now_ms: int) -> _Shown:
        """From the index, oldest first."""
        asked = [[term(self._index_key, *group)], [term(self._index_key, "kind", "offered")]]
        offers: dict[str, tuple[Offer, ...]] = {}
        for stream in reversed(self._records.find(asked, limit=MOST_STREAMS)):
            offers[stream] = tuple(one for one in self._read(stream, now_ms) if group in one.groups)
        return _Shown(offers=offers)

    def _read(self, stream: str, now_ms: int) -> tuple[Offer, ...]:
        """What of a stream may be collected; () at once if that is over for good."""
        if stream in self._closed:
            return ()
        story = self._archive.story(stream)
        if story is None or not story.facts or not isinstance(story.facts[0], Received):
            return ()
        journey = story.journey
        transfer = journey.transfer
        if transfer.way is not Way.SFTP or all(_is_over(leg, now_ms) for leg in journey.legs):
            self._closed[stream] = None
            while len(self._closed) > MOST_CLOSED:
                del self._closed[next(iter(self._closed))]
            return ()
        return tuple(
            Offer(
                transfer=transfer.id,
                ordinal=leg.leg.ordinal,
                recipient=leg.leg.recipient.key,
                sender=transfer.sender.person,
                item=transfer.items[0],
                parcel=leg.sealed.parcel,
                received_ms=transfer.received_ms,
                until_ms=leg.offered.until_ms,
                entry=story.rows[0].first_index,
            )
            for leg in journey.legs
            if is_collectable(leg, now_ms) and leg.offered is not None and leg.sealed is not None
        )

    # ── letting go ───────────────────────────────────────────────────────────────────────────────────────────────

    def _make_room(self) -> None:
        """The groups nobody has asked for longest go first; never the last one."""
        while len(self._groups) > 1 and (
            len(self._groups) > MOST_GROUPS or sum(len(one.offers) for one in self._groups.values()) > MOST_OFFERS
        ):
            self._groups.popitem(last=False)


def is_collectable(leg: LegJourney, now_ms: int) -> bool:
    """Whether its parcel may be fetched now: offered, also after a first visit, until the day it ends."""
    return leg.state in COLLECTABLE and leg.offered is not None and now_ms < leg.offered.until_ms


def _is_over(leg: LegJourney, now_ms: int) -> bool:
    """Whether it will never be collectable again: `NEXT` leads nowhere, or its day has passed and is not set anew."""
    return leg.state in ENDED or (leg.offered is not None and now_ms >= leg.offered.until_ms)
