"""The watch: hears what is written and who tries to sign in, weighs it, and sounds an alarm once for an episode.

1. At first it reads the past, so that a restart neither forgets what is usual nor sounds twice: what sounded before
   stands in the ledger.
2. Then, every second, what was heard is taken in; of much that one did in that second the last is weighed.
3. An alarm, its letters, and the pause where the rules ask for one, are one transaction.

Holds nobody up: it works beside, a slice at a time, and a message never waits for it. What it holds in memory is
bounded by people and days, not by transfers.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gateway.engine.alarms.alarm import STREAM, Alarm, Alarms, Kind
from gateway.engine.alarms.habits import HOUR_MS, Habits
from gateway.engine.alarms.overhearing import Ear, Heard, Tried
from gateway.engine.alarms.signs import Did, Reader, Sign
from gateway.engine.alarms.telling import Telling
from gateway.engine.alarms.unusual import Scale, Unusual, learn, weigh
from gateway.engine.clock import Clock
from gateway.engine.containment.contained import STREAM as CONTAINMENT
from gateway.engine.containment.contained import Containment, Containments, What
from gateway.engine.entries import Write
from gateway.engine.policy import InForce
from gateway.engine.writing import Writer
from gateway.judge.stationshapes import AlarmsTable
from gateway.judge.words import PARTNER, STAFF
from gateway.transfer import Address, Recipient

log = logging.getLogger(__name__)

EVERY_S = 1.0
SLICE = 500
"""So many signs between two turns of the loop."""
INFORM_AGAIN_MS = 600_000
MOST_WATCHED = 2_000


@dataclass(slots=True, kw_only=True)
class Watching:
    """A chore for the caretaker."""

    rules: InForce
    scribe: Writer
    clock: Clock
    ear: Ear
    alarms: Alarms
    containments: Containments
    telling: Telling
    past: Callable[[int, int], Iterable[Sign]]
    """The signs before an instant, that far back. Blocks."""
    look: Callable[[], None] = lambda: None
    sounded: Callable[[str], None] = lambda kind: None
    """Counts alarms, by kind."""
    every_s: float = EVERY_S
    _reader: Reader = field(default_factory=Reader)
    _habits: OrderedDict[str, Habits] = field(default_factory=OrderedDict)
    _lasts_ms: dict[tuple[Kind, str], int] = field(default_factory=dict)
    """By episode: when its sign was last seen."""
    _due: deque[Unusual] = field(default_factory=deque)
    """What has not sounded yet."""
    _is_informed: bool = False
    _informs_ms: int = 0
    _began_ms: int = 0

    def __post_init__(self) -> None:
        self.ear.is_listening = True
        self._began_ms = self.clock.now_ms()

    async def turn(self) -> None:
        """Take in what was heard, and sound what is due. Raises `StoreAway`: then it is tried again."""
        scale = self._scale()
        if not self._is_informed:
            if self.clock.now_ms() < self._informs_ms:
                return
            self._informs_ms = self.clock.now_ms() + INFORM_AGAIN_MS  # should the past not be readable now
            await self._inform(scale)
        await self._sound_all(scale.alarms)
        while heard := self.ear.take(SLICE):
            self._due.extend(self._take_in(heard, scale))
            await self._sound_all(scale.alarms)
            await asyncio.sleep(0)

    async def _sound_all(self, alarms: AlarmsTable) -> None:
        while self._due:
            await self._sound(self._due[0], alarms)
            self._due.popleft()

    # ── what is known ────────────────────────────────────────────────────────────────────────────────────────────

    async def _inform(self, scale: Scale) -> None:
        """1: what was so lately, and had not sounded when the process ended, sounds now."""
        signs = await asyncio.to_thread(lambda: sorted(self.past(self._began_ms, scale.past_ms), key=_at))
        latest: dict[tuple[str, Did], Sign] = {}
        for first in range(0, len(signs), SLICE):
            for sign in signs[first : first + SLICE]:
                learn(self._of(sign.who), sign, scale)
                latest[sign.who, sign.did] = sign
            await asyncio.sleep(0)
        for one in self.alarms.all:
            self._lasts_ms[one.alarm.kind, one.alarm.who] = one.alarm.at_ms
        lately = [sign for sign in latest.values() if sign.at_ms > self._began_ms - HOUR_MS]
        self._due.extend(self._new([one for sign in lately for one in weigh(self._of(sign.who), sign, scale)], scale))
        self._is_informed = True

    def _take_in(self, heard: Iterable[Heard | Tried], scale: Scale) -> list[Unusual]:
        """2"""
        found: list[Unusual] = []
        latest: dict[tuple[str, Did], Sign] = {}
        for one in heard:
            for sign in self._signs(one):
                habits = self._of(sign.who)
                if sign.did is Did.SIGNED_IN:  # what came before it is what counts
                    found += weigh(habits, sign, scale)
                learn(habits, sign, scale)
                if sign.did is Did.REFUSED:
                    found += weigh(habits, sign, scale)
                elif sign.did is not Did.SIGNED_IN:
                    latest[sign.who, sign.did] = sign
        found += [one for sign in latest.values() for one in weigh(self._of(sign.who), sign, scale)]
        return self._new(found, scale)

    def _signs(self, heard: Heard | Tried) -> Iterable[Sign]:
        if isinstance(heard, Tried):
            did = Did.SIGNED_IN if heard.is_right else Did.WRONG
            return (Sign(did=did, who=heard.who, at_ms=heard.at_ms),)
        return self._reader.signs(heard.stream, heard.facts, heard.at_ms)

    def _of(self, who: str) -> Habits:
        habits = self._habits.get(who)
        if habits is None:
            habits = self._habits[who] = Habits()
            while len(self._habits) > MOST_WATCHED:
                self._habits.popitem(last=False)
        self._habits.move_to_end(who)
        return habits

    def _new(self, found: Iterable[Unusual], scale: Scale) -> list[Unusual]:
        return [one for one in found if self._is_new(one, scale.alarms)]

    def _is_new(self, unusual: Unusual, alarms: AlarmsTable) -> bool:
        """Whether it begins an episode; one goes on until it has been quiet for long enough."""
        if act_of(alarms, unusual.kind) == "off":
            return False
        episode = unusual.kind, unusual.who
        last_ms = self._lasts_ms.get(episode)
        self._lasts_ms[episode] = unusual.at_ms
        return last_ms is None or unusual.at_ms - last_ms > 1000 * alarms.quiet.seconds

    # ── sounding ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _sound(self, unusual: Unusual, alarms: AlarmsTable) -> None:
        """3"""
        name = f"a-{self.clock.random(4).hex()}"
        pause = self._pause(unusual, name) if act_of(alarms, unusual.kind) == "hold" else None
        alarm = Alarm(
            id=name,
            kind=unusual.kind,
            who=unusual.who,
            at_ms=unusual.at_ms,
            count=unusual.count,
            usual=unusual.usual,
            span_ms=unusual.span_ms,
            pause=pause.id if pause else "",
        )
        fact = alarm.sounded()
        writes = [Write(stream=STREAM, facts=(fact,))]
        stop = None
        if pause is not None:
            stop = pause.ordered("")
            writes.append(Write(stream=CONTAINMENT, facts=(stop,)))
        await self.scribe.append(*writes, *await self.telling.letters(alarm, alarms))
        self.alarms.add(fact)
        if stop is not None:
            self.containments.add(stop)
            self.look()
        self.sounded(alarm.kind.value)
        log.warning("alarm id=%s kind=%s", alarm.id, alarm.kind.value)

    def _pause(self, unusual: Unusual, alarm: str) -> Containment | None:
        """What makes what they hand in wait; None if they are stopped already."""
        if self.containments.of(What.PAUSE, unusual.who) or self.containments.bars(unusual.who):
            return None
        return Containment(
            id=f"c-{self.clock.random(4).hex()}",
            what=What.PAUSE,
            who=unusual.who,
            at_ms=unusual.at_ms,
            because=f"{unusual.kind.value}: {unusual.count} within {unusual.span_ms // 60_000} minutes",
            alarm=alarm,
        )

    def _scale(self) -> Scale:
        """The thresholds in force."""
        rulebook = self.rules.rulebook

        def is_outside(to: str) -> bool:
            is_box = to.startswith(PARTNER)
            return is_box or STAFF not in rulebook.groups_of(Recipient(address=Address.of(to)))

        return Scale(
            alarms=rulebook.gateway.alarms,
            hours=rulebook.transfers.facts.working_hours,
            zone=self.rules.zone,
            is_outside=is_outside,
        )


def _at(sign: Sign) -> int:
    return sign.at_ms


def act_of(alarms: AlarmsTable, kind: Kind) -> str:
    """What an alarm of this kind does."""
    match kind:
        case Kind.VOLUME:
            return alarms.volume.act
        case Kind.HOURS:
            return alarms.hours.act
        case Kind.NEW_RECIPIENTS:
            return alarms.new_recipients.act
        case Kind.REFUSALS:
            return alarms.refusals.act
        case Kind.SIGN_INS:
            return alarms.sign_ins.act
        case Kind.COLLECTIONS:
            return alarms.collections.act
