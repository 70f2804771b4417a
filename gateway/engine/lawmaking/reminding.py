"""Tells people in time: what ends and only they can renew, and rights of theirs that nobody uses.

A chore of the caretaker. Each item is told once at each stage, to each owner, however often the gateway starts: the
note's own id is made of who, what and which stage, so a second one would be the same transfer, and is not written. What
is told is told by the rules in force; nothing here changes them.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from gateway.engine.archive import Archive
from gateway.engine.clock import Clock, day
from gateway.engine.lawmaking.rights import REMOVE, WARN, WATCH, Right
from gateway.engine.notes import Notes
from gateway.engine.policy import InForce
from gateway.engine.writing import Writer
from gateway.errors import Conflict
from gateway.judge.expiries import Expiry
from gateway.transfer import Address, TransferId, transfer_id

EVERY_S = 600.0
QUIET_MS = 600_000
STAGES = (30, 14, 7, 1, 0)
"""Days before the end at which its owners hear of it; the last time on the last day itself."""
MOST_NOTES = 50
"""In one turn; the next turn goes on."""
_NAME = b"sealgate/reminder/v1\x00"
_SAID = {
    WARN: "Does anybody still need it? If nobody does, take it out; if it is needed seldom, write: seldom = true",
    WATCH: 'Put it on trial, so that it allows nothing until somebody misses it: mode = "watch"',
    REMOVE: "Take it out: sealgate rules edit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One thing for one person to hear, once."""

    to: str
    about: str
    """What tells it from every other: item and stage."""
    title: str
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminding:
    """Satisfies `caretaker.Chore`."""

    rules: InForce
    archive: Archive
    scribe: Writer
    notes: Notes
    clock: Clock
    index_key: bytes
    ending: Callable[[], Sequence[Expiry]]
    """Everything that ends. Blocks."""
    rights: Callable[[], Sequence[Right]]
    """Every allow with its use. Blocks."""
    began_ms: int
    """When the gateway started: it has other things to do first."""
    _done: set[date] = field(default_factory=set)
    """The days on which everything was told."""

    @property
    def every_s(self) -> float:
        """See `Chore.every_s`."""
        return EVERY_S

    async def turn(self) -> None:
        """See `Chore.turn`."""
        now_ms = self.clock.now_ms()
        today = day(now_ms, self.rules.zone)
        if now_ms - self.began_ms < QUIET_MS or today in self._done:
            return
        written = 0
        for reminder in await asyncio.to_thread(self._due, today):
            identity = self._identity(reminder)
            if await asyncio.to_thread(self.archive.story, identity) is not None:
                continue
            await self._tell(reminder, identity)
            written += 1
            if written == MOST_NOTES:
                return
        self._done.clear()
        self._done.add(today)

    def _due(self, today: date) -> tuple[Reminder, ...]:
        """Only to people who are still in the rules."""
        due = (*of_endings(self.ending(), today), *of_rights(self.rights()))
        return tuple(one for one in due if self.rules.rulebook.person(one.to) is not None)

    async def _tell(self, reminder: Reminder, identity: TransferId) -> None:
        notes = await self.notes.tell([Address.of(reminder.to)], reminder.title, reminder.said, identity=identity)
        with suppress(Conflict):  # somebody wrote it meanwhile
            await self.scribe.append(*notes)

    def _identity(self, reminder: Reminder) -> TransferId:
        name = _NAME + f"{reminder.to}\x00{reminder.about}".encode()
        return transfer_id(hmac.digest(self.index_key, name, "sha256")[:16])


def of_endings(ending: Sequence[Expiry], today: date) -> Iterator[Reminder]:
    """What ends soon, at the stage it has reached; what is over was told before."""
    for one in ending:
        left = one.days_left(today)
        stage = next((stage for stage in reversed(STAGES) if 0 <= left <= stage), None)
        if stage is None:
            continue
        when = "today" if left == 0 else "tomorrow" if left == 1 else f"in {left} days"
        for owner in one.owners:
            yield Reminder(
                to=owner,
                about=f"{one.name} at {stage}",
                title=f"Ends {when}: {one.called}",
                said=(
                    f"{one.called[:1].upper()}{one.called[1:]} ends {when}: {_day(one.last)} is its last day.",
                    f"To renew it: {one.mend}",
                    "Everything that ends soon: sealgate review expiries",
                ),
            )


def of_rights(rights: Sequence[Right]) -> Iterator[Reminder]:
    """Rights nobody uses, by what is proposed; used again, the count begins anew, and so does what is told."""
    for right in rights:
        if not right.proposal:
            continue
        last = f"It was last used on {_day(right.last)}." if right.last else "It was never used."
        yield Reminder(
            to=right.owner,
            about=f"unused {right.rule} since {right.last or right.since} {right.proposal}",
            title=f"Unused: {right.rule}",
            said=(
                f"Nobody has used the rule '{right.rule}' for {right.idle_days} days. {last}",
                f"{_SAID[right.proposal]} ({right.place})",
                "Everybody's rights, and when they were last used: sealgate review access",
            ),
        )


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
