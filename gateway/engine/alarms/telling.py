"""The letter about an alarm: what was seen, of whom, and the two commands that follow from it.

Goes to whom the rules name, or to everybody who may contain; never to the one it is about, whose mailbox may be
another's by now, unless there is nobody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.engine.alarms.alarm import Alarm
from gateway.engine.alarms.habits import DAY_MS, HOUR_MS
from gateway.engine.clock import Clock, day, moment
from gateway.engine.containment.contained import Containments, What
from gateway.engine.entries import Write
from gateway.engine.notes import Notes
from gateway.engine.policy import InForce
from gateway.judge import words
from gateway.judge.stationshapes import AlarmsTable
from gateway.transfer import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Writes the letters."""

    rules: InForce
    notes: Notes
    clock: Clock
    containments: Containments

    async def letters(self, alarm: Alarm, alarms: AlarmsTable) -> tuple[Write, ...]:
        """What to append beside the alarm."""
        title = self._say("alarm.title", who=self._name(alarm.who))
        return await self.notes.tell(self._readers(alarm, alarms), title, self._said(alarm, alarms))

    def _said(self, alarm: Alarm, alarms: AlarmsTable) -> tuple[str, ...]:
        at = moment(alarm.at_ms, self.rules.zone)
        what = What.PARTNER if alarm.who.startswith(words.PARTNER) else What.PERSON
        given = {
            "who": self._name(alarm.who),
            "count": str(alarm.count),
            "usual": str(alarm.usual),
            "span": self._span(alarm.span_ms),
            "past": self._span(1000 * alarms.past.seconds),
            "quiet": self._span(1000 * alarms.quiet.seconds),
            "day": self.notes.texts.day(at.date()),
            "time": f"{at:%H:%M}",
            "what": what.value,
            "id": alarm.who.removeprefix(words.PARTNER),
            "alarm": alarm.id,
        }
        codes = [f"alarm.{alarm.kind.value}", "alarm.seen", "alarm.act"]
        codes += ["alarm.paused"] if alarm.pause else []
        return tuple(self._say(code, **given) for code in (*codes, "alarm.look", "alarm.once"))

    def _readers(self, alarm: Alarm, alarms: AlarmsTable) -> list[Address]:
        rulebook = self.rules.rulebook
        on = day(self.clock.now_ms(), self.rules.zone)
        trusted = tuple(person.address for person in self.containments.trusted(rulebook, on))
        named = tuple(one for one in alarms.tell if self._can_read(one, on)) or trusted
        others = [one for one in named if one.lower() != alarm.who]
        return [Address.of(one) for one in others or trusted or named]

    def _can_read(self, address: str, on: date) -> bool:
        person = self.rules.rulebook.person(address)
        return person is not None and on <= person.until and self.containments.bars(address) is None

    def _name(self, who: str) -> str:
        rulebook = self.rules.rulebook
        person, partner = rulebook.person(who), rulebook.partners.get(who.removeprefix(words.PARTNER))
        return person.name if person else partner.name if partner else who

    def _span(self, span_ms: int) -> str:
        """In words: `an hour`, `30 minutes`, `28 days`."""
        for unit_ms, one, many in ((DAY_MS, "span.day", "span.days"), (HOUR_MS, "span.hour", "span.hours")):
            if span_ms % unit_ms == 0:
                count = span_ms // unit_ms
                return self._say(one) if count == 1 else self._say(many, count=str(count))
        return self._say("span.minutes", count=str(span_ms // 60_000))

    def _say(self, code: str, **given: str) -> str:
        return self.notes.texts.say(code, **given)
