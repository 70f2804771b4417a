"""Whoever owns a period hears of what it will let go, some days before, where the rule has `warn`.

A chore of the caretaker. Each rule's owner hears of it once a week, however often the gateway starts: the note's own id
is made of whom, which rule and which week; so it looks a week further ahead. It names transfers, nobody and nothing
else. Nothing depends on it: what is due goes whether or not somebody has read it, and what must stay needs a rule that
says so.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta

from gateway.engine.archive import Archive
from gateway.engine.clock import Clock, day
from gateway.engine.forgetting.disposing import Looker
from gateway.engine.forgetting.retention import schedule_of
from gateway.engine.notes import Notes
from gateway.engine.policy import InForce
from gateway.engine.writing import Writer
from gateway.errors import Conflict
from gateway.judge.expiries import PUBLISH, with_power
from gateway.shred.fate import Fate, Word
from gateway.shred.schedule import CONTENT, Keep
from gateway.transfer import Address, TransferId, transfer_id

EVERY_S = 3600.0
QUIET_MS = 900_000
WEEK = 7
MOST_LISTED = 50
_NAME = b"sealgate/retention-warning/v1\x00"

Due = tuple[Fate, tuple[Word, ...]]
"""A copy, and the parts of it that one rule lets go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forewarning:
    """Satisfies `caretaker.Chore`."""

    rules: InForce
    looker: Looker
    archive: Archive
    scribe: Writer
    notes: Notes
    clock: Clock
    secret_key: bytes
    began_ms: int
    """When the gateway started: it has other things to do first."""
    _done: set[tuple[str, date]] = field(default_factory=set)
    """The rules and days of which everything was told."""

    @property
    def every_s(self) -> float:
        """See `Chore.every_s`."""
        return EVERY_S

    async def turn(self) -> None:
        """See `Chore.turn`."""
        now_ms = self.clock.now_ms()
        today = day(now_ms, self.rules.zone)
        if now_ms - self.began_ms < QUIET_MS:
            return
        for keep in schedule_of(self.rules.rulebook.retention).keeps:
            if keep.warn_days and (keep.id, today) not in self._done:
                await self._warn(keep, today, now_ms)
                self._done.add((keep.id, today))

    async def _warn(self, keep: Keep, today: date, now_ms: int) -> None:
        untold = [one for one in self._owners(keep, today) if not await self._is_told(one, keep, today)]
        if not untold:
            return
        due = await asyncio.to_thread(self._due, keep, today, now_ms)
        if not due:
            return
        last = _horizon(keep, today)
        title = self.notes.texts.say("note.retention.title", rule=keep.id, day=_day(last))
        for owner in untold:
            identity = self._identity(owner, keep, today)
            said = tuple(self._said(keep, due, last))
            with suppress(Conflict):  # somebody wrote it meanwhile
                await self.scribe.append(*await self.notes.tell([Address.of(owner)], title, said, identity=identity))

    def _owners(self, keep: Keep, today: date) -> tuple[str, ...]:
        """Only people who are still in the rules."""
        rulebook = self.rules.rulebook
        owners = (keep.owner,) if keep.owner else with_power(rulebook, PUBLISH, today)
        return tuple(one for one in owners if rulebook.person(one) is not None)

    async def _is_told(self, owner: str, keep: Keep, today: date) -> bool:
        identity = self._identity(owner, keep, today)
        return await asyncio.to_thread(self.archive.story, identity) is not None

    def _due(self, keep: Keep, today: date, now_ms: int) -> tuple[Due, ...]:
        """What this rule lets go by then, as things stand. Blocks; opens what is of age."""
        rulebook, on = self.rules.rulebook, _horizon(keep, today)
        found = self.looker.fates(rulebook, self.looker.due(rulebook, on), on=on, now_ms=now_ms)
        each = ((fate, tuple(word for word in fate.goes if word.by == keep.id)) for fates in found for fate in fates)
        return tuple((fate, words) for fate, words in each if words)

    def _said(self, keep: Keep, due: Sequence[Due], last: date) -> Iterator[str]:
        say = self.notes.texts.say
        count = say("note.retention.one") if len(due) == 1 else say("note.retention.many", count=f"{len(due):,}")
        yield say("note.retention.count", day=_day(last), rule=keep.id, count=count)
        for fate, words in due[:MOST_LISTED]:
            holding, first = fate.holding, min(word.until for word in words if word.until) + timedelta(days=1)
            copy = holding.stream if holding.leg is None else f"{holding.stream}/{holding.leg}"
            parts = " ".join("papers" if word.part == CONTENT else word.part for word in words)
            yield say("note.retention.each", transfer=copy, day=_day(first), parts=parts)
        if len(due) > MOST_LISTED:
            yield say("note.retention.more", count=f"{len(due) - MOST_LISTED:,}")
        yield say("note.retention.hold")
        yield say("note.retention.plan", date=last.isoformat())

    def _identity(self, owner: str, keep: Keep, today: date) -> TransferId:
        """One a week."""
        year, week, _ = today.isocalendar()
        name = _NAME + f"{owner}\x00{keep.id}\x00{year}-{week}".encode()
        return transfer_id(hmac.digest(self.secret_key, name, "sha256")[:16])


def _horizon(keep: Keep, today: date) -> date:
    """So far ahead that next week's letter is early enough for all that comes after."""
    return today + timedelta(days=keep.warn_days + WEEK)


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
