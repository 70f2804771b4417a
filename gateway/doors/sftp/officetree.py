"""The office as a tree: staff hand in under `/to`, partners under `/outbox`; both collect what is for them.

Promises: a folder the rules surely forbid is not shown; a file for it is refused at OPEN, with the rule, and that
stands in the ledger. What has been handed over can be listed, never read, and keeps size and time as uploaded.
Everybody sees their own uploads only. All sessions of all people share one `Offices`.

GAP: after the hand-over, removing what has already left only hides its stub, until the next start shows it again.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.doors.sftp.coverage import Coverage
from gateway.doors.sftp.officefiles import OfferSource, OfficeDraft, PageSource
from gateway.doors.sftp.paths import TreePath, read_path
from gateway.doors.sftp.status import Client, Denied, Hint
from gateway.doors.sftp.tree import (
    Change,
    Draft,
    Entry,
    MakeFolder,
    Opening,
    Remove,
    RemoveFolder,
    Rename,
    SetTime,
    Source,
    Space,
)
from gateway.engine.clock import Clock
from gateway.engine.depositing import Depositing
from gateway.engine.inquiry import Inquiry
from gateway.engine.pages import Page, Pages
from gateway.engine.pigeonholes import FROM, INBOX, RECEIPTS, TO, Drop, Pigeonholes, Place, partner_id
from gateway.engine.policy import InForce
from gateway.engine.pushing import name_of
from gateway.engine.shelf import Offer, Shelf, Stub
from gateway.engine.vault import Vault
from gateway.intake.file import READ_ME, objection
from gateway.transfer import Address, Party

QUOTA_BYTES = 32 << 30
MOST_COVERAGES = 4096

ABSENT = Denied(hint=Hint.ABSENT, text="There is no such file or folder.")
TAKEN = Denied(hint=Hint.IMPOSSIBLE, text="There is something of that name already.")
BUSY = Denied(hint=Hint.IMPOSSIBLE, text="This file is being written by another session of yours.")
IS_FOLDER = Denied(hint=Hint.IMPOSSIBLE, text="This is a folder.")
FIXED = Denied(hint=Hint.REFUSED, text="Folders are partners, labels and purposes; the rules name them.")
MADE_HERE = Denied(hint=Hint.REFUSED, text="The gateway writes this page; nobody changes it.")
NOT_HERE = Denied(hint=Hint.REFUSED, text="No files are taken here. Put them into a partner's folder under /to.")
HANDED_IN = Denied(hint=Hint.REFUSED, text="This was handed in. What became of it is in /receipts.")
HANDED_OVER = Denied(hint=Hint.REFUSED, text="This was handed over under this name. Send it again, whole.")
UNFINISHED = Denied(hint=Hint.IMPOSSIBLE, text="This file is not complete. Go on with it, or remove it.")
NOT_NOW = Denied(hint=Hint.REFUSED, text="This may not be given out at present. Ask the office.")


@dataclass(slots=True, kw_only=True)
class Offices:
    """What all trees share."""

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
    _coverages: dict[tuple[str, str, int], Coverage] = field(default_factory=dict)

    def tree_for(self, person: str, source: str, client: Client, *, signed_in_by: str = "ssh") -> OfficeTree:
        """The tree of a signed-in person, or of `partner:ID`. Satisfies `server.TreeFor`."""
        return OfficeTree(self, self.party(person, source, signed_in_by))

    def party(self, person: str, source: str, signed_in_by: str) -> Party:
        """Who that is, by the rules in force."""
        rulebook = self.rules.rulebook
        ours, partner = rulebook.person(person), rulebook.partners.get(person.partition(":")[2])
        local, _, domain = ours.address.rpartition("@") if ours else ("", "", "")
        return Party(
            person=ours.address if ours else person,
            address=Address(local=local, domain=domain) if ours else None,
            name=ours.name if ours else partner.name if partner else "",
            signed_in_by=signed_in_by,
            source=source,
        )

    def coverage(self, person: str, offer: Offer) -> Coverage:
        """What of a parcel this recipient has read so far."""
        while len(self._coverages) > MOST_COVERAGES:  # forgotten, a download counts from its start
            del self._coverages[next(iter(self._coverages))]
        return self._coverages.setdefault((person, offer.transfer, offer.leg.leg.ordinal), Coverage())


class OfficeTree:
    """Satisfies `tree.Tree`: one session's view."""

    def __init__(self, offices: Offices, party: Party) -> None:
        self._offices = offices
        self._party = party
        self._closed: dict[str, Stub] = {}
        """By stream, what this session handed in or renamed."""

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def look(self, path: TreePath) -> Entry | Denied:
        """See `Tree.look`."""
        if entry := await self._own(path.names):
            return entry
        if await self._offices.pigeonholes.is_there(self._party, path.names):
            return self._folder(path.name)
        if not await self._offices.pigeonholes.is_there(self._party, path.parent.names):
            return ABSENT
        return next((one for one in await self._generated(path.parent.names) if one.name == path.name), ABSENT)

    async def listing(self, path: TreePath) -> Sequence[Entry] | Denied:
        """See `Tree.listing`."""
        folders = await self._offices.pigeonholes.folders(self._party, path.names)
        if folders is None:
            return ABSENT
        own = await self._own_in(path.names)
        return [*(self._folder(name) for name in folders), *own, *await self._generated(path.names)]

    async def space(self, path: TreePath) -> Space | Denied:
        """See `Tree.space`."""
        offices = self._offices
        used = offices.depositing.staging.used[self._party.person]
        return Space(total_bytes=offices.quota_bytes, free_bytes=max(0, offices.quota_bytes - used))

    def _folder(self, name: str) -> Entry:
        return Entry(name=name, is_folder=True, mtime=self._offices.clock.now_ms() // 1000)

    async def _own(self, place: Place) -> Entry | None:
        """What this person handed in, or is handing in, there."""
        depositing, key = self._offices.depositing, (self._party.person, place)
        if draft := depositing.drafts.get(key):
            return _file(place, draft.size_bytes, self._offices.clock.now_ms() // 1000)
        if left := depositing.staging.left.get(key):
            return _file(place, left.size_bytes, left.about.begun_ms // 1000)
        stub = (await self._offices.shelf.stubs(self._party.person)).get(place)
        return _file(place, stub.item.size_bytes, stub.mtime) if stub else None

    async def _own_in(self, folder: Place) -> list[Entry]:
        """All of that in a folder."""
        depositing, person = self._offices.depositing, self._party.person
        unfinished = [place for who, place in (*depositing.staging.left, *depositing.drafts) if who == person]
        places = dict.fromkeys((*await self._offices.shelf.stubs(person), *unfinished))
        found = [await self._own(place) for place in places if place[:-1] == folder]
        return [entry for entry in found if entry]

    async def _generated(self, folder: Place) -> list[Entry]:
        """What is there to be read."""
        pages = [
            Entry(name=name, is_folder=False, size=len(page.content), mtime=page.at_ms // 1000, is_read_only=True)
            for name, page in (await self._pages(folder)).items()
        ]
        return pages + [_entry_of(name, offer) for name, offer in (await self._offers(folder)).items()]

    async def _pages(self, folder: Place) -> Mapping[str, Page]:
        match folder:
            case (top,) if top == RECEIPTS:
                return await self._offices.pages.receipts(self._party.person)
            case (top, _, *_) if top == TO:
                drop = self._offices.pigeonholes.drop(self._party, folder, "")
                return {READ_ME: self._offices.pages.read_me(self._party, drop)} if drop else {}
        return {}

    async def _offers(self, folder: Place) -> dict[str, Offer]:
        """By the name they are shown under: the same one twice is numbered."""
        match folder:
            case (top,) if top == INBOX:
                offers = await self._offices.shelf.offered_to_partner(partner_id(self._party))
            case (top, partner) if top == FROM:
                offers = await self._offices.shelf.offered_to_person(self._party.person, partner)
            case _:
                return {}
        return _named(offers)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def read(self, path: TreePath) -> Source | Denied:
        """See `Tree.read`."""
        folder = path.parent.names
        if await self._own(path.names):
            return HANDED_IN
        if await self._offices.pigeonholes.is_there(self._party, path.names):
            return IS_FOLDER
        if not await self._offices.pigeonholes.is_there(self._party, folder):
            return ABSENT
        if page := (await self._pages(folder)).get(path.name):
            entry = Entry(name=path.name, is_folder=False, size=len(page.content), mtime=page.at_ms // 1000)
            return PageSource(entry=entry, content=page.content)
        offer = (await self._offers(folder)).get(path.name)
        return ABSENT if offer is None else await self._open(path.name, offer)

    async def _open(self, name: str, offer: Offer) -> Source | Denied:
        """P1: the rules and the key of this instant are asked before the first byte."""
        offices = self._offices
        journey, ordinal = offer.story.journey, offer.leg.leg.ordinal
        if await offices.inquiry.at_the_first_byte(journey, ordinal, None) is not None:
            return NOT_NOW
        return OfferSource(
            entry=_entry_of(name, offer),
            offer=offer,
            party=self._party,
            vault=offices.vault,
            depositing=offices.depositing,
            coverage=offices.coverage(self._party.person, offer),
        )

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def write(self, path: TreePath, opening: Opening) -> Draft | Denied:
        """See `Tree.write`."""
        async with self._offices.locks[self._party.person]:
            drop = await self._drop(path)
            if isinstance(drop, Denied):
                return drop
            entry = await self._own(path.names)
            if entry and opening.must_be_new:
                return TAKEN
            if not entry and not opening.may_create:
                return ABSENT
            if (self._party.person, path.names) in self._offices.depositing.drafts:
                return BUSY
            if refusal := await self._offices.depositing.refusal(self._party, drop, path.name):
                return Denied(hint=Hint.REFUSED, text=refusal.sentence)
            return await self._draft(path.names, is_truncated=opening.is_truncated)

    async def _draft(self, place: Place, *, is_truncated: bool) -> Draft | Denied:
        """Go on with what is there, or start anew."""
        depositing, person = self._offices.depositing, self._party.person
        stub = (await self._offices.shelf.stubs(person)).get(place)
        left = depositing.staging.left.get((person, place))
        if left and not is_truncated:
            staged = await depositing.resume(self._party, place)
        elif stub and not left and not is_truncated:
            if stub.is_handed_over:
                return HANDED_OVER
            staged = await depositing.reopen(stub)
        else:
            if left:
                await depositing.staging.erase(left)
            if stub and not stub.is_handed_over:
                await depositing.take_back(stub)
            staged = depositing.begin(self._party, place)
        return OfficeDraft(
            depositing=depositing,
            party=self._party,
            staged=staged,
            quota_bytes=self._offices.quota_bytes,
            closed=self._closed,
        )

    async def _drop(self, path: TreePath) -> Drop | Denied:
        """What a file there would be, if one may be there at all."""
        pigeonholes = self._offices.pigeonholes
        if drop := pigeonholes.drop(self._party, path.parent.names, path.name):
            if pigeonholes.is_for_files(self._party, path.names):
                return IS_FOLDER
            why = objection(path.name)
            return Denied(hint=Hint.REFUSED, text=why) if why else drop
        if await pigeonholes.is_there(self._party, path.names):
            return IS_FOLDER
        return NOT_HERE if await pigeonholes.is_there(self._party, path.parent.names) else ABSENT

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def change(self, change: Change) -> Denied | None:
        """See `Tree.change`."""
        async with self._offices.locks[self._party.person]:
            match change:
                case Rename():
                    return await self._rename(change)
                case Remove(path=path):
                    return await self._remove(path)
                case SetTime(path=path, mtime=mtime):
                    return await self._set_time(path, mtime)
                case MakeFolder(path=path):
                    return TAKEN if not isinstance(await self.look(path), Denied) else FIXED
                case RemoveFolder():
                    return FIXED

    async def _rename(self, change: Rename) -> Denied | None:
        stub = await self._stub(change.old)
        if isinstance(stub, Denied):
            return stub
        drop = await self._drop(change.new)
        if isinstance(drop, Denied):
            return drop
        if change.old == change.new:
            return None
        if stub.is_handed_over:
            return HANDED_OVER
        taken = await self._own(change.new.names)
        there = (await self._offices.shelf.stubs(self._party.person)).get(change.new.names)
        depositing = self._offices.depositing
        if (self._party.person, change.new.names) in depositing.drafts:
            return BUSY
        if taken and (there is None or not change.may_replace):
            return TAKEN
        is_other = drop != self._offices.pigeonholes.drop(self._party, change.old.parent.names, change.old.name)
        if is_other and (refusal := await depositing.refusal(self._party, drop, change.new.name)):
            return Denied(hint=Hint.REFUSED, text=refusal.sentence)
        if there and not there.is_handed_over:
            await depositing.take_back(there)
        if not await depositing.move(stub, change.new.names):
            return HANDED_OVER
        self._closed[stub.stream] = stub
        return None

    async def _remove(self, path: TreePath) -> Denied | None:
        """Withdraw, recall, or only take the stub away where it has left: WinSCP removes before it replaces."""
        depositing, key = self._offices.depositing, (self._party.person, path.names)
        if key in depositing.drafts:
            return BUSY
        if left := depositing.staging.left.get(key):
            await depositing.staging.erase(left)
            return None
        stub = await self._stub(path)
        if isinstance(stub, Denied):
            return stub
        await depositing.take_back(stub)
        return None

    async def _set_time(self, path: TreePath, mtime: int) -> Denied | None:
        stub = await self._stub(path)
        if isinstance(stub, Denied):
            return stub
        if stub.mtime != mtime:
            await self._offices.depositing.touch(stub, mtime)
        return None

    async def _stub(self, path: TreePath) -> Stub | Denied:
        """One's own upload, whole."""
        stub = (await self._offices.shelf.stubs(self._party.person)).get(path.names)
        if stub is not None:
            return stub
        entry = await self.look(path)
        if isinstance(entry, Denied):
            return entry
        if entry.is_folder:
            return FIXED
        return MADE_HERE if entry.is_read_only else UNFINISHED

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def leave(self, *, was_clean: bool) -> None:
        """See `Tree.leave`."""
        if was_clean:
            await self._offices.depositing.hasten(tuple(self._closed.values()))
        await self._offices.depositing.staging.sweep()
        self._offices.shelf.prune()


def _file(place: Place, size: int, mtime: int) -> Entry:
    return Entry(name=place[-1], is_folder=False, size=size, mtime=mtime)


def _entry_of(name: str, offer: Offer) -> Entry:
    sealed, transfer = offer.leg.sealed, offer.story.journey.transfer
    size = sealed.parcel.size_bytes if sealed else 0
    return Entry(name=name, is_folder=False, size=size, mtime=transfer.received_ms // 1000, is_read_only=True)


def _named(offers: Sequence[Offer]) -> dict[str, Offer]:
    seen: Counter[str] = Counter()
    found: dict[str, Offer] = {}
    for offer in offers:
        name = _name(offer)
        seen[name.casefold()] += 1
        number = seen[name.casefold()]
        stem, dot, end = name.rpartition(".")
        found[name if number == 1 else f"{stem or end} ({number}){dot}{end if stem else ''}"] = offer
    return found


def _name(offer: Offer) -> str:
    """What the file is called on their side; the transfer's own name where that is none a tree can hold."""
    if offer.leg.sealed is None:
        return offer.transfer
    name = name_of(offer.story.journey.transfer.items[0], offer.leg.sealed.parcel.seal)
    return name if read_path(name.encode()) == TreePath(names=(name,)) else offer.transfer
