"""What an erasure reaches: every entry, key, text and paper of one class, one person, one matter or one year.

Reads everything, changes nothing. The index finds what people ask for; here it is not trusted with the question, for
what it missed would stay: a person is looked for in every stream. What is still under way is not erased.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo

from gateway.engine.archive import Story
from gateway.engine.attested import Attestations, Attested
from gateway.engine.clock import moment
from gateway.engine.forgetting.redacting import names, says
from gateway.engine.forgetting.subjects import gathered, kinds_of
from gateway.engine.keyholders import STREAM as KEYS
from gateway.engine.recount import blobs_of
from gateway.engine.writing import DAYS
from gateway.facts import Admitted, Deposited, Fact, Received, to_bytes
from gateway.keep import Reading
from gateway.ledger.leaf import CLASSES
from gateway.ledger.terms import term
from gateway.shred.plan import Legs, Order, Piece, Plan, in_order, orders_of
from gateway.shred.schedule import CONTENT, Subject
from gateway.transfer import TransferId

ALL = 2**62
YEARLY = ("T-", "deposit/", "consulted/")
"""Streams that belong to the year they end in; the office's own go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a schedule is asked about one order."""

    order: Order
    subject: Subject
    classes: tuple[str, ...]
    """With `content` where papers go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What would be destroyed, and what the schedule must be asked first."""

    plan: Plan
    about: tuple[About, ...]
    open: tuple[str, ...] = ()
    """Transfers that are still under way."""


@dataclass(slots=True)
class _Gathered:
    """What a walk has found so far."""

    pieces: list[Piece] = field(default_factory=list)
    subjects: dict[tuple[str, int | None], Subject] = field(default_factory=dict)
    legs: list[Legs] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    payloads: list[str] = field(default_factory=list)
    blobs: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    zone: tzinfo = UTC
    _days: list[str] = field(default_factory=list)
    _kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def take(self, story: Story, said: Attested, classes: Collection[str]) -> None:
        """One entry of which these classes go."""
        piece = Piece(
            stream=story.stream,
            index=said.index,
            about=(said.entry.x or b"").hex(),
            leg=said.entry.leg,
            classes=in_order(classes),
        )
        self.pieces.append(piece)
        if said.entry.kind == "sealed" and "rcp" in classes:
            self._days.append(f"{DAYS}{_day(said.entry.time_ms).isoformat()}")
        key = (piece.about, piece.leg)
        if story.stream not in self._kinds:
            self._kinds[story.stream] = kinds_of(story)
        of = self._kinds[story.stream][piece.leg or 0]
        self.subjects[key] = gathered(self.subjects.get(key), said, of=of, zone=self.zone)

    def papers(self, story: Story) -> None:
        """The stream's papers go."""
        self.payloads.append(story.stream)
        self.blobs += blobs_of(story.facts)

    @property
    def days(self) -> tuple[str, ...]:
        """Keys of days on whose index an erased recipient stands: with one, the day's root would tell who."""
        return tuple(dict.fromkeys(self._days))

    def reach(self, plan: Plan, *, has_papers: bool = False) -> Reach:
        """The reach of a plan that holds what was gathered."""
        about = tuple(
            About(
                order=order,
                subject=self.subjects[order.about, order.leg],
                classes=(*order.classes, CONTENT) if has_papers else order.classes,
            )
            for order in orders_of(self.pieces)
        )
        return Reach(plan=plan, about=about, open=tuple(self.open))


class Scope:
    """Finds it, in the records as they are now."""

    def __init__(self, records: Reading, attestations: Attestations, zone: tzinfo = UTC) -> None:
        self._records = records
        self._attestations = attestations
        self._zone = zone
        self._index_key = attestations.index_key

    # ── one class of one leg ─────────────────────────────────────────────────────────────────────────────────────

    def of_class(self, transfer: TransferId, leg: int, classes: Collection[str]) -> Reach:
        """These classes of one recipient's copy. Raises `KeyError` if there is no such copy."""
        return self.of_classes(transfer, {leg: classes})

    def of_classes(self, transfer: TransferId, by_leg: Mapping[int, Collection[str]]) -> Reach:
        """By leg, these classes of some recipients' copies. Raises `KeyError` if there is no such copy."""
        story = self._story(transfer)
        if max(by_leg) >= len(story.journey.legs):
            raise KeyError(transfer)
        found = _Gathered(zone=self._zone)
        for said in self._attestations.of(story):
            asked = by_leg.get(said.entry.leg, ()) if said.entry.leg is not None else ()
            here = [cls for cls in asked if said.classes[CLASSES.index(cls)] is not None]
            if here:
                found.take(story, said, here)
        found.legs += (Legs(stream=transfer, leg=leg, classes=in_order(one)) for leg, one in by_leg.items())
        self._note_open(found, story)
        return found.reach(
            Plan(
                what="class",
                orders=orders_of(found.pieces),
                pieces=tuple(found.pieces),
                legs=tuple(found.legs),
                touched=(transfer,),
                forgotten=found.days,
                remains=(
                    "all other classes of this copy, and every class of every other recipient's",
                    "what this copy shares with the others (sender, papers, connection) until it is erased of each",
                ),
            )
        )

    def of_payload(self, transfer: TransferId) -> Reach:
        """The papers of a transfer, the upload they came by included."""
        found = _Gathered(zone=self._zone)
        orders: dict[int, Order] = {}
        for story in self._both(transfer):
            found.papers(story)
            self._note_open(found, story)
            for said in self._attestations.of(story):
                leg = said.entry.leg
                if leg is not None:
                    found.take(story, said, ())
                    orders[leg] = Order(about=(said.entry.x or b"").hex(), leg=leg, classes=(), entries=0)
        plan = Plan(
            what="payload",
            orders=tuple(orders.values()),
            payloads=tuple(found.payloads),
            blobs=tuple(found.blobs),
            remains=("every entry with all its values; the papers' digests too",),
        )
        return found.reach(plan, has_papers=True)

    # ── one matter ───────────────────────────────────────────────────────────────────────────────────────────────

    def of_matter(self, transfer: TransferId, *, with_notes: bool = True) -> Reach:
        """A transfer whole, with the upload it came by and the gateway's own notes about it.

        The notes are looked for in all that was ever received; a schedule has periods of its own for them.
        """
        found = _Gathered(zone=self._zone)
        streams = [*self._both(transfer), *(self._notes_about(transfer) if with_notes else ())]
        for story in streams:
            self._whole(found, story)
        return found.reach(
            Plan(
                what="class",
                orders=orders_of(found.pieces),
                payloads=(),
                forgotten=(*(story.stream for story in streams), *found.days),
                blobs=tuple(found.blobs),
                remains=("that its entries are in the ledger: kind, time, order, outcome; no value of any",),
            ),
            has_papers=True,
        )

    def _whole(self, found: _Gathered, story: Story) -> None:
        """Everything of a stream."""
        self._note_open(found, story)
        found.blobs += blobs_of(story.facts)
        for said in self._attestations.of(story):
            found.take(story, said, CLASSES)

    def _notes_about(self, transfer: TransferId) -> Iterator[Story]:
        for stream in self._records.find([(term(self._index_key, "kind", "received"),)], limit=ALL):
            story = self._attestations.story(stream)
            first = story.facts[0] if story else None
            if story and isinstance(first, Received) and first.transfer.about == transfer:
                yield story

    # ── one person ───────────────────────────────────────────────────────────────────────────────────────────────

    def of_person(self, addresses: Sequence[str], also: Sequence[str] = ()) -> Reach:
        """Somebody everywhere: in every entry, fact, index and ring; `also` are further texts, a name say."""
        texts = tuple(dict.fromkeys(text.casefold() for text in (*addresses, *also)))
        found = _Gathered(zone=self._zone)
        for story in self._stories():
            if any(_may_say(fact, texts) and says(fact, texts) for fact in story.facts):
                self._person(found, story, texts)
        keys = (f"person/{term(self._index_key, 'person', address).hex()}" for address in addresses)
        plan = Plan(
            what="class",
            orders=orders_of(found.pieces),
            pieces=tuple(found.pieces),
            legs=tuple(found.legs),
            texts=texts,
            touched=tuple(found.touched),
            payloads=tuple(found.payloads),
            forgotten=(*keys, *found.days),
            blobs=tuple(found.blobs),
            certificates=self._certificates(texts),
            accounts=tuple(addresses),
            remains=(
                "of each of these entries: kind, time, order, outcome, and every class that did not name the person",
                "earlier sets of rules, if they named the person: their digest is in every entry of their time",
                "copies that somebody else keeps of backups from before, together with the keys of then: destroy them",
            ),
        )
        return found.reach(plan, has_papers=bool(found.payloads))

    def _person(self, found: _Gathered, story: Story, texts: Sequence[str]) -> None:
        found.touched.append(story.stream)
        self._note_open(found, story)
        first = story.facts[0]
        if isinstance(first, (Received, Deposited)):
            found.papers(story)
        if isinstance(first, Received):
            found.legs += (
                Legs(stream=story.stream, leg=leg.ordinal, classes=("rcp",))
                for leg in first.transfer.legs
                if names(str(leg.recipient), texts)
            )
        for said in self._attestations.of(story):
            classes = _naming(said, texts)
            if classes:
                found.take(story, said, classes)

    def _certificates(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Public keys that serve this person and nobody else."""
        story = self._attestations.story(KEYS)
        admitted = [fact for fact in story.facts if isinstance(fact, Admitted)] if story else []
        others = {fact.fingerprint for fact in admitted if not names(fact.address, texts)}
        theirs = dict.fromkeys(fact.fingerprint for fact in admitted if names(fact.address, texts))
        return tuple(fingerprint for fingerprint in theirs if fingerprint not in others)

    # ── one year ─────────────────────────────────────────────────────────────────────────────────────────────────

    def of_year(self, year: int, about: bytes) -> Reach:
        """All that ended in a year or before: transfers, uploads, questions, and the year's keys; one pair of entries.

        `about` are 16 fresh bytes for those entries to bear.
        """
        end_ms = ends_ms(year)
        found = _Gathered(zone=self._zone)
        streams: list[str] = []
        for story in self._stories():
            if story.stream.startswith(YEARLY) and story.rows[-1].at_ms < end_ms:
                streams.append(story.stream)
                self._whole(found, story)
        keys = [f"shard/{year}", *(f"month/{year}-{month:02}" for month in range(1, 13))]
        order = Order(about=about.hex(), leg=None, classes=CLASSES, entries=len(found.pieces))
        reach = found.reach(Plan(what="shard", orders=(order,)), has_papers=True)
        plan = replace(
            reach.plan,
            forgotten=(*streams, *keys, *found.days),
            blobs=tuple(found.blobs),
            remains=(
                "every entry of the year: kind, time, order, outcome; no value of any",
                "the office's own streams: rules, recipients' keys, erasures",
            ),
        )
        return replace(reach, plan=plan)

    # ── streams ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _stories(self) -> Iterator[Story]:
        for stream in self._records.find([], limit=ALL):
            story = self._attestations.story(stream)
            if story is not None and story.facts:
                yield story

    def _story(self, stream: str) -> Story:
        story = self._attestations.story(stream)
        if story is None:
            raise KeyError(stream)
        return story

    def _note_open(self, found: _Gathered, story: Story) -> None:
        """A transfer that has not ended, or an upload that has not become one."""
        match story.facts[0]:
            case Received() if not story.journey.is_closed:
                found.open.append(story.stream)
            case Deposited() if not self._records.history(story.stream.partition("/")[2]).rows:
                found.open.append(story.stream)

    def _both(self, transfer: TransferId) -> tuple[Story, ...]:
        """The transfer, and the upload it came by: a file's deposit is a stream of its own."""
        deposit = self._attestations.story(f"deposit/{transfer}")
        story = self._story(transfer)
        return (story, deposit) if deposit else (story,)


def ends_ms(year: int) -> int:
    """When a year of the ledger ends, in UTC."""
    return int(datetime(year + 1, 1, 1, tzinfo=UTC).timestamp() * 1000)


def _may_say(fact: Fact, texts: Sequence[str]) -> bool:
    """A cheap look before a thorough one: an address is kept in two parts, so only its first is looked for."""
    if any(set(text) & set('"\\') or not text.isprintable() for text in texts):  # JSON spells these another way
        return True
    kept = to_bytes(fact).decode().casefold()
    return any(text.partition("@")[0] in kept for text in texts)


def _naming(said: Attested, texts: Sequence[str]) -> tuple[str, ...]:
    """The classes of an entry that name somebody; where they acted, the address of the machine they acted from."""
    found = {
        cls
        for cls, box in zip(CLASSES, said.classes, strict=True)
        if box is not None and any(names(value, texts) for _, value in box.values)
    }
    is_acting = "snd" in found or names(said.values.get("rcp.second", ""), texts)
    if is_acting and "net.src" in said.values:
        found.add("net")
    return in_order(found)


def _day(at_ms: int) -> date:
    return moment(at_ms).date()
