"""Erasing on purpose: ordered in the ledger, durable; then destroyed; then said to be done.

1. The schedule is asked. An objection becomes entries with `o=refused`, and nothing else happens.
2. The plan, sealed, goes into a register: it names whom it is about, so it must not outlive the erasure.
3. The orders are appended: from here on everybody can see that it was to be done, and why.
4. Facts lose what they said, with boxes and index terms; keys, whole streams, papers and certificates are destroyed.
5. The store is written anew and its log cut, so that no page holds what is gone.
6. The disposals are appended, each with the index of its order; the register is cleared, and the log cut again.

Every step may be done twice: after a crash, wherever it was, `finish` goes through all of them again. What people ask
for is erased while no gateway runs, for what a gateway remembers in memory must go as well. What the schedule lets go
(`disposing`) ended long ago: it goes beside a running gateway, in the process of the one who writes.

What is destroyed is kept in mind, without what it said, for backups from before (`safekeeping.disposals`): a restore
erases it again. GAP: a copy that somebody else keeps, of the backups and their keys together, still opens what it held;
the certificate says so, and destroying such copies is the office's own duty.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

import msgspec

from gateway.engine.archive import Archive, Story, seal_body
from gateway.engine.attested import Attestations, Attested, terms_in
from gateway.engine.clock import Clock
from gateway.engine.entries import Write
from gateway.engine.forgetting.redacting import without_class, without_texts
from gateway.engine.forgetting.scope import Reach
from gateway.engine.rulesets import RULES
from gateway.engine.safekeeping.disposals import Disposals
from gateway.errors import Conflict, StoreAway, StoreBroken
from gateway.facts import Disposed, Receipt, Shard, kind_of, to_bytes
from gateway.keep import Blobs, Erases, Records, Redaction, Tidies
from gateway.keep.keyring import Keyring
from gateway.ledger.leaf import CLASSES
from gateway.shred.plan import Order, Plan, boxes_of
from gateway.shred.schedule import Objection, Schedule, objections, worst
from gateway.transfer import BlobId

PREFIX = "erasure/"
REGISTER = "erasure"
UNFINISHED = "an erasure was begun and is not finished: sealgate ledger erase finish"


class Store(Records, Erases, Tidies, Protocol):
    """Records that can also destroy a part of a stream, and let go of copies."""


class Pen(Protocol):
    """Writes to the ledger, and waits for it."""

    def append_now(self, *writes: Write) -> tuple[Receipt, ...]:
        """See `Scribe.append_now`."""
        ...


class Ring(Protocol):
    """Where recipients' public keys are."""

    def drop(self, fingerprint: str, now_ms: int) -> None:
        """See `Registrar.drop`."""
        ...


class Roll(Protocol):
    """Who may sign in."""

    def remove(self, address: str) -> None:
        """Take an account away; harmless if there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who answers for an erasure, and on what ground."""

    by: str
    basis: str
    """The article, or the office's own rule: `GDPR Art. 17(1)(b)`."""
    reference: str = ""
    """Of the request, in the office's files; never a person's name."""
    answered: tuple[str, ...] = ()
    """Ids of periods behind which no statute stands."""

    @property
    def why(self) -> str:
        """As it stands in the ledger."""
        answered = f"no statute behind {', '.join(self.answered)}" if self.answered else ""
        reference = f"request {self.reference}" if self.reference else ""
        return "; ".join(part for part in (self.basis, reference, answered) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was done."""

    stream: str
    what: str
    by: str
    why: str
    before: str
    """The signed head before the order."""
    ordered: tuple[int, ...]
    done: tuple[int, ...]
    remains: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Nothing was erased, and why; `entries` say so in the ledger."""

    sentences: tuple[str, ...]
    until: date | None = None
    entries: tuple[int, ...] = ()


class _Pending(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure that has begun: what the register holds, sealed."""

    stream: str
    plan: Plan
    by: str
    why: str
    before: str
    shard: Shard | None = None
    under: int | None = None
    """By the schedule alone: how often rules had been published when it was asked. None: a person approved it."""


@dataclass(slots=True, kw_only=True)
class Erasure:
    """Carries one out at a time."""

    records: Store
    pen: Pen
    archive: Archive
    keyring: Keyring
    blobs: Blobs
    ring: Ring
    roll: Roll
    clock: Clock
    copies: Disposals | None = None
    """What is kept in mind for backups made before."""

    def order(
        self, reach: Reach, request: Request, schedule: Schedule, *, on: date, shard: Shard | None = None
    ) -> Erased | Kept:
        """Order it and carry it out, or say why not. Raises `StoreAway` while an earlier one is not finished."""
        if self._pending() is not None:
            raise StoreAway(UNFINISHED)
        kept = self._kept(reach, request, schedule, on)  # 1
        if kept is not None:
            return kept
        done = self._begin(reach.plan, request, shard=shard)
        assert done is not None  # only what the schedule alone lets go depends on the rules of the hour
        return done

    def let_go(self, plan: Plan, request: Request, *, under: int) -> Erased | None:
        """Carry out what the schedule has let go, if rules have been published just so often; else None.

        So nothing is ordered under rules, or beside a legal hold, other than those the plan was made by. Raises
        `StoreAway` while an earlier one is not finished.
        """
        return self._begin(plan, request, under=under)

    def finish(self) -> Erased | None:
        """Finish what a crash interrupted; None if nothing was, or if it was not ordered and the rules have changed."""
        found = self._pending()
        return self._carry_out(*found) if found else None

    def _begin(
        self, plan: Plan, request: Request, *, shard: Shard | None = None, under: int | None = None
    ) -> Erased | None:
        head = self.records.since(0, 0).head
        pending = _Pending(
            stream=PREFIX + self.clock.random(16).hex(),
            plan=plan,
            by=request.by,
            why=request.why,
            before=head.note if head else "",
            shard=shard,
            under=under,
        )
        sealed = self.keyring.wrap(REGISTER, msgspec.json.encode(pending))
        if self.records.swap(REGISTER, old=None, new=sealed) != sealed:  # 2
            raise StoreAway(UNFINISHED)
        return self._carry_out(pending, sealed)

    def _pending(self) -> tuple[_Pending, bytes] | None:
        sealed = self.records.swap(REGISTER, old=None, new=None)
        return (_unsealed(sealed, self.keyring), sealed) if sealed is not None else None

    # ── 1: what stands against it ────────────────────────────────────────────────────────────────────────────────

    def _kept(self, reach: Reach, request: Request, schedule: Schedule, on: date) -> Kept | None:
        if reach.open:
            return Kept(sentences=(f"{', '.join(reach.open)} is still under way. Release or refuse it first.",))
        if not reach.about and not reach.plan.touched:
            return Kept(sentences=("There is nothing of it here.",))
        refused: list[Disposed] = []
        found: list[Objection] = []
        for about in reach.about:
            against = tuple(objections(schedule, about.subject, about.classes, on=on, answered=request.answered))
            found += against
            if against:
                why = f"{request.why}; refused by {against[0].id} until {against[0].until}"
                fact = _disposed(about.order, reach.plan.what, request.by, why)
                refused.append(replace(fact, is_refused=True))
        if not refused:
            return None
        stream = PREFIX + self.clock.random(16).hex()
        (receipt,) = self.pen.append_now(Write(stream=stream, facts=tuple(refused), expected=0))
        first = worst(found)
        return Kept(
            sentences=tuple(one.sentence for one in first),
            until=max(one.until for one in first),
            entries=receipt_entries(receipt, len(refused)),
        )

    # ── 3 to 6 ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _carry_out(self, pending: _Pending, sealed: bytes) -> Erased | None:
        plan = pending.plan
        ordered, done = self._entries(pending.stream)
        if not ordered:  # 3
            facts = tuple(_disposed(order, plan.what, pending.by, pending.why, pending.shard) for order in plan.orders)
            try:
                ordered = self._append(pending.stream, facts, expected=0, under=pending.under)
            except Conflict:
                if pending.under is None:
                    raise
                self.records.swap(REGISTER, old=sealed, new=None)
                return None
        if not done:
            self._destroy(plan, pending)  # 4
            self.records.compact()  # 5
            self._shrink()
            facts = tuple(
                replace(_disposed(order, plan.what, pending.by, pending.why, pending.shard), ordered=index)
                for order, index in zip(plan.orders, ordered, strict=True)
            )
            done = self._append(pending.stream, facts, expected=len(ordered))  # 6
        self.records.swap(REGISTER, old=sealed, new=None)
        self._shrink()
        left = self.copies.carry_over(_name(pending)) if self.copies and pending.under is None else ""
        return Erased(
            stream=pending.stream,
            what=plan.what,
            by=pending.by,
            why=pending.why,
            before=pending.before,
            ordered=ordered,
            done=done,
            remains=(*plan.remains, left) if left else plan.remains,
        )

    def _entries(self, stream: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The entries of orders and of disposals that stand already."""
        story = self.archive.story(stream)
        if story is None:
            return (), ()
        rows = [(row.first_index, fact) for row, fact in zip(story.rows, story.facts, strict=True)]
        orders = tuple(index for index, fact in rows if isinstance(fact, Disposed) and fact.ordered is None)
        return orders, tuple(index for index, fact in rows if isinstance(fact, Disposed) and fact.ordered is not None)

    def _append(
        self, stream: str, facts: tuple[Disposed, ...], *, expected: int, under: int | None = None
    ) -> tuple[int, ...]:
        if not facts:  # texts went of facts that no entry tells
            return ()
        unchanged = () if under is None else (Write(stream=RULES, facts=(), expected=under),)
        receipt, *_ = self.pen.append_now(Write(stream=stream, facts=facts, expected=expected), *unchanged)
        return receipt_entries(receipt, len(facts))

    def _destroy(self, plan: Plan, pending: _Pending) -> None:
        boxes = boxes_of(plan.pieces)
        streams = dict.fromkeys((*plan.touched, *plan.payloads, *boxes))
        found = (self._redaction(stream, plan, boxes.get(stream, ())) for stream in streams)
        redactions = tuple(one for one in found if one is not None)
        if self.copies is not None:
            is_asked = pending.under is None
            self.copies.remember(_name(pending), plan, redactions, self.clock.now_ms(), is_asked=is_asked)
        for redaction in redactions:
            self.records.redact([redaction])
        for stream in plan.forgotten:
            self.records.forget(stream)
        for blob in plan.blobs:
            self.blobs.erase(BlobId(blob))
        for fingerprint in plan.certificates:
            self.ring.drop(fingerprint, self.clock.now_ms())
        for address in plan.accounts:
            self.roll.remove(address)

    def _redaction(self, stream: str, plan: Plan, boxes: tuple[tuple[int, tuple[str, ...]], ...]) -> Redaction | None:
        story = self.archive.story(stream)
        if story is None:  # forgotten whole since the plan was made: nothing of it is left
            return None
        attestations = Attestations(self.records, self.archive, self.keyring)
        index_key = self.keyring.index_key
        before = tuple(attestations.of(story))
        after = tuple(_without(one, dict(boxes)) for one in before)
        return Redaction(
            stream=stream,
            bodies=self._bodies(story, plan, _of_every_leg(after)) if stream in plan.touched else (),
            boxes=boxes,
            terms=tuple(sorted(terms_in(before, index_key) - terms_in(after, index_key))),
            drops_content=stream in plan.payloads,
        )

    def _bodies(self, story: Story, plan: Plan, everywhere: Collection[str]) -> tuple[tuple[int, bytes], ...]:
        """The facts that say less now, sealed anew."""
        legs = [one for one in plan.legs if one.stream == story.stream]
        found: list[tuple[int, bytes]] = []
        for row, fact in zip(story.rows, story.facts, strict=True):
            left = fact
            for one in legs:
                left = without_class(left, one.leg, one.classes, everywhere)
            if plan.texts:
                left = without_texts(left, plan.texts)
            if left != fact:
                nonce = self.clock.random(12)
                body = seal_body(story.key, story.stream, row.version, kind_of(left), to_bytes(left), nonce)
                found.append((row.version, body))
        return tuple(found)

    def _shrink(self) -> None:
        """Cut the log. Raises `StoreBroken` while somebody still reads what is gone."""
        if not self.records.shrink():
            raise StoreBroken("somebody is reading the records: stop them, then: sealgate ledger erase finish")


def _name(pending: _Pending) -> str:
    return pending.stream.removeprefix(PREFIX)


def receipt_entries(receipt: Receipt, count: int) -> tuple[int, ...]:
    """The entries of the facts that a receipt is for; each of these has one."""
    return receipt.indexes[-count:]


def _disposed(order: Order, what: str, by: str, why: str, shard: Shard | None = None) -> Disposed:
    return Disposed(
        leg=order.leg,
        what=what,
        classes=order.classes,
        entries=order.entries,
        about=order.about,
        by=by,
        why=order.why or why,
        shard=shard,
    )


def is_by_schedule(sealed: bytes, keyring: Keyring) -> bool:
    """Whether what a register holds was let go by the schedule alone: that, a gateway finishes by itself."""
    return _unsealed(sealed, keyring).under is not None


def _unsealed(sealed: bytes, keyring: Keyring) -> _Pending:
    return msgspec.json.decode(keyring.unwrap(REGISTER, sealed), type=_Pending)


def _without(said: Attested, boxes: Mapping[int, tuple[str, ...]]) -> Attested:
    """The entry once its boxes are gone."""
    gone = boxes.get(said.index, ())
    classes = (None if cls in gone else box for cls, box in zip(CLASSES, said.classes, strict=True))
    return msgspec.structs.replace(said, classes=tuple(classes))


def _of_every_leg(left: Sequence[Attested]) -> frozenset[str]:
    """The classes that no entry of any leg has any more, so that what the legs share goes too."""
    kept = {cls for one in left for cls, box in zip(CLASSES, one.classes, strict=True) if box is not None}
    return frozenset(CLASSES) - kept
