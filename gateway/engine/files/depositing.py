"""From a closed file to a transfer: kept at once, handed over once its name has settled.

1. The judge is asked before the first byte; a certain no is an entry in the ledger.
2. A CLOSE makes the content a durable blob, then appends `Deposited`, due in five seconds; light content goes with it.
   That receipt permits OK.
3. Another name, folder or time appends it again and starts the five seconds anew; a temporary name never settles.
4. When it is due, `Received` is appended; from there on it is a transfer like any other.

What is taken back before that is `Received` and `Recalled` in one write: it was acknowledged, so the ledger says what
became of it. Due work lies in the records, so a crash between any two steps is the normal path run again.

GAP: a deposit's stream holds the transfer's data key too, and light content; who destroys one must destroy both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from gateway.engine.archive import Story
from gateway.engine.clock import Clock
from gateway.engine.entries import Write
from gateway.engine.files.pigeonholes import OUTBOX, Drop, Pigeonholes, Place
from gateway.engine.files.shelf import Shelf, Stub
from gateway.engine.files.staging import PIECE, Staged, Staging
from gateway.engine.notes import Notes
from gateway.engine.precedence import Precedence
from gateway.engine.reception import Refusal
from gateway.engine.runner import LEASE_MS
from gateway.engine.vault import Stored, Vault
from gateway.engine.voyage import Voyage
from gateway.engine.writing import Writer
from gateway.errors import Conflict, StoreAway
from gateway.facts import (
    Collected,
    Deposited,
    Expired,
    Judged,
    LegFact,
    Outcome,
    Reason,
    Recalled,
    Received,
    kind_of,
)
from gateway.intake.file import media_of
from gateway.journey import NEXT, State, begin
from gateway.judge.spotting import Spotted
from gateway.keep import Content
from gateway.ship.bounce import Kind
from gateway.transfer import Item, Leg, Party, Recipient, Transfer, TransferId, Way, transfer_id

SETTLE_MS = 5_000
UNFINISHED_MS = 60 * 60_000
"""So long a temporary name may stay before its sender is told; it is never sent."""
TRIES = 5
MOST_WRITES = 256


class Foresee(Protocol):
    """The certain refusals, each an entry: `Desk.foresee`."""

    async def __call__(
        self, sender: Party, recipient: Recipient, way: Way, spotted: Spotted | None = None, name: str = ""
    ) -> Refusal | None:
        """A refusal that is already certain."""
        ...


@dataclass(slots=True, kw_only=True)
class Depositing:
    """Takes files in. One for the whole office."""

    staging: Staging
    shelf: Shelf
    pigeonholes: Pigeonholes
    vault: Vault
    scribe: Writer
    notes: Notes
    clock: Clock
    foresee: Foresee
    precedence: Precedence = field(default_factory=Precedence)
    wake: Callable[[], None] = lambda: None
    """Tells the runner that something is due."""
    drafts: dict[tuple[str, Place], Staged] = field(default_factory=dict)
    """What is being written now, by person and place: at most one draft each."""

    # ── before the content ───────────────────────────────────────────────────────────────────────────────────────

    async def refusal(self, party: Party, drop: Drop, name: str) -> Refusal | None:
        """1: what is certain before a byte came; also on the ledger."""
        return await self.foresee(party, drop.recipient, Way.SFTP, drop.spotted, name)

    # ── the content ──────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, party: Party, place: Place) -> Staged:
        """A new draft; nothing else is being written there."""
        staged = self.drafts[party.person, place] = self.staging.begin(party.person, place)
        return staged

    async def resume(self, party: Party, place: Place) -> Staged:
        """Go on with the incomplete one that is there."""
        staged = await self.staging.resume(self.staging.left[party.person, place])
        self.drafts[party.person, place] = staged
        return staged

    async def reopen(self, stub: Stub) -> Staged:
        """A settling upload becomes a draft again, with what it holds; the deposit it was is taken back."""
        staged = self.begin(stub.party, stub.place)
        try:
            offset = 0
            async for piece in self.vault.stream(stub.item.blob, stub.data_key, stub.item.size_bytes):
                for at in range(0, len(piece), PIECE):
                    staged.write(offset, memoryview(piece)[at : at + PIECE])
                    offset += len(piece[at : at + PIECE])
                if staged.is_full:
                    await staged.room()
            await self.take_back(stub)
        except BaseException:
            del self.drafts[stub.party.person, stub.place]
            await staged.drop()
            raise
        return staged

    async def complete(self, party: Party, staged: Staged, mtime: int) -> Stub:
        """2: keep it. Raises `StoreAway`: it is not kept, and may be sent again."""
        try:
            with self.precedence.accepting(is_file=True):
                light = staged.light()
                stub = await (self._complete(party, staged, mtime) if light is None
                              else self._complete_light(party, staged, mtime, *light))  # fmt: skip
            (await self.shelf.stubs(party.person))[stub.place] = stub
        finally:
            self.drafts.pop((party.person, staged.about.place), None)
        return stub

    async def _complete_light(self, party: Party, staged: Staged, mtime: int, stored: Stored, content: Content) -> Stub:
        """In the one transaction that says so: a small file costs one sync."""
        stub = self._stub(party, staged, mtime, stored)
        try:
            await self._deposit(stub, content=content)
        finally:
            staged.forget()
        return stub

    async def _complete(self, party: Party, staged: Staged, mtime: int) -> Stub:
        try:
            stored = await staged.finish()
        except StoreAway:
            await staged.leave()
            raise
        stub = self._stub(party, staged, mtime, stored)
        try:
            await self._deposit(stub)
        except StoreAway:  # surely not kept, so the content must not lie about; the client sends it again
            await self.vault.on_disk(lambda: self.vault.erase(stored.blob))
            raise
        return stub

    def _stub(self, party: Party, staged: Staged, mtime: int, stored: Stored) -> Stub:
        place, now_ms = staged.about.place, self.clock.now_ms()
        name = place[-1]
        return Stub(
            transfer=transfer_id(self.clock.random(16)),
            data_key=staged.about.data_key,
            party=party,
            partner=_partner(place),
            place=place,
            item=Item(
                name=name, media=media_of(name), size_bytes=stored.size_bytes, digest=stored.digest, blob=stored.blob
            ),
            mtime=mtime or now_ms // 1000,
            version=0,
            settles_ms=now_ms,
        )

    async def abandon(self, staged: Staged) -> None:
        """It ended in the middle: it may be resumed for a day."""
        self.drafts.pop((staged.about.person, staged.about.place), None)
        await staged.leave()

    # ── until it settles ─────────────────────────────────────────────────────────────────────────────────────────

    async def move(self, stub: Stub, place: Place) -> bool:
        """3: another name or folder, which the judge has been asked about. False: it was handed over meanwhile."""
        async with stub.lock:
            if stub.is_handed_over:
                return False
            item = replace(stub.item, name=place[-1], media=media_of(place[-1]))
            await self._deposit(replace(stub, place=place, partner=_partner(place), item=item), known=stub)
        stubs = await self.shelf.stubs(stub.party.person)
        stubs.pop(stub.place, None)
        stub.place, stub.partner, stub.item = place, _partner(place), item
        stubs[place] = stub
        return True

    async def touch(self, stub: Stub, mtime: int) -> None:
        """3: another time. After the hand-over it changes what the stub shows, and nothing else."""
        async with stub.lock:
            if not stub.is_handed_over:
                await self._deposit(replace(stub, mtime=mtime), known=stub)
        stub.mtime = mtime

    async def hasten(self, stubs: Sequence[Stub]) -> None:
        """The client has gone in order: what it left under final names is due now."""
        now_ms = self.clock.now_ms()
        due = [one for one in stubs if not one.is_handed_over and not self.pigeonholes.is_unfinished(one.place[-1])]
        for stub in due:
            stub.settles_ms = now_ms
        for first in range(0, len(due), MOST_WRITES):
            some = due[first : first + MOST_WRITES]
            await self.scribe.append(*(Write(stream=one.stream, facts=(), due_ms=now_ms) for one in some))
        if due:
            self.wake()

    async def _deposit(self, stub: Stub, *, known: Stub | None = None, content: Content | None = None) -> None:
        """Append the deposit as `stub` says; `known` is what the shelf holds of it."""
        held = known or stub
        is_unfinished = self.pigeonholes.is_unfinished(stub.place[-1])
        settles_ms = self.clock.now_ms() + (UNFINISHED_MS if is_unfinished else SETTLE_MS)
        fact = Deposited(party=stub.party, partner=stub.partner, path=stub.path, item=stub.item, mtime=stub.mtime)
        await self.scribe.append(
            Write(
                stream=stub.stream,
                facts=(fact,),
                expected=stub.version,
                due_ms=settles_ms,
                data_key=stub.data_key if stub.version == 0 else None,
                contents=(content,) if content else (),
            )
        )
        held.version, held.settles_ms = stub.version + 1, settles_ms

    # ── handing over ─────────────────────────────────────────────────────────────────────────────────────────────

    async def settle(self, stream: str) -> Voyage | None:
        """4: hand over what is due; the voyage that begins. An errand of the runner's."""
        stub = await self.shelf.stub(stream)
        if stub is None:
            return None
        async with stub.lock:
            if stub.is_handed_over or await self.shelf.journey_of(stub.transfer) is not None:
                stub.is_handed_over = True
                await self.scribe.append(Write(stream=stream, facts=(), due_ms=None))
                return None
            if stub.settles_ms > self.clock.now_ms():  # renamed since it was claimed
                await self.scribe.append(Write(stream=stream, facts=(), due_ms=stub.settles_ms))
                return None
            return await self._settle(stub)

    async def _settle(self, stub: Stub) -> Voyage | None:
        received = Received(transfer=self._transfer(stub))
        if self.pigeonholes.is_unfinished(stub.place[-1]):
            await self._end(stub, Expired(leg=0, reason=Reason(code="unfinished-name")), tells=True)
            return None
        due_ms = self.clock.now_ms() + LEASE_MS
        receipt, _ = await self.scribe.append(
            self._received(stub, received, due_ms=due_ms),
            Write(stream=stub.stream, facts=(), expected=stub.version, due_ms=None),
        )
        stub.is_handed_over = True
        return Voyage(begin(received), stub.data_key, receipt)

    # ── taking back ──────────────────────────────────────────────────────────────────────────────────────────────

    async def take_back(self, stub: Stub) -> bool:
        """Withdraw it, or recall it if it has not left. False: it has left, or has ended otherwise."""
        async with stub.lock:
            recalled = Recalled(leg=0, by=stub.party.person)
            if not stub.is_handed_over:
                await self._end(stub, recalled, tells=False)
                is_back = True
            else:
                is_back = await self._recall(stub.transfer, recalled)
        (await self.shelf.stubs(stub.party.person)).pop(stub.place, None)
        return is_back

    async def _recall(self, transfer: TransferId, recalled: Recalled) -> bool:
        is_back = await self._follow(transfer, recalled)
        if is_back is None:
            raise StoreAway(f"{transfer} is being worked on")
        return is_back

    async def _end(self, stub: Stub, ending: LegFact, *, tells: bool) -> None:
        """Its whole story in one write: it was received, and went nowhere."""
        received = Received(transfer=self._transfer(stub))
        write = self._received(stub, received, ending, due_ms=None)
        notes: tuple[Write, ...] = ()
        if tells:
            reasons = (Reason(code="unfinished-name"),)
            notes = await self.notes.about(begin(received), 0, Kind.FAILED, reasons)
        await self.scribe.append(write, Write(stream=stub.stream, facts=(), expected=stub.version, due_ms=None), *notes)
        stub.is_handed_over = True

    def _received(self, stub: Stub, received: Received, *more: LegFact, due_ms: int | None) -> Write:
        return Write(stream=stub.transfer, facts=(received, *more), expected=0, data_key=stub.data_key, due_ms=due_ms)

    def _transfer(self, stub: Stub) -> Transfer:
        """What was handed in, by the folder and name it settled under, and the rules of this instant."""
        drop = self.pigeonholes.drop(stub.party, stub.place[:-1], stub.place[-1])
        # The folder may have gone with its rule or partner since: the partner it was for still names the leg, and
        # without label or purpose the judge refuses or holds.
        recipient = drop.recipient if drop else Recipient(partner=stub.partner or stub.party.person)
        return Transfer(
            id=stub.transfer,
            way=Way.SFTP,
            sender=stub.party,
            items=(stub.item,),
            legs=(Leg(ordinal=0, recipient=recipient),),
            received_ms=self.clock.now_ms(),
            label=(drop.spotted.label if drop else None) or "",
            purpose=(drop.spotted.purpose if drop else None) or "",
        )

    # ── collecting ───────────────────────────────────────────────────────────────────────────────────────────────

    async def collected(self, transfer: TransferId, leg: int, by: Party) -> None:
        """All of a parcel has been read by whom it was offered to."""
        await self._follow(transfer, Collected(leg=leg, by=by.person, source=by.source))

    async def prepare_again(self, story: Story, verdict: Judged) -> None:
        """What is offered was cleaned or sealed for rules or a key of before: it is offered again as those of now say.

        What somebody has collected once stays as they have it.
        """
        if story.journey.legs[verdict.leg].state is not State.OFFERED or verdict.outcome is not Outcome.SEND:
            return
        now_ms = self.clock.now_ms()
        with suppress(Conflict):  # it has moved on meanwhile; whoever asks again finds it so
            await self.scribe.append(
                Write(stream=story.stream, facts=(verdict,), expected=story.journey.version, due_ms=now_ms)
            )
        self.wake()

    async def _follow(self, transfer: TransferId, fact: Recalled | Collected) -> bool | None:
        """Append the fact to what has been handed over. False: it cannot follow; None: others kept coming between."""
        for _ in range(TRIES):
            story = await self.shelf.journey_of(transfer)
            if story is None or kind_of(fact) not in NEXT[story.journey.legs[fact.leg].state]:
                return False
            try:
                await self.scribe.append(Write(stream=transfer, facts=(fact,), expected=story.journey.version))
            except Conflict:
                continue
            return True
        return None


def _partner(place: Place) -> str:
    """Whom a place is for; empty for the office."""
    return "" if place[0] == OUTBOX else place[1]
