"""The generated files in people's folders: receipts, a sheet of them all, what each folder does. Made on a look.

A receipt changes as its transfer goes on; one for machines holds the proof as soon as the published ledger covers it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from gateway.catalogue.texts import Texts
from gateway.engine.archive import Story
from gateway.engine.attested import Attestations
from gateway.engine.clock import Clock, day
from gateway.engine.evidence import bundle_of
from gateway.engine.files import receipts, statussheet
from gateway.engine.files.pigeonholes import Drop
from gateway.engine.files.shelf import Shelf
from gateway.engine.policy import InForce
from gateway.engine.publication import Publication
from gateway.errors import StoreAway
from gateway.judge.explain import texts_of
from gateway.scrub.plan import Action, Kind
from gateway.transfer import Party

MOST_RECEIPTS = 100
"""Of a person, the latest; an auditor finds the others."""
REMEMBERED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A generated file."""

    content: bytes
    at_ms: int


@dataclass(slots=True, kw_only=True)
class Pages:
    """Makes pages, remembering those that cannot change."""

    shelf: Shelf
    attestations: Attestations
    publication: Publication
    vkey: str
    rules: InForce
    clock: Clock
    _made: OrderedDict[tuple[str, int], tuple[Page, Page]] = field(default_factory=OrderedDict)
    """By transfer and version, with proof: for reading, and for machines."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def receipts(self, person: str) -> Mapping[str, Page]:
        """By name, of everything a person handed in lately, what was refused at the door too; and one sheet of all."""
        stories = await self.shelf.transfers_of(person, most=MOST_RECEIPTS)
        async with self._lock:
            return await asyncio.to_thread(self._receipts, stories)

    def read_me(self, party: Party, drop: Drop, but: str = "") -> Page:
        """What dropping a file means, in words; `but`, why it would not simply go."""
        now_ms = self.clock.now_ms()
        plan, _ = self.rules.plan(drop.recipient, drop.spotted.label or "", now_ms)
        scope = receipts.Scope(
            recipient=drop.recipient,
            label=drop.spotted.label,
            purpose=drop.spotted.purpose,
            strips=tuple(kind.value for kind in Kind if plan.action(kind) is Action.STRIP),
            holds=tuple(kind.value for kind in Kind if plan.action(kind) is Action.HOLD),
            is_pushed=self.rules.route(drop.recipient) is not None,
            but=but,
        )
        content = receipts.read_me(scope, self.rules.rulebook, party.person, day(now_ms, self.rules.zone))
        return Page(content=content, at_ms=now_ms)

    @property
    def _texts(self) -> Texts:
        return texts_of(self.rules.rulebook)

    def _receipts(self, stories: Sequence[Story]) -> Mapping[str, Page]:
        titles = receipts.titles([story.journey.transfer for story in stories], self.rules.zone)
        found: dict[str, Page] = {}
        for title, story in zip(titles, stories, strict=True):
            found[f"{title}.txt"], found[f"{title}.json"] = self._made_of(story)
        lines = list(zip(titles, stories, strict=True))
        at_ms = max((story.rows[-1].at_ms for story in stories), default=self.clock.now_ms())
        found[statussheet.NAME] = Page(content=statussheet.sheet(lines, self.rules.zone, self._texts), at_ms=at_ms)
        return found

    def _made_of(self, story: Story) -> tuple[Page, Page]:
        key = (story.stream, len(story.rows))
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        bundle = b""
        with suppress(StoreAway):  # not published yet: in a second it is
            bundle = bundle_of(tuple(self.attestations.of(story)), self.publication, self.vkey)
        receipt = receipts.document(story, self.rules.rulebook, bundle)
        at_ms = story.rows[-1].at_ms
        pages = (
            Page(content=receipts.as_text(receipt, self._texts), at_ms=at_ms),
            Page(content=receipts.as_json(receipt), at_ms=at_ms),
        )
        if bundle:
            self._made[key] = pages
            while len(self._made) > REMEMBERED:
                self._made.popitem(last=False)
        return pages
