"""What one person sees of the office: folders, their own uploads, pages to read, parcels to collect.

Promises: what the rules surely forbid is absent; what has been handed over can be listed, never read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.doors.sftp.office import Office
from gateway.doors.sftp.officefiles import OfferSource, PageSource
from gateway.doors.sftp.officewords import ABSENT, HANDED_IN, IS_FOLDER, NOT_NOW
from gateway.doors.sftp.paths import TreePath, read_path
from gateway.doors.sftp.status import Denied
from gateway.doors.sftp.tree import Entry, Source
from gateway.engine.pages import Page
from gateway.engine.pigeonholes import FROM, INBOX, RECEIPTS, TO, Place, partner_id
from gateway.engine.pushing import name_of
from gateway.engine.shelf import Offer, Stub
from gateway.intake.file import READ_ME
from gateway.transfer import Party


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One person's; the same for all their sessions."""

    office: Office
    party: Party

    async def look(self, path: TreePath) -> Entry | Denied:
        """See `Tree.look`."""
        if entry := await self.own(path.names):
            return entry
        if await self.office.pigeonholes.is_there(self.party, path.names):
            return self._folder(path.name)
        if not await self.office.pigeonholes.is_there(self.party, path.parent.names):
            return ABSENT
        return next((one for one in await self._generated(path.parent.names) if one.name == path.name), ABSENT)

    async def listing(self, path: TreePath) -> Sequence[Entry] | Denied:
        """See `Tree.listing`."""
        folders = await self.office.pigeonholes.folders(self.party, path.names)
        if folders is None:
            return ABSENT
        own = await self._own_in(path.names)
        return [*(self._folder(name) for name in folders), *own, *await self._generated(path.names)]

    async def stub(self, place: Place) -> Stub | None:
        """What this person closed there, as far as it is still shown."""
        return (await self.office.shelf.stubs(self.party.person)).get(place)

    def _folder(self, name: str) -> Entry:
        return Entry(name=name, is_folder=True, mtime=self.office.clock.now_ms() // 1000)

    async def own(self, place: Place) -> Entry | None:
        """What this person handed in, or is handing in, there."""
        depositing, key = self.office.depositing, (self.party.person, place)
        if draft := depositing.drafts.get(key):
            return _file(place, draft.size_bytes, self.office.clock.now_ms() // 1000)
        if left := depositing.staging.left.get(key):
            return _file(place, left.size_bytes, left.about.begun_ms // 1000)
        stub = await self.stub(place)
        return _file(place, stub.item.size_bytes, stub.mtime) if stub else None

    async def _own_in(self, folder: Place) -> list[Entry]:
        """All of that in a folder."""
        depositing, person = self.office.depositing, self.party.person
        unfinished = [place for who, place in (*depositing.staging.left, *depositing.drafts) if who == person]
        places = dict.fromkeys((*await self.office.shelf.stubs(person), *unfinished))
        found = [await self.own(place) for place in places if place[:-1] == folder]
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
                return await self.office.pages.receipts(self.party.person)
            case (top, _, *_) if top == TO:
                drop = self.office.pigeonholes.drop(self.party, folder, "")
                if drop is None:
                    return {}
                but = await self.office.pigeonholes.objection(self.party, drop)
                return {READ_ME: self.office.pages.read_me(self.party, drop, but)}
        return {}

    async def _offers(self, folder: Place) -> dict[str, Offer]:
        """By the name they are shown under: the same one twice is numbered."""
        match folder:
            case (top,) if top == INBOX:
                offers = await self.office.shelf.offered_to_partner(partner_id(self.party))
            case (top, partner) if top == FROM:
                offers = await self.office.shelf.offered_to_person(self.party.person, partner)
            case _:
                return {}
        return _named(offers)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def read(self, path: TreePath) -> Source | Denied:
        """See `Tree.read`."""
        folder = path.parent.names
        if await self.own(path.names):
            return HANDED_IN
        if await self.office.pigeonholes.is_there(self.party, path.names):
            return IS_FOLDER
        if not await self.office.pigeonholes.is_there(self.party, folder):
            return ABSENT
        if page := (await self._pages(folder)).get(path.name):
            entry = Entry(name=path.name, is_folder=False, size=len(page.content), mtime=page.at_ms // 1000)
            return PageSource(entry=entry, content=page.content)
        offer = (await self._offers(folder)).get(path.name)
        return ABSENT if offer is None else await self._open(path.name, offer)

    async def _open(self, name: str, offer: Offer) -> Source | Denied:
        """P1: the rules and the key of this instant are asked before the first byte."""
        office = self.office
        journey, ordinal = offer.story.journey, offer.leg.leg.ordinal
        if await office.inquiry.at_the_first_byte(journey, ordinal, None) is not None:
            return NOT_NOW
        return OfferSource(
            entry=_entry_of(name, offer),
            offer=offer,
            party=self.party,
            vault=office.vault,
            depositing=office.depositing,
            coverage=office.coverage(self.party.person, offer),
        )


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
