"""What one person sees of the office: folders, their own uploads, pages to read, parcels to collect.

Promises: what the rules surely forbid is absent; what has been handed over can be listed, never read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.doors.sftp.office import Office
from gateway.doors.sftp.officefiles import OfferSource, PageSource
from gateway.doors.sftp.officewords import ABSENT, HANDED_IN, IS_FOLDER, NOT_NOW
from gateway.doors.sftp.paths import TreePath
from gateway.doors.sftp.status import Denied
from gateway.doors.sftp.tree import Entry, Source
from gateway.engine.files.offers import Offer
from gateway.engine.files.pages import Page
from gateway.engine.files.pigeonholes import FROM, INBOX, RECEIPTS, TO, Place, partner_id
from gateway.engine.files.shelf import Stub
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
        return await self._generated_as(path.parent.names, path.name) or ABSENT

    async def listing(self, path: TreePath) -> Sequence[Entry] | Denied:
        """See `Tree.listing`."""
        folders = await self.office.pigeonholes.folders(self.party, path.names)
        if folders is None:
            return ABSENT
        own = await self._own_in(path.names)
        pages = [_page(name, page) for name, page in (await self._pages(path.names)).items()]
        offers = [_offered(name, offer) for name, offer in (await self._offers(path.names)).items()]
        return [*(self._folder(name) for name in folders), *own, *pages, *offers]

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

    async def _generated_as(self, folder: Place, name: str) -> Entry | None:
        """What is there to be read under that name."""
        if page := await self._page(folder, name):
            return _page(name, page)
        offer = (await self._offers(folder)).get(name)
        return _offered(name, offer) if offer else None

    async def _page(self, folder: Place, name: str) -> Page | None:
        """The generated page of that name. Programs look for each file before they hand it in: that makes none."""
        is_one = name == READ_ME or folder == (RECEIPTS,)
        return (await self._pages(folder)).get(name) if is_one else None

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

    async def _offers(self, folder: Place) -> Mapping[str, Offer]:
        """By the name they are shown under: the same one twice is numbered."""
        match folder:
            case (top,) if top == INBOX:
                offers = await self.office.shelf.offered_to_partner(partner_id(self.party))
            case (top, partner) if top == FROM:
                offers = await self.office.shelf.offered_to_person(self.party.person, partner)
            case _:
                return {}
        return self.office.offer_names.of((self.party.person, folder), offers)

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
        if page := await self._page(folder, path.name):
            return PageSource(entry=_page(path.name, page), content=page.content)
        offer = (await self._offers(folder)).get(path.name)
        return ABSENT if offer is None else await self._open(path.name, offer)

    async def _open(self, name: str, offer: Offer) -> Source | Denied:
        """P1, P3: the rules and the key of this instant are asked before the first byte; it may be prepared again."""
        office = self.office
        opened = await office.shelf.open(offer)
        if opened is None:
            return ABSENT
        verdict = await office.inquiry.at_the_first_byte(opened.story.journey, offer.ordinal, None)
        if verdict is not None:
            await office.depositing.prepare_again(opened.story, verdict)
            return NOT_NOW
        return OfferSource(
            entry=_offered(name, offer),
            offer=offer,
            key=opened.story.key,
            party=self.party,
            vault=office.vault,
            depositing=office.depositing,
            share=office.reading,
            coverage=office.coverage(self.party.person, offer),
        )


def _file(place: Place, size: int, mtime: int) -> Entry:
    return Entry(name=place[-1], is_folder=False, size=size, mtime=mtime)


def _page(name: str, page: Page) -> Entry:
    return Entry(name=name, is_folder=False, size=len(page.content), mtime=page.at_ms // 1000, is_read_only=True)


def _offered(name: str, offer: Offer) -> Entry:
    size, mtime = offer.parcel.size_bytes, offer.received_ms // 1000
    return Entry(name=name, is_folder=False, size=size, mtime=mtime, is_read_only=True)
